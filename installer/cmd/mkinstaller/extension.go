package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/dayline-project/dayline/installer/extension"
	known "github.com/dayline-project/dayline/shared/extension"
)

// makeExtensionKey never replaces a file: with another key the extension is another extension.
func makeExtensionKey(_ context.Context, o options) ([]string, error) {
	key, err := extension.NewKey(o.out)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s exists: with another key the extension is another one to every browser and agent", o.out)
	}
	if err != nil {
		return nil, err
	}
	id, err := known.IDOf(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(o.notes, "mkinstaller: browsers of Chromium's kind will know the extension by:", id)
	return []string{o.out}, nil
}

func buildExtension(_ context.Context, o options) ([]string, error) {
	key, err := extension.ReadKey(o.key)
	if err != nil {
		return nil, err
	}
	files, err := extension.Build(o.version)
	if err != nil {
		return nil, err
	}
	by := extension.Packing{Version: o.version, Built: o.built, Key: key}
	if o.xpi != "" {
		if by.XPI, err = os.ReadFile(o.xpi); err != nil {
			return nil, err
		}
	}
	paths, err := files.Pack(o.folder, by)
	if err != nil || o.unpacked == "" {
		return paths, err
	}
	return append(paths, o.unpacked), files.WriteUnpacked(o.unpacked, &key.PublicKey)
}

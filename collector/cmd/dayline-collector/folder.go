package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dayline-project/dayline/collector/mdm"
)

// writeFiles writes files into a folder, in folders of theirs too, and prints their names.
func (i *invocation) writeFiles(dir string, files []mdm.File) error {
	for _, file := range files {
		name := filepath.Join(dir, filepath.FromSlash(file.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		if err := writeNew(name, file.Content); err != nil {
			return err
		}
		fmt.Fprintln(i.out, name)
	}
	return nil
}

// writeNew writes a file for its owner alone. One that somebody put there meanwhile, or a link, is not written to: they
// could read the string there.
func writeNew(name string, content []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// makeFolder makes a folder, and tells whether it did; one with something in it is refused.
func makeFolder(dir string) (made bool, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, os.MkdirAll(dir, 0o700)
	case err == nil && len(entries) > 0:
		err = fmt.Errorf("%s is not empty: say a new folder", dir)
	}
	return false, err
}

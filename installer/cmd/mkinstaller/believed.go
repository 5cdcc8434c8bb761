package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/dayline-project/dayline/installer/extension"
	"github.com/dayline-project/dayline/installer/product"
	"github.com/dayline-project/dayline/shared/release"
)

// believed is whom a linked program believes.
func (o options) believed() (product.Believed, error) {
	var believed product.Believed
	if o.extensionKey != "" {
		key, err := extension.ReadPublicKey(o.extensionKey)
		if err != nil {
			return product.Believed{}, err
		}
		believed.ExtensionKey = key
		believed.StoreIDs = strings.FieldsFunc(o.storeIDs, func(r rune) bool { return r == ',' })
	}
	if o.releaseKeys != "" {
		text, err := os.ReadFile(o.releaseKeys)
		if err == nil {
			believed.Releases, err = release.ParseTrusted(text)
		}
		if err != nil {
			return product.Believed{}, fmt.Errorf("-release-keys %s: %w", o.releaseKeys, err)
		}
	}
	return believed, nil
}

// tellLinkFlags serves the Makefile.
func tellLinkFlags(_ context.Context, o options) ([]string, error) {
	believed, err := o.believed()
	if err != nil {
		return nil, err
	}
	flags, err := believed.LinkFlags()
	return []string{flags}, err
}

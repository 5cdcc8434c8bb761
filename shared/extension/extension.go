// Package extension is what agents, collectors and the packer know of the browser extension: who it is, how a packed one is
// told from any other, and what browsers are told about it.
package extension

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

const (
	// FirefoxID names the extension to Firefox and its kin.
	FirefoxID = "extension@dayline.org"
	// Host names the agent to browsers, as their native messaging host.
	Host = "org.dayline.host"
)

// key is the public half, in base64 of its DER, of the key that packed extensions are signed with, off-line; storeIDs are what
// stores called their listings of it, with commas between. Both are set when a program is built (-X). A build without a key
// takes the word of no browser of Chromium's kind, and says so.
var key, storeIDs string

// ErrNoKey is told by a build that knows no key.
var ErrNoKey = errors.New("extension: this build knows no extension's key")

// Key is the public key that this build believes.
func Key() (*rsa.PublicKey, error) {
	if key == "" {
		return nil, ErrNoKey
	}
	der, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return nil, fmt.Errorf("extension: key of this build: %w", err)
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("extension: key of this build: %w", err)
	}
	known, ok := public.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("extension: key of this build: %T, not RSA", public)
	}
	return known, nil
}

// IDOf is what browsers of Chromium's kind call an extension that is packed with a key: the first 16 bytes of the SHA-256 of the
// public key's DER, in hexadecimal digits of which 0 is "a".
func IDOf(public *rsa.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", fmt.Errorf("extension: id: %w", err)
	}
	sum := sha256.Sum256(der)
	id := make([]byte, 0, 32)
	for _, b := range sum[:16] {
		id = append(id, 'a'+b>>4, 'a'+b&15)
	}
	return string(id), nil
}

// ChromiumIDs are the ids that this build believes in browsers of Chromium's kind: that of its key first, then those of stores.
// Without a key there are none.
func ChromiumIDs() ([]string, error) {
	public, err := Key()
	if err != nil {
		return nil, err
	}
	id, err := IDOf(public)
	if err != nil {
		return nil, err
	}
	return append([]string{id}, strings.FieldsFunc(storeIDs, func(r rune) bool { return r == ',' })...), nil
}

// LinkFlag is what the linker is told (-ldflags) so that a program believes a key and the listings of stores, by their ids: 32
// letters from a to p, as IDOf gives. With another text nobody would be believed, and nobody would be told why.
func LinkFlag(public *rsa.PublicKey, storeIDs ...string) (string, error) {
	for _, id := range storeIDs {
		if len(id) != 32 || strings.Trim(id, "abcdefghijklmnop") != "" {
			return "", fmt.Errorf("extension: %q is no store's id of a listing: that has 32 letters from a to p", id)
		}
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", fmt.Errorf("extension: key: %w", err)
	}
	const path = "github.com/dayline-project/dayline/shared/extension."
	return "-X " + path + "key=" + base64.StdEncoding.EncodeToString(der) + " -X " + path + "storeIDs=" + strings.Join(storeIDs, ","), nil
}

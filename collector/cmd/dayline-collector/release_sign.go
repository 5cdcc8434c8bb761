package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dayline-project/dayline/shared/disk"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
)

// signing are the keys that a file is signed with.
type signing struct {
	Key []string `required:"" placeholder:"FILE" help:"A key of release keygen. Several sign together."`
}

// read gives the keys.
func (s signing) read() ([]ed25519.PrivateKey, error) {
	var keys []ed25519.PrivateKey
	for _, name := range s.Key {
		key, err := readSigningKey(name)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// sign adds the signatures of keys to those that a file has, and tells whose they are.
func sign(statement token.Statement, have release.Signatures, keys []ed25519.PrivateKey) (text []byte, by string, err error) {
	var ids []string
	for _, key := range keys {
		have = have.With(statement, key)
		ids = append(ids, release.KeyID(key.Public().(ed25519.PublicKey)))
	}
	if len(have) > release.MaxSignatures {
		return nil, "", fmt.Errorf("it has %d signatures already, the most there may be", release.MaxSignatures)
	}
	text, err = have.Encode()
	return text, strings.Join(ids, " and "), err
}

type releaseSign struct {
	Folder string `arg:"" name:"FOLDER" help:"The folder that release.json and all packages that it lists are in."`
	signing
}

// Run signs a release whose packages are those listed. Keys that signed it before stay.
func (c *releaseSign) Run(i *invocation) error {
	keys, err := c.read()
	if err != nil {
		return err
	}
	name := filepath.Join(c.Folder, release.ManifestName)
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	listed, err := release.ParseManifest(text)
	if err != nil {
		return err
	}
	for _, p := range listed.Packages {
		if err := compare(filepath.Join(c.Folder, p.Name), p); err != nil {
			return err
		}
	}
	var have release.Signatures
	if before, err := os.ReadFile(name + release.SignatureEnding); err == nil {
		if have, err = release.ParseSignatures(before); err != nil {
			return fmt.Errorf("%s%s: %w", name, release.SignatureEnding, err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	signatures, by, err := sign(token.ReleaseStatement(text), have, keys)
	if err != nil {
		return fmt.Errorf("%s%s: %w", name, release.SignatureEnding, err)
	}
	if err := disk.Replace(name+release.SignatureEnding, signatures); err != nil {
		return err
	}
	fmt.Fprintf(i.err, "Release %s is signed by %s; packages compared: %d.\n", listed.Version, by, len(listed.Packages))
	fmt.Fprintln(i.out, name+release.SignatureEnding)
	return nil
}

// compare tells whether a file is the package that a manifest lists.
func compare(name string, p release.Package) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, io.LimitReader(file, p.Size+1))
	switch {
	case err != nil:
		return err
	case size != p.Size || hex.EncodeToString(sum.Sum(nil)) != p.SHA256:
		return fmt.Errorf("%s is not what %s lists: make both anew (`make installers`)", name, release.ManifestName)
	}
	return nil
}

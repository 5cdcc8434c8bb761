package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/dayline-project/dayline/shared/disk"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
)

type releaseKeygen struct {
	Out     string   `required:"" placeholder:"FILE" help:"Where the new key goes: a new file, never on the collector's computer."`
	Trusted string   `placeholder:"FILE" help:"The newest trusted keys: the next version of them is written beside it, with the new key."`
	By      string   `placeholder:"FILE" help:"The key, one of those trusted, that signs the next version."`
	Drop    []string `placeholder:"ID" help:"A key that the next version trusts no more."`
}

// Run makes a key, and the file of trusted keys that has it: the first, or the next one. It replaces no file.
func (c *releaseKeygen) Run(i *invocation) error {
	if (c.Trusted == "") != (c.By == "") || c.Trusted == "" && len(c.Drop) > 0 {
		return usage("--trusted FILE, --by FILE and --drop ID belong together: the trusted keys so far, and one of them to sign those that follow")
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	folder, next := filepath.Dir(c.Out), release.Trusted{Version: 1}
	var former release.Trusted
	if c.Trusted != "" {
		if former, err = readTrusted(c.Trusted); err != nil {
			return err
		}
		folder = filepath.Dir(c.Trusted)
		if next, err = c.following(former); err != nil {
			return err
		}
	}
	next.Keys = append(next.Keys, public)
	text, err := next.Encode()
	if err != nil {
		return err
	}
	var signatures []byte
	if c.Trusted != "" {
		if signatures, err = c.signed(former, text); err != nil {
			return err
		}
	}
	name := filepath.Join(folder, release.TrustedName(next.Version))
	if err := createAll([]string{c.Out, name, name + release.SignatureEnding},
		[][]byte{pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), text, signatures}); err != nil {
		return err
	}
	if absolute, err := filepath.Abs(name); err == nil {
		name = absolute
	}
	fmt.Fprintf(i.err, "%s holds key %s. Who has it makes what runs as root on every computer: keep it off-line and off the server, with a copy.\n", c.Out, release.KeyID(public))
	if next.Version > 1 {
		fmt.Fprintf(i.err, "Add %s and %s%s to the collector with the next release. What is built from now on trusts them by:\n", name, name, release.SignatureEnding)
	} else {
		fmt.Fprintln(i.err, "Agents and collectors trust it once they are built by:")
	}
	fmt.Fprintln(i.out, "make installers RELEASE_KEYS="+name)
	return nil
}

// readTrusted reads a file of trusted keys, which is the user's own.
func readTrusted(name string) (release.Trusted, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return release.Trusted{}, err
	}
	trusted, err := release.ParseTrusted(text)
	if err != nil {
		return release.Trusted{}, fmt.Errorf("%s: %w", name, err)
	}
	return trusted, nil
}

// following gives the next version of the trusted keys, with room for a new one.
func (c *releaseKeygen) following(former release.Trusted) (release.Trusted, error) {
	for _, id := range c.Drop {
		if !slices.Contains(former.IDs(), id) {
			return release.Trusted{}, usage("--drop: %s trusts no key %s", c.Trusted, id)
		}
	}
	kept := slices.DeleteFunc(slices.Clone(former.Keys), func(key ed25519.PublicKey) bool { return slices.Contains(c.Drop, release.KeyID(key)) })
	if len(kept) == release.MaxTrustedKeys {
		return release.Trusted{}, usage("--drop: %s trusts %d keys already, and may not trust more: say which one not any more", c.Trusted, len(kept))
	}
	return release.Trusted{Version: former.Version + 1, Keys: kept}, nil
}

// signed gives the signature of the next version of the trusted keys; one that would not count is an error.
func (c *releaseKeygen) signed(former release.Trusted, text []byte) ([]byte, error) {
	key, err := readSigningKey(c.By)
	if err != nil {
		return nil, err
	}
	signatures, err := release.Signatures(nil).With(token.TrustedStatement(text), key).Encode()
	if err != nil {
		return nil, err
	}
	if _, err = former.Next(text, signatures); err != nil {
		return nil, fmt.Errorf("--by %s: %w", c.By, err)
	}
	return signatures, nil
}

// createAll makes new files, all of them or none; those without content are left out.
func createAll(names []string, contents [][]byte) (err error) {
	var made []string
	defer func() {
		for _, name := range made {
			if err != nil {
				os.Remove(name)
			}
		}
	}()
	for n, name := range names {
		if contents[n] == nil {
			continue
		}
		if err = disk.Create(name, bytes.NewReader(contents[n])); errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s exists, and no key or list of keys is ever replaced: say another file or folder", name)
		} else if err != nil {
			return err
		}
		made = append(made, name)
		if err = disk.SyncFolder(filepath.Dir(name)); err != nil {
			return err
		}
	}
	return nil
}

// readSigningKey reads a key of `release keygen`.
func readSigningKey(name string) (ed25519.PrivateKey, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s: others on this computer may read it; if nobody did: chmod 600 %[1]s", name)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, fmt.Errorf("%s holds no key: say the file that `dayline-collector release keygen` made", name)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s holds a key of another kind (%T): say the file that `dayline-collector release keygen` made", name, parsed)
	}
	return key, nil
}

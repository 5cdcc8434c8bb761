package extension

import (
	"archive/zip"
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dayline-project/dayline/shared/extension"
	"github.com/dayline-project/dayline/shared/release"
)

// Packing is what files are packed by.
type Packing struct {
	Version release.Version
	// Built is the time of the commit: the only time in what is packed.
	Built time.Time
	Key   *rsa.PrivateKey
	// XPI is the extension as Mozilla signed it, or nil: then Firefox gets it unsigned.
	XPI []byte
}

// Pack writes an extension for browsers of both kinds into a folder, with the manifest that a collector takes it by, and gives
// the paths. Equal arguments give equal bytes. What it writes was verified as a collector would.
func (f Files) Pack(folder string, by Packing) ([]string, error) {
	paths, err := f.pack(folder, by)
	if err != nil {
		return nil, fmt.Errorf("extension: pack: %w", err)
	}
	return paths, nil
}

func (f Files) pack(folder string, by Packing) ([]string, error) {
	archive, err := f.zip(by.Built)
	if err != nil {
		return nil, err
	}
	crx, err := extension.PackCRX(archive, by.Key)
	if err != nil {
		return nil, err
	}
	xpi := archive
	if by.XPI != nil {
		xpi = by.XPI
	}
	document, signature, err := by.manifest(crx, xpi)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp(folder, ".packing-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	packed := Files{extension.CRXName: crx, extension.XPIName: xpi, extension.ManifestName: document, extension.SignatureName: signature}
	names := slices.Sorted(maps.Keys(packed))
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(scratch, name), packed[name], 0o644); err != nil {
			return nil, err
		}
	}
	if _, err := extension.OpenUnder(os.DirFS(scratch), &by.Key.PublicKey); err != nil {
		return nil, err
	}
	var paths []string
	for _, name := range names {
		path := filepath.Join(folder, name)
		if err := os.Rename(filepath.Join(scratch, name), path); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// zip is the archive within both kinds of packages.
func (f Files) zip(built time.Time) ([]byte, error) {
	var whole bytes.Buffer
	to := zip.NewWriter(&whole)
	for _, name := range slices.Sorted(maps.Keys(f)) {
		file, err := to.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: built.UTC()})
		if err != nil {
			return nil, err
		}
		if _, err := file.Write(f[name]); err != nil {
			return nil, err
		}
	}
	err := to.Close()
	return whole.Bytes(), err
}

// manifest says what was packed, and its signature that we did.
func (p Packing) manifest(crx, xpi []byte) (document, signature []byte, err error) {
	public, err := x509.MarshalPKIXPublicKey(&p.Key.PublicKey)
	if err != nil {
		return nil, nil, err
	}
	id, err := extension.IDOf(&p.Key.PublicKey)
	if err != nil {
		return nil, nil, err
	}
	document, err = json.MarshalIndent(extension.Manifest{
		Version: p.Version.FileText(), VersionName: p.Version.String(), IssuedAt: p.Built.UTC(),
		ID: id, FirefoxID: extension.FirefoxID, Key: public,
		Packed: []extension.Packed{extension.PackedOf(extension.CRXName, crx), extension.PackedOf(extension.XPIName, xpi)},
	}, "", "  ")
	if err != nil {
		return nil, nil, err
	}
	document = append(document, '\n')
	sum := sha256.Sum256(document)
	signature, err = rsa.SignPKCS1v15(nil, p.Key, crypto.SHA256, sum[:])
	return document, signature, err
}

package extension

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// Names of what the packer makes (mkinstaller extension), and of the manifest inside of it that browsers read.
const (
	CRXName          = "dayline-extension.crx"
	XPIName          = "dayline-extension.xpi"
	ManifestName     = "extension.json"
	SignatureName    = "extension.json.sig"
	BrowsersManifest = "manifest.json"
)

// Permissions are all that the extension has (security.md 6), sorted.
var Permissions = []string{"nativeMessaging", "storage", "tabs"}

// MaxBytes of each of a package's files; a real one has a tenth of it.
const MaxBytes = 256 << 10

// Manifest is extension.json: what was packed, signed off-line by the key that packed it, as extension.json.sig says (RSA,
// PKCS #1 v1.5, SHA-256, of the file's bytes).
type Manifest struct {
	// Version is what browsers compare, four numbers; VersionName what people are shown, a semantic one.
	Version     string `json:"version"`
	VersionName string `json:"version_name"`
	// IssuedAt is the time of the commit it was built from.
	IssuedAt time.Time `json:"issued"`
	// ID is what browsers of Chromium's kind call it, FirefoxID what Firefox does.
	ID        string `json:"id"`
	FirefoxID string `json:"firefox_id"`
	// Key is the public half of the key, DER.
	Key []byte `json:"key"`
	// Packed are the CRX and the XPI, in this order.
	Packed []Packed `json:"files"`
}

// Packed is one file of a package.
type Packed struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// PackedOf tells what a file is.
func PackedOf(name string, content []byte) Packed {
	sum := sha256.Sum256(content)
	return Packed{Name: name, Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}
}

// Package is a packed extension that was verified.
type Package struct {
	Manifest
	CRX, XPI []byte
	// MozillaSigned: the XPI carries a signature, as Mozilla puts it. Whether it is good only Firefox knows; without one, a Firefox
	// takes it only where signatures are not required of it.
	MozillaSigned bool
}

// Open reads what the packer made from a folder and verifies all of it by this build's key. Errors say what is wrong, and are
// ErrNoKey or fs.ErrNotExist where that is it.
func Open(folder fs.FS) (*Package, error) {
	believed, err := Key()
	if err != nil {
		return nil, err
	}
	return OpenUnder(folder, believed)
}

// OpenUnder does so by another key.
func OpenUnder(folder fs.FS, believed *rsa.PublicKey) (*Package, error) {
	p, err := open(folder, believed)
	if err != nil {
		return nil, fmt.Errorf("extension: %w", err)
	}
	return p, nil
}

func open(folder fs.FS, believed *rsa.PublicKey) (*Package, error) {
	document, err := read(folder, ManifestName)
	if err != nil {
		return nil, err
	}
	signature, err := read(folder, SignatureName)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(document)
	if err := rsa.VerifyPKCS1v15(believed, crypto.SHA256, sum[:], signature); err != nil {
		return nil, fmt.Errorf("%s is not signed by the key that this build knows", ManifestName)
	}
	p := &Package{}
	if err := json.Unmarshal(document, &p.Manifest); err != nil {
		return nil, fmt.Errorf("%s: %w", ManifestName, err)
	}
	if err := p.Manifest.check(believed); err != nil {
		return nil, fmt.Errorf("%s: %w", ManifestName, err)
	}
	for i, content := range []*[]byte{&p.CRX, &p.XPI} {
		said := p.Packed[i]
		if *content, err = read(folder, said.Name); err != nil {
			return nil, err
		}
		if PackedOf(said.Name, *content) != said {
			return nil, fmt.Errorf("%s is not the file that was signed", said.Name)
		}
	}
	return p, p.checkContents(believed)
}

func read(folder fs.FS, name string) ([]byte, error) {
	file, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(content) > MaxBytes {
		return nil, fmt.Errorf("%s has more than %d bytes", name, MaxBytes)
	}
	return content, nil
}

// check is whether a signed manifest is one of this extension under this key.
func (m *Manifest) check(believed *rsa.PublicKey) error {
	key, err := x509.MarshalPKIXPublicKey(believed)
	if err != nil {
		return err
	}
	id, err := IDOf(believed)
	if err != nil {
		return err
	}
	names := []string{}
	for _, packed := range m.Packed {
		names = append(names, packed.Name)
	}
	switch {
	case !bytes.Equal(m.Key, key), m.ID != id:
		return errors.New("it names another key than the one that signed it")
	case m.FirefoxID != FirefoxID:
		return fmt.Errorf("%q is another extension in Firefox", m.FirefoxID)
	case !slices.Equal(names, []string{CRXName, XPIName}):
		return fmt.Errorf("it is of %q", names)
	case m.IssuedAt.IsZero():
		return errors.New("it does not say when it was issued")
	}
	return nil
}

// checkContents is whether both files are for the browsers that they are for, and the same extension.
func (p *Package) checkContents(believed *rsa.PublicKey) error {
	archive, err := verifyCRX(p.CRX, believed)
	if err != nil {
		return fmt.Errorf("%s: %w", CRXName, err)
	}
	chromiums, err := unzip(archive)
	if err != nil {
		return fmt.Errorf("%s: %w", CRXName, err)
	}
	firefoxs, err := unzip(p.XPI)
	if err != nil {
		return fmt.Errorf("%s: %w", XPIName, err)
	}
	if p.MozillaSigned, err = sameButSigned(chromiums, firefoxs); err != nil {
		return fmt.Errorf("%s: %w", XPIName, err)
	}
	if err := p.Manifest.checkBrowsers(chromiums[BrowsersManifest]); err != nil {
		return fmt.Errorf("%s: %s: %w", CRXName, BrowsersManifest, err)
	}
	return nil
}

// sameButSigned tells whether an XPI's files, of which signature folder is Mozilla's alone, are those that were packed.
func sameButSigned(packed, xpi map[string][]byte) (signed bool, err error) {
	ours := 0
	for name, content := range xpi {
		if strings.HasPrefix(name, "META-INF/") {
			signed = true
			continue
		}
		ours++
		if other, is := packed[name]; !is || !bytes.Equal(other, content) {
			return false, fmt.Errorf("its %s is not what was packed", name)
		}
	}
	if ours != len(packed) {
		return false, fmt.Errorf("it holds %d of %d files", ours, len(packed))
	}
	return signed, nil
}

// checkBrowsers is whether browsers are asked for what the extension may have, and nothing else.
func (m *Manifest) checkBrowsers(document []byte) error {
	var browsers struct {
		Version     string   `json:"version"`
		Permissions []string `json:"permissions"`
		Settings    struct {
			Gecko struct {
				ID string `json:"id"`
			} `json:"gecko"`
		} `json:"browser_specific_settings"`
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(document, &browsers); err != nil {
		return err
	}
	if err := json.Unmarshal(document, &members); err != nil {
		return err
	}
	for _, more := range []string{"host_permissions", "optional_permissions", "optional_host_permissions", "content_scripts", "content_security_policy", "externally_connectable", "web_accessible_resources"} {
		if _, has := members[more]; has {
			return fmt.Errorf("it has %s", more)
		}
	}
	slices.Sort(browsers.Permissions)
	switch {
	case !slices.Equal(browsers.Permissions, Permissions):
		return fmt.Errorf("it asks for %q, not %q", browsers.Permissions, Permissions)
	case browsers.Version != m.Version:
		return fmt.Errorf("it is of version %q, not %q", browsers.Version, m.Version)
	case browsers.Settings.Gecko.ID != FirefoxID:
		return fmt.Errorf("%q is another extension in Firefox", browsers.Settings.Gecko.ID)
	}
	return nil
}

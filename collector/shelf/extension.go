// Package shelf holds what a collector hands out and could not make, having no key for it: the browser extension and the releases
// of the agent, made and signed off-line. Each is verified before a byte of it is served, and changes whole or not at all: the
// extension is one file of the data folder, each release a folder in it.
package shelf

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/disk"
	"github.com/dayline-project/dayline/shared/extension"
)

// ExtensionFile is the name of the extension in a data folder: a zip of what the packer made.
const ExtensionFile = "extension.zip"

// ExtensionParts are the names of the files that a package is made of.
var ExtensionParts = []string{extension.ManifestName, extension.SignatureName, extension.CRXName, extension.XPIName}

// maxBytes of the file: the files of a package, and what a zip says of them.
const maxBytes = 4*extension.MaxBytes + 64<<10

// Verify checks a package and reads it: extension.Open, by the key that this build knows.
type Verify func(fs.FS) (*extension.Package, error)

// Extension is the one that browsers are handed, or none; safe for use by several at once.
type Extension struct {
	file   string
	verify Verify

	mu   sync.Mutex
	held *extension.Package
	// problem: what lies there is not handed out.
	problem error
}

// OpenExtension reads the one of a data folder. What lies there and does not verify is left there and not handed out: Held says why.
func OpenExtension(dataDir string, verify Verify) *Extension {
	e := &Extension{file: filepath.Join(dataDir, ExtensionFile), verify: verify}
	packed, err := read(e.file)
	switch {
	case err == nil:
		e.held, e.problem = e.load(packed)
	case !errors.Is(err, fs.ErrNotExist):
		e.problem = err
	}
	return e
}

func read(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("shelf: %w", err)
	}
	defer file.Close()
	packed, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	if err == nil && len(packed) > maxBytes {
		err = fmt.Errorf("%s is larger than any extension", name)
	}
	if err != nil {
		return nil, fmt.Errorf("shelf: %w", err)
	}
	return packed, nil
}

// load verifies what a file holds. What is verified is what is then held: nothing is read again.
func (e *Extension) load(packed []byte) (*extension.Package, error) {
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return nil, fmt.Errorf("shelf: %s is damaged: %w", e.file, err)
	}
	held, err := e.verify(archive)
	if err != nil {
		return nil, fmt.Errorf("shelf: %w", err)
	}
	return held, nil
}

// Held is the package that is handed out, nil where there is none; the error says why, where one lies there.
func (e *Extension) Held() (*extension.Package, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.held, e.problem
}

// Add verifies a package, by the names of its files, and puts it in the place of the one before. BadRequest for one that does
// not verify; then nothing changed.
func (e *Extension) Add(files map[string][]byte) (*extension.Package, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	packed, err := pack(files)
	if err != nil {
		return nil, err
	}
	held, err := e.load(packed)
	if errors.Is(err, extension.ErrNoKey) {
		return nil, collector.Refuse(collector.Conflict, "", "%v: it was built without one, so that it can hand none out", err)
	}
	if err != nil {
		return nil, collector.Refuse(collector.BadRequest, "", "%v; nothing was changed", err)
	}
	if err := disk.Replace(e.file, packed); err != nil {
		return nil, fmt.Errorf("shelf: add: %w", err)
	}
	e.held, e.problem = held, nil
	return held, nil
}

func pack(files map[string][]byte) ([]byte, error) {
	for name := range files {
		if !slices.Contains(ExtensionParts, name) {
			return nil, collector.Refuse(collector.BadRequest, "files", "%q does not belong to a package", name)
		}
	}
	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	for _, name := range ExtensionParts {
		content, there := files[name]
		if !there {
			return nil, collector.Refuse(collector.BadRequest, "files", "%s is missing", name)
		}
		w, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			return nil, fmt.Errorf("shelf: pack: %w", err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("shelf: pack: %w", err)
	}
	return packed.Bytes(), nil
}

// Remove takes away what lies there, also what does not verify. NotFound where nothing does.
func (e *Extension) Remove() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	err := os.Remove(e.file)
	if errors.Is(err, fs.ErrNotExist) {
		return collector.Refuse(collector.NotFound, "", "there is no extension to remove")
	}
	if err != nil {
		return fmt.Errorf("shelf: remove: %w", err)
	}
	e.held, e.problem = nil, nil
	return disk.SyncFolder(filepath.Dir(e.file))
}

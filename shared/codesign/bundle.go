package codesign

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"howett.net/plist"
)

// Files of a bundle: contents by path below the bundle's folder, as Contents/Info.plist.
type Files map[string][]byte

// Where a bundle keeps what its signature covers.
const (
	InfoPlist     = "Contents/Info.plist"
	CodeResources = "Contents/_CodeSignature/CodeResources"
	Executables   = "Contents/MacOS/"
)

// The most a bundle may hold; Dayline's is a tenth of it.
const (
	mostFiles   = 1000
	mostContent = 256 << 20
)

// Load reads the files of a bundle from its folder.
func Load(bundle fs.FS) (Files, error) {
	files, total := Files{}, int64(0)
	err := fs.WalkDir(bundle, "Contents", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is no file", name)
		}
		if total += info.Size(); len(files) == mostFiles || total > mostContent {
			return errors.New("it is too large")
		}
		files[name], err = fs.ReadFile(bundle, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("codesign: bundle: %w", err)
	}
	return files, nil
}

// information is what is read of an Info.plist.
type information struct {
	Identifier string `plist:"CFBundleIdentifier"`
	Executable string `plist:"CFBundleExecutable"`
}

type resource struct {
	SHA256   []byte `plist:"hash2"`
	Optional bool   `plist:"optional"`
}

// CheckBundle checks all files of a bundle that holds no other programs than its main one, and gives its identity. A
// file that was changed, added or removed is an error.
func CheckBundle(files Files) (Identity, error) {
	var info information
	if err := parse(files[InfoPlist], &info); err != nil {
		return Identity{}, fmt.Errorf("codesign: Info.plist: %w", err)
	}
	if info.Executable == "" || info.Executable != path.Base(info.Executable) {
		return Identity{}, errors.New("codesign: Info.plist: it names no executable")
	}
	executable := Executables + info.Executable
	for _, name := range []string{executable, CodeResources} {
		if files[name] == nil {
			return Identity{}, fmt.Errorf("codesign: bundle: %s is missing", name)
		}
	}
	id, err := Check(files[executable], files[InfoPlist], files[CodeResources])
	if err != nil {
		return Identity{}, err
	}
	if id.Identifier != info.Identifier {
		return Identity{}, fmt.Errorf("codesign: bundle: it is signed as %q, not %q", id.Identifier, info.Identifier)
	}
	if err := checkResources(files, executable); err != nil {
		return Identity{}, fmt.Errorf("codesign: bundle: %w", err)
	}
	return id, nil
}

// checkResources compares every other file with CodeResources (TN2206, "Resource rules").
func checkResources(files Files, executable string) error {
	var sealed struct {
		Files map[string]resource `plist:"files2"`
	}
	if err := parse(files[CodeResources], &sealed); err != nil {
		return fmt.Errorf("the list of resources: %w", err)
	}
	for name, content := range files {
		if name == executable || name == InfoPlist || name == "Contents/PkgInfo" || strings.HasPrefix(name, path.Dir(CodeResources)+"/") {
			continue
		}
		seal, found := sealed.Files[strings.TrimPrefix(name, "Contents/")]
		if !found {
			return fmt.Errorf("%s was added", name)
		}
		if hash := sha256.Sum256(content); !bytes.Equal(seal.SHA256, hash[:]) {
			return fmt.Errorf("%s was changed", name)
		}
	}
	for name, seal := range sealed.Files {
		if files["Contents/"+name] == nil && !seal.Optional {
			return fmt.Errorf("%s is missing", "Contents/"+name)
		}
	}
	return nil
}

// mostPlist is the longest property list that is read: it may be as deep as it is long, and each level takes stack.
const mostPlist = 1 << 20

// parse reads a property list in XML or binary form.
func parse(text []byte, into any) (err error) {
	switch {
	case len(text) == 0:
		return errors.New("it is missing")
	case len(text) > mostPlist:
		return errors.New("it is too long")
	}
	// The package panics where a count overflows.
	defer func() {
		if recover() != nil {
			err = errors.New("it is no property list")
		}
	}()
	_, err = plist.Unmarshal(text, into)
	return err
}

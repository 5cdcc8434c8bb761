package mdm

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dayline-project/dayline/shared/codesign"
)

// The most an archive of the app may unpack to; it is a tenth of it.
const (
	maxAppFiles = 1000
	maxAppBytes = 512 << 20
)

// ReadApp checks a Dayline.app, a folder or a release's .pkg, .tar.gz or .zip, and gives the requirement that every release with the
// same signature fits, and the team of a Developer ID. An app that is signed ad hoc, or was changed since, is refused.
func ReadApp(name string) (requirement, team string, err error) {
	files, err := load(name)
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", name, err)
	}
	id, err := codesign.CheckBundle(files)
	switch {
	case err != nil:
		return "", "", fmt.Errorf("%s: %w", name, err)
	case id.AdHoc:
		return "", "", fmt.Errorf("%s is signed ad hoc: each build of it is another program to macOS, so that the agent would lose the permission with "+
			"its next update; sign it with a certificate (docs/macos.md)", name)
	case id.Identifier != BundleID:
		return "", "", fmt.Errorf("%s is %q and not the agent, %s", name, id.Identifier, BundleID)
	}
	if err := checkRequirement(id.Requirement); err != nil {
		return "", "", fmt.Errorf("%s: %w", name, err)
	}
	return id.Requirement, id.Team, nil
}

func load(name string) (codesign.Files, error) {
	if _, err := os.Stat(name); err != nil {
		return nil, errors.Unwrap(err)
	}
	_, err := os.Stat(filepath.Join(name, codesign.InfoPlist))
	switch {
	case err == nil:
		return codesign.Load(os.DirFS(name))
	case strings.HasSuffix(name, ".pkg"):
		return loadPkg(name)
	case strings.HasSuffix(name, ".zip"):
		return loadZip(name)
	case strings.HasSuffix(name, ".tar.gz"), strings.HasSuffix(name, ".tgz"):
		return loadTar(name)
	}
	return nil, errors.New("it is neither a Dayline.app nor its .pkg, .tar.gz or .zip")
}

func loadZip(name string) (codesign.Files, error) {
	archive, err := zip.OpenReader(name)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	for _, file := range archive.File {
		if app, _, found := inApp(file.Name); found {
			bundle, err := fs.Sub(archive, app)
			if err != nil {
				return nil, err
			}
			return codesign.Load(bundle)
		}
	}
	return nil, errNoApp
}

var errNoApp = errors.New("no app is in it")

func loadTar(name string) (codesign.Files, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	archive := tar.NewReader(io.LimitReader(unpacked, maxAppBytes))
	app := appFiles{files: codesign.Files{}}
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return app.whole()
		}
		if err != nil {
			return nil, err
		}
		if header.Typeflag == tar.TypeDir {
			continue
		}
		if err := app.add(header.Name, header.Typeflag == tar.TypeReg, header.Size, archive); err != nil {
			return nil, err
		}
	}
}

// appFiles are those of an app that is being unpacked.
type appFiles struct {
	files codesign.Files
	total int64
}

// add takes a file of an archive, if it is one of the app's.
func (a *appFiles) add(name string, regular bool, size int64, content io.Reader) (err error) {
	_, below, found := inApp(name)
	if !found {
		return nil
	}
	if !regular || a.files[below] != nil || len(a.files) == maxAppFiles {
		return fmt.Errorf("%s does not belong into an app", name)
	}
	// A file with holes is as large as it says, whatever little of it the archive holds.
	if a.total += size; size > maxAppBytes || a.total > maxAppBytes {
		return errors.New("the app in it is too large")
	}
	a.files[below], err = io.ReadAll(content)
	return err
}

func (a *appFiles) whole() (codesign.Files, error) {
	if len(a.files) == 0 {
		return nil, errNoApp
	}
	return a.files, nil
}

// inApp cuts an archive's path into that of the app and the file's in it.
func inApp(name string) (app, below string, found bool) {
	const contents = ".app/Contents/"
	at := strings.Index(name, contents)
	if at < 0 {
		return "", "", false
	}
	at += len(".app")
	return strings.TrimPrefix(name[:at], "./"), name[at+1:], true
}

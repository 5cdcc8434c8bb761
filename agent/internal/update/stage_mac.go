//go:build unix

package update

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// bundleName is the one folder in a package for Macs.
const bundleName = "Dayline.app/"

// unpackBundle writes a bundle: files and folders, as modes of files tell who may run which, and nothing else.
func unpackBundle(packed io.Reader, to string) error {
	unzipped, err := gzip.NewReader(packed)
	if err != nil {
		return err
	}
	left := int64(maxProgram)
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name, inside := strings.CutPrefix(header.Name, bundleName)
		local := filepath.FromSlash(strings.TrimSuffix(name, "/"))
		if !inside || local != "" && !filepath.IsLocal(local) {
			return fmt.Errorf("it holds %.60q, which is not in %s", header.Name, bundleName)
		}
		at := filepath.Join(to, local)
		switch header.Typeflag {
		case tar.TypeDir:
			err = os.MkdirAll(at, 0o755)
		case tar.TypeReg:
			if left -= header.Size; left < 0 {
				return errTooLarge
			}
			if err = write(at, archive, header.Size); err == nil {
				err = os.Chmod(at, 0o644|fs.FileMode(header.Mode)&0o111)
			}
		default:
			err = fmt.Errorf("it holds %.60q, which is no file and no folder", header.Name)
		}
		if err != nil {
			return err
		}
	}
}

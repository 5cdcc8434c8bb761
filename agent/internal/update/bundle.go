package update

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/dayline-project/dayline/shared/disk"
)

// isBundle tells whether what is exchanged is a Mac's: a folder. It is exchanged whole, as a file is, and nothing in it ever is.
func isBundle(target string) bool {
	info, err := os.Stat(target)
	return err == nil && info.IsDir()
}

// programIn is the program in what is exchanged: that itself, if it is no bundle.
func programIn(target string) string {
	if isBundle(target) {
		return filepath.Join(target, "Contents", "MacOS", "dayline-agent")
	}
	return target
}

// inBundle calls visit with each file and folder of a bundle, folders first; anything else is in none.
func inBundle(bundle string, visit func(inside string, folder bool) error) error {
	return filepath.WalkDir(bundle, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.IsDir() && !entry.Type().IsRegular() {
			return fmt.Errorf("%s is no file and no folder", name)
		}
		inside, err := filepath.Rel(bundle, name)
		if err != nil {
			return err
		}
		return visit(inside, entry.IsDir())
	})
}

// sumOfBundle is the SHA-256 of the names and hashes of a bundle's files, hexadecimal.
func sumOfBundle(bundle string) (string, error) {
	hash := sha256.New()
	err := inBundle(bundle, func(inside string, folder bool) error {
		if folder {
			return nil
		}
		sum, err := sumOf(filepath.Join(bundle, inside))
		fmt.Fprintf(hash, "%s  %q\n", sum, inside)
		return err
	})
	return hex.EncodeToString(hash.Sum(nil)), err
}

// copyBundle makes a durable copy of a bundle, with its modes and the owner that another has, in a place where nothing else is then.
// What a system knows of where files came from, as a Mac's quarantine, does not go with it.
func copyBundle(bundle, to, like string) error {
	if err := disk.RemoveAll(to); err != nil {
		return err
	}
	var folders []string
	err := inBundle(bundle, func(inside string, folder bool) error {
		from, at := filepath.Join(bundle, inside), filepath.Join(to, inside)
		if folder {
			folders = append(folders, at)
			if err := os.Mkdir(at, 0o700); err != nil {
				return err
			}
		} else if err := copyFile(from, at); err != nil {
			return err
		}
		if err := keepAccess(at, like); err != nil {
			return err
		}
		info, err := os.Stat(from)
		if err != nil {
			return err
		}
		return os.Chmod(at, info.Mode().Perm())
	})
	if err != nil {
		return err
	}
	for _, folder := range slices.Backward(folders) {
		if err := disk.SyncFolder(folder); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	content, err := os.Open(from)
	if err != nil {
		return err
	}
	defer content.Close()
	return disk.Create(to, content)
}

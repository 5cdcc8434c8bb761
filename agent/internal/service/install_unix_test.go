//go:build unix

package service

import (
	"io/fs"
	"os"
	"testing"
)

// openToOthers lets anybody change a file or folder.
func openToOthers(t *testing.T, path string) (closeAgain func()) {
	set := func(mode fs.FileMode) {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	set(0o777)
	return func() { set(0o755) }
}

//go:build unix

package service

import (
	"os"
	"path/filepath"
)

// makeParent makes what holds the state folder; only root makes folders there.
func makeParent(folder string) (movedTo string, err error) {
	return "", os.MkdirAll(filepath.Dir(folder), 0o755)
}

func makeOurs(folder string) error { return os.Mkdir(folder, 0o700) }

// removeParent: what holds the state folder is the system's.
func removeParent(string) {}

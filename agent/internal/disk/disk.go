// Package disk writes the agent's small files so that a crash leaves the old one or the new one, never half of one.
package disk

import (
	"fmt"
	"os"
	"path/filepath"
)

// Replace puts content into the file, readable by its owner only: it is written beside it, synced, and renamed over it.
func Replace(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("disk: replace: %w", err)
	}
	defer os.Remove(file.Name()) // gone already once renamed
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("disk: replace: %w", err)
	}
	return syncFolder(filepath.Dir(path))
}

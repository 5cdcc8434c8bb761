//go:build unix

package disk

import (
	"errors"
	"os"
)

// SyncFolder makes durable what was made, renamed or removed in a folder.
func SyncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

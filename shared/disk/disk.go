// Package disk writes files so that a crash leaves the old one or the new one, never half of one; each is its owner's alone. It
// tells whose a file is, too.
package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Replace puts a file whole in the place of the one before, durably: it is written beside it and renamed over it.
func Replace(name string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("disk: replace: %w", err)
	}
	if err = fill(file, bytes.NewReader(content)); err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("disk: replace: %w", errors.Join(err, os.Remove(file.Name())))
	}
	return SyncFolder(filepath.Dir(name))
}

// Create makes a file that is not there yet; fs.ErrExist where it is. Its bytes are durable, its name is once SyncFolder was
// called.
func Create(name string, content io.Reader) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return fill(file, content)
}

func fill(file *os.File, content io.Reader) error {
	_, err := io.Copy(file, content)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

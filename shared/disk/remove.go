package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// RemoveAll removes a file or folder with all that is in it; none there is no error. Where the file system lacks what
// os.RemoveAll asks of it, entries are removed one by one; a link is removed, never followed.
func RemoveAll(path string) error {
	if os.RemoveAll(path) == nil {
		return nil
	}
	var found []string
	err := filepath.WalkDir(path, func(name string, _ fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		found = append(found, name)
		return err
	})
	problems := []error{err}
	for _, name := range slices.Backward(found) {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, err)
		}
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("disk: remove: %w", err)
	}
	return nil
}

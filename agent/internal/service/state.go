package service

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Prepare makes the state folder safe to trust: one that is a link, is not this account's, or could be changed by
// others is moved aside and made anew, with its final access in the creating call (security.md §5). It tells where an
// untrusted one went.
func Prepare(folder string) (movedTo string, err error) {
	trusted, err := ours(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return "", fmt.Errorf("service: state folder: %w", err)
	case trusted:
		return "", nil
	default:
		movedTo = folder + ".untrusted-" + time.Now().UTC().Format("20060102T150405Z")
		if err := os.Rename(folder, movedTo); err != nil {
			return "", fmt.Errorf("service: state folder: %w", err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return "", fmt.Errorf("service: state folder: %w", err)
	}
	if err := makeOurs(folder); err != nil {
		return "", fmt.Errorf("service: state folder: %w", err)
	}
	return movedTo, nil
}

func removeAll(pattern string) error {
	found, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	for _, path := range found {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

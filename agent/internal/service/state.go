package service

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/dayline-project/dayline/shared/disk"
)

// Prepare makes the state folder safe to trust: one that is a link, is not this account's, or could be changed by
// others is moved aside and made anew, with its final access in the creating call (security.md §5). It tells where what
// was not trusted went.
func Prepare(folder string) (movedTo string, err error) {
	if movedTo, err = makeParent(folder); err != nil {
		return "", fmt.Errorf("service: state folder: %w", err)
	}
	info, err := os.Lstat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return "", fmt.Errorf("service: state folder: %w", err)
	default:
		standing, err := disk.StandingOf(folder)
		if err != nil {
			return "", fmt.Errorf("service: state folder: %w", err)
		}
		if info.IsDir() && standing == disk.Guarded {
			return movedTo, nil
		}
		if movedTo, err = moveAside(folder); err != nil {
			return "", fmt.Errorf("service: state folder: %w", err)
		}
	}
	if err := makeOurs(folder); err != nil {
		return "", fmt.Errorf("service: state folder: %w", err)
	}
	return movedTo, nil
}

func moveAside(folder string) (movedTo string, err error) {
	movedTo = folder + ".untrusted-" + time.Now().UTC().Format("20060102T150405Z")
	return movedTo, os.Rename(folder, movedTo)
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

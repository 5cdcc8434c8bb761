// Package preference reads what an administrator set for this computer by a management profile of a Mac. Only macOS's
// agent is built with it.
package preference

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"howett.net/plist"

	"github.com/dayline-project/dayline/shared/disk"
)

// Folders that hold them, the first that has a value holds: what a profile forces, which anybody may read, and what
// `defaults write` set as root.
var Folders = []string{"/Library/Managed Preferences", "/Library/Preferences"}

// maxBytes of a file of preferences.
const maxBytes = 1 << 20

// ErrNotTrusted is told of a file that others than administrators may change.
var ErrNotTrusted = errors.New("preference: others than administrators may change it")

// Find gives a text that is set for a domain; empty where none is. A file that is no property list, or a value that is no
// text, is an error.
func Find(folders []string, domain, key string) (string, error) {
	for _, folder := range folders {
		text, err := read(filepath.Join(folder, domain+".plist"), key)
		if text != "" || err != nil {
			return text, err
		}
	}
	return "", nil
}

func read(path, key string) (string, error) {
	for _, guarded := range []string{path, filepath.Dir(path)} {
		standing, err := disk.StandingOf(guarded)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return "", nil
		case err != nil:
			return "", fmt.Errorf("preference: %w", err)
		case standing != disk.Guarded:
			return "", fmt.Errorf("%w: %s", ErrNotTrusted, guarded)
		}
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("preference: %w", err)
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, maxBytes))
	if err != nil {
		return "", fmt.Errorf("preference: %w", err)
	}
	text, err := parse(raw, key)
	if err != nil {
		return "", fmt.Errorf("preference: %s: %w", path, err)
	}
	return text, nil
}

// parse finds the text of a key, binary and XML alike.
func parse(raw []byte, key string) (text string, err error) {
	// The package panics where a count overflows.
	defer func() {
		if recover() != nil {
			text, err = "", errors.New("it is no property list")
		}
	}()
	var values map[string]any
	if _, err := plist.Unmarshal(raw, &values); err != nil {
		return "", err
	}
	switch value := values[key].(type) {
	case nil:
		return "", nil
	case string:
		return value, nil
	}
	return "", fmt.Errorf("%s is no text", key)
}

package enroll

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dayline-project/dayline/shared/disk"
	"github.com/dayline-project/dayline/shared/token"
)

// leftFile in the state folder holds the string that an installer left for the service.
const leftFile = "enroll"

// Carrier is where an installer or an administrator leaves an enrolment string for the service.
type Carrier struct {
	// Name tells people where that is.
	Name string
	// Find gives what is there, unchecked; ErrNoString where nothing is.
	Find func() (string, error)
	// remove removes it, once the device is enrolled; nil where the string is not ours to remove.
	remove func() error
}

// Managed is a carrier that an administrator's management sets, and that stays.
func Managed(name string, find func() (string, error)) Carrier {
	return Carrier{Name: name, Find: find}
}

// File is a carrier that is a file, which others than administrators must not be able to change.
func File(path string) Carrier {
	remove := func() error { return os.Remove(path) }
	return Carrier{Name: path, remove: remove, Find: func() (string, error) {
		switch standing, err := disk.StandingOf(path); {
		case errors.Is(err, fs.ErrNotExist):
			return "", ErrNoString
		case err != nil:
			return "", err
		case standing != disk.Guarded:
			return "", errors.New("others than administrators may change it")
		}
		return ReadFile(path)
	}}
}

// checked gives the string in its one spelling, or why there is none that is whole, in people's words.
func (c Carrier) checked() (string, error) {
	text, err := c.Find()
	if err == nil {
		var t token.Token
		if t, err = token.Parse(text); err == nil {
			return t.Encode(), nil
		}
	}
	return "", fmt.Errorf("the enrolment string in %s cannot be used: %w", c.Name, err)
}

// Remove removes what was left, once the device is enrolled.
func (c Carrier) Remove() error {
	if c.remove == nil {
		return nil
	}
	if err := c.remove(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("enroll: remove a used enrolment string: %w", err)
	}
	return nil
}

// Left is what Keep left in the state folder.
func Left(folder string) Carrier { return File(filepath.Join(folder, leftFile)) }

// Keep leaves an enrolment string in the state folder, for the service to enrol with when it starts or, where it runs,
// within seconds. A key that was made for an enrolment not finished is forgotten, so that each copy of this disk makes
// its own.
func Keep(folder string, t token.Token) error {
	if err := os.Remove(filepath.Join(folder, pendingFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("enroll: keep: %w", err)
	}
	if err := disk.Replace(filepath.Join(folder, leftFile), []byte(t.Encode()+"\n")); err != nil {
		return fmt.Errorf("enroll: keep: %w", err)
	}
	return nil
}

// Enrolled tells whether there is an identity, readable or not: another account may have sealed its key.
func Enrolled(folder string) (bool, error) {
	_, err := os.Stat(filepath.Join(folder, identityFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

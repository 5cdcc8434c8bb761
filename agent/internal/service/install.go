package service

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/dayline-project/dayline/shared/disk"
)

// Name of the system service and, with its unit's suffix, of its files.
const Name = "dayline-agent"

// What keeps a service from being installed or controlled.
var (
	ErrNoServiceManager = errors.New("no service manager runs here (a container?): start `dayline-agent run` instead")
	ErrNotInstalled     = errors.New("the service is not installed; run: dayline-agent install")
)

// ImageVariable of the environment: where it is 1, what is installed starts with the system and not now, so that each clone
// of a disk enrols by itself.
const ImageVariable = "DAYLINE_IMAGE"

const (
	// endWithin is what the service manager is waited for when it stops the service, which itself bounds its stop.
	endWithin = 30 * time.Second
	// A process that has just ended, or a virus scanner, may hold a file for a moment: so often and so long it is waited
	// for that.
	removeTries = 50
	removeAgain = 100 * time.Millisecond
)

// fitForSystem refuses a program that others than administrators may exchange: the system would run what they put there.
func fitForSystem(executable string) error {
	for _, path := range []string{executable, filepath.Dir(executable)} {
		if err := onlyOurs(path); err != nil {
			return err
		}
	}
	return nil
}

// onlyOurs refuses a file or folder that others than administrators may change.
func onlyOurs(path string) error {
	standing, err := disk.StandingOf(path)
	if err != nil {
		return err
	}
	if standing != disk.Guarded {
		return fmt.Errorf("others than administrators may change %s, which the system is to run: %s", path, whereProgramsAre)
	}
	return nil
}

func removeState(folder string) error {
	err := disk.RemoveAll(folder)
	for tries := 1; err != nil && !errors.Is(err, fs.ErrPermission) && tries < removeTries; tries++ {
		time.Sleep(removeAgain)
		err = disk.RemoveAll(folder)
	}
	removeParent(folder)
	return err
}

// Keep says what uninstalling leaves.
type Keep int

// What uninstalling leaves.
const (
	KeepNothing Keep = iota
	// KeepData leaves identity, settings and buffer.
	KeepData
)

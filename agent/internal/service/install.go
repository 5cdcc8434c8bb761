package service

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	kservice "github.com/kardianos/service"
)

// Name of the system service and, with its unit's suffix, of its files.
const Name = "dayline-agent"

// ErrNoServiceManager: nothing here would run a service.
var ErrNoServiceManager = errors.New("no service manager runs here (a container?): start `dayline-agent run` instead")

// program is what kardianos wants to run; our own run loop does that.
type program struct{}

func (program) Start(kservice.Service) error { return nil }
func (program) Stop(kservice.Service) error  { return nil }

func controller(executable string) (kservice.Service, error) {
	return kservice.New(program{}, &kservice.Config{
		Name: Name, DisplayName: "Dayline agent", Description: "Dayline agent: measures the working day on this computer, visibly",
		Executable: executable, Arguments: arguments, Option: unitOptions(executable),
	})
}

// Install installs the binary at this path as the system service, with the session helper, and starts it. Over an
// older installation it renews the files and keeps identity and buffer.
func Install(executable string) error {
	if !managed() {
		return ErrNoServiceManager
	}
	absolute, err := filepath.Abs(executable)
	if err != nil {
		return fmt.Errorf("service: install: %w", err)
	}
	control, err := controller(absolute)
	if err != nil {
		return fmt.Errorf("service: install: %w", err)
	}
	if _, err := control.Status(); !errors.Is(err, kservice.ErrNotInstalled) {
		// A unit of another version is replaced; one that does not run cannot be stopped, which is as well.
		_ = control.Stop()
		if err := control.Uninstall(); err != nil {
			return fmt.Errorf("service: install: remove the old service: %w", err)
		}
	}
	if err := installHelper(absolute); err != nil {
		return err
	}
	if err := control.Install(); err != nil {
		return fmt.Errorf("service: install: %w", err)
	}
	if err := control.Start(); err != nil {
		return fmt.Errorf("service: install: start: %w", err)
	}
	return nil
}

// Uninstall stops the service and takes back everything Install put there, and the state folder too, unless keep.
func Uninstall(executable, folder string, keep Keep) error {
	var problems []error
	if managed() {
		control, err := controller(executable)
		if err != nil {
			return fmt.Errorf("service: uninstall: %w", err)
		}
		if _, err := control.Status(); !errors.Is(err, kservice.ErrNotInstalled) {
			_ = control.Stop() // not running is no reason to stay
			problems = append(problems, control.Uninstall())
		}
	}
	problems = append(problems, uninstallHelper())
	if keep != KeepData {
		problems = append(problems, os.RemoveAll(folder))
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("service: uninstall: %w", err)
	}
	return nil
}

// Keep says what uninstalling leaves.
type Keep int

// What uninstalling leaves.
const (
	KeepNothing Keep = iota
	// KeepData leaves identity, settings and buffer.
	KeepData
)

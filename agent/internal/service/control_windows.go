package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	kservice "github.com/kardianos/service"

	"github.com/dayline-project/dayline/agent/internal/update"
)

// program is what kardianos wants to run; our own run loop does that.
type program struct{}

func (program) Start(kservice.Service) error { return nil }
func (program) Stop(kservice.Service) error  { return nil }

func controller(executable string) (kservice.Service, error) {
	return kservice.New(program{}, &kservice.Config{
		Name: Name, DisplayName: "Dayline agent", Description: "Dayline agent: measures the working day on this computer, visibly",
		Executable: executable, Arguments: arguments,
	})
}

// Install installs the binary at this path as the system service, and starts it, now or with the system. Over an older
// installation it keeps identity and buffer. What the system does not offer, and can be done without, is said.
func Install(executable string, say func(string)) error {
	absolute, err := filepath.Abs(executable)
	if err == nil {
		absolute, err = filepath.EvalSymlinks(absolute)
	}
	if err == nil {
		err = fitForSystem(absolute)
	}
	if err != nil {
		return fmt.Errorf("service: install: %w", err)
	}
	control, err := controller(absolute)
	if err == nil {
		// An update that is under way ends: what is installed goes before it.
		err = updates{program: absolute}.Unwatch(context.Background())
	}
	if err != nil {
		return fmt.Errorf("service: install: %w", err)
	}
	if _, err := control.Status(); !errors.Is(err, kservice.ErrNotInstalled) {
		// A unit of another version is replaced; one that does not run cannot be stopped, which is as well.
		_ = stop(control)
		if err := control.Uninstall(); err != nil {
			return fmt.Errorf("service: install: remove the old service: %w", err)
		}
	}
	if err := control.Install(); err != nil {
		return fmt.Errorf("service: install: %w", explained(err))
	}
	if err := Complete(); err != nil {
		say(err.Error())
	}
	if err := control.Start(); err != nil {
		return fmt.Errorf("service: install: start: %w", err)
	}
	return nil
}

// Start starts the installed service; one that runs is left so.
func Start() error { return controlled("start", kservice.StatusRunning, kservice.Service.Start) }

// Stop stops it and waits until it has; one that does not run is left so.
func Stop() error { return controlled("stop", kservice.StatusStopped, stop) }

func controlled(what string, reached kservice.Status, act func(kservice.Service) error) error {
	control, err := controller("")
	if err == nil {
		err = act(control)
	}
	if err == nil {
		return nil
	}
	switch status, asked := control.Status(); {
	case errors.Is(asked, kservice.ErrNotInstalled):
		return ErrNotInstalled
	case asked == nil && status == reached:
		return nil
	}
	return fmt.Errorf("service: %s: %w", what, err)
}

// stop bounds what kardianos waits for without end.
func stop(control kservice.Service) error {
	ended := make(chan error, 1)
	go func() { ended <- control.Stop() }() // ends with the service, or this command
	select {
	case err := <-ended:
		return err
	case <-time.After(endWithin):
		return fmt.Errorf("it has not stopped within %s", endWithin)
	}
}

// Uninstall stops the service and takes back everything Install put there, and the state folder too, unless keep.
func Uninstall(executable, folder string, keep Keep) error {
	control, err := controller(executable)
	if err != nil {
		return fmt.Errorf("service: uninstall: %w", err)
	}
	// First, since the watcher of an update would start the service again.
	problems := []error{update.End(context.Background(), folder, &Exchange{updates: updates{executable, folder}})}
	if _, err := control.Status(); !errors.Is(err, kservice.ErrNotInstalled) {
		_ = stop(control) // not running is no reason to stay
		err := control.Uninstall()
		if errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("service: uninstall: %w", err)
		}
		// It fails too where the service has gone and something that belongs to it had gone before.
		if _, asked := control.Status(); !errors.Is(asked, kservice.ErrNotInstalled) {
			problems = append(problems, err)
		}
	}
	problems = append(problems, uninstallHelper(), ownBrowsers().dismiss(executable))
	if keep != KeepData {
		problems = append(problems, removeState(folder))
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("service: uninstall: %w", err)
	}
	return nil
}

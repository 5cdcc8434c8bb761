package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"

	"github.com/dayline-project/dayline/agent/internal/update"
	"github.com/dayline-project/dayline/shared/disk"
)

// watcherName is the service that watches an update. Its program has the name of the one that is exchanged, with watcherSuffix
// before the ending.
const (
	watcherName   = Name + "-update"
	watcherSuffix = "-watcher"
)

// noticedWithin is what the service manager is given to see that a process has been ended, which it does at once.
const noticedWithin = time.Second

// updates is what Windows' service manager does for updates: update.Host without its questions.
type updates struct {
	// program is exchanged; its service's state is in the folder.
	program, folder string
}

// ownUpdates are those of the program that this one is, or watches.
func ownUpdates(folder string) (updates, error) {
	program, err := ownPath()
	ending := filepath.Ext(program)
	return updates{strings.TrimSuffix(strings.TrimSuffix(program, ending), watcherSuffix) + ending, folder}, err
}

// Target implements update.Host.
func (u updates) Target() string { return u.program }

// Aside implements update.Host.
func (u updates) Aside() string {
	ending := filepath.Ext(u.program)
	return strings.TrimSuffix(u.program, ending) + watcherSuffix + ending
}

// Able tells why the program cannot be exchanged: its folder cannot be written, or by others too.
func (u updates) Able(context.Context) error {
	if err := fitForSystem(u.program); err != nil {
		return err
	}
	probe, err := os.CreateTemp(filepath.Dir(u.program), "."+Name+".*")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// Watch implements update.Host. Where there is a watcher already, it has its program aside.
func (u updates) Watch(ctx context.Context) error {
	err := withManager(func(manager *mgr.Mgr) error {
		s, err := manager.OpenService(watcherName)
		if errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST) {
			s, err = u.makeWatcher(ctx, manager)
		}
		if err != nil {
			return err
		}
		defer s.Close()
		return started(ctx, s)
	})
	if err != nil {
		return fmt.Errorf("service: watch: %w", err)
	}
	return nil
}

func (u updates) makeWatcher(ctx context.Context, manager *mgr.Mgr) (*mgr.Service, error) {
	program, err := ownPath()
	if err == nil {
		err = disk.WhileHeld(ctx, func() error { return update.CopyAside(program, u.Aside()) })
	}
	if err != nil {
		return nil, err
	}
	s, err := manager.CreateService(watcherName, u.Aside(), mgr.Config{
		StartType: mgr.StartAutomatic, DisplayName: "Dayline agent: update",
		Description: "Watches an update of the Dayline agent, and puts the former version back where the new one does not work",
	}, "update", "--watch", "--managed", "--state", u.folder)
	if err != nil {
		return nil, explained(err)
	}
	// One that ends with an error is started again; where that cannot be set it is when the computer starts.
	_ = s.SetRecoveryActions(recovery, uint32(forgetFailures.Seconds()))
	_ = s.SetRecoveryActionsOnNonCrashFailures(true)
	return s, nil
}

// Unwatch implements update.Host. The watcher's own program goes with the service's next call: a program that runs cannot be removed.
func (u updates) Unwatch(ctx context.Context) error {
	program, err := ownPath()
	own := strings.EqualFold(program, u.Aside())
	if err == nil {
		err = withManager(func(manager *mgr.Mgr) error { return removeWatcher(ctx, manager, own) })
	}
	if err == nil && !own {
		err = disk.WhileHeld(ctx, func() error { return os.Remove(u.Aside()) })
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("service: unwatch: %w", err)
	}
	return nil
}

// removeWatcher removes the watcher's service, ended unless it is this program; none there is no error.
func removeWatcher(ctx context.Context, manager *mgr.Mgr, own bool) error {
	s, err := manager.OpenService(watcherName)
	if errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST) {
		return nil
	}
	if err != nil {
		return err
	}
	defer s.Close()
	if !own {
		if err := ended(ctx, s, endWithin); err != nil {
			return err
		}
	}
	if err := s.Delete(); err != nil && !errors.Is(err, windows.ERROR_SERVICE_MARKED_FOR_DELETE) {
		return err
	}
	return nil
}

// Stop implements update.Host.
func (u updates) Stop(ctx context.Context) error {
	return withService("stop", func(s *mgr.Service) error { return ended(ctx, s, endWithin) })
}

// Start implements update.Host.
func (u updates) Start(ctx context.Context) error {
	return withService("start", func(s *mgr.Service) error { return started(ctx, s) })
}

func withManager(do func(*mgr.Mgr) error) error {
	manager, err := mgr.Connect()
	if err != nil {
		return err
	}
	defer manager.Disconnect()
	return do(manager)
}

func withService(what string, do func(*mgr.Service) error) error {
	err := withManager(func(manager *mgr.Mgr) error {
		s, err := manager.OpenService(Name)
		if errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST) {
			return ErrNotInstalled
		}
		if err != nil {
			return err
		}
		defer s.Close()
		return do(s)
	})
	if err != nil {
		return fmt.Errorf("service: %s: %w", what, err)
	}
	return nil
}

// started starts a service; one that runs is left so. A virus scanner may hold a program that was written just now.
func started(ctx context.Context, s *mgr.Service) error {
	err := disk.WhileHeld(ctx, func() error { return s.Start() })
	if errors.Is(err, windows.ERROR_SERVICE_ALREADY_RUNNING) {
		return nil
	}
	return err
}

// ended stops a service, by force where it does not within this time, and waits for its process: with that its files are free.
func ended(ctx context.Context, s *mgr.Service, patience time.Duration) error {
	status, err := s.Query()
	if err != nil || status.State == svc.Stopped || status.ProcessId == 0 {
		return err
	}
	process, err := windows.OpenProcess(windows.SYNCHRONIZE|windows.PROCESS_TERMINATE, false, status.ProcessId)
	if errors.Is(err, windows.ERROR_INVALID_PARAMETER) {
		return nil // it has ended meanwhile
	}
	if err != nil {
		return err
	}
	defer windows.CloseHandle(process)
	_, _ = s.Control(svc.Stop) // one that does not take it is ended below
	if over, err := within(ctx, patience, func() (bool, error) { return isOver(process) }); over || err != nil {
		return err
	}
	return terminated(ctx, s, process)
}

// terminated ends a service's process by force. The service manager, who would start it again for that, is told not to while it
// takes note: what it shall do after failures it is told again at once, and by the service itself at its next start (Complete).
func terminated(ctx context.Context, s *mgr.Service, process windows.Handle) error {
	chosen, err := s.RecoveryActions()
	if err != nil {
		chosen = nil // Complete sets ours
	}
	period, _ := s.ResetPeriod() // none is none
	_ = s.ResetRecoveryActions() // at worst it is started again
	if len(chosen) > 0 {
		defer func() { _ = s.SetRecoveryActions(chosen, period) }()
	}
	if err := windows.TerminateProcess(process, failedHard); err != nil {
		return err
	}
	over, err := within(ctx, endWithin, func() (bool, error) { return isOver(process) })
	if err == nil && !over {
		err = fmt.Errorf("its process has not ended within %s", endWithin)
	}
	if err == nil {
		_, err = within(ctx, noticedWithin, func() (bool, error) {
			status, err := s.Query()
			return status.State == svc.Stopped, err
		})
	}
	return err
}

// failedHard is what a process that is ended by force ends with.
const failedHard = 1

func isOver(process windows.Handle) (bool, error) {
	event, err := windows.WaitForSingleObject(process, 0)
	return event == windows.WAIT_OBJECT_0, err
}

// within asks until something is so, for a time at most.
func within(ctx context.Context, limit time.Duration, asked func() (bool, error)) (bool, error) {
	const again = 20 * time.Millisecond
	ticker := time.NewTicker(again)
	defer ticker.Stop()
	for deadline := time.Now().Add(limit); ; {
		if so, err := asked(); so || err != nil || time.Now().After(deadline) {
			return so, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-ticker.C:
		}
	}
}

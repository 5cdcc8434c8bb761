//go:build !linux && !windows

package service

import (
	"errors"

	kservice "github.com/kardianos/service"
)

// managed: the system always has a service manager there.
func managed() bool { return true }

func unitOptions(string) kservice.KeyValue { return kservice.KeyValue{} }

// installHelper: launchd starts the helpers; that comes with observing there.
func installHelper(string) error { return errors.ErrUnsupported }

func uninstallHelper() error { return nil }

// UninstallLater comes with the installers of those systems.
func UninstallLater(string) error { return errors.ErrUnsupported }

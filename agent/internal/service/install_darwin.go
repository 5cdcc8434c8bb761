package service

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// thisMac installs by the system's own programs.
func thisMac() macInstall {
	return macInstall{
		launchd: launchd{launchctl: "/bin/launchctl", again: 500 * time.Millisecond}, ps: "/bin/ps", tccutil: "/usr/bin/tccutil",
		pkgutil: "/usr/sbin/pkgutil", image: os.Getenv(ImageVariable) == "1",
	}
}

// mayChange: launchd would let us wait in vain.
func mayChange() error {
	if os.Geteuid() != 0 {
		return fs.ErrPermission
	}
	return nil
}

// Install installs the binary at this path as a daemon, with the session helper, and starts both. Over an older
// installation it renews the files and keeps identity and buffer. What could not be done, and can be done without, is
// said.
func Install(executable string, say func(string)) error {
	err := mayChange()
	if err == nil {
		executable, err = filepath.EvalSymlinks(executable)
	}
	if err == nil {
		err = thisMac().install(executable, say)
	}
	if err != nil {
		return fmt.Errorf("service: install: %w", err)
	}
	return nil
}

// Start starts the installed service; one that runs is left so.
func Start() error { return controlled("start", macInstall.start) }

// Stop stops it and waits until it has; one that does not run is left so.
func Stop() error { return controlled("stop", macInstall.stop) }

func controlled(what string, act func(macInstall) error) error {
	err := mayChange()
	if err == nil {
		err = act(thisMac())
	}
	if err == nil || err == ErrNotInstalled {
		return err
	}
	return fmt.Errorf("service: %s: %w", what, err)
}

// Uninstall stops the service and takes back everything Install put there, the bundle, and the state folder too, unless
// keep.
func Uninstall(_, folder string, keep Keep) error {
	err := mayChange()
	if err == nil {
		err = thisMac().uninstall(folder, keep)
	}
	if err != nil {
		return fmt.Errorf("service: uninstall: %w", err)
	}
	return nil
}

// UninstallLater uninstalls us from outside: the service cannot outlive its own stop.
func UninstallLater(executable string) error {
	command := uninstaller(executable)
	if err := command.Start(); err != nil {
		return fmt.Errorf("service: uninstall: %w", err)
	}
	return command.Process.Release()
}

// Complete introduces the program to browsers; the plists say all else.
func Complete() error {
	program, err := ownPath()
	if err == nil {
		err = ownBrowsers().introduce(program)
	}
	if err != nil {
		return fmt.Errorf("service: host of browsers not set: %w", err)
	}
	return nil
}

func ownBrowsers() browsers { return thisMac().browsers() }

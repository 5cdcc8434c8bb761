package service

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
	"golang.org/x/sys/windows/svc/eventlog"
	"golang.org/x/sys/windows/svc/mgr"

	"github.com/dayline-project/dayline/agent/internal/sys/win"
)

// arguments are what the service manager starts the service with: they alone tell that it did, nothing is probed.
var arguments = []string{"service", "--managed"}

// uninstallHelper: what the service registered outlives it where an installer removed it.
func uninstallHelper() error {
	if err := eventlog.Remove(Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("source of events: %w", err)
	}
	return nil
}

// explained adds what to do about an error of the service manager's.
func explained(err error) error {
	if errors.Is(err, windows.ERROR_SERVICE_MARKED_FOR_DELETE) {
		return fmt.Errorf("%w: close the list of services and whatever else shows it, and install again", err)
	}
	return err
}

const (
	// forgetFailures is how long after the last failure the next counts as the first.
	forgetFailures = 24 * time.Hour
	// preShutdown is what the system waits for the service before it shuts down.
	preShutdown = 20 * time.Second
)

// recovery is what the service manager does about the first failure, the second, and each after:
// https://learn.microsoft.com/windows/win32/api/winsvc/ns-winsvc-service_failure_actionsw
var recovery = []mgr.RecoveryAction{
	{Type: mgr.ServiceRestart, Delay: 5 * time.Second},
	{Type: mgr.ServiceRestart, Delay: 30 * time.Second},
	{Type: mgr.ServiceRestart, Delay: time.Minute},
}

// Complete sets what neither kardianos nor an installer's package sets, and the service at each start: the source of its
// events; that the service manager starts it again when it fails, also when it ends in order but with an error, unless an
// administrator has chosen otherwise; that a shutdown waits for it; and that browsers know the program. The error tells what
// could not be set.
func Complete() error {
	manager, err := mgr.Connect()
	if err != nil {
		return fmt.Errorf("service: not completed: %w", err)
	}
	defer manager.Disconnect()
	s, err := manager.OpenService(Name)
	if err != nil {
		return fmt.Errorf("service: not completed: %w", err)
	}
	defer s.Close()
	var problems []error
	set := func(what string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("service: %s not set: %w", what, err))
		}
	}
	set("source of events", registerEvents())
	if chosen, err := s.RecoveryActions(); err != nil || len(chosen) == 0 {
		set("restart after failures", s.SetRecoveryActions(recovery, uint32(forgetFailures.Seconds())))
		set("restart after failures that are no crash", s.SetRecoveryActionsOnNonCrashFailures(true))
	}
	// SERVICE_PRESHUTDOWN_INFO is one number of milliseconds.
	wait := uint32(preShutdown.Milliseconds())
	set("time for a shutdown", windows.ChangeServiceConfig2(s.Handle, windows.SERVICE_CONFIG_PRESHUTDOWN_INFO, (*byte)(unsafe.Pointer(&wait))))
	program, err := ownPath()
	if err == nil {
		err = ownBrowsers().introduce(program)
	}
	set("host of browsers", err)
	return errors.Join(problems...)
}

// eventSource is where the event log learns whose text our events are:
// https://learn.microsoft.com/windows/win32/eventlog/event-sources
const eventSource = `SYSTEM\CurrentControlSet\Services\EventLog\Application\` + Name

func registerEvents() error {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, eventSource, registry.QUERY_VALUE)
	if err == nil {
		return key.Close()
	}
	return eventlog.InstallAsEventCreate(Name, eventlog.Error|eventlog.Warning)
}

// packages is what all versions of the installer's package share (UpgradeCode in installer/msi).
const packages = "{9E4A019C-0970-4337-A978-1F97823F9573}"

// InstalledPackage is the copy that Windows keeps of the package that installed us; empty where none did.
func InstalledPackage() (string, error) {
	product, err := win.ProductOf(packages)
	if err != nil || product == "" {
		return "", err
	}
	return win.PackageOf(product)
}

// UninstallLater uninstalls us from outside: the service cannot outlive its own stop. A package is removed by Windows'
// installer, with the program; without one the program's file stays, since it cannot remove itself. No argument is
// anybody's but ours, and no shell reads it.
func UninstallLater(executable string) error {
	product, err := win.ProductOf(packages)
	if err != nil {
		return fmt.Errorf("service: uninstall: %w", err)
	}
	command := exec.Command(executable, "uninstall")
	if product != "" {
		system, err := windows.GetSystemDirectory()
		if err != nil {
			return fmt.Errorf("service: uninstall: %w", err)
		}
		command = exec.Command(filepath.Join(system, "msiexec.exe"), "/x", product, "/qn", "/norestart")
	}
	command.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
	if err := command.Start(); err != nil {
		return fmt.Errorf("service: uninstall: %w", err)
	}
	return command.Process.Release()
}

package service

import (
	"fmt"
	"os/exec"
	"syscall"

	kservice "github.com/kardianos/service"
	"golang.org/x/sys/windows"
)

// arguments are what the service manager starts the service with: they alone tell that it did, nothing is probed.
var arguments = []string{"service", "--managed"}

// managed: the system always has a service manager.
func managed() bool { return true }

func unitOptions(string) kservice.KeyValue { return kservice.KeyValue{} }

// installHelper: the service starts the helpers.
func installHelper(string) error { return nil }

func uninstallHelper() error { return nil }

// UninstallLater uninstalls us from outside: the service cannot outlive its own stop. No argument is anybody's but ours,
// and no shell reads it.
func UninstallLater(executable string) error {
	command := exec.Command(executable, "uninstall")
	command.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
	if err := command.Start(); err != nil {
		return fmt.Errorf("service: uninstall: %w", err)
	}
	return command.Process.Release()
}

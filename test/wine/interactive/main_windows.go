// Command interactive has a service start its programs on the person's desktop, which Wine 8.0 does by halves: of a
// program that asks for another desktop than its parent's, one thread gets it and all others the parent's. A service of
// this type is on the person's desktop itself (SERVICE_INTERACTIVE_PROCESS,
// learn.microsoft.com/windows/win32/services/interactive-services). Windows needs and allows nothing of it.
package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

func main() {
	if err := change(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "interactive:", err)
		os.Exit(1)
	}
}

func change(name string) error {
	text, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return err
	}
	manager, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT)
	if err != nil {
		return err
	}
	defer windows.CloseServiceHandle(manager)
	service, err := windows.OpenService(manager, text, windows.SERVICE_CHANGE_CONFIG)
	if err != nil {
		return err
	}
	defer windows.CloseServiceHandle(service)
	return windows.ChangeServiceConfig(service, windows.SERVICE_WIN32_OWN_PROCESS|windows.SERVICE_INTERACTIVE_PROCESS,
		windows.SERVICE_NO_CHANGE, windows.SERVICE_NO_CHANGE, nil, nil, nil, nil, nil, nil, nil)
}

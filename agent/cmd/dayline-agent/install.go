package main

import (
	"fmt"
	"io"
	"os"

	"github.com/dayline-project/dayline/agent/internal/service"
)

// install makes this very binary the system service.
func install(args []string, stdout, stderr io.Writer) int {
	o := newOptions("install", "", stderr)
	if _, status, ok := o.parse(args, 0); !ok {
		return status
	}
	self, err := os.Executable()
	if err == nil {
		err = service.Install(self)
	}
	if err != nil {
		return fail(stderr, err)
	}
	fmt.Fprintln(stdout, "installed and started; next: dayline-agent enroll STRING")
	return done
}

// uninstall takes back what install put there.
func uninstall(args []string, stdout, stderr io.Writer) int {
	o := newOptions("uninstall", "", stderr)
	keepData := o.Bool("keep-data", false, "leave identity, settings and buffer")
	if _, status, ok := o.parse(args, 0); !ok {
		return status
	}
	keep := service.KeepNothing
	if *keepData {
		keep = service.KeepData
	}
	self, err := os.Executable()
	if err == nil {
		err = service.Uninstall(self, o.state, keep)
	}
	if err != nil {
		return fail(stderr, err)
	}
	fmt.Fprintln(stdout, "uninstalled")
	return done
}

// uninstallInBackground is what the collector may ask for.
func uninstallInBackground() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return service.UninstallLater(self)
}

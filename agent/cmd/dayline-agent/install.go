package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/dayline-project/dayline/agent/internal/enroll"
	"github.com/dayline-project/dayline/agent/internal/service"
	"github.com/dayline-project/dayline/shared/extension"
)

// install makes this very binary the system service.
func install(args []string, stdout, stderr io.Writer) int {
	o := newOptions("install", "", stderr)
	from := o.String("extension", "", "also have the browsers install the extension, from the collector at this `URL`")
	if _, status, ok := o.parse(args, 0); !ok {
		return status
	}
	source, err := extension.SourceOf(*from)
	if *from != "" && err != nil {
		fail(stderr, err)
		return usedWrongly
	}
	say := func(what string) { fmt.Fprintln(stdout, what) }
	self, err := os.Executable()
	if err == nil {
		err = service.Install(self, say)
	}
	if err == nil && *from != "" {
		err = service.ForceExtension(source, say)
	}
	if err != nil {
		return fail(stderr, err)
	}
	fmt.Fprintln(stdout, installedWords(o.state))
	return done
}

// installedWords say what comes next.
func installedWords(state string) string {
	told := "installed and started"
	if os.Getenv(service.ImageVariable) == "1" {
		told = "installed; it starts with the system"
	}
	if enrolled, err := enroll.Enrolled(state); enrolled || err != nil {
		return told
	}
	if _, err := leftString(state); errors.Is(err, enroll.ErrNoString) {
		return told + "; next: dayline-agent enroll STRING"
	}
	return told + "; it enrols by the string that was left"
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
	if _, err := os.Lstat(self); err != nil {
		fmt.Fprintln(stdout, "uninstalled")
	} else {
		fmt.Fprintf(stdout, "uninstalled; this file stays: %s%s\n", self, howProgramGoes)
	}
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

// start, stop and restart are about the installed service.

func start(args []string, stdout, stderr io.Writer) int {
	return control("start", "started", service.Start, args, stdout, stderr)
}

func stop(args []string, stdout, stderr io.Writer) int {
	return control("stop", "stopped", service.Stop, args, stdout, stderr)
}

func restart(args []string, stdout, stderr io.Writer) int {
	return control("restart", "restarted", func() error {
		if err := service.Stop(); err != nil {
			return err
		}
		return service.Start()
	}, args, stdout, stderr)
}

func control(name, told string, act func() error, args []string, stdout, stderr io.Writer) int {
	if _, status, ok := newOptions(name, "", stderr).parse(args, 0); !ok {
		return status
	}
	if err := act(); err != nil {
		return fail(stderr, err)
	}
	fmt.Fprintln(stdout, told)
	return done
}

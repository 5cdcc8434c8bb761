package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/dayline-project/dayline/shared/unit"
)

// managed: systemd is the init system here (sd_booted(3)).
func managed() bool {
	info, err := os.Stat("/run/systemd/system")
	return err == nil && info.IsDir()
}

// systemctl has systemd do something, within bounds.
func systemctl(arguments ...string) error {
	_, err := askSystemctl(arguments...)
	return err
}

func askSystemctl(arguments ...string) (told string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), endWithin)
	defer cancel()
	var said strings.Builder
	command := exec.CommandContext(ctx, "systemctl", arguments...)
	command.Stderr = &said
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("systemctl %s: %w: %s", strings.Join(arguments, " "), err, strings.TrimSpace(said.String()))
	}
	return string(output), nil
}

// restarted has systemd read the units and starts the service anew, and the helper in every session.
func restarted(say func(string)) error {
	err := systemctl("daemon-reload")
	if err == nil {
		err = systemctl("restart", unit.Service)
	}
	if err == nil {
		inDesktops("restart", say)
	}
	return err
}

// stopped stops the service, and the helper in every session.
func stopped() error {
	inDesktops("stop", func(string) {}) // each ends with its session at the latest
	if !installed() {
		return nil
	}
	return systemctl("stop", unit.Service)
}

// inDesktops does something to the helper in every graphical session that systemd manages.
func inDesktops(act string, say func(string)) {
	told, err := askSystemctl("list-units", "--plain", "--no-legend", "--state=active", "user@*.service")
	if err != nil {
		say(err.Error())
		return
	}
	for line := range strings.Lines(told) {
		name, _, _ := strings.Cut(line, " ")
		uid := strings.TrimSuffix(strings.TrimPrefix(name, "user@"), ".service")
		of := []string{"--user", "--machine=" + uid + "@"}
		if systemctl(append(of, "is-active", "--quiet", "graphical-session.target")...) != nil {
			continue
		}
		err := systemctl(append(of, "daemon-reload")...)
		if err == nil {
			err = systemctl(append(of, "--no-block", act, unit.Session)...)
		}
		if err != nil {
			say("user " + uid + " is observed from the next login on: " + err.Error())
		}
	}
}

// installed: systemd knows the service.
func installed() bool {
	told, err := askSystemctl("list-unit-files", "--no-legend", unit.Service)
	return err == nil && strings.Contains(told, unit.Service)
}

// Start starts the installed service; one that runs is left so.
func Start() error { return controlled("start") }

// Stop stops it and waits until it has; one that does not run is left so.
func Stop() error { return controlled("stop") }

func controlled(what string) error {
	if !managed() {
		return ErrNoServiceManager
	}
	if !installed() {
		return ErrNotInstalled
	}
	err := systemctl(what, unit.Service)
	if err == nil {
		return nil
	}
	if os.Geteuid() != 0 {
		err = errors.Join(os.ErrPermission, err)
	}
	return fmt.Errorf("service: %s: %w", what, err)
}

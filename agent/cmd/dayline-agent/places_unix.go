//go:build unix

package main

import (
	"os"
	"path/filepath"
)

// asAdministrator is how a command is given an administrator's rights.
const asAdministrator = "sudo dayline-agent …"

// howProgramGoes is how the program itself is removed, where that is more than its file.
const howProgramGoes = ""

func defaultState() string { return statePath }

// socketOf is where the service of a state folder listens.
func socketOf(state string) string {
	if state != defaultState() {
		return filepath.Join(state, "agent.sock")
	}
	return socketPath
}

func makeSocketFolder(state string) error { return os.MkdirAll(filepath.Dir(socketOf(state)), 0o755) }

// ceiling is the device's own limit.
func ceiling() string { return ceilingPath }

package main

import (
	"os"
	"path/filepath"
	"runtime"
)

// Where things are on each system; --state moves the state, and the socket with it.

func defaultState() string {
	switch runtime.GOOS {
	case "windows":
		return filepath.Join(os.Getenv("ProgramData"), "Dayline", "agent")
	case "darwin":
		return "/Library/Application Support/Dayline/agent"
	}
	return "/var/lib/dayline-agent"
}

// socketOf is where the service of a state folder listens.
func socketOf(state string) string {
	if state != defaultState() {
		return filepath.Join(state, "agent.sock")
	}
	if runtime.GOOS == "darwin" {
		return "/var/run/dayline/agent.sock"
	}
	return "/run/dayline/agent.sock"
}

// carrier is the file an installer leaves the enrolment string in.
func carrier() string {
	if runtime.GOOS == "linux" {
		return "/etc/dayline/enroll"
	}
	return ""
}

// ceiling is the device's own limit.
func ceiling() string {
	switch runtime.GOOS {
	case "windows":
		return filepath.Join(os.Getenv("ProgramData"), "Dayline", "ceiling.json")
	case "darwin":
		return "/Library/Application Support/Dayline/ceiling.json"
	}
	return "/etc/dayline/ceiling.json"
}

//go:build !linux && !windows && !darwin

package health

// OS is how the contract names this system: it has no name there.
func OS() string { return "" }

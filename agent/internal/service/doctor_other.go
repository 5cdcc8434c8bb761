//go:build !darwin

package service

// SystemChecks: nothing has to be asked of the system there.
func SystemChecks() []Check { return nil }

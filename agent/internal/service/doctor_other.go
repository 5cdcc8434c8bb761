//go:build !darwin

package service

// SystemChecks are what the command itself can ask, also where no service answers.
func SystemChecks() []Check { return browserChecks() }

//go:build !linux && !windows && !darwin

package health

// runtimeOS is how the contract names this system: it has no name there.
func runtimeOS() string { return "" }

package health

// runtimeOS is how the contract names this system.
func runtimeOS() string { return "linux" }

package health

// OS is how the contract names this system.
func OS() string { return "macos" }

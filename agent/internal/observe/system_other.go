//go:build !darwin

package observe

import "os"

var ourSystem = system{readClocks: readClocks, openDisplay: openDisplay, newBus: newBus}

// OSSession is this process's login session in the system's words; empty where it has none.
func OSSession() string { return os.Getenv("XDG_SESSION_ID") }

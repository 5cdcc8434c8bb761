package session

import "net"

// Launcher knows the computer's login sessions and starts helpers in them, on systems where the service does that.
type Launcher interface {
	// Sessions are the interactive ones of people's accounts, as they are now.
	Sessions() ([]LoginSession, error)
	// Launch starts a helper in a session.
	Launch(LoginSession) (Launched, error)
}

// LoginSession is one of them.
type LoginSession struct {
	// ID is the system's.
	ID uint32
}

// Launched is a helper that was started.
type Launched interface {
	// Conn is the service's end of the helper's pipe, Peer who is at the other.
	Conn() net.Conn
	Peer() Peer
	// Wait waits for the process to end; going says that it ended because its session does.
	Wait() (going bool, err error)
	// Kill ends it.
	Kill()
}

package session

import (
	"net"
	"time"
)

// Launcher knows the computer's login sessions and starts helpers in them, on systems where the service does that.
type Launcher interface {
	// Sessions are those of people, as they are now; one that is not looked at just now, such as one whose remote desktop
	// is disconnected, is among them.
	Sessions() ([]LoginSession, error)
	// Launch starts a helper in a session.
	Launch(LoginSession) (Launched, error)
}

// LoginSession is one of them.
type LoginSession struct {
	// ID and User are the system's words for the session and for the account it is of; ID is empty where the system tells
	// only whose session is looked at.
	ID, User string
}

// Launched is a helper that was started.
type Launched interface {
	// Conn is the service's end of the helper's pipe; without it the helper ends. Peer is who is at the other; its Login,
	// if any, holds where the system cannot say now whose the account is.
	Conn() net.Conn
	Peer() Peer
	// End waits so long for the process to end by itself, and ends it then. An error says that it ended otherwise than it
	// should; without one the session told it to, unless the service did. going: the session took it along.
	End(within time.Duration) (going bool, err error)
}

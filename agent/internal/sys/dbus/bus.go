// Package dbus binds what the agent needs of D-Bus: the state of the login session as logind tells it (locked, in
// front, about to sleep), the delay before sleep, and the desktop's screen saver. It decides nothing and writes no log.
//
// It compiles everywhere (the bus is a socket); it is used where systems have one.
package dbus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// ErrNoBus is told where no bus of this computer is known.
var ErrNoBus = errors.New("dbus: no bus")

// callFor is how long a call may take.
const callFor = 5 * time.Second

// Bus is a connection to a message bus. Its methods may be called by any goroutine, Next by one at a time.
type Bus struct {
	conn    *dbus.Conn
	signals chan *dbus.Signal
	login   login
}

// DialSystem connects to the system bus: $DBUS_SYSTEM_BUS_ADDRESS, else the socket it has everywhere.
func DialSystem() (*Bus, error) {
	return dial(address(os.Getenv("DBUS_SYSTEM_BUS_ADDRESS"), "/run/dbus/system_bus_socket", "/var/run/dbus/system_bus_socket"))
}

// DialSession connects to the person's bus: $DBUS_SESSION_BUS_ADDRESS, else the socket in $XDG_RUNTIME_DIR. It never
// starts one.
func DialSession() (*Bus, error) { return dial(SessionAddress()) }

// SessionAddress is where the person's bus is; empty where none is known.
func SessionAddress() string {
	known, runtime := os.Getenv("DBUS_SESSION_BUS_ADDRESS"), os.Getenv("XDG_RUNTIME_DIR")
	if runtime == "" {
		return known
	}
	return address(known, runtime+"/bus")
}

// address is the one known, else that of the first of these sockets that is there.
func address(known string, sockets ...string) string {
	if known == "" {
		for _, socket := range sockets {
			if _, err := os.Stat(socket); err == nil {
				return "unix:path=" + dbus.EscapeBusAddressValue(socket)
			}
		}
	}
	return known
}

func dial(address string) (*Bus, error) {
	conn, err := Connect(address)
	if err != nil {
		return nil, err
	}
	b := &Bus{conn: conn, signals: make(chan *dbus.Signal, 64)}
	conn.Signal(b.signals)
	return b, nil
}

// Connect connects to the bus at an address, for those who ask it themselves. The person's process opens no network
// connection, so a bus elsewhere is none.
func Connect(address string) (*dbus.Conn, error) {
	if !strings.HasPrefix(address, "unix:") {
		return nil, ErrNoBus
	}
	conn, err := dbus.Connect(address, dbus.WithSignalHandler(dbus.NewSequentialSignalHandler()))
	if err != nil {
		return nil, fmt.Errorf("dbus: connect: %w", err)
	}
	return conn, nil
}

// Close ends the connection; Next then tells that it is gone.
func (b *Bus) Close() { _ = b.conn.Close() }

// Kind is what an event tells.
type Kind int

// The kinds of events.
const (
	// LockAsked and UnlockAsked: somebody asked that the session be locked or unlocked. It is a wish, not the state.
	LockAsked Kind = iota + 1
	UnlockAsked
	// LockedHint: the session is locked, or not (On), as a locker told logind.
	LockedHint
	// InFront: the session has the console, or not.
	InFront
	// Sleep: the computer is about to sleep, or woke up.
	Sleep
	// Shutdown: the computer is about to shut down, or will not after all.
	Shutdown
	// Saver: a screen saver covers the screen, or not.
	Saver
	// LogindCame and LogindWent: what was found and taken of it before holds no longer.
	LogindCame
	LogindWent
)

// Event is something a bus told.
type Event struct {
	Kind Kind
	On   bool
}

// Next waits for the next event that means something here; false is told once the connection is gone.
func (b *Bus) Next() (Event, bool) {
	for signal := range b.signals {
		if e, means := b.event(signal); means {
			return e, true
		}
	}
	return Event{}, false
}

func (b *Bus) event(s *dbus.Signal) (Event, bool) {
	if kind, ok := saverSignals[s.Name]; ok {
		on, is := first[bool](s.Body)
		return Event{Kind: kind, On: on}, is
	}
	return b.loginEvent(s)
}

func (b *Bus) match(options ...dbus.MatchOption) error {
	ctx, cancel := context.WithTimeout(b.conn.Context(), callFor)
	defer cancel()
	if err := b.conn.AddMatchSignalContext(ctx, options...); err != nil {
		return fmt.Errorf("dbus: match: %w", err)
	}
	return nil
}

// call calls a method of a program that runs; it starts none.
func (b *Bus) call(name string, path dbus.ObjectPath, method string, into any, args ...any) error {
	ctx, cancel := context.WithTimeout(b.conn.Context(), callFor)
	defer cancel()
	err := b.conn.Object(name, path).CallWithContext(ctx, method, dbus.FlagNoAutoStart, args...).Store(into)
	if err != nil {
		return fmt.Errorf("dbus: %s: %w", method, err)
	}
	return nil
}

// first takes a signal's first argument, if it is one of that type.
func first[T any](body []any) (value T, is bool) {
	if len(body) > 0 {
		value, is = body[0].(T)
	}
	return value, is
}

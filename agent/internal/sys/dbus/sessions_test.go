package dbus_test

import (
	"testing"

	"github.com/dayline-project/dayline/agent/internal/sys/dbus"
	"github.com/dayline-project/dayline/agent/internal/sys/dbus/dbustest"
)

func TestSessionsAreListed(t *testing.T) {
	dbustest.Start(t).StartLogind()
	bus, err := dbus.DialSystem()
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	sessions, err := bus.Sessions()
	if err != nil {
		t.Fatal(err)
	}
	// The mock tells no type, so the session is not taken for a graphical one.
	if len(sessions) != 1 || sessions[0] != (dbus.Session{ID: "c1", Active: true}) {
		t.Errorf("sessions are %+v", sessions)
	}
}

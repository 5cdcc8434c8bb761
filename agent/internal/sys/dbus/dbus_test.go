package dbus_test

import (
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/dbus"
	"github.com/dayline-project/dayline/agent/internal/sys/dbus/dbustest"
)

func follow(t *testing.T, b *dbus.Bus) <-chan dbus.Event {
	t.Helper()
	events := make(chan dbus.Event, 100)
	go func() {
		defer close(events)
		for {
			e, ok := b.Next()
			if !ok {
				return
			}
			events <- e
		}
	}()
	return events
}

func expect(t *testing.T, events <-chan dbus.Event, want dbus.Event) {
	t.Helper()
	select {
	case got, ok := <-events:
		if !ok || got != want {
			t.Fatalf("told %+v (%v), want %+v", got, ok, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("%+v not told in 10 s", want)
	}
}

func TestLogin(t *testing.T) {
	server := dbustest.Start(t)
	server.StartLogind()
	b, err := dbus.DialSystem()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for _, id := range []string{"c1", ""} {
		state, err := b.FollowLogin(id, 0)
		if err != nil || state != (dbus.LoginState{InFront: true}) {
			t.Fatalf("session %q: %+v, %v", id, state, err)
		}
	}
	events := follow(t, b)

	server.AskLock()
	expect(t, events, dbus.Event{Kind: dbus.LockAsked})
	server.Lock(true)
	expect(t, events, dbus.Event{Kind: dbus.LockedHint, On: true})
	server.Forge("Unlock")
	server.Lock(false)
	expect(t, events, dbus.Event{Kind: dbus.LockedHint})
	server.AskUnlock()
	expect(t, events, dbus.Event{Kind: dbus.UnlockAsked})
	server.Front(false)
	expect(t, events, dbus.Event{Kind: dbus.InFront})
	server.Sleep(true)
	expect(t, events, dbus.Event{Kind: dbus.Sleep, On: true})
	server.Shutdown(true)
	expect(t, events, dbus.Event{Kind: dbus.Shutdown, On: true})

	delay, err := b.Delay("Dayline", "test")
	if err != nil {
		t.Fatal(err)
	}
	if n := server.Delays(); n != 1 {
		t.Errorf("%d delays taken, want 1", n)
	}
	if err := delay.Close(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); server.Delays() != 0; {
		if time.Now().After(deadline) {
			t.Fatal("the delay is not given back")
		}
	}

	server.StopLogind()
	expect(t, events, dbus.Event{Kind: dbus.LogindWent})
	server.Stop()
	if e, ok := <-events; ok {
		t.Fatalf("told %+v after the bus was gone", e)
	}
	if _, err := dbus.DialSystem(); err == nil {
		t.Error("dialled a bus that is gone")
	}
}

func TestSaver(t *testing.T) {
	server := dbustest.Start(t)
	b, err := dbus.DialSession()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if active, err := b.FollowSaver(); active || err != nil {
		t.Fatalf("without one: %v, %v", active, err)
	}
	events := follow(t, b)
	server.Save(true)
	expect(t, events, dbus.Event{Kind: dbus.Saver, On: true})
	server.Save(false)
	expect(t, events, dbus.Event{Kind: dbus.Saver})
}

func TestNoBus(t *testing.T) {
	for _, address := range []string{"", "tcp:host=127.0.0.1,port=1", "autolaunch:"} {
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
		t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
		if _, err := dbus.DialSession(); err != dbus.ErrNoBus {
			t.Errorf("%q: %v, want ErrNoBus", address, err)
		}
	}
}

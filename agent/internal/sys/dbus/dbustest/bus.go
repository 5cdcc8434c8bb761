// Package dbustest gives tests a message bus of their own with a logind on it (python3-dbusmock's, so that not we but
// others say what logind's interface is), and a screen saver.
package dbustest

import (
	"bufio"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// Bus is a running message bus that serves as the system's and the session's.
type Bus struct {
	Address string
	t       testing.TB
	daemon  *exec.Cmd
	logind  *exec.Cmd
	conn    *dbus.Conn
}

// Start runs a bus, until the test is over. The test's environment then names it as both buses.
func Start(t testing.TB) *Bus {
	t.Helper()
	b := &Bus{t: t, Address: "unix:path=" + filepath.Join(t.TempDir(), "bus")}
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", b.Address)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", b.Address)
	t.Cleanup(b.Stop)
	b.Restart()
	return b
}

// Restart runs the bus again at its old address, after Stop.
func (b *Bus) Restart() {
	b.t.Helper()
	path, err := exec.LookPath("dbus-daemon")
	if err != nil {
		b.t.Fatalf("dbustest: these tests need a message bus: install dbus: %v", err)
	}
	b.daemon = exec.Command(path, "--session", "--nofork", "--nopidfile", "--address="+b.Address, "--print-address=1")
	out, err := b.daemon.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	dieWithParent(b.daemon)
	if err := b.daemon.Start(); err != nil {
		b.t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		b.t.Fatalf("dbustest: dbus-daemon told no address: %v", err)
	}
	if b.conn, err = dbus.Connect(b.Address); err != nil {
		b.t.Fatal(err)
	}
}

// Stop kills the bus and all on it.
func (b *Bus) Stop() {
	b.StopLogind()
	if b.conn != nil {
		_ = b.conn.Close()
		b.conn = nil
	}
	end(b.daemon)
	b.daemon = nil
}

// StartLogind runs a logind with session c1 of user 0, in front and unlocked.
func (b *Bus) StartLogind() {
	b.t.Helper()
	// Another python3 may come first in the path and lack the module.
	b.logind = exec.Command("/usr/bin/python3", "-m", "dbusmock", "--system", "--template", "logind")
	b.logind.Env = append(b.logind.Environ(), "DBUS_SYSTEM_BUS_ADDRESS="+b.Address)
	dieWithParent(b.logind)
	if err := b.logind.Start(); err != nil {
		b.t.Fatalf("dbustest: these tests need a mock of logind: install python3-dbusmock: %v", err)
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := b.call("/org/freedesktop/login1", "org.freedesktop.DBus.Mock.AddSession", "c1", "seat0", uint32(0), "root", true)
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("dbustest: no logind (is python3-dbusmock installed?): %v", err)
		}
		<-time.After(20 * time.Millisecond)
	}
	// The mock's own GetUser adds a number to a text and fails.
	b.must(b.call("/org/freedesktop/login1", "org.freedesktop.DBus.Mock.AddMethod", "org.freedesktop.login1.Manager",
		"GetUser", "u", "o", `ret = "/org/freedesktop/login1/user/%d" % args[0]`))
	b.must(b.call("/org/freedesktop/login1/user/0", "org.freedesktop.DBus.Properties.Set", "org.freedesktop.login1.User", "Display",
		dbus.MakeVariant(struct {
			ID   string
			Path dbus.ObjectPath
		}{"c1", session})))
}

// StopLogind kills logind.
func (b *Bus) StopLogind() {
	end(b.logind)
	b.logind = nil
}

const session dbus.ObjectPath = "/org/freedesktop/login1/session/c1"

// AskLock asks for the session's lock, as loginctl lock-session does.
func (b *Bus) AskLock() {
	b.t.Helper()
	b.must(b.call(session, "org.freedesktop.login1.Session.Lock"))
}

// AskUnlock asks for its unlock.
func (b *Bus) AskUnlock() {
	b.t.Helper()
	b.must(b.call(session, "org.freedesktop.login1.Session.Unlock"))
}

// Lock says, as a locker does, that the session is locked or not.
func (b *Bus) Lock(locked bool) {
	b.t.Helper()
	b.must(b.call(session, "org.freedesktop.login1.Session.SetLockedHint", locked))
}

// Front says that the session has the console or not.
func (b *Bus) Front(is bool) {
	b.t.Helper()
	b.must(b.call(session, "org.freedesktop.DBus.Mock.UpdateProperties", "org.freedesktop.login1.Session",
		map[string]dbus.Variant{"Active": dbus.MakeVariant(is)}))
}

// Sleep tells that the computer is about to sleep, or awake again.
func (b *Bus) Sleep(asleep bool) {
	b.t.Helper()
	b.signal("PrepareForSleep", asleep)
}

// Shutdown tells that the computer is about to shut down, or not after all.
func (b *Bus) Shutdown(is bool) {
	b.t.Helper()
	b.signal("PrepareForShutdown", is)
}

func (b *Bus) signal(name string, on bool) {
	b.t.Helper()
	b.must(b.call("/org/freedesktop/login1", "org.freedesktop.DBus.Mock.EmitSignal",
		"org.freedesktop.login1.Manager", name, "b", []dbus.Variant{dbus.MakeVariant(on)}))
}

// Delays counts the delays that are taken.
func (b *Bus) Delays() int {
	b.t.Helper()
	var list [][]any
	err := b.conn.Object("org.freedesktop.login1", "/org/freedesktop/login1").
		Call("org.freedesktop.login1.Manager.ListInhibitors", 0).Store(&list)
	b.must(err)
	return len(list)
}

// Accessible says that somebody uses the accessibility interface, as a screen reader does, or nobody (any longer). It starts the real
// launcher.
func (b *Bus) Accessible(on bool) {
	b.t.Helper()
	launcher := b.conn.Object("org.a11y.Bus", "/org/a11y/bus")
	if err := launcher.SetProperty("org.a11y.Status.IsEnabled", dbus.MakeVariant(on)); err != nil {
		b.t.Fatalf("dbustest: no accessibility interface: install at-spi2-core: %v", err)
	}
}

// Runs tells whether a name is taken on the bus.
func (b *Bus) Runs(name string) (is bool) {
	b.t.Helper()
	b.must(b.conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, name).Store(&is))
	return is
}

// Save tells that a screen saver covers the screen, or not.
func (b *Bus) Save(active bool) {
	b.t.Helper()
	b.must(b.conn.Emit("/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver.ActiveChanged", active))
}

// Forge sends a signal as logind sends it, but by somebody else.
func (b *Bus) Forge(member string) {
	b.t.Helper()
	b.must(b.conn.Emit(session, "org.freedesktop.login1.Session."+member))
}

func (b *Bus) call(path dbus.ObjectPath, method string, args ...any) error {
	return b.conn.Object("org.freedesktop.login1", path).Call(method, dbus.FlagNoAutoStart, args...).Err
}

func (b *Bus) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(fmt.Errorf("dbustest: %w", err))
	}
}

func end(command *exec.Cmd) {
	if command != nil && command.Process != nil {
		_ = command.Process.Kill()
		_ = command.Wait()
	}
}

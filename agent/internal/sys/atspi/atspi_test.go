package atspi_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/dayline-project/dayline/agent/internal/sys/atspi"
	"github.com/dayline-project/dayline/agent/internal/sys/dbus/dbustest"
)

// session starts a bus on which the real accessibility interface can be.
func session(t *testing.T) *dbustest.Bus {
	t.Helper()
	for _, name := range []string{"HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"} {
		t.Setenv(name, t.TempDir())
	}
	t.Setenv("DISPLAY", "")
	return dbustest.Start(t)
}

func TestLeftAlone(t *testing.T) {
	bus := session(t)
	if _, err := atspi.Open(t.Context()); !errors.Is(err, atspi.ErrOff) {
		t.Errorf("nobody uses it: %v", err)
	}
	if bus.Runs("org.a11y.Bus") {
		t.Error("it was started")
	}
	bus.Accessible(false)
	if _, err := atspi.Open(t.Context()); !errors.Is(err, atspi.ErrOff) {
		t.Errorf("switched off: %v", err)
	}
	bus.Accessible(true)
	c, err := atspi.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	bus.Accessible(false)
	if _, err := c.Windows(t.Context(), os.Getpid()); !errors.Is(err, atspi.ErrOff) {
		t.Errorf("switched off meanwhile: %v", err)
	}
	bus.Stop()
	if _, err := c.Windows(t.Context(), os.Getpid()); err == nil {
		t.Error("the bus is gone")
	}
	if !c.Gone() {
		t.Error("it is not known that the bus is gone")
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "tcp:host=127.0.0.1,port=1")
	if _, err := atspi.Open(t.Context()); !errors.Is(err, atspi.ErrOff) {
		t.Errorf("a bus on another computer: %v", err)
	}
}

// program is a program of a test's own on the bus, and the launcher and the registry with it. What it is asked it answers by
// the path.
type program struct {
	bus *dbustest.Bus
	*dbus.Conn
}

const root dbus.ObjectPath = "/org/a11y/atspi/accessible/root"

func standIn(t *testing.T) program {
	t.Helper()
	bus := session(t)
	conn, err := dbus.Connect(bus.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	p := program{bus, conn}
	for _, name := range []string{"org.a11y.Bus", "org.a11y.atspi.Registry"} {
		if _, err := conn.RequestName(name, dbus.NameFlagDoNotQueue); err != nil {
			t.Fatal(err)
		}
	}
	p.answer(t, "/org/a11y/bus", "org.a11y.Bus", map[string]any{"GetAddress": func() (string, *dbus.Error) { return bus.Address, nil }})
	p.property(t, "/org/a11y/bus", true)
	return p
}

func (p program) answer(t *testing.T, path dbus.ObjectPath, face string, methods map[string]any) {
	t.Helper()
	if err := p.ExportMethodTable(methods, path, face); err != nil {
		t.Fatal(err)
	}
}

func (p program) property(t *testing.T, path dbus.ObjectPath, value any) {
	t.Helper()
	p.answer(t, path, "org.freedesktop.DBus.Properties", map[string]any{"Get": func(string, string) (dbus.Variant, *dbus.Error) { return dbus.MakeVariant(value), nil }})
}

func (p program) children(t *testing.T, path dbus.ObjectPath, children ...atspi.Part) {
	t.Helper()
	p.answer(t, path, "org.a11y.atspi.Accessible", map[string]any{"GetChildren": func() ([]atspi.Part, *dbus.Error) { return children, nil }})
}

func (p program) part(path dbus.ObjectPath) atspi.Part {
	return atspi.Part{Name: p.Names()[0], Path: path}
}

func TestWindows(t *testing.T) {
	p := standIn(t)
	stranger := atspi.Part{Name: "org.freedesktop.DBus", Path: root}
	gone := atspi.Part{Name: ":1.9999", Path: root}
	p.children(t, root, stranger, gone, p.part("/program"))
	p.children(t, "/program", p.part("/one"), p.part("/two"))
	p.property(t, "/one", "One")
	p.property(t, "/two", "Two")
	c, err := atspi.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	windows, err := c.Windows(t.Context(), os.Getpid())
	if err != nil || len(windows) != 2 {
		t.Fatalf("%v, %v", windows, err)
	}
	if names, err := c.Names(t.Context(), windows); err != nil || fmt.Sprint(names) != "[One Two]" {
		t.Errorf("%v, %v", names, err)
	}
	if windows, err := c.Windows(t.Context(), 1); err != nil || len(windows) != 0 {
		t.Errorf("another process: %v, %v", windows, err)
	}
}

// What another program answers is its own business, and it may not answer at all.
func TestStrangeAnswers(t *testing.T) {
	p := standIn(t)
	c, err := atspi.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	many := make([]atspi.Part, 10_000)
	for i := range many {
		many[i] = p.part("/one")
	}
	p.children(t, "/many", many...)
	if found, err := c.Children(t.Context(), p.part("/many")); err != nil || len(found) > 200 {
		t.Errorf("%d parts, %v", len(found), err)
	}
	p.property(t, "/one", 7)
	p.answer(t, "/one", "org.a11y.atspi.Accessible", map[string]any{
		"GetChildren":    func() (string, *dbus.Error) { return "none", nil },
		"GetAttributes":  func() ([]string, *dbus.Error) { return []string{"id"}, nil },
		"GetRelationSet": func() ([]uint32, *dbus.Error) { return []uint32{13}, nil },
	})
	one := []atspi.Part{p.part("/one")}
	ctx := t.Context()
	_, first := c.Children(ctx, one[0])
	_, second := c.Names(ctx, one)
	_, third := c.Attributes(ctx, one)
	_, _, fourth := c.Document(ctx, one[0])
	_, _, fifth := c.Address(ctx, one[0])
	_, sixth := c.Children(ctx, atspi.Part{Name: "no name", Path: "no path"})
	for i, err := range []error{first, second, third, fourth, fifth, sixth} {
		if err == nil {
			t.Errorf("answer %d of another kind is taken", i)
		}
	}
	asked, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	p.answer(t, "/slow", "org.a11y.atspi.Accessible", map[string]any{"GetChildren": func() ([]atspi.Part, *dbus.Error) {
		close(asked)
		<-release
		return nil, nil
	}})
	limited, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := c.Children(limited, p.part("/slow")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("no answer in time: %v", err)
	}
	<-asked
}

func TestDocument(t *testing.T) {
	p := standIn(t)
	c, err := atspi.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	type relation struct {
		Type uint32
		To   []atspi.Part
	}
	relate := func(relations ...relation) {
		p.answer(t, "/window", "org.a11y.atspi.Accessible", map[string]any{"GetRelationSet": func() ([]relation, *dbus.Error) { return relations, nil }})
	}
	relate(relation{7, []atspi.Part{p.part("/other")}}, relation{13, nil})
	if _, shows, err := c.Document(t.Context(), p.part("/window")); shows || err != nil {
		t.Errorf("a window without a document: %v, %v", shows, err)
	}
	relate(relation{13, nil}, relation{13, []atspi.Part{p.part("/page")}})
	page, shows, err := c.Document(t.Context(), p.part("/window"))
	if page != p.part("/page") || !shows || err != nil {
		t.Fatalf("%v, %v, %v", page, shows, err)
	}
	p.property(t, "/page", "Page")
	for attribute, want := range map[string]string{"URI": "https://example.com/", "DocURL": "https://example.com/", "Title": ""} {
		p.answer(t, "/page", "org.a11y.atspi.Document", map[string]any{"GetAttributes": func() (map[string]string, *dbus.Error) {
			return map[string]string{attribute: "https://example.com/"}, nil
		}})
		if name, address, err := c.Address(t.Context(), page); name != "Page" || address != want || err != nil {
			t.Errorf("%s: %q, %q, %v", attribute, name, address, err)
		}
	}
}

package x11_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/x11"
	"github.com/dayline-project/dayline/agent/internal/sys/x11/x11test"
)

var display string

func TestMain(m *testing.M) {
	server, err := x11test.Start("")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	display = server.Display
	code := m.Run()
	server.Stop()
	os.Exit(code)
}

func dial(t *testing.T) (*x11.Conn, <-chan x11.Event) {
	t.Helper()
	c, err := x11.Dial(display)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	events := make(chan x11.Event, 1000)
	go func() {
		defer close(events)
		for {
			e, ok := c.Next()
			if !ok {
				return
			}
			events <- e
		}
	}()
	return c, events
}

func wait(t *testing.T, events <-chan x11.Event, what string, is func(x11.Event) bool) x11.Event {
	t.Helper()
	for {
		select {
		case e, ok := <-events:
			if !ok {
				t.Fatalf("%s: the connection is gone", what)
			}
			if is(e) {
				return e
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: not told in 10 s", what)
		}
	}
}

func TestFrontAndDetails(t *testing.T) {
	d := x11test.NewDesktop(t, display)
	d.Manage()
	c, events := dial(t)

	w := d.Open("Grüße", "Example")
	d.PID(w, 4711)
	d.Focus(w)
	wait(t, events, "front", func(e x11.Event) bool { return e.Kind == x11.FrontChanged })
	got, managed, err := c.Front()
	if err != nil || got != w || !managed {
		t.Fatalf("front %v, %v, %v; want %v", got, managed, err, w)
	}
	c.Watch(w, managed)
	details, err := c.Look(w)
	if err != nil {
		t.Fatal(err)
	}
	if details.Idle < 0 {
		t.Errorf("idle %v: the server tells it", details.Idle)
	}
	details.Idle = 0
	want := x11.Details{Title: "Grüße", Class: "Example", ServerPID: os.Getpid(), ClientPID: 4711, Mapped: true}
	if details != want {
		t.Errorf("details %+v, want %+v", details, want)
	}

	d.Title(w, "Again")
	wait(t, events, "title", func(e x11.Event) bool { return e.Kind == x11.TitleChanged && e.Window == w })
	if title, _, err := c.LookTitle(w); title != "Again" || err != nil {
		t.Errorf("title %q, %v", title, err)
	}
	d.Close(w)
	wait(t, events, "end", func(e x11.Event) bool { return e.Kind == x11.Gone && e.Window == w })
	if details, err := c.Look(w); err != nil || details.Mapped || details.Title != "" {
		t.Errorf("of a window that is gone: %+v, %v", details, err)
	}
}

func TestTitles(t *testing.T) {
	d := x11test.NewDesktop(t, display)
	c, _ := dial(t)
	long := strings.Repeat("ä", 600)
	for _, test := range []struct{ encoding, title, want string }{
		{"UTF8_STRING", "caf\xe9 au lait", "caf\uFFFD au lait"},
		{"UTF8_STRING", "front\x00back", "front"},
		{"UTF8_STRING", long, long[:1024]},
		{"UTF8_STRING", "x" + strings.Repeat("€", 700), "x" + strings.Repeat("€", 511)},
		{"STRING", "caf\xe9", "café"},
		{"STRING", "schon €", "schon €"},
		{"COMPOUND_TEXT", "\x1b%G\xff", "\x1b%G\uFFFD"},
	} {
		w := d.Open("", "Example")
		if test.encoding == "UTF8_STRING" {
			d.Title(w, test.title)
		} else {
			d.OldTitle(w, test.encoding, test.title)
		}
		if title, _, err := c.LookTitle(w); title != test.want || err != nil {
			t.Errorf("%s %q: %q, %v; want %q", test.encoding, test.title, title, err, test.want)
		}
	}
}

func TestFrontWithoutManager(t *testing.T) {
	d := x11test.NewDesktop(t, display)
	d.Manage()
	c, events := dial(t)
	w := d.Open("alone", "Example")
	if _, managed, err := c.Front(); err != nil || !managed {
		t.Fatalf("managed %v, %v", managed, err)
	}
	d.Abdicate()
	wait(t, events, "the manager's end", func(e x11.Event) bool { return e.Kind == x11.FrontChanged })
	d.InputFocus(w)
	got, managed, err := c.Front()
	if err != nil || got != w || managed {
		t.Fatalf("front %v, managed %v, %v; want %v by input focus", got, managed, err, w)
	}
	c.Watch(w, managed)
	if _, err := c.Look(w); err != nil {
		t.Fatal(err)
	}
	other := d.Open("other", "Example")
	d.InputFocus(other)
	wait(t, events, "loss of focus", func(e x11.Event) bool { return e.Kind == x11.FrontChanged })
	d.Manage()
	wait(t, events, "a new manager", func(e x11.Event) bool { return e.Kind == x11.FrontChanged })
	if _, managed, err := c.Front(); err != nil || !managed {
		t.Fatalf("with a new manager: managed %v, %v", managed, err)
	}
}

func TestInputAlarm(t *testing.T) {
	d := x11test.NewDesktop(t, display)
	c, events := dial(t)
	for range 3 {
		d.Press()
		idle, err := c.Idle()
		for idle < 30*time.Millisecond && err == nil {
			idle, err = c.Idle()
		}
		if err != nil {
			t.Fatal(err)
		}
		after, err := c.ArmInput(idle - 10*time.Millisecond)
		if err != nil || after < idle {
			t.Fatalf("armed: idle %v after %v, %v", after, idle, err)
		}
		d.Press()
		e := wait(t, events, "input", func(e x11.Event) bool { return e.Kind == x11.Input })
		if e.Idle >= idle {
			t.Errorf("told with idle %v, as before it", e.Idle)
		}
	}
	c.DisarmInput()
	c.DisarmInput()
	if _, err := c.Idle(); err != nil {
		t.Fatal(err)
	}
}

func TestServerGone(t *testing.T) {
	server, err := x11test.Start("")
	if err != nil {
		t.Fatal(err)
	}
	c, err := x11.Dial(server.Display)
	if err != nil {
		t.Fatal(err)
	}
	server.Stop()
	if e, ok := c.Next(); ok {
		t.Errorf("told %+v", e)
	}
	if _, _, err := c.Front(); err == nil {
		t.Error("front: no error")
	}
	if _, err := c.Look(1); err == nil {
		t.Error("look: no error")
	}
	c.Close()
	if _, err := x11.Dial(server.Display); err == nil {
		t.Error("dialled a server that is gone")
	}
	if _, err := x11.Dial("elsewhere:0"); err != x11.ErrRemote {
		t.Errorf("a display elsewhere: %v", err)
	}
}

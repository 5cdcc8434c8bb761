package x11test

import (
	"fmt"
	"testing"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"

	"github.com/dayline-project/dayline/agent/internal/sys/x11"
)

// Desktop is a client that opens windows and, while it manages, says like an EWMH window manager which is in front.
type Desktop struct {
	t     testing.TB
	x     *xgb.Conn
	root  xproto.Window
	check xproto.Window
}

// NewDesktop connects to a display, until the test is over.
func NewDesktop(t testing.TB, display string) *Desktop {
	t.Helper()
	// The first connection of the agent's own bindings makes xgb safe for the ones that follow.
	first, err := x11.Dial(display)
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	x, err := xgb.NewConnDisplay(display)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	if err := xtest.Init(x); err != nil {
		t.Fatal(err)
	}
	d := &Desktop{t: t, x: x, root: xproto.Setup(x).DefaultScreen(x).Root}
	go func() {
		for {
			if event, fault := x.WaitForEvent(); event == nil && fault == nil {
				return
			}
		}
	}()
	return d
}

// Manage begins to be the window manager, with nothing in front.
func (d *Desktop) Manage() {
	d.t.Helper()
	d.check = xproto.Window(d.Open("", ""))
	d.number(d.check, "_NET_SUPPORTING_WM_CHECK", xproto.AtomWindow, uint32(d.check))
	d.number(d.root, "_NET_SUPPORTING_WM_CHECK", xproto.AtomWindow, uint32(d.check))
	d.Focus(0)
}

// Abdicate ends managing as a killed window manager does: its word stays on the root window.
func (d *Desktop) Abdicate() {
	d.t.Helper()
	d.Close(x11.Window(d.check))
}

// Open gives a new window, mapped, with a title and a class unless empty.
func (d *Desktop) Open(title, class string) x11.Window {
	d.t.Helper()
	id, err := xproto.NewWindowId(d.x)
	d.must(err)
	d.must(xproto.CreateWindowChecked(d.x, 0, id, d.root, 0, 0, 100, 100, 0, xproto.WindowClassInputOutput, 0, 0, nil).Check())
	if title != "" {
		d.Title(x11.Window(id), title)
	}
	if class != "" {
		d.text(id, "WM_CLASS", "STRING", "/home/someone/"+class+"\x00"+class+"\x00")
	}
	d.must(xproto.MapWindowChecked(d.x, id).Check())
	return x11.Window(id)
}

// Title gives a window another title, in bytes that need not be UTF-8.
func (d *Desktop) Title(w x11.Window, title string) {
	d.t.Helper()
	d.text(xproto.Window(w), "_NET_WM_NAME", "UTF8_STRING", title)
}

// OldTitle gives a window a WM_NAME of an encoding: STRING is Latin-1.
func (d *Desktop) OldTitle(w x11.Window, encoding, title string) {
	d.t.Helper()
	d.text(xproto.Window(w), "WM_NAME", encoding, title)
}

// PID lets a window say whose it is.
func (d *Desktop) PID(w x11.Window, pid int) {
	d.t.Helper()
	d.number(xproto.Window(w), "_NET_WM_PID", xproto.AtomCardinal, uint32(pid))
}

// Focus says that a window is in front; 0 is none.
func (d *Desktop) Focus(w x11.Window) {
	d.t.Helper()
	d.number(d.root, "_NET_ACTIVE_WINDOW", xproto.AtomWindow, uint32(w))
}

// InputFocus gives a window the input focus, as programs do where nobody manages.
func (d *Desktop) InputFocus(w x11.Window) {
	d.t.Helper()
	d.must(xproto.SetInputFocusChecked(d.x, xproto.InputFocusNone, xproto.Window(w), xproto.TimeCurrentTime).Check())
}

// Hide takes a window off the screen.
func (d *Desktop) Hide(w x11.Window) {
	d.t.Helper()
	d.must(xproto.UnmapWindowChecked(d.x, xproto.Window(w)).Check())
}

// Close destroys a window.
func (d *Desktop) Close(w x11.Window) {
	d.t.Helper()
	d.must(xproto.DestroyWindowChecked(d.x, xproto.Window(w)).Check())
}

// Press presses and lets go of a key, as the X server sees it from a keyboard.
func (d *Desktop) Press() {
	d.t.Helper()
	const key = 38
	d.must(xtest.FakeInputChecked(d.x, xproto.KeyPress, key, 0, d.root, 0, 0, 0).Check())
	d.must(xtest.FakeInputChecked(d.x, xproto.KeyRelease, key, 0, d.root, 0, 0, 0).Check())
}

func (d *Desktop) text(w xproto.Window, name, kind, value string) {
	d.t.Helper()
	d.must(xproto.ChangePropertyChecked(d.x, xproto.PropModeReplace, w, d.atom(name), d.atom(kind), 8, uint32(len(value)), []byte(value)).Check())
}

func (d *Desktop) number(w xproto.Window, name string, kind xproto.Atom, value uint32) {
	d.t.Helper()
	buf := make([]byte, 4)
	xgb.Put32(buf, value)
	d.must(xproto.ChangePropertyChecked(d.x, xproto.PropModeReplace, w, d.atom(name), kind, 32, 1, buf).Check())
}

func (d *Desktop) atom(name string) xproto.Atom {
	d.t.Helper()
	reply, err := xproto.InternAtom(d.x, false, uint16(len(name)), name).Reply()
	d.must(err)
	return reply.Atom
}

func (d *Desktop) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(fmt.Errorf("x11test: %w", err))
	}
}

package x11

import (
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// Kind is what an event tells.
type Kind int

// The kinds of events.
const (
	// FrontChanged: another window may be in front, or the window manager came or went.
	FrontChanged Kind = iota + 1
	// TitleChanged of Window.
	TitleChanged
	// Gone: Window was unmapped or destroyed.
	Gone
	// Input: the alarm of ArmInput went off, Idle after that input.
	Input
)

// Event is something a watched window or the server told, Ago before Next gave it; 0 where the server does not say when.
type Event struct {
	Kind   Kind
	Window Window
	Ago    time.Duration
	Idle   time.Duration
}

// Next waits for the next event that means something here; false is told once the connection is gone.
func (c *Conn) Next() (Event, bool) {
	for {
		raw, fault := c.x.WaitForEvent()
		if raw == nil && fault == nil {
			return Event{}, false
		}
		// An error comes from a window that was gone before the server read our request about it.
		if event, means := c.event(raw); means {
			return event, true
		}
	}
}

func (c *Conn) event(raw xgb.Event) (Event, bool) {
	switch e := raw.(type) {
	case xproto.PropertyNotifyEvent:
		switch {
		case e.Window == c.root:
			return Event{Kind: FrontChanged, Ago: c.ago(uint32(e.Time))}, e.Atom == c.atoms.active || e.Atom == c.atoms.check
		case e.Atom == c.atoms.name || e.Atom == xproto.AtomWmName:
			return Event{Kind: TitleChanged, Window: Window(e.Window), Ago: c.ago(uint32(e.Time))}, true
		}
	case xproto.DestroyNotifyEvent:
		return c.gone(e.Window), true
	case xproto.UnmapNotifyEvent:
		return c.gone(e.Window), true
	case xproto.MapNotifyEvent, xproto.FocusInEvent, xproto.FocusOutEvent:
		return Event{Kind: FrontChanged}, true
	case extensionEvent:
		return c.alarm(e)
	}
	return Event{}, false
}

func (c *Conn) ago(then uint32) time.Duration { return c.clock.ago(then, time.Now()) }

// gone tells whose end an event is about: the window manager's or a window's.
func (c *Conn) gone(w xproto.Window) Event {
	c.managerMu.Lock()
	defer c.managerMu.Unlock()
	if w == c.manager {
		return Event{Kind: FrontChanged}
	}
	return Event{Kind: Gone, Window: Window(w)}
}

// extensionEvent is an event of an extension as it came: 32 bytes.
type extensionEvent []byte

// Bytes is part of xgb.Event.
func (e extensionEvent) Bytes() []byte { return e }

// String is part of xgb.Event.
func (e extensionEvent) String() string { return "extension event" }

// extensionError is an error of an extension as it came: 32 bytes.
type extensionError []byte

// SequenceId is part of xgb.Error.
func (e extensionError) SequenceId() uint16 { return xgb.Get16(e[2:]) }

// BadId is part of xgb.Error.
func (e extensionError) BadId() uint32 { return xgb.Get32(e[4:]) }

// Error is part of xgb.Error.
func (e extensionError) Error() string { return "x11: extension error" }

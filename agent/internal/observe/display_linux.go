package observe

import (
	"cmp"
	"context"
	"errors"
	"os"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/x11"
)

// x11Display is a display of the X Window System.
type x11Display struct {
	conn *x11.Conn
	now  func() time.Duration
	// window followed.
	window x11.Window
	// last is what next told of last, or when the display was opened; it is next's.
	last time.Duration
}

// openDisplay connects to a display, the environment's where the name is empty. A server that does not answer is
// waited for until the context ends; what it answers then is dropped.
func openDisplay(ctx context.Context, name string, now func() time.Duration) (display, error) {
	type dialled struct {
		conn *x11.Conn
		err  error
	}
	done := make(chan dialled, 1)
	go func() {
		conn, err := x11.Dial(name)
		done <- dialled{conn, err}
		if err == nil && ctx.Err() != nil {
			conn.Close()
		}
	}()
	select {
	case d := <-done:
		if d.err != nil {
			return nil, d.err
		}
		return &x11Display{conn: d.conn, now: now, last: now()}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (d *x11Display) front() (Window, time.Duration, error) {
	w, managed, err := d.conn.Front()
	if err != nil {
		return Window{}, -1, err
	}
	if w != d.window && d.window != 0 {
		d.conn.Forget(d.window)
	}
	if w == 0 {
		d.window = 0
		idle, err := d.idle()
		return Window{}, idle, err
	}
	// Before it is read, so that no change of the title falls between. It is asked for again each time: another
	// window may have the same id.
	d.conn.Watch(w, managed)
	d.window = w
	details, err := d.conn.Look(w)
	if err != nil {
		return Window{}, -1, err
	}
	if !details.Mapped {
		return Window{}, details.Idle, nil
	}
	return Window{ID: uint32(w), PID: cmp.Or(details.ServerPID, details.ClientPID), App: appOf(details.Class, details.ServerPID, details.ClientPID), Class: details.Class, Title: details.Title}, details.Idle, nil
}

func (d *x11Display) title(window uint32) (string, time.Duration, error) {
	return d.conn.LookTitle(x11.Window(window))
}

func (d *x11Display) idle() (time.Duration, error) {
	idle, err := d.conn.Idle()
	if errors.Is(err, x11.ErrNoIdle) {
		return -1, nil
	}
	return idle, err
}

func (d *x11Display) awaitInput(below time.Duration) (time.Duration, error) {
	idle, err := d.conn.ArmInput(below)
	if errors.Is(err, x11.ErrNoAlarm) {
		return -1, errNoAlarm
	}
	return idle, err
}

func (d *x11Display) forgetInput()    { d.conn.DisarmInput() }
func (d *x11Display) missing() string { return "" }
func (d *x11Display) close()          { d.conn.Close() }

func (d *x11Display) next() (shown, bool) {
	kinds := map[x11.Kind]shownKind{x11.FrontChanged: shownFront, x11.TitleChanged: shownTitle, x11.Gone: shownGone, x11.Input: shownInput}
	e, ok := d.conn.Next()
	at := d.now()
	if e.Ago > 0 {
		// Whatever the server's clock or a program's own event says, it came after the one before it.
		at = max(at-e.Ago, d.last)
		d.last = at
	}
	return shown{at: at, kind: kinds[e.Kind], window: uint32(e.Window), idle: e.Idle}, ok
}

// desktopKind says which kind of desktop the environment tells of, and whether most windows are not X's.
func desktopKind() (kind string, wayland bool) {
	if os.Getenv("WAYLAND_DISPLAY") != "" {
		return "wayland", true
	}
	return "x11", false
}

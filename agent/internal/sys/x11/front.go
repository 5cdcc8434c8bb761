package x11

import (
	"fmt"
	"time"

	"github.com/jezek/xgb/res"
	"github.com/jezek/xgb/xproto"
)

// Details of a window, as its client and the server tell them.
type Details struct {
	// Title in UTF-8, at most 512 characters.
	Title string
	// Class is WM_CLASS's second string, the application's; the first may hold a path.
	Class string
	// ServerPID is the client's process as the server knows it, ClientPID as the client says; 0 unknown.
	ServerPID, ClientPID int
	// Mapped is false for a window that cannot be seen.
	Mapped bool
	// Idle is the time since the last input, asked in the same breath; -1 where the server does not tell.
	Idle time.Duration
}

// Front tells which window is in front; 0 is none. A window manager that follows EWMH says so itself; without one it
// is the window that has the input focus, or the one under the pointer where the focus follows that.
//
// An EWMH manager may leave its word standing after the window is gone, and its word stays after itself is gone: the
// first shows in Details, the second is checked here.
func (c *Conn) Front() (w Window, managed bool, err error) {
	c.managerMu.Lock()
	known := c.manager
	c.managerMu.Unlock()
	active := c.property(c.root, c.atoms.active, xproto.AtomWindow, 1)
	check := c.property(c.root, c.atoms.check, xproto.AtomWindow, 1)
	learn := c.askTime()
	var own func() (*xproto.GetPropertyReply, error)
	if known != 0 {
		own = c.property(known, c.atoms.check, xproto.AtomWindow, 1)
	}
	activeReply, err := active()
	if err != nil {
		return 0, false, fmt.Errorf("x11: active window: %w", err)
	}
	checkReply, err := check()
	if err != nil {
		return 0, false, fmt.Errorf("x11: window manager: %w", err)
	}
	learn()
	manager := xproto.Window(number(checkReply))
	alive := manager != 0
	if own != nil {
		reply, err := own()
		alive = alive && manager == known && err == nil && xproto.Window(number(reply)) == known
	}
	if manager != known || !alive {
		alive = c.meet(manager)
	}
	if alive {
		return Window(number(activeReply)), true, nil
	}
	w, err = c.focused()
	return w, false, err
}

// meet follows the window manager that says it is there, if it is.
func (c *Conn) meet(manager xproto.Window) bool {
	alive := false
	if manager != 0 {
		xproto.ChangeWindowAttributes(c.x, manager, xproto.CwEventMask, []uint32{xproto.EventMaskStructureNotify})
		reply, err := c.property(manager, c.atoms.check, xproto.AtomWindow, 1)()
		alive = err == nil && xproto.Window(number(reply)) == manager
	}
	if !alive {
		manager = 0
	}
	c.managerMu.Lock()
	c.manager = manager
	c.managerMu.Unlock()
	return alive
}

// maxDepth bounds the climb from a focused window to its application's window.
const maxDepth = 16

// focused finds the application's window that has the input focus, or lies under the pointer where that decides.
func (c *Conn) focused() (Window, error) {
	reply, err := xproto.GetInputFocus(c.x).Reply()
	if err != nil {
		return 0, fmt.Errorf("x11: input focus: %w", err)
	}
	w := reply.Focus
	if w == xproto.InputFocusPointerRoot || w == c.root {
		pointer, err := xproto.QueryPointer(c.x, c.root).Reply()
		if err != nil {
			return 0, fmt.Errorf("x11: pointer: %w", err)
		}
		w = pointer.Child
	}
	if w == xproto.InputFocusNone {
		return 0, nil
	}
	for range maxDepth {
		class := c.property(w, xproto.AtomWmClass, xproto.AtomString, 1)
		tree := xproto.QueryTree(c.x, w)
		reply, err := class()
		if err == nil && reply.Type != 0 {
			return Window(w), nil
		}
		parent, err := tree.Reply()
		if err != nil || parent.Parent == 0 || parent.Parent == c.root {
			break
		}
		w = parent.Parent
	}
	return Window(w), nil
}

// Watch begins to tell of a window's title and end and, where nobody manages, of its losing the input focus. It comes
// before Look, so that nothing is missed between.
func (c *Conn) Watch(w Window, managed bool) {
	mask := uint32(xproto.EventMaskPropertyChange | xproto.EventMaskStructureNotify)
	if !managed {
		mask |= xproto.EventMaskFocusChange
	}
	xproto.ChangeWindowAttributes(c.x, xproto.Window(w), xproto.CwEventMask, []uint32{mask})
}

// Forget ends Watch.
func (c *Conn) Forget(w Window) {
	xproto.ChangeWindowAttributes(c.x, xproto.Window(w), xproto.CwEventMask, []uint32{0})
}

// Look reads a window's details in one round trip. The error is of the connection: what a window that is gone
// cannot tell any more is empty.
func (c *Conn) Look(w Window) (Details, error) {
	var pids res.QueryClientIdsCookie
	if c.res {
		pids = res.QueryClientIds(c.x, 1, []res.ClientIdSpec{{Client: uint32(w), Mask: clientPID}})
	}
	class := c.property(xproto.Window(w), xproto.AtomWmClass, xproto.AtomString, 64)
	pid := c.property(xproto.Window(w), c.atoms.pid, xproto.AtomCardinal, 1)
	attributes := xproto.GetWindowAttributes(c.x, xproto.Window(w))
	title := c.askTitle(w)
	idle := c.askIdle()

	var d Details
	if c.res {
		d.ServerPID = serverPID(pids)
	}
	if reply, err := class(); err == nil {
		d.Class = classOf(reply.Value)
	}
	if reply, err := pid(); err == nil {
		d.ClientPID = int(number(reply))
	}
	if reply, err := attributes.Reply(); err == nil {
		// A window inside one that is not mapped counts: some managers map the frame last.
		d.Mapped = reply.MapState != xproto.MapStateUnmapped
	}
	d.Title = title()
	return d, c.idleInto(&d.Idle, idle)
}

// LookTitle reads a window's title, and the idle time, in one round trip.
func (c *Conn) LookTitle(w Window) (title string, idle time.Duration, err error) {
	ask, askIdle := c.askTitle(w), c.askIdle()
	title = ask()
	err = c.idleInto(&idle, askIdle)
	return title, idle, err
}

func (c *Conn) idleInto(idle *time.Duration, asked func() (time.Duration, error)) error {
	var err error
	if *idle, err = asked(); err == ErrNoIdle {
		*idle, err = -1, nil
	}
	return err
}

// titleWords is how much of a title is read, in units of four bytes: 512 characters of UTF-8 at most.
const titleWords = 512

func (c *Conn) askTitle(w Window) func() string {
	modern := c.property(xproto.Window(w), c.atoms.name, c.atoms.utf8, titleWords)
	old := c.property(xproto.Window(w), xproto.AtomWmName, xproto.GetPropertyTypeAny, titleWords)
	return func() string {
		oldReply, oldErr := old()
		if reply, err := modern(); err == nil && len(reply.Value) > 0 {
			return titleText(reply.Value)
		}
		if oldErr != nil {
			return ""
		}
		if oldReply.Type == xproto.AtomString {
			return titleLatin1(oldReply.Value)
		}
		return titleText(oldReply.Value)
	}
}

func (c *Conn) property(w xproto.Window, name, kind xproto.Atom, words uint32) func() (*xproto.GetPropertyReply, error) {
	cookie := xproto.GetProperty(c.x, false, w, name, kind, 0, words)
	return cookie.Reply
}

// clientPID is the mask LocalClientPid of the X-Resource extension.
const clientPID = 2

func serverPID(cookie res.QueryClientIdsCookie) int {
	reply, err := cookie.Reply()
	if err != nil {
		return 0
	}
	for _, id := range reply.Ids {
		if id.Spec.Mask == clientPID && len(id.Value) > 0 {
			return int(id.Value[0])
		}
	}
	return 0
}

// Package x11 binds what the agent needs of the X Window System: the window in front with its title, class and
// process, the server's idle time and an alarm at the next input. It decides nothing and writes no log.
//
// It compiles everywhere (the protocol is a socket); it is used where desktops speak it.
package x11

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/res"
	"github.com/jezek/xgb/xproto"
)

// Window is a window's id on the server. Ids are used again after a window is destroyed.
type Window uint32

// ErrRemote is told of a display on another computer: the person's process opens no network connection.
var ErrRemote = errors.New("x11: the display is not on this computer")

// Conn is a connection to an X server. Its methods may be called by any goroutine, Next by one at a time.
type Conn struct {
	x     *xgb.Conn
	root  xproto.Window
	atoms atoms
	// res: the server tells the process of a client.
	res   bool
	idle  idleSource
	clock clock
	// manager is the window manager's check window while it is known to be there, followed by StructureNotify.
	managerMu sync.Mutex
	manager   xproto.Window
}

type atoms struct {
	active, check, name, pid, utf8 xproto.Atom
}

// Dial connects to a display (":0"); the empty name is $DISPLAY's. It waits for the server as long as that takes.
func Dial(display string) (*Conn, error) {
	if host, _, _ := strings.Cut(display, ":"); host != "" && host != "unix" && !strings.HasPrefix(host, "/") {
		return nil, ErrRemote
	}
	prepare()
	x, err := xgb.NewConnDisplay(display)
	if err != nil {
		return nil, fmt.Errorf("x11: connect: %w", err)
	}
	c := &Conn{x: x}
	if err := c.open(); err != nil {
		x.Close()
		return nil, err
	}
	return c, nil
}

// prepare makes xgb fit for connections that come and go. Its tables of events and errors are global and read by
// every connection's goroutine without a lock, and a number it does not know is dropped, a waiting call with it; so
// all numbers of extensions are filled in once, before the first connection, and never written again.
var prepare = sync.OnceFunc(func() {
	xgb.Logger.SetOutput(io.Discard)
	for number := 64; number < 128; number++ {
		if _, taken := xgb.NewEventFuncs[number]; !taken {
			xgb.NewEventFuncs[number] = func(buf []byte) xgb.Event { return extensionEvent(buf) }
		}
	}
	for number := 128; number < 256; number++ {
		if _, taken := xgb.NewErrorFuncs[number]; !taken {
			xgb.NewErrorFuncs[number] = func(buf []byte) xgb.Error { return extensionError(buf) }
		}
	}
})

func (c *Conn) open() error {
	c.root = xproto.Setup(c.x).DefaultScreen(c.x).Root
	if err := c.intern(); err != nil {
		return err
	}
	if res.Init(c.x) == nil {
		// Without a version asked for, the server answers as the oldest.
		version, err := res.QueryVersion(c.x, 1, 2).Reply()
		c.res = err == nil && (version.ServerMajor > 1 || version.ServerMinor >= 2)
	}
	if err := c.openIdle(); err != nil {
		return err
	}
	err := xproto.ChangeWindowAttributesChecked(c.x, c.root, xproto.CwEventMask, []uint32{xproto.EventMaskPropertyChange}).Check()
	if err != nil {
		return fmt.Errorf("x11: watch the root window: %w", err)
	}
	c.askTime()()
	return nil
}

func (c *Conn) intern() error {
	wanted := map[string]*xproto.Atom{
		"_NET_ACTIVE_WINDOW":       &c.atoms.active,
		"_NET_SUPPORTING_WM_CHECK": &c.atoms.check,
		"_NET_WM_NAME":             &c.atoms.name,
		"_NET_WM_PID":              &c.atoms.pid,
		"UTF8_STRING":              &c.atoms.utf8,
	}
	cookies := make(map[string]xproto.InternAtomCookie, len(wanted))
	for name := range wanted {
		cookies[name] = xproto.InternAtom(c.x, false, uint16(len(name)), name)
	}
	for name, cookie := range cookies {
		reply, err := cookie.Reply()
		if err != nil {
			return fmt.Errorf("x11: intern %s: %w", name, err)
		}
		*wanted[name] = reply.Atom
	}
	return nil
}

// Close ends the connection; Next then tells that it is gone.
func (c *Conn) Close() { c.x.Close() }

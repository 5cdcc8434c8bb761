package desktop

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/screensaver"
	"github.com/jezek/xgb/xproto"
)

// Window is a window's id on its screen.
type Window uint32

// screen is our own eye on the X server, independent of the agent's.
type screen struct {
	conn  *xgb.Conn
	root  xproto.Window
	probe xproto.Window
	mu    sync.Mutex
	atoms map[string]xproto.Atom
}

func openScreen(display string) (*screen, error) {
	conn, err := xgb.NewConnDisplay(display)
	if err != nil {
		return nil, err
	}
	if err := screensaver.Init(conn); err != nil {
		conn.Close()
		return nil, err
	}
	s := &screen{conn: conn, root: xproto.Setup(conn).DefaultScreen(conn).Root, atoms: map[string]xproto.Atom{}}
	return s, nil
}

// atom gives the number of a name; asked once.
func (s *screen) atom(name string) (xproto.Atom, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if atom, known := s.atoms[name]; known {
		return atom, nil
	}
	reply, err := xproto.InternAtom(s.conn, false, uint16(len(name)), name).Reply()
	if err != nil {
		return 0, err
	}
	s.atoms[name] = reply.Atom
	return reply.Atom, nil
}

func (s *screen) property(window xproto.Window, name string) ([]byte, error) {
	atom, err := s.atom(name)
	if err != nil {
		return nil, err
	}
	reply, err := xproto.GetProperty(s.conn, false, window, atom, xproto.GetPropertyTypeAny, 0, 1<<16).Reply()
	if err != nil {
		return nil, err
	}
	return reply.Value, nil
}

// windows reads a property that lists windows.
func (s *screen) windows(name string) ([]Window, error) {
	value, err := s.property(s.root, name)
	if err != nil {
		return nil, err
	}
	var list []Window
	for ; len(value) >= 4; value = value[4:] {
		list = append(list, Window(binary.LittleEndian.Uint32(value)))
	}
	return list, nil
}

// managed tells whether a window manager is at work. It announces itself before it is: a window that comes up in that
// moment is never taken in. So a window of our own asks, again and again, and goes when it was heard.
func (s *screen) managed() error {
	list, err := s.windows("_NET_CLIENT_LIST")
	switch {
	case err != nil:
		return err
	case s.probe != 0 && slices.Contains(list, Window(s.probe)):
		return xproto.DestroyWindowChecked(s.conn, s.probe).Check()
	case s.probe == 0:
		if s.probe, err = xproto.NewWindowId(s.conn); err != nil {
			return err
		}
		if err := xproto.CreateWindowChecked(s.conn, 0, s.probe, s.root, 0, 0, 1, 1, 0, xproto.WindowClassCopyFromParent, 0, 0, nil).Check(); err != nil {
			return err
		}
	}
	xproto.UnmapWindow(s.conn, s.probe)
	if err := xproto.MapWindowChecked(s.conn, s.probe).Check(); err != nil {
		return err
	}
	return errors.New("no window manager yet")
}

func (s *screen) active() (Window, error) {
	list, err := s.windows("_NET_ACTIVE_WINDOW")
	if err != nil || len(list) == 0 {
		return 0, err
	}
	return list[0], nil
}

func (s *screen) title(w Window) (string, error) {
	value, err := s.property(xproto.Window(w), "_NET_WM_NAME")
	if err == nil && len(value) == 0 {
		value, err = s.property(xproto.Window(w), "WM_NAME")
	}
	return string(value), err
}

// byClass finds the window of a program not yet known: the newest whose class is this one.
func (s *screen) byClass(class string, known map[Window]bool) (Window, error) {
	list, err := s.windows("_NET_CLIENT_LIST")
	if err != nil {
		return 0, err
	}
	for i := len(list) - 1; i >= 0; i-- {
		value, err := s.property(xproto.Window(list[i]), "WM_CLASS")
		if err != nil {
			continue // closed meanwhile
		}
		parts := strings.Split(string(value), "\x00")
		if len(parts) > 1 && parts[1] == class && !known[list[i]] {
			return list[i], nil
		}
	}
	return 0, fmt.Errorf("no new window of class %s", class)
}

// idle is the time since the last input, as the server has it.
func (s *screen) idle() (time.Duration, error) {
	reply, err := screensaver.QueryInfo(s.conn, xproto.Drawable(s.root)).Reply()
	if err != nil {
		return 0, err
	}
	return time.Duration(reply.MsSinceUserInput) * time.Millisecond, nil
}

// activate asks the window manager to bring a window to the front, as a task bar does: no input is involved.
func (s *screen) activate(w Window) error {
	atom, err := s.atom("_NET_ACTIVE_WINDOW")
	if err != nil {
		return err
	}
	event := xproto.ClientMessageEvent{Format: 32, Window: xproto.Window(w), Type: atom,
		Data: xproto.ClientMessageDataUnionData32New([]uint32{2, 0, 0, 0, 0})}
	return xproto.SendEventChecked(s.conn, false, s.root, xproto.EventMaskSubstructureRedirect|xproto.EventMaskSubstructureNotify,
		string(event.Bytes())).Check()
}

// centre of a window, in the screen's coordinates.
func (s *screen) centre(w Window) (x, y int, err error) {
	size, err := xproto.GetGeometry(s.conn, xproto.Drawable(w)).Reply()
	if err != nil {
		return 0, 0, err
	}
	at, err := xproto.TranslateCoordinates(s.conn, xproto.Window(w), s.root, int16(size.Width/2), int16(size.Height/2)).Reply()
	if err != nil {
		return 0, 0, err
	}
	return int(at.DstX), int(at.DstY), nil
}

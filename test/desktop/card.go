package desktop

import (
	"context"
	"fmt"
	"os"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"

	"github.com/dayline-project/dayline/test/process"
)

// Cards are windows of our own, for what has to be faster or more regular than programs are: a plain X client whose
// titles change at a word. Their application is the running test.
type Cards struct {
	desktop *Desktop
	conn    *xgb.Conn
	screen  *screen
	windows []Window
}

// OpenCards opens this many windows, each with its title.
func (d *Desktop) OpenCards(ctx context.Context, titles ...string) (*Cards, error) {
	s, err := openScreen(d.Display)
	if err != nil {
		return nil, fmt.Errorf("desktop: cards: %w", err)
	}
	c := &Cards{desktop: d, conn: s.conn, screen: s}
	for i, title := range titles {
		w, err := c.open(i, title)
		if err == nil {
			err = process.Wait(ctx, patience, "a card is in front", func() error {
				if active, _ := d.x.active(); active != w {
					return fmt.Errorf("window %d is", active)
				}
				return nil
			})
		}
		if err != nil {
			c.Close()
			return nil, fmt.Errorf("desktop: cards: %w", err)
		}
		c.windows = append(c.windows, w)
	}
	return c, nil
}

// Close closes the windows.
func (c *Cards) Close() { c.conn.Close() }

func (c *Cards) open(i int, title string) (Window, error) {
	id, err := xproto.NewWindowId(c.conn)
	if err != nil {
		return 0, err
	}
	at := xproto.Setup(c.conn).DefaultScreen(c.conn)
	if err := xproto.CreateWindowChecked(c.conn, at.RootDepth, id, at.Root, int16(40*i), int16(40*i), 300, 200, 0,
		xproto.WindowClassInputOutput, at.RootVisual, xproto.CwBackPixel, []uint32{at.WhitePixel}).Check(); err != nil {
		return 0, err
	}
	for _, p := range []struct {
		name, kind string
		format     byte
		value      []byte
	}{
		{"WM_CLASS", "STRING", 8, []byte("card\x00Card\x00")},
		{"_NET_WM_PID", "CARDINAL", 32, le32(uint32(os.Getpid()))},
		// The window manager gives it the keyboard.
		{"WM_HINTS", "WM_HINTS", 32, append(le32(1), append(le32(1), make([]byte, 28)...)...)},
	} {
		if err := c.set(id, p.name, p.kind, p.format, p.value); err != nil {
			return 0, err
		}
	}
	if err := c.title(id, title); err != nil {
		return 0, err
	}
	return Window(id), xproto.MapWindowChecked(c.conn, id).Check()
}

// Show brings card i to the front without input and waits until it is, and was seen.
func (c *Cards) Show(ctx context.Context, i int) error {
	if err := c.desktop.hold(ctx); err != nil {
		return err
	}
	if err := c.desktop.x.activate(c.windows[i]); err != nil {
		return fmt.Errorf("desktop: show card: %w", err)
	}
	err := process.Wait(ctx, patience, "desktop: card in front", func() error {
		if active, _ := c.desktop.x.active(); active != c.windows[i] {
			return fmt.Errorf("window %d is", active)
		}
		return nil
	})
	if err == nil {
		_, err = c.desktop.Seen(ctx)
	}
	return err
}

// Title gives card i another title.
func (c *Cards) Title(i int, title string) error { return c.title(xproto.Window(c.windows[i]), title) }

func (c *Cards) title(w xproto.Window, title string) error {
	return c.set(w, "_NET_WM_NAME", "UTF8_STRING", 8, []byte(title))
}

func (c *Cards) set(w xproto.Window, name, kind string, format byte, value []byte) error {
	property, err := c.screen.atom(name)
	if err != nil {
		return err
	}
	kindAtom, err := c.screen.atom(kind)
	if err != nil {
		return err
	}
	return xproto.ChangePropertyChecked(c.conn, xproto.PropModeReplace, w, property, kindAtom, format, uint32(len(value))/uint32(format/8), value).Check()
}

func le32(n uint32) []byte { return []byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)} }

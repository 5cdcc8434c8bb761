// Package atspi binds what the agent needs of AT-SPI, the accessibility interface of Linux's desktops: the windows of a
// process, what they hold, and the address of the document that one shows. It asks and is told nothing: no event is
// ever subscribed to, which would have every program of the desktop send them. It decides nothing and writes no log.
//
// https://gitlab.gnome.org/GNOME/at-spi2-core/-/tree/main/xml
//
// It compiles everywhere (the bus is a socket); it is used where systems have one.
package atspi

import (
	"context"
	"errors"
	"fmt"

	"github.com/dayline-project/dayline/agent/internal/sys/dbus"
	godbus "github.com/godbus/dbus/v5"
)

// ErrOff: nobody on this desktop uses the accessibility interface, so that it is left alone.
var ErrOff = errors.New("atspi: accessibility is off")

// maxParts bounds what is looked at of one element's parts, and of the programs on the bus.
const maxParts = 128

// Client is a connection to the accessibility interface. Its methods may be called by any goroutine; they take no longer
// than their context allows.
type Client struct {
	session, bus *godbus.Conn
}

// Open connects to the accessibility interface if it is on, else gives ErrOff. It starts nothing and switches nothing on.
func Open(ctx context.Context) (*Client, error) {
	session, err := dbus.Connect(dbus.SessionAddress())
	if errors.Is(err, dbus.ErrNoBus) {
		return nil, ErrOff
	}
	if err != nil {
		return nil, fmt.Errorf("atspi: open: %w", err)
	}
	c := &Client{session: session}
	if err := c.connect(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Client) connect(ctx context.Context) error {
	if err := c.on(ctx); err != nil {
		return err
	}
	address, err := ask[string](ctx, c.session, launcher, "org.a11y.Bus.GetAddress")
	if err != nil {
		return err
	}
	if c.bus, err = dbus.Connect(address); err != nil {
		return fmt.Errorf("atspi: open: %w", err)
	}
	return nil
}

// launcher tells whether accessibility is on, and where its bus is.
var launcher = Part{Name: "org.a11y.Bus", Path: "/org/a11y/bus"}

// on gives ErrOff unless accessibility is on. Where the launcher does not run it was never wished.
func (c *Client) on(ctx context.Context) error {
	on, err := ask[bool](ctx, c.session, launcher, getProperty, "org.a11y.Status", "IsEnabled")
	var refused godbus.Error
	if errors.As(err, &refused) || err == nil && !on {
		return ErrOff
	}
	return err
}

// Close ends the connection.
func (c *Client) Close() {
	for _, conn := range []*godbus.Conn{c.session, c.bus} {
		if conn != nil {
			_ = conn.Close()
		}
	}
}

// Gone tells whether a connection has ended: then it has to be opened anew.
func (c *Client) Gone() bool { return !c.session.Connected() || !c.bus.Connected() }

// Part is something that a program shows, by the program's name on the bus and the program's own for it.
type Part struct {
	Name string
	Path godbus.ObjectPath
}

// desktop holds the programs.
var desktop = Part{Name: "org.a11y.atspi.Registry", Path: "/org/a11y/atspi/accessible/root"}

// Windows are those of a process; ErrOff if accessibility was switched off meanwhile.
func (c *Client) Windows(ctx context.Context, process int) ([]Part, error) {
	if err := c.on(ctx); err != nil {
		return nil, err
	}
	programs, err := c.Children(ctx, desktop)
	if err != nil {
		return nil, err
	}
	var windows []Part
	asked := make([]question[uint32], len(programs))
	for i, program := range programs {
		// The bus knows whose a name is, whatever its program says.
		asked[i] = put[uint32](ctx, c.bus, Part{Name: "org.freedesktop.DBus", Path: "/org/freedesktop/DBus"}, "org.freedesktop.DBus.GetConnectionUnixProcessID", program.Name)
	}
	for i, program := range programs {
		if id, err := asked[i].answer(); err != nil || int(id) != process {
			continue // or gone
		}
		found, err := c.Children(ctx, program)
		if err != nil {
			return nil, err
		}
		windows = append(windows, found...)
	}
	return windows, nil
}

// Children are an element's parts, the first of them where they are very many.
func (c *Client) Children(ctx context.Context, of Part) ([]Part, error) {
	found, err := ask[[]Part](ctx, c.bus, of, accessible+"GetChildren")
	return found[:min(len(found), maxParts)], err
}

// Names are those of parts, in their order.
func (c *Client) Names(ctx context.Context, parts []Part) ([]string, error) {
	return each[string](ctx, c.bus, parts, getProperty, "org.a11y.atspi.Accessible", "Name")
}

// Attributes are those of parts, in their order: "id" and "class" as the program calls them.
func (c *Client) Attributes(ctx context.Context, parts []Part) ([]map[string]string, error) {
	return each[map[string]string](ctx, c.bus, parts, accessible+"GetAttributes")
}

// embeds is the relation of a window to the document that it shows (AtspiRelationType).
const embeds = 13

// Document is what a window shows; shows is false where that is none.
func (c *Client) Document(ctx context.Context, window Part) (document Part, shows bool, err error) {
	type relation struct {
		Type uint32
		To   []Part
	}
	relations, err := ask[[]relation](ctx, c.bus, window, accessible+"GetRelationSet")
	for _, r := range relations {
		if r.Type == embeds && len(r.To) > 0 {
			return r.To[0], true, nil
		}
	}
	return Part{}, false, err
}

// Address is a document's name and its address, "" where it tells none: Chromium calls it URI, Firefox DocURL.
func (c *Client) Address(ctx context.Context, document Part) (name, address string, err error) {
	named := put[string](ctx, c.bus, document, getProperty, "org.a11y.atspi.Accessible", "Name")
	told := put[map[string]string](ctx, c.bus, document, "org.a11y.atspi.Document.GetAttributes")
	if name, err = named.answer(); err != nil {
		return "", "", err
	}
	attributes, err := told.answer()
	if err != nil {
		return "", "", err
	}
	if address = attributes["URI"]; address == "" {
		address = attributes["DocURL"]
	}
	return name, address, nil
}

package observe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dayline-project/dayline/agent/internal/browser"
	"github.com/dayline-project/dayline/agent/internal/sys/atspi"
	"github.com/dayline-project/dayline/agent/internal/sys/x11"
)

// spiTree is Linux' accessibility interface, with the display that tells titles. It is asked only while somebody else has
// switched it on, for with it browsers take several times the time and a quarter more memory for a page.
type spiTree struct {
	name string
	// patience is how long a reading may take, until when the time for the one under way is over.
	patience time.Duration
	until    time.Time
	client   *atspi.Client
	display  *x11.Conn
}

// openTree opens the interface that page addresses are read through, for the windows of a display.
func openTree(display string) (browser.Tree, error) {
	t := &spiTree{name: display, patience: browser.Budget}
	if err := t.connect(); err != nil {
		return nil, err
	}
	return t, nil
}

func (t *spiTree) connect() (err error) {
	t.begin()
	ctx, cancel := t.limit()
	defer cancel()
	t.client, err = atspi.Open(ctx)
	return spiError(err)
}

func (t *spiTree) begin() { t.until = time.Now().Add(t.patience) }

// limit is what is left of the time for the reading under way.
func (t *spiTree) limit() (context.Context, context.CancelFunc) {
	return context.WithDeadline(context.Background(), t.until)
}

func (t *spiTree) Close() {
	t.disconnect()
	if t.display != nil {
		t.display.Close()
	}
}

func (t *spiTree) disconnect() {
	if t.client != nil {
		t.client.Close()
		t.client = nil
	}
}

// Title begins a reading, or ends one.
func (t *spiTree) Title(window uint32) (title string) {
	t.begin()
	if t.display == nil {
		var err error
		if t.display, err = x11.Dial(t.name); err != nil {
			return ""
		}
	}
	title, _, err := t.display.LookTitle(x11.Window(window))
	if err != nil {
		t.display.Close()
		t.display = nil
	}
	return title
}

func (t *spiTree) Window(window browser.Window) (browser.Element, error) {
	if t.client == nil {
		if err := t.connect(); err != nil {
			return nil, err
		}
	}
	part, err := t.window(window)
	if err != nil && t.client.Gone() {
		t.disconnect()
	}
	return part, err
}

func (t *spiTree) window(window browser.Window) (browser.Element, error) {
	ctx, cancel := t.limit()
	defer cancel()
	windows, err := t.client.Windows(ctx, window.PID)
	if err != nil {
		return nil, spiError(err)
	}
	names, err := t.client.Names(ctx, windows)
	if err != nil {
		return nil, spiError(err)
	}
	picked, err := browser.Pick(window, names)
	if err != nil {
		return nil, err
	}
	return &spiPart{Part: windows[picked], tree: t, node: browser.Node{Kind: browser.Frame, Name: names[picked]}}, nil
}

// spiError gives errors that mean something the browser's names.
func spiError(err error) error {
	switch {
	case errors.Is(err, atspi.ErrOff):
		return fmt.Errorf("%w: %w", browser.ErrOff, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", browser.ErrLate, err)
	}
	return err
}

// spiPart is an element of what a program shows.
type spiPart struct {
	atspi.Part
	tree *spiTree
	node browser.Node
}

func (p *spiPart) Look() browser.Node { return p.node }

// Release: nothing is held of it here or there.
func (p *spiPart) Release() {}

func (p *spiPart) Children(browser.Sketch) ([]browser.Element, error) {
	ctx, cancel := p.tree.limit()
	defer cancel()
	parts, err := p.tree.client.Children(ctx, p.Part)
	if err != nil {
		return nil, spiError(err)
	}
	attributes, err := p.tree.client.Attributes(ctx, parts)
	if err != nil {
		return nil, spiError(err)
	}
	all := make([]browser.Element, len(parts))
	for i, part := range parts {
		all[i] = &spiPart{Part: part, tree: p.tree, node: browser.Node{ID: attributes[i]["id"], Class: attributes[i]["class"]}}
	}
	return all, nil
}

// Read reads what a window shows.
func (p *spiPart) Read() error {
	ctx, cancel := p.tree.limit()
	defer cancel()
	page, shows, err := p.tree.client.Document(ctx, p.Part)
	if err != nil {
		return spiError(err)
	}
	if !shows {
		return browser.ErrNoPage
	}
	p.node.Name, p.node.Value, err = p.tree.client.Address(ctx, page)
	return spiError(err)
}

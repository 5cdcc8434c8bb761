package observe

import (
	"errors"
	"slices"
	"time"

	"github.com/dayline-project/dayline/agent/internal/browser"
	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

// macTree is a Mac's accessibility interface, of the program in front. It never asks an application for its role: to
// Chromium that is a wish to have all pages accessible.
//
// https://chromium.googlesource.com/chromium/src/+/main/chrome/browser/chrome_browser_application_mac.mm
type macTree struct {
	system mac.System
	// began is when the reading under way did: a search ends with the time for it, however many answers it had.
	began time.Time
	// titled is the window whose title was asked for last, id its ID.
	titled mac.Element
	id     uint32
}

// maxParts bounds what is looked at of one element's parts.
const maxParts = 64

var errNotFocused = errors.New("observe: another window has the focus")

func (t *macTree) Close() { t.forget() }

func (t *macTree) forget() {
	if t.titled != nil {
		t.titled.Release()
	}
	t.titled, t.id = nil, 0
}

func (t *macTree) Title(window uint32) string {
	t.began = time.Now()
	if t.id != window {
		t.forget()
		found, _, err := t.focused(window)
		if err != nil {
			return ""
		}
		t.titled, t.id = found, window
	}
	title, err := t.titled.Text(axTitle)
	if err != nil {
		t.forget()
	}
	return title
}

// focused is the window that has the focus in the program in front, if it is the one meant, and that program.
func (t *macTree) focused(window uint32) (mac.Element, int32, error) {
	app, ok := t.system.Front()
	if !ok {
		return nil, 0, errNotFocused
	}
	root := t.system.Application(app.PID)
	defer root.Release()
	found, err := root.Part(axFocusedWindow)
	switch {
	case err != nil:
		return nil, 0, err
	case found == nil:
		return nil, 0, errNotFocused
	case windowID(app.PID, found.ID()) != window:
		found.Release()
		return nil, 0, errNotFocused
	}
	return found, app.PID, nil
}

func (t *macTree) Window(window browser.Window) (browser.Element, error) {
	found, pid, err := t.focused(window.ID)
	if err != nil {
		return nil, err
	}
	texts, err := t.texts(found, axTitle, "AXIdentifier")
	if err != nil {
		found.Release()
		return nil, err
	}
	return &macPart{Element: found, tree: t, pid: pid, node: browser.Node{Class: "AXWindow", Name: texts[0], ID: texts[1]}}, nil
}

// texts asks an element for as many texts as are named, while there is time.
func (t *macTree) texts(e mac.Element, attributes ...string) ([]string, error) {
	if time.Since(t.began) >= browser.Budget {
		return nil, browser.ErrLate
	}
	if len(attributes) == 1 {
		// The question for several costs this process several times as much.
		text, err := e.Text(attributes[0])
		return []string{text}, err
	}
	return e.Texts(attributes...)
}

// macPart is an element of what a program shows.
type macPart struct {
	mac.Element
	tree *macTree
	pid  int32
	node browser.Node
}

// Children reads roles, and of a sketch by ID also what Firefox calls its elements. One that goes meanwhile is left out.
func (p *macPart) Children(sketch browser.Sketch) ([]browser.Element, error) {
	found, err := p.Parts("AXChildren", maxParts)
	if err != nil {
		return nil, err
	}
	attributes := []string{"AXRole"}
	if sketch == browser.ByID {
		attributes = append(attributes, "AXDOMIdentifier")
	}
	all := make([]browser.Element, 0, len(found))
	for i, e := range found {
		texts, err := p.tree.texts(e, attributes...)
		if errors.Is(err, mac.ErrGone) {
			e.Release()
			continue
		}
		if err != nil {
			for _, rest := range found[i:] {
				rest.Release()
			}
			return all, err
		}
		node := browser.Node{Class: texts[0]}
		if sketch == browser.ByID {
			node.ID, node.Kind = texts[1], kindOnMac(texts[0])
		}
		all = append(all, &macPart{Element: e, tree: p.tree, pid: p.pid, node: node})
	}
	return all, nil
}

func kindOnMac(role string) browser.Kind {
	if slices.Contains([]string{"AXGroup", "AXToolbar", "AXComboBox"}, role) {
		return browser.Container
	}
	return browser.Other
}

func (p *macPart) Look() browser.Node { return p.node }

// Read takes for the value what the element has for one: a window its document's address, a page its own.
func (p *macPart) Read() (err error) {
	value := "AXValue"
	switch p.node.Class {
	case "AXWindow":
		value = "AXDocument"
	case "AXWebArea":
		value = "AXURL"
	}
	texts, err := p.tree.texts(p, value)
	if err != nil {
		return err
	}
	p.node.Value = texts[0]
	if value == "AXValue" {
		p.node.Focused, err = p.focused()
	}
	return err
}

// focused tells whether keys go to the element.
func (p *macPart) focused() (bool, error) {
	root := p.tree.system.Application(p.pid)
	defer root.Release()
	focused, err := root.Part("AXFocusedUIElement")
	if focused == nil || err != nil {
		return false, err
	}
	defer focused.Release()
	return focused.ID() == p.ID(), nil
}

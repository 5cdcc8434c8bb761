package observe

import (
	"errors"
	"fmt"

	"github.com/dayline-project/dayline/agent/internal/browser"
	"github.com/dayline-project/dayline/agent/internal/sys/win"
	"github.com/dayline-project/dayline/agent/internal/sys/win/uia"
)

// automation is UI Automation.
type automation struct {
	client *uia.Client
	// sketches are what is read of elements on the way, title of a window, field of an address field.
	sketches [2]*uia.Request
	title    *uia.Request
	field    *uia.Request
}

// openTree opens the interface that page addresses are read through.
func openTree(string) (browser.Tree, error) {
	client, err := uia.Open(browser.Budget)
	if errors.Is(err, uia.ErrAbsent) {
		return nil, fmt.Errorf("%w: %w", browser.ErrAbsent, err)
	}
	if err != nil {
		return nil, err
	}
	a := &automation{client: client}
	for _, r := range []struct {
		request    **uia.Request
		properties []uia.Property
	}{
		{&a.sketches[browser.ByClass], []uia.Property{uia.ClassName}},
		{&a.sketches[browser.ByID], []uia.Property{uia.AutomationID, uia.ControlType}},
		{&a.title, []uia.Property{uia.Name}},
		{&a.field, []uia.Property{uia.Name, uia.Value, uia.HasKeyboardFocus}},
	} {
		if *r.request, err = client.NewRequest(r.properties...); err != nil {
			a.Close()
			return nil, err
		}
	}
	return a, nil
}

func (a *automation) Close() {
	for _, r := range append(a.sketches[:], a.title, a.field) {
		if r != nil {
			r.Release()
		}
	}
	a.client.Close()
}

func (a *automation) Title(window uint32) string { return win.TitleOf(win.Window(window)) }

func (a *automation) Window(window browser.Window) (browser.Element, error) {
	e, err := a.client.Element(win.Window(window.ID), a.title)
	if err != nil {
		return nil, late(err)
	}
	return &part{automation: a, Element: e, node: browser.Node{Name: e.Text(uia.Name)}}, nil
}

// late gives browser.ErrLate its own name.
func late(err error) error {
	if errors.Is(err, uia.ErrTimeout) {
		return fmt.Errorf("%w: %w", browser.ErrLate, err)
	}
	return err
}

// part is an element of UI Automation.
type part struct {
	*uia.Element
	automation *automation
	node       browser.Node
}

func (p *part) Children(sketch browser.Sketch) ([]browser.Element, error) {
	found, err := p.Element.Children(p.automation.sketches[sketch])
	if err != nil {
		return nil, late(err)
	}
	all := make([]browser.Element, len(found))
	for i, e := range found {
		node := browser.Node{Class: e.Text(uia.ClassName)}
		if sketch == browser.ByID {
			node = browser.Node{ID: e.Text(uia.AutomationID), Kind: kindOf(e.Number(uia.ControlType))}
		}
		all[i] = &part{automation: p.automation, Element: e, node: node}
	}
	return all, nil
}

func kindOf(controlType int32) browser.Kind {
	switch controlType {
	case uia.Pane, uia.Group, uia.ToolBar, uia.ComboBox, uia.Custom:
		return browser.Container
	}
	return browser.Other
}

func (p *part) Look() browser.Node { return p.node }

func (p *part) Read() error {
	if err := p.Element.Read(p.automation.field); err != nil {
		return late(err)
	}
	p.node.Name, p.node.Value, p.node.Focused = p.Text(uia.Name), p.Text(uia.Value), p.Is(uia.HasKeyboardFocus)
	return nil
}

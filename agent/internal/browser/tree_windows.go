package browser

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows"

	"github.com/dayline-project/dayline/agent/internal/sys/win"
	"github.com/dayline-project/dayline/agent/internal/sys/win/uia"
)

// SystemTree opens the system's accessibility interface.
var SystemTree = openAutomation

// automation is UI Automation.
type automation struct {
	client *uia.Client
	// sketches are what is read of elements on the way, title of a window, field of an address field.
	sketches [2]*uia.Request
	title    *uia.Request
	field    *uia.Request
}

func openAutomation() (Tree, error) {
	client, err := uia.Open(Budget)
	if errors.Is(err, uia.ErrAbsent) {
		return nil, fmt.Errorf("%w: %w", ErrAbsent, err)
	}
	if err != nil {
		return nil, err
	}
	a := &automation{client: client}
	for _, r := range []struct {
		request    **uia.Request
		properties []uia.Property
	}{
		{&a.sketches[ByClass], []uia.Property{uia.ClassName}},
		{&a.sketches[ByID], []uia.Property{uia.AutomationID, uia.ControlType}},
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

func (a *automation) Title(window uint32) string { return win.TitleOf(windows.HWND(window)) }

func (a *automation) Window(window uint32) (Element, error) {
	e, err := a.client.Element(windows.HWND(window), a.title)
	if err != nil {
		return nil, late(err)
	}
	return &part{automation: a, Element: e, node: Node{Name: e.Text(uia.Name)}}, nil
}

// late gives ErrLate its own name.
func late(err error) error {
	if errors.Is(err, uia.ErrTimeout) {
		return fmt.Errorf("%w: %w", ErrLate, err)
	}
	return err
}

// part is an element of UI Automation.
type part struct {
	*uia.Element
	automation *automation
	node       Node
}

func (p *part) Children(sketch Sketch) ([]Element, error) {
	found, err := p.Element.Children(p.automation.sketches[sketch])
	if err != nil {
		return nil, late(err)
	}
	all := make([]Element, len(found))
	for i, e := range found {
		node := Node{Class: e.Text(uia.ClassName)}
		if sketch == ByID {
			node = Node{ID: e.Text(uia.AutomationID), Kind: kindOf(e.Number(uia.ControlType))}
		}
		all[i] = &part{automation: p.automation, Element: e, node: node}
	}
	return all, nil
}

func kindOf(controlType int32) Kind {
	switch controlType {
	case uia.Pane, uia.Group, uia.ToolBar, uia.ComboBox, uia.Custom:
		return Container
	}
	return Other
}

func (p *part) Look() Node { return p.node }

func (p *part) Read() error {
	if err := p.Element.Read(p.automation.field); err != nil {
		return late(err)
	}
	p.node.Name, p.node.Value, p.node.Focused = p.Text(uia.Name), p.Text(uia.Value), p.Is(uia.HasKeyboardFocus)
	return nil
}

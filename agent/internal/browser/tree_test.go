package browser

import (
	"errors"
	"sync"
	"sync/atomic"
)

// desk is a Tree of a test's own: windows with their titles and parts.
type desk struct {
	mu      sync.Mutex
	titles  map[uint32]string
	windows map[uint32]*thing
	// held are the elements given and not yet released, calls the questions asked.
	held, calls atomic.Int64
	closed      atomic.Bool
	// onCall, where not nil, runs within each question.
	onCall func()
}

// thing is something on the desk.
type thing struct {
	Node
	parts []*thing
	// page: it is, or is in, a page, which must not be touched.
	page bool
	// embeds is the page of a Frame.
	embeds *thing
	// fails, where not nil, is the answer to each question about it.
	fails error
}

func newDesk() *desk { return &desk{titles: map[uint32]string{}, windows: map[uint32]*thing{}} }

func (d *desk) put(id uint32, title string, window *thing) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.titles[id], d.windows[id] = title, window
}

func (d *desk) retitle(id uint32, title string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.titles[id] = title
}

func (d *desk) Title(window uint32) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.titles[window]
}

func (d *desk) Window(window Window) (Element, error) {
	d.question()
	d.mu.Lock()
	defer d.mu.Unlock()
	w := d.windows[window.ID]
	if w == nil {
		return nil, errors.New("desk: no such window")
	}
	return d.give(w, Node{Name: w.Name, Kind: w.Kind}), nil
}

func (d *desk) Close() { d.closed.Store(true) }

func (d *desk) question() {
	d.calls.Add(1)
	if d.onCall != nil {
		d.onCall()
	}
}

func (d *desk) give(t *thing, look Node) Element {
	d.held.Add(1)
	return &held{desk: d, thing: t, look: look}
}

// held is a thing as it was given out.
type held struct {
	desk     *desk
	thing    *thing
	look     Node
	released bool
}

func (h *held) Children(sketch Sketch) ([]Element, error) {
	h.desk.question()
	if h.released || h.thing.page {
		panic("desk: a page was looked into, or what was released")
	}
	if h.thing.fails != nil {
		return nil, h.thing.fails
	}
	var all []Element
	for _, p := range h.thing.parts {
		look := Node{Class: p.Class}
		if sketch == ByID {
			look = Node{ID: p.ID, Kind: p.Kind, Class: p.Class}
		}
		all = append(all, h.desk.give(p, look))
	}
	return all, nil
}

func (h *held) Look() Node { return h.look }

func (h *held) Read() error {
	h.desk.question()
	h.desk.mu.Lock()
	defer h.desk.mu.Unlock()
	if h.released || h.thing.page {
		panic("desk: a page was read, or what was released")
	}
	if h.thing.fails != nil {
		return h.thing.fails
	}
	read := h.thing
	if read.Kind == Frame {
		if read = read.embeds; read == nil {
			return ErrNoPage
		}
	}
	h.look.Name, h.look.Value, h.look.Focused = read.Name, read.Value, read.Focused
	return nil
}

func (h *held) Release() {
	if h.released {
		panic("desk: released twice")
	}
	h.released = true
	h.desk.held.Add(-1)
}

// views nests classes, the outermost first, around what is inside.
func views(inside []*thing, classes ...string) *thing {
	for i := len(classes) - 1; i > 0; i-- {
		inside = []*thing{{Node: Node{Class: classes[i]}, parts: inside}}
	}
	return &thing{Node: Node{Class: classes[0]}, parts: inside}
}

// page is what a browser shows below its toolbar.
func page() *thing {
	return &thing{Node: Node{Class: "MultiContentsView"}, page: true, parts: []*thing{{Node: Node{Class: "OmniboxViewViews", Value: "evil.example"}, page: true}}}
}

// chrome is a window of Chrome: its page comes before its toolbar.
func chrome(shows, profile string) (window, field *thing) {
	return chromiumWindow("BrowserFrameViewWin", "BrowserView", "ToolbarView", shows, profile)
}

func chromiumWindow(frame, view, toolbar, shows, profile string) (window, field *thing) {
	field = &thing{Node: Node{Class: "OmniboxViewViews", Value: shows, Name: "Address and search bar"}}
	bar := &thing{Node: Node{Class: toolbar}, parts: []*thing{
		{Node: Node{Class: "BackForwardButton"}, page: true},
		views([]*thing{{Node: Node{Class: "LocationIconView"}, page: true}, field}, "LocationBarView"),
		{Node: Node{Class: "AvatarToolbarButton", Name: profile}},
	}}
	body := views([]*thing{page(), views([]*thing{{Node: Node{Class: "HorizontalTabStripRegionView"}, page: true}, bar}, "TopContainerView")}, view)
	window = &thing{Node: Node{Class: "Chrome_WidgetWin_1", Name: "A page - Google Chrome"}, parts: []*thing{
		{Node: Node{Class: "Chrome_RenderWidgetHostHWND"}, page: true},
		views([]*thing{body}, "BrowserRootView", "NonClientView", frame),
	}}
	return window, field
}

// firefoxWindow is a window of Firefox.
func firefoxWindow(shows string, private bool) (window, field *thing) {
	field = &thing{Node: Node{ID: "urlbar-input", Value: shows}}
	tabs := &thing{Node: Node{ID: "TabsToolbar", Kind: Container}}
	if private {
		tabs.parts = []*thing{{Node: Node{ID: "private-browsing-indicator-label"}}}
	}
	window = &thing{Node: Node{Class: "MozillaWindowClass", Name: "A page — Mozilla Firefox"}, parts: []*thing{
		{Node: Node{ID: "tabbrowser-tabpanels", Kind: Container}, page: true, parts: []*thing{{Node: Node{ID: "urlbar-input", Value: "evil.example"}, page: true}}},
		tabs,
		{Node: Node{ID: "nav-bar", Kind: Container}, parts: []*thing{{Node: Node{ID: "back-button"}}, {Node: Node{ID: "urlbar", Kind: Container}, parts: []*thing{field}}}},
	}}
	return window, field
}

package mactest

import (
	"path"
	"slices"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

// Program is an application that runs.
type Program struct {
	mac.App
	mac   *Mac
	root  *Part
	takes time.Duration
	gone  bool
}

// Run starts an application, behind the others; a PID of 0 is a new one.
func (m *Mac) Run(app mac.App) *Program {
	m.mu.Lock()
	defer m.mu.Unlock()
	if app.PID == 0 {
		app.PID = int32(501 + len(m.programs))
	}
	p := &Program{App: app, mac: m}
	p.root = p.part("AXApplication", app.Name)
	m.programs = append(m.programs, p)
	return p
}

// Start runs an application as they are installed: "Safari", "com.apple.Safari".
func (m *Mac) Start(name, bundle string) *Program {
	return m.Run(mac.App{Name: name, Bundle: bundle, Executable: path.Join("/Applications", name+".app", "Contents/MacOS", name)})
}

// Activate brings the application to the front.
func (p *Program) Activate() {
	p.mac.change(func() { p.mac.front = p })
	p.mac.Tell(mac.Notice{Kind: mac.Activated, App: p.App})
}

// Quit ends the application; nothing is in front where it was.
func (p *Program) Quit() {
	p.mac.change(func() {
		p.gone = true
		p.mac.programs = slices.DeleteFunc(p.mac.programs, func(one *Program) bool { return one == p })
		if p.mac.front == p {
			p.mac.front = nil
		}
	})
	p.mac.Tell(mac.Notice{Kind: mac.Ended, App: p.App})
}

// SetTakes is how long it takes for each answer from now on; from mac.Patience on, it hangs.
func (p *Program) SetTakes(takes time.Duration) { p.mac.change(func() { p.takes = takes }) }

// Root is what holds its windows.
func (p *Program) Root() *Part { return p.root }

// Open opens a window, which has the focus from then on.
func (p *Program) Open(title string) *Part {
	w := p.NewPart("AXWindow", title)
	p.root.Add(w)
	p.Focus(w)
	return w
}

// NewPart is an element of the program's with a role and a title, in no other yet.
func (p *Program) NewPart(role, title string) *Part {
	p.mac.mu.Lock()
	defer p.mac.mu.Unlock()
	return p.part(role, title)
}

func (p *Program) part(role, title string) *Part {
	p.mac.lastID++
	return &Part{program: p, id: p.mac.lastID, texts: map[string]string{"AXRole": role, "AXTitle": title}, parts: map[string][]*Part{}}
}

// Focus gives the focus to one of its windows; nil is none.
func (p *Program) Focus(w *Part) {
	from := p.root
	if w == nil {
		p.root.Put("AXFocusedWindow")
	} else {
		p.root.Put("AXFocusedWindow", w)
		from = w
	}
	p.tell("AXFocusedWindowChanged", from, p.root)
}

// tell tells who observes one of the elements, of a change in the first.
func (p *Program) tell(notification string, from *Part, observed ...*Part) {
	p.mac.ax.Lock()
	defer p.mac.ax.Unlock()
	for _, o := range p.mac.observing(notification, append(observed, from)...) {
		o.told(notification, from.id)
	}
}

// Part is an element of what a program shows.
type Part struct {
	program *Program
	id      uint64
	texts   map[string]string
	parts   map[string][]*Part
	gone    bool
	fails   error
}

// ID is the element's.
func (w *Part) ID() uint64 { return w.id }

// Set sets an attribute that is a text.
func (w *Part) Set(attribute, text string) *Part {
	w.program.mac.change(func() { w.texts[attribute] = text })
	return w
}

// Put sets an attribute that is an element, or several.
func (w *Part) Put(attribute string, parts ...*Part) *Part {
	w.program.mac.change(func() { w.parts[attribute] = parts })
	return w
}

// Add adds to its children.
func (w *Part) Add(parts ...*Part) *Part {
	w.program.mac.change(func() { w.parts["AXChildren"] = append(w.parts["AXChildren"], parts...) })
	return w
}

// Fail has each question about the element answered with an error from now on; nil ends that.
func (w *Part) Fail(err error) { w.program.mac.change(func() { w.fails = err }) }

// SetTitle changes its title.
func (w *Part) SetTitle(title string) {
	w.Set("AXTitle", title)
	w.program.tell("AXTitleChanged", w)
}

// Close destroys the element; a window that had the focus leaves none in its program.
func (w *Part) Close() {
	w.program.mac.change(func() {
		w.gone = true
		root := w.program.root
		for attribute, parts := range root.parts {
			root.parts[attribute] = slices.DeleteFunc(slices.Clone(parts), func(one *Part) bool { return one == w })
		}
	})
	w.program.tell("AXUIElementDestroyed", w)
}

// Observed: somebody is told of that kind of its changes.
func (w *Part) Observed(notification string) bool {
	return len(w.program.mac.observing(notification, w)) > 0
}

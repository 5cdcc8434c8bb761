package mactest

import (
	"slices"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

// ask is one question to a program: it takes as long as the program does, or mac.Patience. part, where not nil, is what
// it is about, and answer is called with the lock held.
func (m *Mac) ask(pid int32, part *Part, answer func()) error {
	m.mu.Lock()
	m.questions++
	m.asked()
	p, trusted := m.program(pid), m.trusted && !m.refuses
	takes := time.Duration(0)
	if p != nil {
		takes = min(p.takes, mac.Patience)
	}
	m.mu.Unlock()
	if !trusted {
		return mac.ErrNotTrusted
	}
	if takes > 0 {
		time.Sleep(takes)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case p == nil || p.gone || takes == mac.Patience:
		return mac.ErrLate
	case part != nil && part.gone:
		return mac.ErrGone
	case part != nil && part.fails != nil:
		return part.fails
	}
	answer()
	return nil
}

func (m *Mac) program(pid int32) *Program {
	if i := slices.IndexFunc(m.programs, func(p *Program) bool { return p.PID == pid }); i >= 0 {
		return m.programs[i]
	}
	return nil
}

// Application is of mac.Accessibility.
func (m *Mac) Application(pid int32) mac.Element {
	m.mu.Lock()
	defer m.mu.Unlock()
	root := &Part{}
	if p := m.program(pid); p != nil {
		root = p.root
	}
	return m.hold(pid, root)
}

func (m *Mac) hold(pid int32, part *Part) *element {
	m.held++
	return &element{mac: m, pid: pid, part: part}
}

// element is a reference to a part.
type element struct {
	mac      *Mac
	pid      int32
	part     *Part
	released bool
}

func (e *element) ID() uint64 { return e.part.id }

func (e *element) Text(attribute string) (text string, err error) {
	err = e.ask(func() { text = e.part.texts[attribute] })
	return text, err
}

func (e *element) Texts(attributes ...string) (texts []string, err error) {
	err = e.ask(func() {
		for _, attribute := range attributes {
			texts = append(texts, e.part.texts[attribute])
		}
	})
	return texts, err
}

func (e *element) Part(attribute string) (part mac.Element, err error) {
	parts, err := e.Parts(attribute, 1)
	if err != nil || len(parts) == 0 {
		return nil, err
	}
	return parts[0], nil
}

func (e *element) Parts(attribute string, most int) (parts []mac.Element, err error) {
	err = e.ask(func() {
		all := e.part.parts[attribute]
		for _, part := range all[:min(most, len(all))] {
			parts = append(parts, e.mac.hold(e.pid, part))
		}
	})
	return parts, err
}

func (e *element) ask(answer func()) error {
	e.mac.mu.Lock()
	released := e.released
	e.mac.mu.Unlock()
	if released {
		panic("mactest: an element is used that was released")
	}
	return e.mac.ask(e.pid, e.part, answer)
}

func (e *element) Release() {
	e.mac.mu.Lock()
	defer e.mac.mu.Unlock()
	if e.released {
		panic("mactest: an element is released twice")
	}
	e.released = true
	e.mac.held--
}

// observer tells of changes in one program.
type observer struct {
	mac  *Mac
	pid  int32
	told func(notification string, element uint64)
	// added are the kinds told of elements, by the element's ID.
	added map[uint64][]string
}

// Observe is of mac.Accessibility.
func (m *Mac) Observe(pid int32, told func(notification string, element uint64)) (mac.Observer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := &observer{mac: m, pid: pid, told: told, added: map[uint64][]string{}}
	m.observers = append(m.observers, o)
	return o, nil
}

// observing are those who are told of a kind of change in one of the elements.
func (m *Mac) observing(notification string, parts ...*Part) []*observer {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.silent {
		return nil
	}
	var all []*observer
	for _, o := range m.observers {
		if slices.ContainsFunc(parts, func(p *Part) bool { return slices.Contains(o.added[p.id], notification) }) {
			all = append(all, o)
		}
	}
	return all
}

func (o *observer) Add(e mac.Element, notification string) error {
	part := e.(*element).part
	return o.mac.ask(o.pid, part, func() { o.added[part.id] = append(o.added[part.id], notification) })
}

func (o *observer) Remove(e mac.Element, notification string) error {
	part := e.(*element).part
	return o.mac.ask(o.pid, part, func() {
		o.added[part.id] = slices.DeleteFunc(o.added[part.id], func(one string) bool { return one == notification })
	})
}

func (o *observer) Close() {
	o.mac.ax.Lock()
	defer o.mac.ax.Unlock()
	o.mac.mu.Lock()
	defer o.mac.mu.Unlock()
	if !slices.Contains(o.mac.observers, o) {
		panic("mactest: an observer is closed twice")
	}
	o.mac.observers = slices.DeleteFunc(o.mac.observers, func(one *observer) bool { return one == o })
}

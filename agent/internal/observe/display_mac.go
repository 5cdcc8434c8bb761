package observe

import (
	"cmp"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

// macDisplay is the desktop of a Mac's session: what comes to the front by NSWorkspace's notices, its windows and their
// titles by accessibility, where that is permitted.
type macDisplay struct {
	system mac.System
	clocks func() (boot, mono time.Duration, err error)
	now    func() time.Duration
	events *queue[macEvent]
	stop   func()
	// again looks once more.
	again *time.Timer
	// permitted: accessibility is, as macOS says. What writes it is the goroutine that asks for the window in front. refused:
	// the last answer was that it is not, which may be the truth of the two.
	permitted bool
	refused   atomic.Bool
	// inputs are those of the clock that stops in sleep, the last one on ours is at lastInput: which of them macOS counts an
	// idle time by is not documented, and an input that seems to move would count as another.
	inputs    inputs
	lastInput time.Duration
	// slept is how much that clock is behind, litAt when the computer or its displays woke last, on that clock.
	slept time.Duration
	litAt atomic.Int64

	// asking has a value in it while a goroutine asks programs. What follows is that goroutine's.
	asking chan struct{}
	// telling: the window that next gave may not be told yet.
	telling bool
	view    view
	rests   rests
	looks   looks
	closed  bool
	once    sync.Once
}

// macEvent is something that the system's threads told.
type macEvent struct {
	at   time.Duration
	kind macKind
	// app that came to the front or ended.
	app mac.App
}

type macKind int

const (
	macActivated macKind = iota + 1
	macEnded
	// macWindow: another window of the application in front may have the focus; macTitle: that one's title changed.
	macWindow
	macTitle
)

// macKinds are the notifications of accessibility.
var macKinds = map[string]macKind{
	axFocusedWindowChanged: macWindow, axMainWindowChanged: macWindow, axElementDestroyed: macWindow, axTitleChanged: macTitle,
}

var (
	errLaterOnes  = errors.New("observe: what came to the front is yet to be told")
	errUnanswered = errors.New("observe: the program does not answer")
)

// followMac begins to follow the desktop of a session.
func followMac(system mac.System, clocks func() (boot, mono time.Duration, err error), now func() time.Duration) *macDisplay {
	d := &macDisplay{system: system, clocks: clocks, now: now, events: newQueue[macEvent](), asking: make(chan struct{}, 1)}
	d.again = time.AfterFunc(time.Hour, func() { d.events.put(macEvent{at: now(), kind: macWindow}) })
	d.again.Stop()
	d.permitted = system.Trusted()
	boot, mono, _ := clocks()
	d.slept = boot - mono
	d.stop = system.Follow(d.notice)
	return d
}

func (d *macDisplay) notice(n mac.Notice) {
	switch n.Kind {
	case mac.Activated:
		d.events.put(macEvent{at: d.now(), kind: macActivated, app: n.App})
	case mac.Ended:
		d.events.put(macEvent{at: d.now(), kind: macEnded, app: n.App})
	case mac.DidWake, mac.DisplaysWoke:
		_, mono, _ := d.clocks()
		d.litAt.Store(int64(mono))
	}
}

// ask has one goroutine at a time ask programs; done ends that.
func (d *macDisplay) ask() (done func()) {
	d.asking <- struct{}{}
	return func() { <-d.asking }
}

// front is the window in front; it is not asked for while activations wait to be told, for each has its own time.
func (d *macDisplay) front() (Window, time.Duration, error) {
	idle, _ := d.idle()
	defer d.ask()()
	if d.telling || d.moreComes() {
		return Window{}, -1, errLaterOnes
	}
	d.permitted = d.system.Trusted()
	app, _ := d.system.Front()
	return d.look(app), idle, nil
}

// moreComes: another application came to the front since.
func (d *macDisplay) moreComes() bool {
	return d.events.any(func(e macEvent) bool { return e.kind == macActivated })
}

func (d *macDisplay) title(window uint32) (string, time.Duration, error) {
	idle, _ := d.idle()
	defer d.ask()()
	if window != d.view.seen.ID || d.view.window == nil || d.rests.resting(d.view.app.PID, d.now()) {
		return "", -1, errUnanswered
	}
	title, err := d.view.window.Text(axTitle)
	if d.heed(err); err != nil {
		return "", -1, err
	}
	d.view.seen.Title = title
	return title, idle, nil
}

// idle is the time since the last input into the session by anything, a remote desktop too, and by the computer's own
// keyboards and pointers.
func (d *macDisplay) idle() (time.Duration, error) {
	boot, asked, err := d.clocks()
	if err != nil {
		return -1, nil
	}
	if slept := boot - asked; slept > d.slept+sleepGain {
		d.slept = slept
		d.litAt.Store(int64(asked))
	}
	session, hardware := d.system.Idle()
	_, answered, _ := d.clocks()
	now := d.now()
	idle := hardware
	if answered-session > time.Duration(d.litAt.Load())+litFor {
		idle = min(session, hardware)
	}
	// One that is not known says nothing new of one that was.
	if known := idle < longAgo; known || !d.inputs.known {
		idle = min(idle, longAgo)
		if d.inputs.read(asked, answered, idle) {
			d.lastInput = now - idle
		}
	}
	return max(0, now-d.lastInput), nil
}

const (
	// longAgo is the longest idle time told; where there was no input yet, macOS's has no bound.
	longAgo = 365 * 24 * time.Hour
	// litFor is how long after a wake only an input by the hardware is one: a Mac that wakes by itself at night counts its
	// waking as an input into the session.
	litFor = 10 * time.Second
)

// awaitInput: a tap of events would be told of the next input, and of what it is.
func (d *macDisplay) awaitInput(time.Duration) (time.Duration, error) { return -1, errNoAlarm }
func (d *macDisplay) forgetInput()                                    {}

func (d *macDisplay) missing() string {
	if d.permitted && !d.refused.Load() {
		return ""
	}
	return permitAccessibility
}

// permitAccessibility says what lacks without the permission, and what to do about it.
const permitAccessibility = "Accessibility is not permitted, so only applications are recorded, neither window titles nor page addresses: allow Dayline in System Settings, Privacy & Security, Accessibility (where it is on, switch it off and on again), or by the administrator's profile."

func (d *macDisplay) next() (shown, bool) {
	d.told()
	for {
		e, ok := d.events.take()
		if !ok {
			return shown{}, false
		}
		if s, some := d.show(e); some {
			return s, true
		}
	}
}

// told notes that what next gave is.
func (d *macDisplay) told() {
	defer d.ask()()
	d.telling = false
}

// show makes of an event what is shown; some is false where that is nothing.
func (d *macDisplay) show(e macEvent) (s shown, some bool) {
	defer d.ask()()
	s, some = shown{at: e.at, kind: shownFront}, true
	switch e.kind {
	case macActivated:
		d.looks = 0
		s.seen = d.look(e.app)
	case macEnded:
		d.rests.forget(e.app.PID)
		some = e.app.PID == d.view.app.PID
	case macWindow:
		s.seen = d.look(d.view.app)
	case macTitle:
		s.kind, s.window = shownTitle, d.view.seen.ID
	}
	d.telling = s.seen.ID != 0
	return s, some
}

// look reads the window that an application shows, and follows both from then on. Without an answer, or the permission,
// it is the application alone, or the window that was last seen of it since it is in front.
func (d *macDisplay) look(app mac.App) Window {
	if app != d.view.app {
		d.view.leave()
		d.view.app = app
		d.view.seen = Window{}
	}
	// An application that ended has the process -1.
	if d.closed || app.PID <= 0 || isCurtain(app.Bundle) {
		return Window{}
	}
	if !d.permitted {
		return d.alone()
	}
	if d.rests.resting(app.PID, d.now()) {
		return d.seen()
	}
	title, err := d.view.read(d.system, d.moreComes(), d.changed)
	if d.heed(err); errors.Is(err, mac.ErrNotTrusted) {
		return d.alone()
	}
	if err != nil {
		return d.seen()
	}
	d.rests.forget(app.PID)
	if wait, again := d.looks.next(d.view.window != nil); again {
		d.again.Reset(wait)
	}
	d.view.seen = d.window(d.view.element(), title)
	return d.view.seen
}

// alone is the application in front without a window, of which nothing is held.
func (d *macDisplay) alone() Window {
	d.view.leave()
	d.view.seen = d.window(0, "")
	return d.view.seen
}

// heed takes the error of a question: a program that was late rests. Without it the safety poll looks on.
func (d *macDisplay) heed(err error) {
	if err == nil || errors.Is(err, mac.ErrNotTrusted) {
		d.refused.Store(err != nil)
	}
	if !errors.Is(err, mac.ErrLate) {
		return
	}
	if pause := d.rests.late(d.view.app.PID, d.now()); pause < PollEvery {
		d.again.Reset(pause)
	}
}

// seen is what was seen of the application in front, at least that it is, and another window than before.
func (d *macDisplay) seen() Window {
	window := d.window(d.view.element(), "")
	if d.view.seen.ID == 0 || d.view.window != nil && d.view.seen.ID != window.ID {
		d.view.seen = window
	}
	return d.view.seen
}

// window is one of the application in front; element 0 is the application without one.
func (d *macDisplay) window(element uint64, title string) Window {
	app := d.view.app
	return Window{
		ID:    windowID(app.PID, element),
		PID:   int(app.PID),
		App:   cmp.Or(programOfPath(app.Executable), shorten(app.Name), shorten(app.Bundle)),
		Title: title, Bundle: app.Bundle, Name: app.Name,
	}
}

// changed is called on the thread of accessibility.
func (d *macDisplay) changed(notification string, _ uint64) {
	d.events.put(macEvent{at: d.now(), kind: macKinds[notification]})
}

func (d *macDisplay) close() {
	d.once.Do(func() {
		d.stop()
		d.events.close()
		defer d.ask()()
		d.closed = true
		d.again.Stop()
		d.view.leave()
	})
}

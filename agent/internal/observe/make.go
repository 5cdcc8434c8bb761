package observe

import (
	"cmp"
	"time"

	"github.com/dayline-project/dayline/agent/internal/browser"
	"github.com/dayline-project/dayline/agent/internal/privacy"
	"github.com/dayline-project/dayline/shared/episode"
)

// read reads the clocks. They were read when the observer was made, so they can be.
func (w *watch) read() reading {
	boot, mono, _ := w.o.system.readClocks()
	return reading{boot: boot - w.o.began, mono: mono, wall: time.Now().In(w.zone.location)}
}

// pass looks at the clocks before anything is told, and tells what they tell: that the machine slept, that the wall
// clock jumped. It gives the time it is.
func (w *watch) pass(poll bool) time.Duration {
	now := w.read()
	f := w.timeline.pass(now, poll)
	if f.slept {
		w.expire()
		if !w.asleep {
			w.emit(Observation{Observation: episode.Observation{At: f.sleptAt, Event: episode.EventSleep}})
		}
		w.asleep = false
		w.emit(Observation{Observation: episode.Observation{At: now.boot, Event: episode.EventWake}})
	}
	if f.clock {
		w.emit(Observation{Observation: episode.Observation{At: now.boot, Event: episode.EventClock, Wall: now.wall}})
	}
	return now.boot
}

// make tells an observation made now. Every one carries the idle time: a timer of the time rules that is due by it
// goes by the last input, which may be newer than any that was told.
func (w *watch) make(m Observation) {
	m.At = w.pass(false)
	if !m.HasIdle {
		w.readIdle()
	}
	w.emit(m)
}

// expire believes that no window is in front, if that is open, and waits for no address any more.
func (w *watch) expire() {
	w.settle.Stop()
	w.leaveAddress()
	if w.front.expire() {
		w.tabs.Leave()
		w.told = focus{}
		w.release(untilFront, func(*Observation) (keep bool) { return true })
	}
}

// settled believes that no window is in front, if that has been so for long enough by now.
func (w *watch) settled() {
	if !w.front.leaving {
		return
	}
	if wait := noFocusFor - (w.o.Now() - w.front.leftAt); wait > 0 {
		w.settle.Reset(wait)
		return
	}
	w.expire()
}

// see takes the window in front, as of a moment.
func (w *watch) see(window Window, at time.Duration) {
	was := w.front.leaving
	focus := w.front.see(window, at)
	switch {
	case w.front.leaving && !was:
		w.hold(Observation{Observation: episode.Observation{At: at, Event: episode.EventFocus}}, untilFront)
		w.settle.Reset(noFocusFor)
	case was && !w.front.leaving:
		w.settle.Stop()
		w.release(untilFront, func(*Observation) (keep bool) { return false })
	}
	if focus {
		w.makeFocus(at, byDesktop)
	}
}

// focus is what was told of a window in front.
type focus struct {
	app string
	privacy.Allowed
}

// nothingTold is unlike any focus: no program is called so.
var nothingTold = focus{app: "\x00"}

// focusOn is what may be told of a window and the page in it.
func (w *watch) focusOn(front Window, page browser.Page) focus {
	window := front.judged()
	window.URL = page.URL
	switch {
	case page.Private:
		window.Told = privacy.Yes
	case page.Known:
		window.Told = privacy.No
	}
	return focus{app: front.App, Allowed: privacy.Allow(window, w.rules)}
}

// observe puts a focus into an observation.
func (f focus) observe(o *Observation) {
	o.Event, o.App, o.Title, o.URL, o.Private = episode.EventFocus, f.app, f.Title, f.URL, f.Private
}

// makeFocus tells the window in front, as far as may be, as of a moment, unless the same was told last. While its
// page's address is awaited, this waits, and all that comes after it; what changes in the same window meanwhile is told as of
// then, so that the titles a page passes through make no focus of their own.
func (w *watch) makeFocus(at time.Duration, why cause) {
	w.pass(false)
	front := w.front.window
	if w.awaits != forTab || w.pending.ID != front.ID {
		w.leaveAddress()
	}
	if idle, known := w.inputs.idleAt(at); known && why == byDesktop {
		w.touched(at, idle)
	}
	waited := w.awaits != forNothing
	page, pending := w.lookAddress(front, why)
	switch told := w.focusOn(front, page); {
	case waited && !pending:
		w.endWaiting(told)
	case waited, told == w.told && !pending:
	default:
		m := Observation{Observation: episode.Observation{At: at}, Bundle: shorten(front.Bundle)}
		if front.App != "" {
			m.Product = cmp.Or(shorten(front.Name), w.names(front))
		}
		told.observe(&m)
		if pending {
			w.hold(m, untilAddress)
		} else {
			w.told = told
			w.emit(m)
		}
	}
	if w.capture.see(front) {
		w.tellLevels()
	}
}

// cause is what makes a window in front be told anew.
type cause int

const (
	// byDesktop: it came to the front, or its title changed.
	byDesktop cause = iota
	// byBrowser: its browser told of it.
	byBrowser
)

// tellFrontAgain tells the window in front once more, now, to who did not hear of it or heard too little.
func (w *watch) tellFrontAgain() {
	w.expire()
	if w.front.known {
		w.told = nothingTold
		w.makeFocus(w.o.Now(), byDesktop)
	}
}

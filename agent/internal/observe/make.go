package observe

import (
	"time"

	"github.com/dayline-project/dayline/agent/internal/privacy"
	"github.com/dayline-project/dayline/shared/episode"
)

// read reads the clocks. They were read when the observer was made, so they can be.
func (w *watch) read() reading {
	boot, mono, _ := readClocks()
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

// emit puts an observation into the stream, or, while nobody knows whether a window is in front, behind what will be
// known of that.
func (w *watch) emit(m Observation) {
	if w.front.leaving {
		w.held = append(w.held, m)
		return
	}
	w.send(m)
}

// send sends an observation, in whole milliseconds and not before the one before it, with the idle time at its moment.
func (w *watch) send(m Observation) {
	m.At = max(m.At, w.last).Truncate(time.Millisecond)
	w.last = m.At
	if idle, known := w.inputs.idleAt(m.At); known && !m.HasIdle {
		m.Idle, m.HasIdle = idle, true
	}
	w.o.send(w.ctx, m)
}

// expire believes that no window is in front, if that is open.
func (w *watch) expire() {
	w.settle.Stop()
	at := w.front.leftAt
	if w.front.expire() {
		w.told = focus{}
		w.send(Observation{Observation: episode.Observation{At: at, Event: episode.EventFocus}})
	}
	w.flush()
}

// flush sends what was held.
func (w *watch) flush() {
	for _, m := range w.held {
		w.send(m)
	}
	clear(w.held)
	w.held = w.held[:0]
}

// see takes the window in front, as of a moment.
func (w *watch) see(window Window, at time.Duration) {
	was := w.front.leaving
	focus := w.front.see(window, at)
	switch {
	case w.front.leaving && !was:
		w.settle.Reset(noFocusFor)
	case was && !w.front.leaving:
		w.settle.Stop()
		w.flush()
	}
	if focus {
		w.makeFocus(at)
	}
}

// focus is what was told of a window in front.
type focus struct {
	app string
	privacy.Allowed
}

// nothingTold is unlike any focus: no program is called so.
var nothingTold = focus{app: "\x00"}

// makeFocus tells the window in front, as far as may be, as of a moment, unless the same was told last.
func (w *watch) makeFocus(at time.Duration) {
	w.pass(false)
	front := w.front.window
	allowed := privacy.Allow(privacy.Window{App: front.App, Class: front.Class, Title: front.Title}, w.rules)
	if idle, known := w.inputs.idleAt(at); known {
		w.touched(at, idle)
	}
	told := focus{app: front.App, Allowed: allowed}
	if told == w.told {
		return
	}
	w.told = told
	if front.App != "" {
		w.o.setProduct(front.App, w.names(front))
	}
	w.emit(Observation{Observation: episode.Observation{
		At: at, Event: episode.EventFocus, App: front.App, Title: allowed.Title, URL: allowed.URL, Private: allowed.Private,
	}})
	if w.capture.see(front) {
		w.tellLevels()
	}
}

// tellFrontAgain tells the window in front once more, now, to who did not hear of it or heard too little.
func (w *watch) tellFrontAgain() {
	w.expire()
	if w.front.known {
		w.told = nothingTold
		w.makeFocus(w.o.Now())
	}
}

package observe

import (
	"errors"
	"time"

	"github.com/dayline-project/dayline/shared/episode"
)

// askAgain is how often the idle time is asked for while the next input is awaited and the desktop does not tell of
// it by itself (time.md), soon how soon where an input is so fresh that an alarm could miss the next.
const (
	askAgain = time.Second
	soon     = 50 * time.Millisecond
)

// lateAnswer is how long an answer may take to tell when the last input was: to within that.
const lateAnswer = 50 * time.Millisecond

// shown takes what the desktop showed, together with all that it showed since: several changes are read once, save where
// they tell which window came to the front. On a busy computer none of those is to be missed.
func (w *watch) shown(first shown, more <-chan shown) {
	front, title := false, false
	var at time.Duration
	for e, some := first, true; some; {
		switch e.kind {
		case shownOpened, shownAbsent:
			w.connected(e.display, e.at)
			w.try()
			front, title = e.display != nil, false
			at = e.at
		case shownInput:
			// It counts for the window that came to the front before it.
			w.readChanged(front, title, at)
			front, title = false, false
			w.input(e)
		case shownFront:
			if e.seen.ID != 0 {
				if title {
					w.readTitle(at)
				}
				w.readIdle()
				w.see(e.seen, e.at)
				front, title = false, false
				break
			}
			front, at = true, e.at
		case shownGone:
			if e.window == w.front.window.ID {
				front, at = true, e.at
			}
		case shownTitle:
			if e.window == w.front.window.ID {
				title, at = true, e.at
			}
		}
		select {
		case e = <-more:
		default:
			some = false
		}
	}
	w.readChanged(front, title, at)
}

// readChanged reads the window in front, or its title, as of the moment at which that changed.
func (w *watch) readChanged(front, title bool, at time.Duration) {
	switch {
	case front:
		w.readFront(at)
	case title:
		w.readTitle(at)
	}
}

// connected takes a display that was opened, or nil for the loss or want of one.
func (w *watch) connected(d display, at time.Duration) {
	w.display = d
	was := w.capture
	w.capture.display, w.capture.idle, w.capture.missing = d != nil, false, ""
	if d == nil {
		w.see(Window{}, at)
	} else {
		idle, _ := w.readIdle()
		w.capture.idle, w.capture.missing = idle >= 0, d.missing()
		w.awaitInput()
	}
	if was.display != w.capture.display || was.idle != w.capture.idle {
		w.tellLevels()
	}
}

// readFront reads which window is in front, as of a moment.
func (w *watch) readFront(at time.Duration) {
	if window, ok := w.askFront(); ok {
		w.see(window, at)
	}
}

// askFront asks which window is in front. What cannot be read any more is left to the loss of the display that follows.
func (w *watch) askFront() (window Window, ok bool) {
	if w.display == nil {
		return Window{}, false
	}
	asked := w.o.Now()
	window, idle, err := w.display.front()
	if err != nil {
		return Window{}, false
	}
	w.idled(asked, idle)
	return window, true
}

// readTitle reads the title of the window in front, as of a moment.
func (w *watch) readTitle(at time.Duration) {
	if w.display == nil || w.front.window.ID == 0 || w.front.leaving {
		return
	}
	if wait := w.titles.read(w.o.Now()); wait > 0 {
		w.titleAt, w.titleDue = at, true
		w.title.Reset(wait)
		return
	}
	w.readTitleNow(at)
}

// readTitleNow reads the title of the window in front, however often it changed.
func (w *watch) readTitleNow(at time.Duration) {
	w.title.Stop()
	w.titleDue = false
	asked := w.o.Now()
	title, idle, err := w.display.title(w.front.window.ID)
	if err != nil {
		return
	}
	w.idled(asked, idle)
	window := w.front.window
	window.Title = title
	w.see(window, at)
}

// readIdle asks for the idle time, -1 where the display does not know it, and tells whether it means a later input.
func (w *watch) readIdle() (idle time.Duration, later bool) {
	return w.ask(func() (time.Duration, error) { return w.display.idle() })
}

func (w *watch) ask(question func() (time.Duration, error)) (idle time.Duration, later bool) {
	if w.display == nil {
		return -1, false
	}
	asked := w.o.Now()
	idle, err := question()
	if err != nil {
		return -1, false
	}
	return w.idled(asked, idle)
}

// idled takes the idle time that was answered to a question, gives the newest there is, and tells whether it means a later input.
// An answer that came late says too little of when that was, so that it is asked for again, a few times.
func (w *watch) idled(asked, idle time.Duration) (newest time.Duration, later bool) {
	for range 3 {
		answered := w.o.Now()
		if idle < 0 || answered-asked <= lateAnswer {
			break
		}
		again, err := w.display.idle()
		if err != nil {
			break
		}
		asked, idle = answered, again
	}
	return idle, w.inputs.read(asked, w.o.Now(), idle)
}

// awaitInput asks to be told of the next input: by an alarm on the idle time falling below what it is now, so that
// nothing wakes up until then. An input that came since the last was told is told at once.
func (w *watch) awaitInput() {
	w.again.Stop()
	if !w.await || w.display == nil {
		return
	}
	idle, later := w.readIdle()
	if !later && idle >= 0 {
		later = w.arm(idle)
	}
	if later {
		w.make(just(episode.EventTick))
		w.again.Reset(soon)
	}
}

// arm sets the alarm and tells whether an input came before it was.
func (w *watch) arm(idle time.Duration) (later bool) {
	if idle < 2*slack {
		w.again.Reset(soon)
		return false
	}
	_, later = w.ask(func() (time.Duration, error) {
		after, err := w.display.awaitInput(idle - slack)
		if errors.Is(err, errNoAlarm) {
			w.again.Reset(askAgain)
		}
		return after, err
	})
	return later
}

func (w *watch) forgetInput() {
	w.again.Stop()
	if w.display != nil {
		w.display.forgetInput()
	}
}

// input takes the input that was awaited.
func (w *watch) input(e shown) {
	if !w.await {
		return
	}
	w.pass(false)
	w.inputs.came(e.at, e.idle)
	w.emit(Observation{Observation: episode.Observation{At: w.inputs.at, Event: episode.EventInput}})
}

// touched takes a change of focus, which may end a lock that nobody confirmed.
func (w *watch) touched(at, idle time.Duration) {
	w.locks.touched(at, idle)
	w.lock(at)
}

// signalled takes what the buses told.
func (w *watch) signalled(s signal) {
	switch s.kind {
	case signalLogin:
		w.capture.login = s.on
		w.tellLevels()
	case signalSavers:
		w.capture.savers = s.on
		w.tellLevels()
	case signalSleep:
		w.sleep(s.on)
	case signalShutdown:
		if s.on {
			w.leaveAddress()
			w.make(just(episode.EventShutdown))
		} else {
			w.emit(Observation{Again: true})
		}
	case signalEnds:
		w.expire()
		w.emit(Observation{Ends: s.by})
	default:
		w.locks.see(s)
		w.lock(s.at)
	}
}

// lock tells, as of a moment, if the session is locked now and was not, or the other way.
func (w *watch) lock(at time.Duration) {
	if w.locks.locked() == w.locked {
		return
	}
	w.locked = !w.locked
	w.pass(false)
	w.readIdle()
	m := just(episode.EventUnlock)
	if w.locked {
		// What a window shows behind a lock, nobody saw before it.
		w.leaveAddress()
		m = just(episode.EventLock)
	}
	m.At = at
	w.emit(m)
}

// sleep takes that the computer is about to sleep, or woke up, which the clocks may have told before.
func (w *watch) sleep(asleep bool) {
	w.pass(false)
	if asleep == w.asleep {
		if asleep {
			// Some systems tell it twice, and wait for us each time.
			w.bus.release()
		}
		return
	}
	w.asleep = asleep
	w.expire()
	if asleep {
		w.make(just(episode.EventSleep))
	} else {
		w.make(just(episode.EventWake))
	}
}

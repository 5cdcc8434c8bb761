package episode

import "time"

// timer is what can be due, in the order in which timers of one instant fire (rule 13).
type timer int

const (
	noTimer timer = iota
	placeTimer
	pageTimer
	idleTimer
	limitTimer
	scheduleTimer
)

// Due is the next instant at which a timer fires (place, page, idle, passive limit, schedule); a tick observed then, or
// later, lets it. ok is false while none is set.
func (e *Engine) Due() (at time.Duration, ok bool) {
	_, at = e.next()
	return at, at != forever
}

// fireUntil fires the timers due at or before an instant, in order.
func (e *Engine) fireUntil(at time.Duration) {
	for {
		next, due := e.next()
		if next == noTimer || due > at {
			return
		}
		e.now = due
		e.fire(next, due)
	}
}

// next is the timer to fire next. What was due in the past already is due at once (rule 8).
func (e *Engine) next() (next timer, due time.Duration) {
	next, due = noTimer, forever
	if !e.running {
		return next, due
	}
	consider := func(t timer, at time.Duration) {
		if at = max(at, e.now); at < due {
			next, due = t, at
		}
	}
	switch o := &e.open; o.state {
	case Active:
		if !o.hasPlace || !e.front.samePlace(&o.identity) {
			consider(placeTimer, after(max(e.front.placeSince, o.start), o.rules.settle))
		} else if !o.hasPage || !e.front.samePage(&o.identity) {
			consider(pageTimer, after(max(e.front.pageSince, o.start), o.rules.settle))
		}
		if !e.isAlwaysActive() {
			consider(idleTimer, after(e.lastInput, o.rules.passiveStart))
		}
	case Passive:
		consider(limitTimer, o.limit)
	}
	consider(scheduleTimer, e.edge)
	return next, due
}

func (e *Engine) fire(t timer, at time.Duration) {
	switch t {
	case placeTimer:
		e.placeCounts()
	case pageTimer:
		e.pageCounts()
	case idleTimer: // rules 1 and 2
		active, id := e.open, e.open.found(&e.front)
		e.close(at, ByIdle)
		e.openPassive(at, &active, id)
	case limitTimer: // rules 2 and 3
		e.close(at, ByLimit)
	case scheduleTimer: // rule 8
		did := e.collects()
		e.look(at)
		if did && !e.collects() {
			e.close(at, BySchedule)
		} else if !did {
			e.reopen(at)
		}
	}
}

// placeCounts: the place in front stayed for `settle` (rule 5).
func (e *Engine) placeCounts() {
	if !e.open.hasPlace {
		e.open.takePlace(&e.front)
		return
	}
	e.close(e.front.placeSince, ByFocus)
	e.openByFocus(e.front.placeSince, e.front.placeWall)
}

// pageCounts: the page in front of the episode's place stayed for `settle` (rule 5).
func (e *Engine) pageCounts() {
	if !e.open.hasPage {
		e.open.takePage(&e.front)
		return
	}
	e.open.lastAlwaysActive = e.open.beforePage // the last window before this page came
	e.close(e.front.pageSince, ByFocus)
	e.openByFocus(e.front.pageSince, e.front.pageWall)
	e.open.takePage(&e.front)
}

package episode

import "time"

// clock is the wall clock as last told: it showed `wall` at the instant `told`.
type clock struct {
	told time.Duration
	wall time.Time
}

// newClock anchors the wall clock, in whole milliseconds. The offset told holds until another is told: the location of
// a parsed time could follow a computer's own zone through its changes.
func newClock(at time.Duration, wall time.Time) clock {
	_, offset := wall.Zone()
	return clock{told: at, wall: wall.Truncate(time.Millisecond).In(time.FixedZone("", offset))}
}

// at is what the wall clock shows at an instant.
func (c *clock) at(at time.Duration) time.Time { return c.wall.Add(at - c.told) }

// jump is how far from where it should be a wall clock may show and still be the same clock (rule 9).
const jump = 2 * time.Second

// setClock is rule 9.
func (e *Engine) setClock(wall time.Time, at time.Duration) {
	told := newClock(at, wall)
	off := told.wall.Sub(e.clock.at(at)).Abs()
	did := e.collects()
	e.clock = told
	e.look(at)
	switch {
	case did && !e.collects() && off > jump:
		e.close(at, ByClock)
	case did && !e.collects():
		e.close(at, BySchedule)
	case did && off > jump:
		e.cut(at, ByClock)
	case !did:
		e.reopen(at)
	}
}

// look compares the wall clock with the schedule.
func (e *Engine) look(at time.Duration) {
	wall := e.clock.at(at)
	e.scheduled = e.rules.timetable.holds(wall)
	e.edge = forever
	if wait, ok := e.rules.timetable.next(wall); ok {
		e.edge = at + wait
	}
}

package observe

import "time"

// reading is what the computer's clocks show at one moment.
type reading struct {
	// boot runs on through sleep, mono stops in it; neither jumps.
	boot, mono time.Duration
	// wall is the time people see, with the offset of the place.
	wall time.Time
}

const (
	// sleepGain is how much the clock that runs on has to gain for the machine to have slept (time.md).
	sleepGain = 2 * time.Second
	// pollGap is how far apart two safety polls are when the machine did not run in between.
	pollGap = 30 * time.Second
	// wallGap is how far off the wall clock has to be to be worth telling. The readings are not taken in one instant.
	wallGap = 100 * time.Millisecond
)

// timeline finds, from one reading to the next, what the clocks tell of sleep and of the wall clock.
type timeline struct {
	// last poll or observation, and the last poll.
	last   reading
	polled time.Duration
	// told is the reading whose wall time the engine goes by.
	told reading
}

// found is what a reading told.
type found struct {
	// slept: from the moment sleptAt until this reading the machine did not run.
	slept   bool
	sleptAt time.Duration
	// clock: the wall clock does not show what it should, or its offset changed.
	clock bool
}

// begin starts over at a reading.
func (t *timeline) begin(now reading) {
	*t = timeline{last: now, polled: now.boot, told: now}
}

// pass takes the next reading; poll says that it is a safety poll's.
func (t *timeline) pass(now reading, poll bool) found {
	var f found
	gained := (now.boot - t.last.boot) - (now.mono - t.last.mono)
	if gained > sleepGain || now.boot-t.polled > pollGap {
		f.slept, f.sleptAt = true, t.last.boot
	}
	if poll || f.slept {
		t.polled = now.boot
	}
	off := now.wall.Sub(t.told.wall.Add(now.boot - t.told.boot))
	if off.Abs() > wallGap || offsetOf(now.wall) != offsetOf(t.told.wall) {
		f.clock = true
		t.told = now
	}
	t.last = now
	return f
}

func offsetOf(wall time.Time) int {
	_, offset := wall.Zone()
	return offset
}

package observe

import "time"

// ticks dates the last input, which Windows gives in milliseconds of a clock of 32 bits that steps each 10 to 16. An
// input has one date however often it is asked for: one that moved by a step would count as another.
type ticks struct {
	known bool
	last  uint32
	at    time.Duration
}

// ahead is how much later than now something may be said to have come, by a program that makes its own input or events;
// more than that is longer ago than half of the clock's turn.
const ahead = 60_000

// since is how long ago a moment was, both in ticks. The difference is right though the clock began anew in between.
func since(then, now uint32) time.Duration {
	passed := now - then
	if -passed < ahead {
		return 0
	}
	return time.Duration(passed) * time.Millisecond
}

// lastInput takes when the last input came and what time it is, in ticks, and the same moment on another clock; it
// gives when the last input came on that.
func (t *ticks) lastInput(last, now uint32, clock time.Duration) time.Duration {
	if t.known && last == t.last {
		return t.at
	}
	at := clock - since(last, now)
	if t.known {
		// What came later is not dated earlier, whatever a step or a program's own time makes of it.
		at = max(at, t.at)
	}
	*t = ticks{known: true, last: last, at: at}
	return at
}

package observe

import "time"

// inputs follows when the last input was, from readings of the idle time that are never quite exact: the answer is of
// some moment between the question and its arrival. What is told of one input is told the same each time, for an
// input that seems to come a millisecond later than the one before would count as another.
type inputs struct {
	known bool
	// at is when the last input came, as told; it is not later than until.
	at, until time.Duration
}

// slack is what rounding to milliseconds, by the server and here, may add.
const slack = 2 * time.Millisecond

// read takes an idle time that was asked for at one moment and known at another, and tells whether it means an input
// later than the last one known.
func (i *inputs) read(asked, answered, idle time.Duration) (later bool) {
	if idle < 0 {
		return false
	}
	earliest, latest := asked-idle, answered-idle+slack
	if i.known && earliest <= i.until {
		i.until = min(i.until, latest)
		return false
	}
	*i = inputs{known: true, at: earliest.Truncate(time.Millisecond), until: latest}
	return true
}

// came takes an input that was told of at a moment, the idle time then being what it is.
func (i *inputs) came(at, idle time.Duration) {
	*i = inputs{known: true, at: (at - idle).Truncate(time.Millisecond), until: at + slack}
}

// idleAt is the time since the last input at a moment, if one is known.
func (i *inputs) idleAt(at time.Duration) (idle time.Duration, known bool) {
	return max(0, at-i.at), i.known
}

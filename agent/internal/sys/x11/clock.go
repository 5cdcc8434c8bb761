package x11

import (
	"sync"
	"time"

	"github.com/jezek/xgb"
)

// clock tells how long ago a moment of the server's was: on a computer that stood still an event is read long after it came. The
// server counts milliseconds in 32 bits, by a clock that stops in sleep as Go's does; where it is another, or steps, that is
// noticed at the next question.
type clock struct {
	mu    sync.Mutex
	known bool
	// began is a millisecond of the server's that began between earliest and latest.
	began            uint32
	earliest, latest time.Time
}

// learn takes what time it was for the server between two moments.
func (c *clock) learn(told uint32, asked, answered time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	earliest, latest := asked.Add(-time.Millisecond), answered
	if c.known {
		// What was known makes it more exact, unless it contradicts: then a clock stepped.
		passed := ticks(c.began, told)
		was, until := c.earliest.Add(passed), c.latest.Add(passed)
		if !was.After(latest) && !until.Before(earliest) {
			if was.After(earliest) {
				earliest = was
			}
			if until.Before(latest) {
				latest = until
			}
		}
	}
	c.known, c.began, c.earliest, c.latest = true, told, earliest, latest
}

// ago is how long before now a moment of the server's was, at least; 0 where that is not known or it is none of the past.
func (c *clock) ago(then uint32, now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known {
		return 0
	}
	return max(0, now.Sub(c.latest.Add(ticks(c.began, then))))
}

// ticks is the time from one moment of the server's to another, which may be before it; they are less than 24 days apart.
func ticks(from, to uint32) time.Duration { return time.Duration(int32(to-from)) * time.Millisecond }

// askTime sends the question what time it is for the server; the answer is waited for when the function it gives is called.
func (c *Conn) askTime() (learn func()) {
	if c.idle.time == 0 {
		return func() {}
	}
	asked, cookie := time.Now(), c.call(c.queryCounter(c.idle.time))
	return func() {
		if reply, err := cookie.Reply(); err == nil {
			c.clock.learn(xgb.Get32(reply[12:]), asked, time.Now())
		}
	}
}

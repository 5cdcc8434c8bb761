package x11

import (
	"testing"
	"time"
)

// A server's clock that begins anew, one that steps, and questions that are answered late.
func TestClock(t *testing.T) {
	const ms = time.Millisecond
	began := time.Now()
	at := func(d time.Duration) time.Time { return began.Add(d) }
	var c clock
	ago := func(what string, then uint32, now, want time.Duration) {
		t.Helper()
		if got := c.ago(then, at(now)); got != want {
			t.Errorf("%s: %v ago, want %v", what, got, want)
		}
	}
	ago("nothing is known", 5000, time.Second, 0)
	first := uint32(0xffff_fff0)
	c.learn(first, at(0), at(300*ms))
	ago("as exact as the answer", first, 1000*ms, 700*ms)
	c.learn(first+200, at(200*ms), at(201*ms))
	ago("a better answer", first, 1000*ms, 999*ms)
	c.learn(first+9000, at(3000*ms), at(12_000*ms))
	ago("an answer that came late makes nothing worse", first+9000, 12_000*ms, 2999*ms)
	ago("the numbers began anew since", 0x10, 10_000*ms, 9967*ms)
	ago("later than now", 0x10+60_000, 10_000*ms, 0)
	c.learn(5_000_000, at(20_000*ms), at(20_001*ms))
	ago("the clock stepped forward", 5_000_000-10_000, 21_000*ms, 10_999*ms)
	c.learn(1_000_000, at(30_000*ms), at(30_001*ms))
	ago("the clock stepped back", 1_000_000, 31_000*ms, 999*ms)
}

// However late answers come and however the clocks' milliseconds fall, a moment is dated no earlier than it was, and no later
// than the best answer was exact.
func TestClockDrawsNear(t *testing.T) {
	began := time.Now()
	var c clock
	best := time.Hour
	for i := range 2000 {
		asked := time.Duration(i) * 3_333_333 * time.Microsecond
		delay := time.Duration(i*i*7919%900_000) * time.Microsecond
		// The server looked somewhere between.
		looked := asked + delay*time.Duration(i%5)/4
		c.learn(uint32(looked.Milliseconds()), began.Add(asked), began.Add(asked+delay))
		best = min(best, delay)
		event, read := looked+123_456*time.Microsecond, looked+10*time.Second
		dated := read - c.ago(uint32(event.Milliseconds()), began.Add(read))
		if off := dated - event; off < -time.Millisecond || off > best+time.Millisecond {
			t.Fatalf("answer %d: off by %v, where the best answer took %v", i, off, best)
		}
	}
}

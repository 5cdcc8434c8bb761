package observe

import (
	"testing"
	"time"
)

func TestTicks(t *testing.T) {
	const ms = time.Millisecond
	var ticks ticks
	at := func(what string, last, now uint32, clock, want time.Duration) {
		t.Helper()
		if got := ticks.lastInput(last, now, clock); got != want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	at("first", 1000, 1500, time.Hour, time.Hour-500*ms)
	at("the same, a step of the ticks later", 1000, 1516, time.Hour+3*ms, time.Hour-500*ms)
	at("the same, after the clock's whole turn", 1000, 1400, time.Hour+1200*time.Hour, time.Hour-500*ms)
	at("another", 2000, 2500, 2*time.Hour, 2*time.Hour-500*ms)
	at("one dated before it by its own time", 1900, 2600, 2*time.Hour+ms, 2*time.Hour-500*ms)
	at("one dated later than now", 9000, 2700, 3*time.Hour, 3*time.Hour)
	at("before the ticks began anew", 0xffffff00, 0x100, 4*time.Hour, 4*time.Hour-512*ms)
	ticks.known = false
	at("longer ago than half of the turn", 0x100, 0x100+3_000_000_000, 2000*time.Hour, 2000*time.Hour-3_000_000*time.Second)
}

// TestTicksAreOneInput holds that an input is told once, however ticks and clock step between two questions.
func TestTicksAreOneInput(t *testing.T) {
	const step = 15_625 * time.Microsecond
	var ticks ticks
	var inputs inputs
	// The clock began 40 s before the ticks did anew.
	began := -40 * time.Second
	pressed, told, inputAt := uint32(0), 0, time.Duration(0)
	for now := time.Duration(0); now < 2*time.Minute; now += 7 * time.Millisecond {
		tick := uint32((now + began).Truncate(step).Milliseconds())
		if now.Truncate(10*time.Second) != (now-7*time.Millisecond).Truncate(10*time.Second) || now == 0 {
			pressed, inputAt = tick, now
		}
		// Some answers come late.
		answered := now + now%(40*time.Millisecond)
		idle := max(0, answered-ticks.lastInput(pressed, tick, answered))
		if inputs.read(now, answered, idle) {
			told++
			if off := inputs.at - inputAt; off < -100*time.Millisecond || off > step {
				t.Errorf("pressed at %v, told as of %v", inputAt, inputs.at)
			}
		}
	}
	if told != 12 {
		t.Errorf("12 inputs were told as %d", told)
	}
}

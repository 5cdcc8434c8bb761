package observe

import (
	"testing"
	"time"
)

// busyDisplay takes its time before it looks when the last input was.
type busyDisplay struct {
	display
	now     *time.Duration
	pressed time.Duration
	takes   []time.Duration
}

func (d *busyDisplay) idle() (time.Duration, error) {
	*d.now += d.takes[0]
	d.takes = d.takes[1:]
	return *d.now - d.pressed, nil
}

// However late a computer that stood still answers, an input is dated when it was.
func TestLateAnswers(t *testing.T) {
	const ms = time.Millisecond
	now := 10 * time.Second
	d := &busyDisplay{now: &now, pressed: 9_900 * ms}
	w := &watch{display: d, o: &Observer{system: system{readClocks: func() (boot, mono time.Duration, err error) { return now, now, nil }}}}
	tell := func(what string, later bool, off time.Duration, takes ...time.Duration) {
		t.Helper()
		d.takes = takes
		idle, got := w.readIdle()
		if got != later || len(d.takes) > 0 || idle != now-d.pressed || w.inputs.at > d.pressed || w.inputs.at < d.pressed-off {
			t.Errorf("%s: idle for %v, a later input: %t; that of %v is dated %v; %d questions too few", what, idle, got, d.pressed, w.inputs.at, len(d.takes))
		}
	}
	tell("the first", true, 2*ms, 3*time.Second, 2*time.Second, 2*ms)
	tell("the same", false, 2*ms, time.Second, ms)
	d.pressed = now
	tell("another", true, 10*ms, 9*time.Second, 10*ms)
	d.pressed = now
	tell("never answered at once", true, 70*ms, 60*ms, 61*ms, 62*ms, 63*ms)
}

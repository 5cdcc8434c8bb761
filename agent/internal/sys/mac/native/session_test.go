//go:build linux

package native

import (
	"math"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

func TestIdle(t *testing.T) {
	balanced(t)
	w := open(t)
	for _, c := range []struct {
		seconds float64
		want    time.Duration
	}{
		{0, 0},
		{1.5, 1500 * time.Millisecond},
		{86400, 24 * time.Hour},
		{-0.01, 0},
		{-3, math.MaxInt64},
		{math.NaN(), math.MaxInt64},
		{math.Inf(1), math.MaxInt64},
		{math.MaxFloat64, math.MaxInt64},
		{math.Inf(-1), math.MaxInt64},
	} {
		stub.idle(c.seconds, 7)
		if session, hardware := w.Idle(); session != c.want || hardware != 7*time.Second {
			t.Errorf("%v s: %v and %v, want %v and 7s", c.seconds, session, hardware, c.want)
		}
		stub.idle(8, c.seconds)
		if session, hardware := w.Idle(); session != 8*time.Second || hardware != c.want {
			t.Errorf("%v s of the hardware: %v and %v, want 8s and %v", c.seconds, session, hardware, c.want)
		}
	}
}

// Of session.c.
const (
	absent = iota
	no
	yes
	numberYes
)

func TestSession(t *testing.T) {
	balanced(t)
	w := open(t)
	for _, c := range []struct {
		name                            string
		console, locked, asleep, status int32
		want                            mac.Session
	}{
		{"in front", yes, absent, 0, 0, mac.Session{ID: 0xfedcba98, OnConsole: true}},
		{"locked", yes, yes, 0, 0, mac.Session{ID: 0xfedcba98, OnConsole: true, Locked: true}},
		{"locked, as a number", yes, numberYes, 0, 0, mac.Session{ID: 0xfedcba98, OnConsole: true, Locked: true}},
		{"said not to be locked", yes, no, 0, 0, mac.Session{ID: 0xfedcba98, OnConsole: true}},
		{"another in front", no, absent, 0, 0, mac.Session{ID: 0xfedcba98}},
		{"with a dark display", yes, absent, 1, 0, mac.Session{ID: 0xfedcba98, OnConsole: true, DisplayAsleep: true}},
		{"of no number", yes, absent, 0, -60500, mac.Session{OnConsole: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			balanced(t)
			stub.session(1, c.console, c.locked, c.asleep, c.status, 0xfedcba98)
			if got, ok := w.Session(); got != c.want || !ok {
				t.Errorf("%+v %v, want %+v", got, ok, c.want)
			}
		})
	}
	stub.session(0, yes, absent, 0, 0, 1)
	if got, ok := w.Session(); ok || got != (mac.Session{}) {
		t.Errorf("without a window server %+v %v", got, ok)
	}
}

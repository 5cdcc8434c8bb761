package update

import (
	"testing"
	"time"
)

func TestSystemsVersionsAreCompared(t *testing.T) {
	for _, test := range []struct {
		version, least string
		want           bool
	}{
		{"11 Pro 10.0.22631.3007", "10.0.17763", true}, {"11 Pro 10.0.17763", "10.0.17763.0", true}, {"10 10.0.9999", "10.0.17763", false},
		{"14.5", "13.0", true}, {"13", "13.0", true}, {"9.9", "13.0", false}, {"debian 12.11", "12.2", true},
		{"", "1", false}, {"arch rolling", "1", false}, {"1.2.3.4.5", "1", false},
	} {
		if got := atLeast(test.version, test.least); got != test.want {
			t.Errorf("%q at least %q: %v", test.version, test.least, got)
		}
	}
}

func TestTurnsAreSpreadAndSteady(t *testing.T) {
	var halves [2]int
	for i := range 200 {
		device := time.Duration(i).String()
		turn := splayed(device, "1.4.0", 10*time.Minute)
		if turn < 0 || turn >= 10*time.Minute || turn != splayed(device, "1.4.0", 10*time.Minute) {
			t.Fatalf("%s", turn)
		}
		halves[turn/(5*time.Minute)]++
	}
	if halves[0] < 60 || halves[1] < 60 {
		t.Errorf("they are not spread: %v", halves)
	}
	if splayed("d", "1.4.0", 10*time.Minute) == splayed("d", "1.4.1", 10*time.Minute) || splayed("d", "1.4.0", 0) != 0 {
		t.Error("the same device is always first")
	}
}

func TestSleepBeginsTheWaitAnew(t *testing.T) {
	var w waking
	at := time.Now()
	look := func(after time.Duration) time.Duration {
		at = at.Add(after)
		w.look(at)
		return w.awake
	}
	look(0)
	look(tick)
	if awake := look(tick); awake != 2*tick {
		t.Errorf("awake for %s", awake)
	}
	if awake := look(time.Hour); awake != 0 {
		t.Errorf("awake for %s though it slept", awake)
	}
	if awake := look(tick); awake != tick {
		t.Errorf("awake for %s", awake)
	}
	// A clock that is set back says nothing.
	at = at.Round(0)
	w.look(at)
	if awake := look(-time.Hour); awake < tick {
		t.Errorf("awake for %s", awake)
	}
}

func TestFailuresAreFewAndShort(t *testing.T) {
	var m Marker
	for i := range 20 {
		m.fail(Failed{Version: "1.0." + string(rune('a'+i%12)), Reason: string(make([]rune, 1000))})
	}
	if len(m.Failed) != maxFailed || m.Failed[0].Version != "1.0.h" || len([]rune(m.Failed[0].Reason)) != maxReason {
		t.Errorf("%d: %+v", len(m.Failed), m.Failed[0].Version)
	}
}

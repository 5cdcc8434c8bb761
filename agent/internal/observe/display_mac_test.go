package observe

import (
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
	"github.com/dayline-project/dayline/agent/internal/sys/mac/mactest"
	"github.com/dayline-project/dayline/shared/episode"
)

func TestMacUntouched(t *testing.T) {
	watchMac(t, func(m *mactest.Mac) {
		m.Untouched()
		p := m.Start("Slow", "")
		p.SetTakes(20 * time.Millisecond)
		p.Activate()
	}, func(w macWatched) {
		for range 3 {
			if o := w.next("poll", func(o Observation) bool { return o.Poll }); o.Idle < longAgo {
				t.Errorf("idle %v", o.Idle)
			}
		}
	})
}

func TestMacDisplayOfAnother(t *testing.T) {
	m := mactest.New()
	p := m.Start("Editor", "org.editor")
	p.Open("text")
	p.Activate()
	d := followMac(m, m.Clocks, func() time.Duration { return 0 })
	// What came to the front is told by its notice, not by who asks meanwhile.
	p.Activate()
	if front, _, err := d.front(); err == nil {
		t.Errorf("before it is told: %+v", front)
	}
	if s, ok := d.next(); !ok || s.seen.Title != "text" {
		t.Errorf("%+v", s)
	}
	if front, _, err := d.front(); err == nil {
		t.Errorf("while it is told: %+v", front)
	}
	d.told()
	front, _, err := d.front()
	if err != nil || front.Title != "text" {
		t.Fatalf("%+v: %v", front, err)
	}
	if title, _, err := d.title(front.ID); title != "text" || err != nil {
		t.Errorf("%q: %v", title, err)
	}
	if title, _, err := d.title(front.ID + 1); err == nil {
		t.Errorf("another window is said to be %q", title)
	}
	d.close()
	d.close()
	if _, _, err := d.front(); err != nil || m.Held() != 0 {
		t.Errorf("after the end %d are held: %v", m.Held(), err)
	}
}

func TestMacIdle(t *testing.T) {
	watchMac(t, nil, func(w macWatched) {
		w.focus("", "")
		poll := func() Observation { return w.next("poll", func(o Observation) bool { return o.Poll }) }
		w.Input()
		pressed := w.Now()
		for range 3 {
			if o := poll(); o.At-o.Idle != pressed {
				t.Errorf("idle %v at %v, pressed at %v", o.Idle, o.At, pressed)
			}
		}
		w.Sleep(time.Hour)
		if o := poll(); o.At-o.Idle != pressed {
			t.Errorf("after sleep: idle %v at %v, pressed at %v", o.Idle, o.At, pressed)
		}
		w.AwaitInput(true)
		w.none(episode.EventInput, time.Minute)
		w.Remote()
		pressed = w.Now()
		if o := w.next("input", func(o Observation) bool { return o.HasIdle && o.At-o.Idle == pressed }); o.At-pressed > askAgain {
			t.Errorf("told at %v, pressed at %v", o.At, pressed)
		}
	})
}

// A Mac that wakes counts that as an input into the session, with nobody there.
func TestMacWakeIsNoInput(t *testing.T) {
	watchMac(t, func(m *mactest.Mac) {
		m.Sleep(time.Hour)
		<-time.After(time.Minute)
		m.Remote()
	}, func(w macWatched) {
		poll := func() Observation {
			t.Helper()
			return w.next("poll", func(o Observation) bool { return o.Poll })
		}
		if o := poll(); o.Idle > time.Minute {
			t.Errorf("idle %v: a sleep before the start says nothing of what came after it", o.Idle)
		}
		w.Input()
		pressed := w.Now()
		quiet := func(cause string) {
			t.Helper()
			for range 3 {
				if o := poll(); o.At-o.Idle != pressed {
					t.Errorf("%s: idle %v at %v, pressed at %v", cause, o.Idle, o.At, pressed)
				}
			}
		}
		quiet("an input")
		w.Sleep(time.Hour)
		w.Remote()
		quiet("a wake that no notice told")
		w.Sleep(time.Hour)
		poll()
		w.Remote()
		quiet("what comes just after")
		for _, kind := range []mac.Kind{mac.DidWake, mac.DisplaysWoke} {
			w.Tell(mac.Notice{Kind: kind})
			<-time.After(time.Second)
			w.Remote()
			quiet("a notice")
		}
		w.Tell(mac.Notice{Kind: mac.DidWake})
		w.Input()
		pressed = w.Now()
		quiet("an input by the hardware")
		w.Remote()
		pressed = w.Now()
		quiet("a remote one, later")
		w.Untouched()
		quiet("none that is known any more")
		w.Input()
		pressed = w.Now()
		quiet("an input at last")
	})
}

func TestRests(t *testing.T) {
	var r rests
	now := time.Duration(0)
	for _, want := range []time.Duration{500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000} {
		pause := r.late(7, now)
		if pause != want*time.Millisecond || !r.resting(7, now+pause-1) || r.resting(7, now+pause) || r.resting(8, now) {
			t.Errorf("rests for %v, want %d ms", pause, want)
		}
		now += pause
	}
	if r.forget(7); r.resting(7, now) || r.late(7, now) != restFirst {
		t.Error("a program that answered is remembered")
	}
	for pid := range int32(3 * maxResting) {
		r.late(pid, now)
	}
	if len(r.of) > maxResting {
		t.Errorf("%d programs are remembered", len(r.of))
	}
}

func TestQueueKeepsTheLast(t *testing.T) {
	q := newQueue[int]()
	for i := range 2 * maxWaiting {
		q.put(i)
	}
	for want := maxWaiting; want < 2*maxWaiting; want++ {
		if got, ok := q.take(); got != want || !ok {
			t.Fatalf("%d, want %d", got, want)
		}
	}
	q.put(1)
	q.close()
	if _, ok := q.take(); ok {
		t.Error("a queue that is closed gives something")
	}
}

package observe

import (
	"context"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/privacy"
	"github.com/dayline-project/dayline/shared/episode"
)

// watched is an observer at work.
type watched struct {
	*Observer
	t    testing.TB
	last time.Duration
	// seen are all observations so far.
	seen []Observation
}

// observing is an observer of a system that runs until the test ends, and watches nothing yet.
func observing(t testing.TB, system system, config Config) *watched {
	t.Helper()
	observer, err := newObserver(config, system)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- observer.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Error("the observer does not end")
		}
	})
	return &watched{Observer: observer, t: t}
}

// watchSystem is an observer that watches a session of a system from its start.
func watchSystem(t testing.TB, system system, config Config, rules privacy.Rules) *watched {
	t.Helper()
	w := observing(t, system, config)
	w.Watch(true, rules)
	w.start()
	return w
}

// start begins a session in the stream.
func (w *watched) start() {
	w.Tell(episode.Observation{Event: episode.EventStart, User: `HOUSE\ada`})
}

// next gives the next observation that is wanted.
func (w *watched) next(what string, wanted func(Observation) bool) Observation {
	w.t.Helper()
	o, ok := w.within(20*time.Second, wanted)
	if !ok {
		w.t.Fatalf("%s: not observed in 20 s; seen %+v", what, w.seen)
	}
	return o
}

// within gives the next observation that is wanted, if it comes in time.
func (w *watched) within(limit time.Duration, wanted func(Observation) bool) (o Observation, ok bool) {
	w.t.Helper()
	deadline := time.After(limit)
	for {
		select {
		case o, ok := <-w.Observations():
			if !ok {
				w.t.Fatal("the stream ended")
			}
			if o.Event != "" {
				if o.At < w.last {
					w.t.Fatalf("%s at %v, after one at %v", o.Event, o.At, w.last)
				}
				w.last = o.At
			}
			w.seen = append(w.seen, o)
			if wanted(o) {
				return o, true
			}
		case <-deadline:
			return Observation{}, false
		}
	}
}

func (w *watched) event(e episode.Event) Observation {
	w.t.Helper()
	return w.next(string(e), func(o Observation) bool { return o.Event == e })
}

// focus waits for a focus and fails if it is another than this.
func (w *watched) focus(app, title string) Observation {
	w.t.Helper()
	o := w.next("focus on "+app, func(o Observation) bool { return o.Event == episode.EventFocus })
	if o.App != app || o.Title != title {
		w.t.Fatalf("focus on %q %q, want %q %q", o.App, o.Title, app, title)
	}
	return o
}

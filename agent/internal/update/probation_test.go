package update

import (
	"context"
	"log/slog"
	"testing"
	"time"
)

func TestAVersionIsJudged(t *testing.T) {
	ten := newTerm(10 * time.Minute)
	if ten != (term{all: 10 * time.Minute, look: 2 * time.Second, steady: time.Minute, reach: 30 * time.Second}) {
		t.Errorf("ten minutes: %+v", ten)
	}
	well := Report{Version: "2.0.0", Buffer: true, Sessions: 2, Observed: 1, Accepted: true}
	but := func(change func(*Report)) *Report {
		report := well
		change(&report)
		return &report
	}
	bare := but(func(r *Report) { r.Sessions, r.Observed = 0, 0 })
	deaf := but(func(r *Report) { r.Accepted = false })
	const early, steady, late = 10 * time.Second, time.Minute, 10 * time.Minute
	for name, c := range map[string]struct {
		sight
		watched time.Duration
		found   verdict
		why     string
	}{
		"works, for too short yet":            {sight{report: &well, since: early, starts: 1}, steady, unsettled, ""},
		"works":                               {sight{report: &well, since: steady, starts: 1}, steady, healthy, ""},
		"works after another start":           {sight{report: &well, since: steady, starts: 2}, late, healthy, ""},
		"nobody is logged in":                 {sight{report: bare, since: steady, starts: 1}, steady, healthy, ""},
		"no answer yet":                       {sight{since: steady, starts: 1}, steady, unsettled, "its service does not answer"},
		"no answer":                           {sight{since: late, starts: 1}, late, unfit, "its service does not answer"},
		"works too late":                      {sight{report: &well, since: early, starts: 2}, late, unfit, "it worked for too short a time"},
		"started the third time":              {sight{report: &well, since: early, starts: 3}, early, unfit, "it was started again and again"},
		"started the third time, no answer":   {sight{since: 0, starts: 3}, early, unfit, "it was started again and again: its service does not answer"},
		"the third start has worked":          {sight{report: &well, since: steady, starts: 3}, steady, healthy, ""},
		"the old one answers":                 {sight{report: but(func(r *Report) { r.Version = "1.0.0" }), since: late, starts: 1}, late, unfit, "its service is of another version"},
		"no buffer":                           {sight{report: but(func(r *Report) { r.Buffer = false }), since: late, starts: 1}, late, unfit, "its buffer is not open"},
		"a damaged buffer, at once":           {sight{report: &well, damaged: true, starts: 1}, 0, unfit, "its buffer was damaged"},
		"no helper":                           {sight{report: but(func(r *Report) { r.Observed = 0 }), since: late, starts: 1}, late, unfit, "no session's helper said hello"},
		"nothing accepted yet":                {sight{report: deaf, since: steady, starts: 1}, steady, unsettled, "the collector, which answers, accepted nothing from it"},
		"nothing accepted":                    {sight{report: deaf, since: late, starts: 1}, late, unfit, "the collector, which answers, accepted nothing from it"},
		"nothing accepted, nobody reaches it": {sight{report: deaf, since: steady, starts: 1, cutOff: true}, steady, healthy, ""},
	} {
		if found, why := judge("2.0.0", c.watched, c.sight, ten); found != c.found || why != c.why {
			t.Errorf("%s: %d, %q", name, found, why)
		}
	}
}

// asked is a Host that answers questions, and counts those to the collector.
type asked struct {
	Host
	report  *Report
	reached bool
	tries   int
}

func (a *asked) Ask(context.Context) (Report, error) {
	if a.report == nil {
		return Report{}, context.DeadlineExceeded
	}
	return *a.report, nil
}

func (a *asked) Reached(context.Context) bool {
	a.tries++
	return a.reached
}

// An outage of the collector condemns nobody, and a watcher bothers it only where it has to.
func TestWhoReachesTheCollector(t *testing.T) {
	host := &asked{report: &Report{Version: "2.0.0", Buffer: true}}
	w := &Watcher{Folder: t.TempDir(), Host: host, Log: slog.New(slog.DiscardHandler)}
	look := func(e *eye, times int) (s sight) {
		for range times {
			s = e.look(t.Context(), 2*time.Second)
		}
		return s
	}
	e := &eye{Watcher: w, term: newTerm(10 * time.Minute), to: "2.0.0"}
	if s := look(e, 60); !s.cutOff || host.tries != 0 {
		t.Errorf("not connected before: %+v, %d tries", s, host.tries)
	}
	e = &eye{Watcher: w, term: newTerm(10 * time.Minute), to: "2.0.0", connected: true}
	if s := look(e, 29); s.cutOff || host.tries != 0 {
		t.Errorf("in the first minute: %+v, %d tries", s, host.tries)
	}
	if s := look(e, 1); !s.cutOff || host.tries != 1 {
		t.Errorf("nobody reaches it: %+v, %d tries", s, host.tries)
	}
	host.reached = true
	if s := look(e, 14); !s.cutOff || host.tries != 1 {
		t.Errorf("half a minute after: %+v, %d tries", s, host.tries)
	}
	if s := look(e, 16); s.cutOff || host.tries != 3 {
		t.Errorf("the watcher reaches it: %+v, %d tries", s, host.tries)
	}
	host.report.Accepted = true
	if s := look(e, 60); s.report == nil || host.tries != 3 {
		t.Errorf("accepted: %+v, %d tries", s, host.tries)
	}
	host.report = nil
	if s := look(e, 60); s.report != nil || s.cutOff || host.tries != 3 {
		t.Errorf("no answer: %+v, %d tries", s, host.tries)
	}
}

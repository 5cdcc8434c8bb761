package episode_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dayline-project/dayline/shared/episode"
)

const s = time.Second

// TestLiveView follows what the live agent asks between observations: when to wake up, what is open, whether to ask
// for idle time.
func TestLiveView(t *testing.T) {
	settings := episode.DefaultSettings() // S 2m, P 5m, C 60m, settle 2s
	settings.AlwaysActive = []string{"zoom.exe"}
	settings.Schedule = episode.Schedule{"mon": {"09:00-10:00"}}
	engine := episode.New(settings)
	if _, ok := engine.Due(); ok || engine.State() != episode.Inactive {
		t.Error("something is due, or going on, before a session")
	}
	for _, c := range []struct {
		o     episode.Observation
		due   time.Duration // -1 nothing
		state episode.State
		input time.Duration // -1 unknown
		open  string        // title the open episode would have; none where nothing is open
	}{
		{episode.Observation{Event: episode.EventStart, Wall: monday, User: "ana", HasIdle: true, Idle: 30 * s}, 3600 * s, episode.Inactive, -30 * s, "none"},
		{episode.Observation{At: 10 * s, Event: episode.EventFocus, App: "a", Title: "1"}, 12 * s, episode.Active, -30 * s, "1"},
		{episode.Observation{At: 11 * s, Event: episode.EventFocus, App: "a", Title: "2"}, 12 * s, episode.Active, -30 * s, "2"},
		{episode.Observation{At: 12 * s, Event: episode.EventTick}, 13 * s, episode.Active, -30 * s, "2"},
		{episode.Observation{At: 12 * s, Event: episode.EventFocus, App: "b", Title: "3"}, 14 * s, episode.Active, -30 * s, "2"},
		{episode.Observation{At: 14 * s, Event: episode.EventTick}, 90 * s, episode.Active, -30 * s, "3"},
		{episode.Observation{At: 90 * s, Event: episode.EventTick}, 390 * s, episode.Passive, -30 * s, "3"},
		{episode.Observation{At: 390 * s, Event: episode.EventTick}, 3600 * s, episode.Inactive, -30 * s, "none"},
		{episode.Observation{At: 400 * s, Event: episode.EventFocus, App: "zoom.exe", Title: "4"}, 402 * s, episode.Active, 400 * s, "4"},
		{episode.Observation{At: 402 * s, Event: episode.EventTick}, 3600 * s, episode.Active, 402 * s, "4"},
		{episode.Observation{At: 500 * s, Event: episode.EventLock}, 3600 * s, episode.Locked, -1, ""},
		{episode.Observation{At: 600 * s, Event: episode.EventPause}, 3600 * s, episode.Locked, -1, "none"},
		{episode.Observation{At: 700 * s, Event: episode.EventUnlock}, 3600 * s, episode.Inactive, -1, "none"},
		{episode.Observation{At: 701 * s, Event: episode.EventInput}, 3600 * s, episode.Inactive, 701 * s, "none"},
		{episode.Observation{At: 800 * s, Event: episode.EventResume}, 802 * s, episode.Active, 800 * s, "4"},
		{episode.Observation{At: 3600 * s, Event: episode.EventTick}, 7 * 86400 * s, episode.Inactive, 3600 * s, "none"},
		{episode.Observation{At: 3601 * s, Event: episode.EventEnd}, -1, episode.Inactive, -1, "none"},
	} {
		observe(t, engine, c.o)
		due, ok := engine.Due()
		if !ok {
			due = -1
		}
		input, known := engine.LastInput()
		if !known {
			input = -1
		}
		open := "none"
		if e, ok := engine.Open(c.o.At + 1500*time.Microsecond); ok {
			open = e.Title
		}
		got := fmt.Sprint(due, engine.State(), input, open)
		if want := fmt.Sprint(c.due, c.state, c.input, c.open); got != want {
			t.Errorf("after %s at %v:\n got %s\nwant %s", c.o.Event, c.o.At, got, want)
		}
	}
}

// TestOpenAppliesTheLimit: a checkpoint is credited as the episode would be.
func TestOpenAppliesTheLimit(t *testing.T) {
	engine := episode.New(episode.DefaultSettings())
	observe(t, engine, episode.Observation{Event: episode.EventStart, Wall: monday, User: "ana"})
	observe(t, engine, episode.Observation{Event: episode.EventFocus, App: "a"})
	for at := time.Duration(0); at <= 3700*s; at += 100 * s {
		observe(t, engine, episode.Observation{At: at, Event: episode.EventInput})
	}
	e, ok := engine.Open(3700*s + 999*time.Microsecond)
	if !ok || e.For != time.Hour || e.ObservedFor != 3700*s || e.EndedBy != "" || !e.Start.Equal(monday) {
		t.Errorf("open: %+v, %v", e, ok)
	}
}

// TestRefusalChangesNothing: after a refused observation the engine goes on as if it had not been.
func TestRefusalChangesNothing(t *testing.T) {
	engine := episode.New(episode.DefaultSettings())
	observe(t, engine, episode.Observation{Event: episode.EventStart, Wall: monday, User: "ana"})
	observe(t, engine, episode.Observation{At: 10 * s, Event: episode.EventFocus, App: "a"})
	for _, o := range []episode.Observation{
		{At: 9 * s, Event: episode.EventLock},
		{At: 11 * s, Event: episode.EventStart, Wall: monday, User: "ana"},
		{At: 11 * s, Event: episode.EventSettings},
		{At: 11 * s, Event: episode.EventClock},
	} {
		if _, err := engine.Observe(&o); err == nil {
			t.Errorf("%s at %v was taken", o.Event, o.At)
		}
	}
	if got := observe(t, engine, episode.Observation{At: 10 * s, Event: episode.EventEnd}); len(got) != 0 || engine.State() != episode.Inactive {
		t.Errorf("%v, %s", got, engine.State())
	}
}

// TestCases are single rules that the vectors and the model leave to chance.
func TestCases(t *testing.T) {
	const (
		start = `{"at":0,"event":"start","wall":"2026-03-02T09:00:00.4567+01:00","user":"ana"}`
		off   = `{"at":%v,"event":"settings","settings":{"privacy":{"titles":false}}}`
	)
	for _, c := range []struct {
		name, settings string
		trace          []string
		want           []string
	}{
		{
			"rule 5, 8: the last page of a place without a page is narrowed too, while another window is in front", `{}`,
			[]string{
				start, `{"at":0,"event":"focus","app":"a","title":"Secret 1"}`, `{"at":1.5,"event":"focus","app":"a","title":"Secret 2"}`,
				`{"at":3,"event":"focus","app":"b"}`, fmt.Sprintf(off, 4), `{"at":5,"event":"lock"}`,
			},
			[]string{
				`{"state":"active","start":"2026-03-02T09:00:00.456+01:00","seconds":4,"app":"a","title":"Secret 2","ended_by":"settings"}`,
				`{"state":"active","start":"2026-03-02T09:00:04.456+01:00","seconds":1,"app":"a","ended_by":"lock"}`,
			},
		}, {
			"rule 8: an episode without identity yet is cut, for the window in front is what it would have", `{}`,
			[]string{start, `{"at":0,"event":"focus","app":"a","title":"Secret"}`, fmt.Sprintf(off, 1), `{"at":5,"event":"end"}`},
			[]string{
				`{"state":"active","start":"2026-03-02T09:00:00.456+01:00","seconds":1,"app":"a","title":"Secret","ended_by":"settings"}`,
				`{"state":"active","start":"2026-03-02T09:00:01.456+01:00","seconds":4,"app":"a","ended_by":"end"}`,
			},
		}, {
			"rule 8: settings that say the same change nothing", `{"privacy":{"redact":["."]}}`,
			[]string{
				start, `{"at":0,"event":"focus","app":"a","title":"xy"}`,
				`{"at":5,"event":"settings","settings":{"privacy":{"redact":["."]}}}`, `{"at":6,"event":"end"}`,
			},
			[]string{`{"state":"active","start":"2026-03-02T09:00:00.456+01:00","seconds":6,"app":"a","title":"******","ended_by":"end"}`},
		}, {
			"rule 8: a deadline that new settings put into the past is due at once", `{"settle":"10s"}`,
			[]string{
				start, `{"at":0,"event":"focus","app":"a"}`, `{"at":60,"event":"focus","app":"b","title":"1"}`,
				`{"at":61,"event":"settings","settings":{"settle":"1s","passive":{"start":"5s","stop":"0s"}}}`,
				`{"at":62,"event":"focus","app":"b","title":"2"}`, `{"at":100,"event":"end"}`,
			},
			[]string{
				`{"state":"active","start":"2026-03-02T09:00:00.456+01:00","seconds":60,"app":"a","ended_by":"focus"}`,
				`{"state":"active","start":"2026-03-02T09:01:00.456+01:00","seconds":10,"app":"b","title":"2","ended_by":"idle"}`,
			},
		}, {
			"rule 9: a start is dated by the wall clock of its moment, before a later correction", `{}`,
			[]string{
				start, `{"at":0,"event":"focus","app":"a"}`, `{"at":60,"event":"focus","app":"b"}`,
				`{"at":61,"event":"clock","wall":"2026-03-02T08:01:03Z"}`, `{"at":70,"event":"focus","app":"c"}`, `{"at":80,"event":"end"}`,
			},
			[]string{
				`{"state":"active","start":"2026-03-02T09:00:00.456+01:00","seconds":60,"app":"a","ended_by":"focus"}`,
				`{"state":"active","start":"2026-03-02T09:01:00.456+01:00","seconds":10,"app":"b","ended_by":"focus"}`,
				`{"state":"active","start":"2026-03-02T08:01:12.000+00:00","seconds":10,"app":"c","ended_by":"end"}`,
			},
		}, {
			"rule 11: after new settings a real input told by idle still counts", `{"passive":{"start":"60s"}}`,
			[]string{
				start, `{"at":0,"event":"focus","app":"a"}`,
				`{"at":100,"event":"settings","settings":{"always_active":["A"]}}`, `{"at":110,"event":"tick","idle":2.5}`, `{"at":111,"event":"end"}`,
			},
			[]string{
				`{"state":"active","start":"2026-03-02T09:00:00.456+01:00","seconds":60,"app":"a","ended_by":"idle"}`,
				`{"state":"passive","start":"2026-03-02T09:01:00.456+01:00","seconds":47.5,"app":"a","ended_by":"input"}`,
				`{"state":"active","start":"2026-03-02T09:01:47.956+01:00","seconds":3.5,"app":"a","ended_by":"end"}`,
			},
		}, {
			"rule 6: the last window is the one before the page that counted, also over new settings",
			`{"active":{"limit":"10s"},"always_active":["meet.example"],"privacy":{"urls":"none"}}`,
			[]string{
				start, `{"at":0,"event":"focus","app":"b","title":"Meet","url":"https://meet.example/"}`,
				`{"at":20,"event":"focus","app":"b","title":"News","url":"https://x.example/"}`,
				`{"at":21,"event":"settings","settings":{"active":{"limit":"10s"},"always_active":["meet.example"],"privacy":{"urls":"none"}}}`,
				`{"at":25,"event":"end"}`,
			},
			[]string{
				`{"state":"active","start":"2026-03-02T09:00:00.456+01:00","seconds":20,"app":"b","title":"Meet","ended_by":"focus"}`,
				`{"state":"active","start":"2026-03-02T09:00:20.456+01:00","seconds":5,"app":"b","title":"News","ended_by":"end"}`,
			},
		}, {
			"rule 6, 8: a window that narrower settings bring into the episode's place is a new page there",
			`{"active":{"limit":"10s"},"always_active":["meet.example"],"privacy":{"urls":"none"}}`,
			[]string{
				start, `{"at":0,"event":"focus","app":"b","title":"Meet","url":"https://meet.example/"}`,
				`{"at":10,"event":"settings","settings":{"active":{"limit":"10s"},"always_active":["meet.example"]}}`,
				`{"at":20,"event":"focus","app":"b","title":"News","url":"https://x.example/"}`,
				`{"at":21,"event":"settings","settings":{"active":{"limit":"10s"},"always_active":["meet.example"],"privacy":{"urls":"none"}}}`,
				`{"at":25,"event":"end"}`,
			},
			[]string{
				`{"state":"active","start":"2026-03-02T09:00:00.456+01:00","seconds":20,"app":"b","title":"Meet","ended_by":"focus"}`,
				`{"state":"active","start":"2026-03-02T09:00:20.456+01:00","seconds":5,"app":"b","title":"News","ended_by":"end"}`,
			},
		}, {
			"rule 13: with settle 0 a focus counts at once", `{"settle":"0s"}`,
			[]string{start, `{"at":0,"event":"focus","app":"a"}`, `{"at":0.001,"event":"focus","app":"b"}`},
			[]string{`{"state":"active","start":"2026-03-02T09:00:00.456+01:00","seconds":0.001,"app":"a","ended_by":"focus"}`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := replay(t, []byte(c.settings), []byte(strings.Join(c.trace, "\n")))
			if diff := cmp.Diff(strings.Join(c.want, "\n")+"\n", got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

package episode_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dayline-project/dayline/shared/episode"
)

// soak multiplies what `make soak` repeats.
func soak(t testing.TB) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("DAYLINE_SOAK"))
	if err != nil || n < 1 {
		return 1
	}
	return n
}

// step is one observation of a random trace; the window is the focus's, in parts.
type step struct {
	episode.Observation
	window modelWindow
}

// TestModel compares the engine with the naive model over random traces, chosen so that timers and observations meet.
func TestModel(t *testing.T) {
	for seed := range uint64(12000 * soak(t)) {
		random := rand.New(rand.NewPCG(seed, 1))
		settings, steps := randomTrace(random)
		m := &model{set: settings}
		engine := episode.New(settings)
		var got []string
		for i := range steps {
			m.observe(&steps[i].Observation, steps[i].window)
			episodes, err := engine.Observe(&steps[i].Observation)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range episodes {
				got = append(got, modelLine(e))
			}
		}
		if diff := cmp.Diff(m.lines, got); diff != "" {
			t.Fatalf("seed %d: episodes (-model +engine):\n%s\nsettings: %s\n%s", seed, diff, show(settings), showSteps(steps))
		}
	}
}

func modelLine(e episode.Episode) string {
	return fmt.Sprintf("%s %s %d ~%s %s~ %s %s %v by=%s obs=%d cause=%s rev=%s", e.State, e.Start.Format(time.RFC3339),
		e.For/time.Second, e.App, e.Title, e.Site, e.URL, e.Private, e.EndedBy, e.ObservedFor/time.Second, e.Reason, e.Revision)
}

func pick[T any](random *rand.Rand, of ...T) T { return of[random.IntN(len(of))] }

func randomSettings(random *rand.Rand, revision int) *episode.Settings {
	s := episode.DefaultSettings()
	length := func(of ...int) episode.Duration {
		n := pick(random, of...)
		if n < 0 {
			return episode.Indefinitely
		}
		return episode.Duration(time.Duration(n) * time.Second)
	}
	s.Revision = "r" + strconv.Itoa(revision)
	s.Passive.Start = length(1, 2, 3, 4, 6, 9, 30)
	s.Passive.Stop = length(0, 1, 2, 3, 5, 20, -1)
	s.Active.Limit = length(1, 2, 4, 8, 30, -1)
	s.Settle = length(0, 1, 2, 3, 4)
	s.AlwaysActive = pick(random, nil, nil, []string{"Zoom.exe"}, []string{"meet.example"}, []string{"zoom.exe", "a.meet.example"})
	s.Privacy.Titles = random.IntN(4) > 0
	s.Privacy.URLs = pick(random, episode.URLsNone, episode.URLsHost, episode.URLsPath, episode.URLsFull)
	s.Privacy.Redact = pick(random, nil, nil, []string{"[0-9]+"}, []string{"Two", "[0-9]+"}, []string{"k"})
	s.Schedule = pick(random, nil, nil, nil, episode.Schedule{},
		episode.Schedule{"sun": {"00:00-24:00"}, "mon": {"00:00-00:01"}},
		episode.Schedule{"sun": {"23:59-24:00"}, "mon": {"00:00-00:01", "00:02-00:03"}},
		episode.Schedule{"mon": {"00:01-01:00", "00:30-02:00"}},
		episode.Schedule{"sun": {"22:59-23:00", "23:00-24:00"}})
	if random.IntN(12) == 0 {
		s.DoNotTrack = []episode.Account{{User: "ANA", Domain: pick(random, "", "*", "corp", "other")}}
	}
	return s
}

func randomWindow(random *rand.Rand) modelWindow {
	w := modelWindow{app: pick(random, "a", "a", "b", "zoom.EXE", ""), title: pick(random, "", "One", "Two", "Three 33")}
	if random.IntN(2) == 0 {
		w.site = pick(random, "x.example", "a.meet.example", "meet.example")
		w.head = pick(random, "https://", "http://") + pick(random, "www.", "") + w.site + pick(random, "", ":8443")
		w.path = pick(random, "", "/", "/k1")
		w.query = pick(random, "", "q=22")
	}
	w.private = random.IntN(8) == 0
	return w
}

func randomTrace(random *rand.Rand) (*episode.Settings, []step) {
	settings := randomSettings(random, 0)
	berlin, utc := time.FixedZone("", 3600), time.UTC
	wall := time.Date(2026, 3, 1, 23, 58, random.IntN(120), 0, berlin)
	windows := []modelWindow{randomWindow(random), randomWindow(random), randomWindow(random), randomWindow(random)}
	at := random.IntN(3)
	var steps []step
	add := func(event episode.Event) *step {
		steps = append(steps, step{Observation: episode.Observation{At: time.Duration(at) * time.Second, Event: event}})
		s := &steps[len(steps)-1]
		if random.IntN(4) == 0 && event != episode.EventStart {
			s.HasIdle, s.Idle = true, time.Duration(random.IntN(12))*time.Second
		}
		return s
	}
	// Each trace likes some events better than others.
	events := []episode.Event{episode.EventInput, episode.EventFocus, episode.EventFocus, episode.EventTick}
	for range 6 {
		events = append(events, pick(random, episode.EventInput, episode.EventFocus, episode.EventLock, episode.EventUnlock,
			episode.EventSleep, episode.EventWake, episode.EventPause, episode.EventResume, episode.EventSettings, episode.EventClock))
	}
	running := false
	for range 12 + random.IntN(30) {
		at += pick(random, 0, 0, 1, 1, 2, 3, 5, 11)
		if !running && random.IntN(5) > 0 {
			s := add(episode.EventStart)
			s.Wall, s.User = wall.Add(time.Duration(at)*time.Second), `CORP\Ana`
			if random.IntN(3) == 0 {
				s.HasIdle, s.Idle = true, time.Duration(random.IntN(9))*time.Second
			}
			running = true
			continue
		}
		event := pick(random, events...)
		if random.IntN(40) == 0 && running {
			event = pick(random, episode.EventEnd, episode.EventLogoff, episode.EventShutdown)
			running = false
		}
		s := add(event)
		switch event {
		case episode.EventFocus:
			w := pick(random, windows...)
			if random.IntN(4) == 0 {
				w.title = pick(random, "One", "Two", "Four 4")
			}
			setWindow(s, w)
		case episode.EventPause, episode.EventResume:
			s.By = pick(random, episode.Person, episode.Person, episode.Policy)
		case episode.EventSettings:
			next := randomSettings(random, len(steps))
			if random.IntN(2) == 0 { // only some of it changes
				kept := *settings
				kept.Revision = next.Revision
				switch random.IntN(4) {
				case 0:
					kept.Privacy = next.Privacy
				case 1:
					kept.AlwaysActive = next.AlwaysActive
				case 2:
					kept.Schedule = next.Schedule
				case 3:
					kept.Passive, kept.Active, kept.Settle = next.Passive, next.Active, next.Settle
				}
				next = &kept
			}
			s.Settings = next
		case episode.EventClock:
			wall = wall.Add(time.Duration(pick(random, 0, 1, -1, 2, -2, 3, -3, 30, -60, 3600)) * time.Second)
			s.Wall = wall.Add(time.Duration(at) * time.Second).In(pick(random, berlin, berlin, utc))
		}
	}
	return settings, steps
}

// setWindow makes the focus observed of a window; what rule 12 says is no address stays none.
func setWindow(s *step, w modelWindow) {
	s.window = w
	s.App, s.Title, s.URL, s.Private = w.app, w.title, w.url(), w.private
}

func show(s *episode.Settings) string { return fmt.Sprintf("%+v", *s) }

func showSteps(steps []step) string {
	var b strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&b, "%v %s", s.At, s.Event)
		if s.HasIdle {
			fmt.Fprintf(&b, " idle=%v", s.Idle)
		}
		if !s.Wall.IsZero() {
			fmt.Fprintf(&b, " wall=%s", s.Wall.Format(time.RFC3339))
		}
		if s.Event == episode.EventFocus {
			fmt.Fprintf(&b, " %q %q %q private=%v", s.App, s.Title, s.URL, s.Private)
		}
		if s.Settings != nil {
			b.WriteString(" " + show(s.Settings))
		}
		b.WriteString(string(s.By) + "\n")
	}
	return b.String()
}

package episode_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dayline-project/dayline/shared/episode"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.FixedZone("", 3600))

func observe(t testing.TB, engine *episode.Engine, o episode.Observation) []episode.Episode {
	t.Helper()
	episodes, err := engine.Observe(&o)
	if err != nil {
		t.Fatal(err)
	}
	return append([]episode.Episode(nil), episodes...)
}

// run gives the lines that observations make.
func run(t testing.TB, settings *episode.Settings, steps []step) string {
	t.Helper()
	engine := episode.New(settings)
	var out []byte
	for i := range steps {
		for _, e := range observe(t, engine, steps[i].Observation) {
			out = append(episode.AppendJSON(out, &e), '\n')
		}
	}
	return string(out)
}

// checkEpisode: what holds for every episode by itself.
func checkEpisode(t testing.TB, e *episode.Episode) {
	t.Helper()
	line := episode.AppendJSON(nil, e)
	if !json.Valid(line) {
		t.Fatalf("no JSON: %s", line)
	}
	switch {
	case e.EndedBy == "" || e.EndedBy == episode.ByCrash,
		e.For < 0 || e.For%time.Millisecond != 0 || e.ObservedFor%time.Millisecond != 0,
		e.ObservedFor != 0 && (e.For >= e.ObservedFor || e.State != episode.Active),
		e.ObservedFor == 0 && e.For == 0,
		e.State == episode.Locked && (e.Identity != episode.Identity{} || e.Reason == ""),
		e.State != episode.Locked && e.Reason != "",
		e.Private && (e.Title != "" || e.Site != "" || e.URL != ""):
		t.Fatalf("impossible: %s", line)
	}
}

// TestPromises: episodes keep their order and do not overlap, credited never exceeds observed, the same input gives the
// same bytes, and ticks that tell no idle time, wherever they fall, change nothing.
func TestPromises(t *testing.T) {
	for seed := range uint64(4000 * soak(t)) {
		random := rand.New(rand.NewPCG(seed, 2))
		settings, steps := randomTrace(random)
		engine := episode.New(settings)
		var end time.Time // of the episode before, by the wall clock as it ran at first
		clock := false
		for i := range steps {
			o := &steps[i].Observation
			clock = clock || o.Event == episode.EventClock
			if o.Event == episode.EventStart {
				clock, end = false, time.Time{}
			}
			for _, e := range observe(t, engine, *o) {
				checkEpisode(t, &e)
				if !clock && e.Start.Before(end) {
					t.Fatalf("seed %d: starts %s before %s\n%s", seed, e.Start, end, showSteps(steps))
				}
				end = e.Start.Add(max(e.For, e.ObservedFor))
			}
		}

		want := run(t, settings, steps)
		if again := run(t, settings, steps); again != want {
			t.Fatalf("seed %d: the same input gave\n%sand\n%s", seed, want, again)
		}
		if diff := cmp.Diff(want, run(t, settings, withTicks(random, steps))); diff != "" {
			t.Fatalf("seed %d: ticks changed (-without +with):\n%s%s", seed, diff, showSteps(steps))
		}
	}
}

// withTicks adds ticks between observations that tell no idle time (what idle tells is bounded by the observation
// before, so a tick there does change it).
func withTicks(random *rand.Rand, steps []step) []step {
	var ticked []step
	for i, s := range steps {
		for i > 0 && !s.HasIdle && random.IntN(2) == 0 {
			between := steps[i-1].At + time.Duration(random.Int64N(int64(s.At-steps[i-1].At)/1e6+1))*time.Millisecond
			between = max(between, ticked[len(ticked)-1].At)
			ticked = append(ticked, step{Observation: episode.Observation{At: between, Event: episode.EventTick}})
		}
		ticked = append(ticked, s)
	}
	return ticked
}

// TestPrivacyHolds: from the moment that settings forbid it, a canary seen before or after comes out no more; and never
// out of a private window, nor as password or fragment.
func TestPrivacyHolds(t *testing.T) {
	for seed := range uint64(4000 * soak(t)) {
		random := rand.New(rand.NewPCG(seed, 3))
		settings, steps := randomTrace(random)
		forbidden := pick(random, "title", "private", "site", "path", "query", "pattern", "never")
		since := random.IntN(len(steps))
		if forbidden == "private" || forbidden == "never" {
			since = 0
		}
		last := *settings
		for i := range since {
			if steps[i].Settings != nil {
				last = *steps[i].Settings
			}
		}
		steps = slices.Insert(steps, since, step{
			Observation: episode.Observation{At: steps[since].At, Event: episode.EventSettings, Settings: &last},
		})
		for i := range steps {
			if steps[i].Event == episode.EventFocus {
				releaseCanary(&steps[i], forbidden)
			}
			if i >= since && steps[i].Settings != nil {
				forbid(random, steps[i].Settings, forbidden)
			}
		}
		engine := episode.New(settings)
		for i := range steps {
			for _, e := range observe(t, engine, steps[i].Observation) {
				line := string(episode.AppendJSON(nil, &e))
				if i > since && strings.Contains(strings.ToLower(line), "canary") {
					t.Fatalf("seed %d: %s came out: %s\n%s", seed, forbidden, line, showSteps(steps))
				}
			}
		}
	}
}

func releaseCanary(s *step, forbidden string) {
	switch forbidden {
	case "title":
		s.Title += " Canary"
	case "private":
		s.Private, s.Title, s.URL = true, "Canary", "https://canary.example/Canary?Canary"
	case "site":
		s.URL = "https://canary.example/Canary"
	case "path":
		s.URL = "https://x.example/Canary?Canary"
	case "query":
		s.URL = "https://x.example/?Canary"
	case "pattern":
		s.Title, s.URL = s.Title+" Canary", "https://x.example/a/Canary?b=Canary"
	case "never":
		s.URL = "https://user:Canary@x.example/#Canary"
	}
}

func forbid(random *rand.Rand, s *episode.Settings, forbidden string) {
	switch forbidden {
	case "title":
		s.Privacy.Titles = false
	case "site":
		s.Privacy.URLs = episode.URLsNone
	case "path":
		s.Privacy.URLs = pick(random, episode.URLsNone, episode.URLsHost)
	case "query":
		s.Privacy.URLs = pick(random, episode.URLsNone, episode.URLsHost, episode.URLsPath)
	case "pattern":
		s.Privacy.Redact = []string{"[0-9]+", "(?i)canary"}
	}
}

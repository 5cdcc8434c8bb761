package episode_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/dayline-project/dayline/shared/episode"
)

// officeDay is 24 hours of 10,000 observations: windows with titles and addresses, input, idle stretches, a lunch lock.
func officeDay() []episode.Observation {
	random := rand.New(rand.NewPCG(1, 2))
	var windows []episode.Observation
	for i := range 200 {
		windows = append(windows, episode.Observation{
			Event: episode.EventFocus, App: pick(random, "winword.exe", "excel.exe", "chrome.exe", "code.exe"),
			Title: fmt.Sprintf("Document %d - Editor", i),
		})
		if i%2 == 0 {
			windows[i].URL = fmt.Sprintf("https://www.site%d.example/path/%d?q=%d#top", i%40, i, i)
		}
	}
	const step = 24 * time.Hour / 10000
	day := []episode.Observation{{Event: episode.EventStart, Wall: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), User: `CORP\ana`}}
	for len(day) < 10000 {
		o := episode.Observation{Event: episode.EventInput}
		switch n := len(day); {
		case n == 4000:
			o.Event = episode.EventLock
		case n == 4200:
			o.Event = episode.EventUnlock
		case random.IntN(3) == 0:
			o = windows[random.IntN(len(windows))]
		case random.IntN(4) == 0:
			o.Event, o.HasIdle, o.Idle = episode.EventTick, true, time.Duration(random.IntN(300))*time.Second
		}
		o.At = time.Duration(len(day)) * step
		day = append(day, o)
	}
	return day
}

func officeSettings() *episode.Settings {
	s := episode.DefaultSettings()
	s.Privacy.URLs = episode.URLsPath
	s.AlwaysActive = []string{"zoom.exe", "Teams.exe", "meet.example"}
	s.Schedule = episode.Schedule{"mon": {"00:00-24:00"}, "tue": {"08:00-18:00"}}
	return s
}

// BenchmarkEngine is target T6: a day of 10,000 observations in at most 10 ms.
func BenchmarkEngine(b *testing.B) {
	day := officeDay()
	for _, with := range []struct {
		name   string
		redact []string
	}{{"plain", nil}, {"redact", []string{"[0-9]{4,}", "(?i)secret", `[\w.]+@[\w.]+`}}} {
		b.Run(with.name, func(b *testing.B) {
			settings := officeSettings()
			settings.Privacy.Redact = with.redact
			b.ReportAllocs()
			closed := 0
			for b.Loop() {
				engine := episode.New(settings)
				closed = 0
				for i := range day {
					episodes, err := engine.Observe(&day[i])
					if err != nil {
						b.Fatal(err)
					}
					closed += len(episodes)
				}
			}
			perDay := b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(perDay*1e9/float64(len(day)), "ns/observation")
			b.ReportMetric(float64(closed)/perDay, "episodes/s")
			b.ReportMetric(perDay*1e3, "ms/day")
		})
	}
}

// BenchmarkRedactionWorst is the longest that redaction may take over one title before it is emptied.
func BenchmarkRedactionWorst(b *testing.B) {
	title := make([]byte, 512)
	for i := range title {
		title[i] = 'a'
	}
	for _, pattern := range []string{`(.*z)|.`, `(?:a?){450}b`, `(?:a+b?){250}c`, `(?i)(?:[a-z]*x?){200}9`, `(\w+\s?){30}\d`} {
		b.Run(pattern, func(b *testing.B) {
			s := episode.DefaultSettings()
			s.Privacy.Redact = []string{pattern}
			rules := s.Compile()
			for b.Loop() {
				rules.Reduce(episode.Focus{App: "a", Title: string(title)})
			}
		})
	}
}

// TestObserveDoesNotAllocate: no allocation per observation in steady state (target T6).
func TestObserveDoesNotAllocate(t *testing.T) {
	day := officeDay()
	engine := episode.New(officeSettings())
	next, offset := 0, time.Duration(0)
	observe := func() {
		o := day[next]
		o.At += offset
		if _, err := engine.Observe(&o); err != nil {
			t.Fatal(err)
		}
		if next++; next == len(day) {
			next, offset = 1, offset+24*time.Hour // the session runs on
		}
	}
	for range len(day) {
		observe()
	}
	if allocations := testing.AllocsPerRun(len(day), observe); allocations != 0 {
		t.Errorf("%v allocations per observation", allocations)
	}
}

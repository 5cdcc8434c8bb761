package collector

import (
	"testing"
	"time"
)

func TestState(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for _, c := range []struct {
		enrolled, contact, episode time.Duration
		want                       string
	}{
		{0, 0, 0, "healthy"},
		{100 * day, time.Hour, 2 * day, "healthy"},
		{100 * day, time.Hour, 8 * day, "quiet"},
		{100 * day, 3 * day, 3 * day, "quiet"},
		{100 * day, 8 * day, 8 * day, "stale"},
		{100 * day, 31 * day, 31 * day, "lost"},
		{8 * day, 100 * day, 100 * day, "stale"},
	} {
		d := Device{EnrolledAt: now.Add(-c.enrolled), LastContactAt: now.Add(-c.contact), LastEpisodeAt: now.Add(-c.episode)}
		if got := d.State(now); got != c.want {
			t.Errorf("enrolled %v, contact %v, episode %v ago: %s, want %s", c.enrolled, c.contact, c.episode, got, c.want)
		}
	}
}

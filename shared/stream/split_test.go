package stream

import (
	"testing"
	"time"

	"github.com/dayline-project/dayline/shared/episode"
)

func TestSplitKeepsTheWholeLength(t *testing.T) {
	start := time.Date(2026, 12, 23, 17, 0, 0, 0, time.UTC)
	for length, want := range map[time.Duration]int{
		time.Hour: 1, MaxFor: 1, MaxFor + time.Millisecond: 2, 15 * 24 * time.Hour: 3,
	} {
		record := Record{Login: Login{Account: "ana", Name: `DESK\ana`}, Session: "1", Episode: episode.Episode{
			State: episode.Locked, Start: start, For: length, EndedBy: episode.ByUnlock, Reason: episode.ReasonLock,
		}}
		parts := Split(&record)
		if len(parts) != want {
			t.Errorf("%s: %d parts, want %d", length, len(parts), want)
		}
		next := start
		for _, part := range parts {
			if err := part.Check(); err != nil {
				t.Errorf("%s: a part would be refused: %v", length, err)
			}
			if !part.Start.Equal(next) {
				t.Errorf("%s: a part starts at %s, want %s", length, part.Start, next)
			}
			next = next.Add(part.For)
		}
		if got := next.Sub(start); got != length {
			t.Errorf("%s: the parts are %s long", length, got)
		}
	}
}

// Package faults breaks the running programs in every way they have to survive, and looks that nothing is lost and
// nothing is there twice.
package faults

import (
	"testing"
	"time"

	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/test/process"
)

// account makes what happens quick to see: every focus counts at once, and agents sync every second.
const account = "settle: 0s\nagents: {sync_every: 1s}\n"

func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func waitFor(t *testing.T, within time.Duration, condition func() error) error {
	t.Helper()
	return process.Wait(t.Context(), within, t.Name(), condition)
}

// active is a closed episode of one window.
func active(start time.Time, length time.Duration, title string) episode.Episode {
	return episode.Episode{State: episode.Active, Start: start.Truncate(time.Millisecond), For: length, EndedBy: episode.ByFocus,
		Identity: episode.Identity{App: "card", Title: title}}
}

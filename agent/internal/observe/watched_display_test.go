//go:build linux || windows

package observe

import (
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/privacy"
	"github.com/dayline-project/dayline/shared/episode"
)

// watchDisplay watches this system's own display.
func watchDisplay(t testing.TB, config Config, rules privacy.Rules) *watched {
	t.Helper()
	return watchSystem(t, ourSystem, config, rules)
}

// isInput: an input was told, be it by its alarm or by the idle time of a tick.
func isInput(o Observation) bool {
	return o.Event == episode.EventInput || o.Event == episode.EventTick && o.HasIdle && o.Idle < time.Second
}

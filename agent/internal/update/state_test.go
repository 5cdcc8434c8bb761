package update

import (
	"testing"
	"time"
)

// What is wrong is said once, and nothing beside it that it makes untrue.
func TestWords(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		state State
		want  string
	}{
		{State{Off: "a package manager does"}, "off: a package manager does"},
		{State{}, "on; no channel is known yet"},
		{State{Channel: 3, ChannelExpiresAt: now.AddDate(0, 0, 9)}, "on; the channel holds until 2026-12-02"},
		{State{Problem: "no channel is known"}, "on; no channel is known"},
		{State{Channel: 3, ChannelExpiresAt: now.AddDate(0, 0, -1), Problem: "the channel expired"}, "on; the channel expired"},
		{State{Channel: 3, Newest: "1.4.0", Problem: "the channel expired"}, "on; 1.4.0 is out, and the collector has not asked for it; the channel expired"},
		{State{Version: "1.4.0", Step: Check, Waits: "the channel expired", Problem: "the channel expired"}, "on the way to 1.4.0, at check: the channel expired"},
	} {
		if got := test.state.Words(now); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

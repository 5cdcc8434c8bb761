package update

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/shared/release"
)

// State is how updating stands.
type State struct {
	// Off is why this device does not update itself; empty: it does.
	Off string
	// Version it is on its way to, the Step that is done, and what that Waits for; empty: none, nothing.
	Version, Step, Waits string
	// Failed releases, newest first.
	Failed []Failed
	// Channel is the version of the one that it goes by, with its end; 0: it knows none. Newest is what that names for this system,
	// where it is newer than what runs.
	Channel          int
	ChannelExpiresAt time.Time
	Newest           string
	// Problem with the keys or the channel.
	Problem string
}

// off says for people why updating is off.
func off(err error) string {
	if errors.Is(err, release.ErrNoKeys) {
		return "this build has no trusted keys"
	}
	return err.Error()
}

// Lately are the releases that failed, and are not tried again yet.
func (s State) Lately(now time.Time) []Failed {
	return slices.DeleteFunc(slices.Clone(s.Failed), func(one Failed) bool { return now.Sub(one.At) >= RetryAfter })
}

// Words say for people how updating stands.
func (s State) Words(now time.Time) string {
	if s.Off != "" {
		return "off: " + s.Off
	}
	var words []string
	switch {
	case s.Version != "" && s.Waits != "":
		words = append(words, fmt.Sprintf("on the way to %s, at %s: %s", s.Version, s.Step, s.Waits))
	case s.Version != "":
		words = append(words, fmt.Sprintf("on the way to %s, at %s", s.Version, s.Step))
	case s.Newest != "":
		words = append(words, fmt.Sprintf("on; %s is out, and the collector has not asked for it", s.Newest))
	case s.Problem != "":
		words = append(words, "on")
	case s.Channel == 0:
		words = append(words, "on; no channel is known yet")
	default:
		words = append(words, fmt.Sprintf("on; the channel holds until %s", day(s.ChannelExpiresAt)))
	}
	if s.Problem != "" && s.Problem != s.Waits {
		words = append(words, s.Problem)
	}
	for _, one := range s.Lately(now) {
		words = append(words, one.words())
	}
	return strings.Join(words, "; ")
}

func (f Failed) words() string {
	became := "failed"
	if f.RolledBack {
		became = "was taken back"
	}
	return fmt.Sprintf("%s %s at %s on %s: %s", f.Version, became, f.Step, moment(f.At), f.Reason)
}

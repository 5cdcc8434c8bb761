package session

import (
	"context"
	"testing"

	"github.com/dayline-project/dayline/agent/internal/observe"
	"github.com/dayline-project/dayline/shared/episode"
)

// A helper that is told of its session's end closes what is open with that word, and ends once that is stored.
func TestHelperEndsWithItsSession(t *testing.T) {
	for _, by := range []episode.EndedBy{episode.ByLogoff, episode.ByShutdown, episode.ByEnd} {
		o, s, ended := begin(t, context.Background())
		o.accept()
		o.welcome(settingsNow(t, nil))
		s.until(t, 1)
		s.focus("one")
		s.play(observe.Observation{Ends: by})
		if c := o.closed(); c.Episode.App != "one" || c.Episode.EndedBy != by {
			t.Errorf("%s: closed %+v", by, c)
		}
		select {
		case err := <-ended:
			t.Errorf("%s: ended with %v before it was stored", by, err)
		default:
		}
		o.say(&Message{Stored: &Stored{Number: 1}})
		if err := <-ended; err != nil {
			t.Errorf("%s: ended with %v", by, err)
		}
	}
}

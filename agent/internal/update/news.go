package update

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dayline-project/dayline/shared/release"
)

const (
	// newsEvery is how often the channel is asked for, and newsOfOrder where an order is to be carried out; a sixth of that where the
	// last answer was no good.
	newsEvery   = 24 * time.Hour
	newsOfOrder = time.Hour
)

// news is what is known, and how it came.
type news struct {
	*known
	askedAt time.Time
	// refused is why the last answer was no good; nil: it was.
	refused error
}

// learn asks for keys and channel, where that was not done lately.
func (u *Updater) learn(ctx context.Context, every time.Duration) {
	if u.news.refused != nil {
		every /= 6
	}
	// Round strips the clock that stands still while the computer sleeps.
	if now := time.Now().Round(0); u.news.askedAt.IsZero() || now.Sub(u.news.askedAt).Abs() >= every {
		u.news.askedAt, u.news.refused = now, u.ask(ctx)
		if u.news.refused != nil && ctx.Err() == nil {
			u.Log.Warn("channel of releases not taken", "error", u.news.refused)
		}
	}
	u.told()
}

func (u *Updater) ask(ctx context.Context) error {
	get := func(name string, most int64) ([]byte, error) { return u.get(ctx, name, most) }
	u.work.manifest = nil // keys that come may be others than signed it
	var err error
	for err == nil {
		err = u.news.learnKeys(get)
	}
	if !errors.Is(err, errNotThere) {
		return err
	}
	return u.news.learnChannel(get, u.Time())
}

// told says what is known.
func (u *Updater) told() {
	problem := u.problem()
	u.say(func(s *State) {
		s.Channel, s.ChannelExpiresAt, s.Newest, s.Problem = u.news.channel.Version, u.news.channel.ExpiresAt, "", ""
		if newest, err := release.ParseVersion(u.news.channel.Systems[u.System].Newest); err == nil && newest.Compare(u.device.version) > 0 {
			s.Newest = newest.String()
		}
		if problem != nil {
			s.Problem = problem.Error()
		}
	})
}

// problem is what is wrong with what is known; where the channel does not count nothing is installed.
func (u *Updater) problem() error {
	if u.news.askedAt.IsZero() && u.news.channel.Version == 0 {
		return nil // nobody was asked yet
	}
	var away unreachedError
	counts := u.news.counts(u.Time())
	switch {
	case counts == nil && errors.As(u.news.refused, &away):
		return nil
	case counts == nil:
		return u.news.refused
	case u.news.refused != nil:
		return fmt.Errorf("%w (%w)", counts, u.news.refused)
	}
	return counts
}

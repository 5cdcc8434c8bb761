package access

import (
	"context"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// An agent's code for its login's own day (product.md 9.4).
const (
	dayCodeFor = 2 * time.Minute
	maxDays    = 10000
)

type day struct {
	owner collector.Owner
	shown string
}

// OpenDay gives a code, good once and for two minutes, that OpenMyDay trades for a session which sees what is of one
// owner and nothing else. The session's user is called as shown: `CORP\ana on MACBOOK-7`.
func (a *Access) OpenDay(_ context.Context, owner collector.Owner, shown string) (code string, err error) {
	if owner.Device == "" || owner.LoginKey == "" || shown == "" {
		return "", collector.Refuse(collector.BadRequest, "login", "say whose day")
	}
	return a.days.Keep(day{owner, shown}), nil
}

// OpenMyDay trades a code of OpenDay for a session, if the day may still be opened: what ends a device's sessions, or
// forgets a login, ends the codes that nobody came with yet.
func (a *Access) OpenMyDay(ctx context.Context, code string, from From, may func(context.Context, collector.Owner) error) (secret string, session collector.AccessToken, err error) {
	day, found := a.days.Take(code)
	if found {
		err = may(ctx, day.owner)
	}
	if err != nil && collector.CodeOf(err) == collector.Internal {
		return "", session, err
	}
	if !found || err != nil {
		return "", session, a.failedStrange(ctx, "", collector.ByAgent, from,
			collector.Refuse(collector.SignedOut, "code", "this link was used already or is over two minutes old; ask your agent for another"))
	}
	return a.begin(ctx, collector.Viewer{User: day.shown, Role: collector.Measured, Owner: day.owner}, collector.ByAgent, from)
}

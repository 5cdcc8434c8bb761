package access

import (
	"context"

	"github.com/dayline-project/dayline/collector"
)

// SignInVerified gives a session to whoever an OpenID Connect provider says has an e-mail address: a user's, or one that
// sees its own where exactly one person of people.yaml has the address. SignedOut for everybody else.
func (a *Access) SignInVerified(ctx context.Context, email string, from From) (secret string, session collector.AccessToken, err error) {
	return "", session, collector.Refuse(collector.SignedOut, "", "nobody here has this e-mail address")
}

// OpenDay gives a code, good once and for two minutes, that OpenMyDay trades for a session which sees what is of one
// owner and nothing else. The session's user is called as shown: `CORP\ana on MACBOOK-7`.
func (a *Access) OpenDay(ctx context.Context, owner collector.Owner, shown string) (code string, err error) {
	return "", collector.Refuse(collector.NotFound, "", "this collector shows no days")
}

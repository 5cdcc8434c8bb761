package access

import (
	"context"
	"errors"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// firstAdminFor is how long the code for the first administrator is good (security.md 8).
const firstAdminFor = time.Hour

// HasAdmin tells whether there is an administrator.
func (a *Access) HasAdmin() bool { return countAdmins(a.set()) > 0 }

// OfferFirstAdmin gives a new code for CreateFirstAdmin, in place of the one before, and when it ends; none where there
// is an administrator.
func (a *Access) OfferFirstAdmin() (code string, until time.Time) {
	if a.HasAdmin() {
		return "", time.Time{}
	}
	return a.firstAdmin.Keep(struct{}{}), a.now().Add(firstAdminFor)
}

// CreateFirstAdmin makes the first administrator, and signs in. add puts the user into people.yaml. It succeeds once: who
// comes at the same time is told that there is an administrator.
func (a *Access) CreateFirstAdmin(ctx context.Context, code, email, password string, from From, add func(context.Context, collector.Viewer) error) (secret string, session collector.AccessToken, err error) {
	// The code is left where it is until all is done: who mistypes an e-mail address tries again.
	a.creating.Lock()
	defer a.creating.Unlock()
	if _, found := a.firstAdmin.Peek(code); !found || a.HasAdmin() {
		return "", session, a.failedStrange(ctx, "", collector.ByFirstAdmin, from, collector.Refuse(collector.SignedOut, "code",
			"this link was used already or is over an hour old; while there is no administrator, a restarted collector makes another"))
	}
	if len(email) > maxEmail {
		return "", session, collector.Refuse(collector.BadRequest, "email", "an e-mail address has at most %d bytes", maxEmail)
	}
	if err := checkPassword(email, password); err != nil {
		return "", session, err
	}
	ctx = context.WithoutCancel(ctx) // one without the other lets nobody in
	hash, err := a.hashing.hash(ctx, password)
	if err != nil {
		return "", session, err
	}
	first := collector.Viewer{User: email, Role: collector.Admin, Everyone: true}
	if err := add(ctx, first); err != nil {
		return "", session, err
	}
	a.firstAdmin.Take(code)
	if err := a.registry.SetPassword(ctx, email, hash, a.now()); err != nil {
		return "", session, errors.Join(errors.New("access: the administrator is added, without a password"), err)
	}
	return a.begin(ctx, first, collector.ByFirstAdmin, from)
}

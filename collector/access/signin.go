package access

import (
	"context"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

// maxEmail is the longest e-mail address that is looked for, in bytes.
const maxEmail = 255

// SignIn gives a session's token for an e-mail and a password. SignedOut where they are not a user's, in the same words
// and the same work whatever is wrong; TooMany where too many are being tried.
func (a *Access) SignIn(ctx context.Context, email, password string) (secret string, session collector.AccessToken, err error) {
	if len(email) > maxEmail || len(password) > maxPasswordBytes {
		return "", session, collector.Refuse(collector.BadRequest, "password", "e-mail or password is too long")
	}
	credential, err := a.registry.Credential(ctx, email)
	if err != nil {
		return "", session, err
	}
	user, known := a.User(email)
	if !known || !a.localPassword(user) {
		credential.Hash = ""
	}
	right, err := a.hashing.verify(ctx, credential.Hash, password)
	if err != nil {
		return "", session, err
	}
	if !right {
		return "", session, collector.Refuse(collector.SignedOut, "", "the e-mail or the password is wrong")
	}
	now := a.now()
	if err := a.registry.SignedIn(ctx, email, now); err != nil {
		return "", session, err
	}
	return a.issue(ctx, collector.AccessToken{
		Email: user.Email, Role: collector.Role(user.Role), Session: true, Write: true, CreatedAt: now, ExpiresAt: now.Add(sessionFor),
	})
}

// localPassword tells whether a user may sign in with a password: everyone while there is no other way, then those who
// are kept for the day that the other way breaks.
func (a *Access) localPassword(user config.User) bool {
	return user.BreakGlass || a.set().Collector.SignIn.OIDC == nil
}

// SignOut ends the session or token that a viewer came with.
func (a *Access) SignOut(ctx context.Context, viewer collector.Viewer) error {
	if viewer.Token == "" {
		return nil
	}
	return a.registry.RevokeToken(ctx, viewer.Token, a.now())
}

// SetPassword sets a user's password, the viewer's own where email is empty, and ends the user's sessions.
func (a *Access) SetPassword(ctx context.Context, viewer collector.Viewer, email, password string) (config.User, error) {
	user, err := a.meant(viewer, email)
	if err != nil {
		return user, err
	}
	if err := checkPassword(user.Email, password); err != nil {
		return user, err
	}
	hash, err := a.hashing.hash(ctx, password)
	if err != nil {
		return user, err
	}
	return user, a.registry.SetPassword(ctx, user.Email, hash, a.now())
}

// meant gives the user whose password or token is meant: only administrators mean others.
func (a *Access) meant(viewer collector.Viewer, email string) (config.User, error) {
	if email == "" {
		email = viewer.User
	}
	if viewer.Role != collector.Admin && !sameEmail(email, viewer.User) {
		return config.User{}, collector.Refuse(collector.Denied, "email", "only administrators do this for others")
	}
	user, known := a.User(email)
	if !known && email == viewer.User {
		return user, collector.Refuse(collector.BadRequest, "email", "say which user is meant")
	}
	if !known {
		return user, noUser(email)
	}
	return user, nil
}

package access

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

// maxEmail is the longest e-mail address that is looked for, in bytes.
const maxEmail = 255

// ErrCodeWanted: the password is right, and nobody is signed in before a code of the authenticator application.
var ErrCodeWanted = errors.New("access: a code of the authenticator application is wanted")

var (
	errWrong     = collector.Refuse(collector.SignedOut, "", "the e-mail or the password is wrong")
	errWrongCode = collector.Refuse(collector.SignedOut, "code", "the code is wrong, or was used already")
)

// SignIn gives a session's secret for an e-mail and a password and, where the user has an authenticator application, a
// code of it: ErrCodeWanted without one. SignedOut where e-mail and password are not a user's, in the same words and
// after the same work whatever is wrong; TooMany where too many were tried. Successes and failures are in the audit log.
func (a *Access) SignIn(ctx context.Context, email, password, code string, from From) (secret string, session collector.AccessToken, err error) {
	if len(email) > maxEmail || len(password) > maxPasswordBytes {
		return "", session, collector.Refuse(collector.BadRequest, "password", "e-mail or password is too long")
	}
	try, err := a.throttle.begin(email, from)
	if err != nil {
		return "", session, err
	}
	how, err := a.judge(ctx, email, password, code, try)
	switch {
	case errors.Is(err, errWrong) || errors.Is(err, errWrongCode):
		return "", session, a.failed(ctx, email, how, from, err)
	case err != nil:
		try.undone()
		return "", session, err
	}
	user, known := a.User(email)
	if !known { // since a moment
		return "", session, errWrong
	}
	try.succeeded()
	return a.begin(ctx, a.viewer(user), how, from)
}

// judge tells how a user signs in with these, or what is wrong.
func (a *Access) judge(ctx context.Context, email, password, code string, try attempt) (how string, err error) {
	credential, err := a.registry.Credential(ctx, email)
	if err != nil {
		return collector.ByPassword, err
	}
	if user, known := a.User(email); !known || !a.localPassword(user) {
		credential.Hash = ""
	}
	right, err := a.hashing.verify(ctx, credential.Hash, password)
	switch {
	case err != nil:
		return collector.ByPassword, err
	case !right:
		return collector.ByPassword, errWrong
	case credential.TOTP == "":
		return collector.ByPassword, nil
	case code == "":
		return collector.ByPassword, ErrCodeWanted
	}
	if err := try.code(); err != nil {
		return collector.ByPasswordAndCode, err
	}
	right, err = a.takeCode(ctx, credential, code)
	if err == nil && !right {
		err = errWrongCode
	}
	if err == nil {
		try.rightCode()
	}
	return collector.ByPasswordAndCode, err
}

// localPassword tells whether a user may sign in with a password or a passkey: everyone while there is no other way,
// then those who are kept for the day that the other way breaks.
func (a *Access) localPassword(user config.User) bool {
	return user.BreakGlass || a.set().Collector.SignIn.OIDC == nil
}

// SignInVerified gives a session to whoever an OpenID Connect provider says has an e-mail address: a user's, or one that
// sees its own where exactly one person of people.yaml has the address. SignedOut for everybody else.
func (a *Access) SignInVerified(ctx context.Context, email string, from From) (secret string, session collector.AccessToken, err error) {
	v, known := a.standing(email)
	if !known || email == "" {
		return "", session, a.failedStrange(ctx, email, collector.ByProvider, from,
			collector.Refuse(collector.SignedOut, "", "nobody here has the e-mail address that you signed in with"))
	}
	return a.begin(ctx, v, collector.ByProvider, from)
}

// begin opens a session and writes it down.
func (a *Access) begin(ctx context.Context, v collector.Viewer, how string, from From) (secret string, session collector.AccessToken, err error) {
	ctx = context.WithoutCancel(ctx) // the session and the audit log go together
	now := a.now()
	session = collector.AccessToken{
		Email: v.User, Role: v.Role, Session: true, Write: true, CreatedAt: now, ExpiresAt: now.Add(sessionFor),
		How: how, Address: from.Address, Browser: from.Browser, Owner: v.Owner,
	}
	switch {
	case v.Owner != collector.Owner{}:
		session.Email, session.Name = "", v.User
	case v.Role != collector.Measured:
		if err := a.registry.SignedIn(ctx, v.User, now); err != nil {
			return "", session, err
		}
	}
	if err := a.write(ctx, "user.sign_in", v, how, from); err != nil {
		return "", session, err
	}
	return a.issue(ctx, session)
}

// failedStrange is failed for what is counted by network alone, and not written down beyond its bound: TooMany.
func (a *Access) failedStrange(ctx context.Context, email, how string, from From, reason error) error {
	if err := a.throttle.failStrange(from); err != nil {
		return err
	}
	return a.failed(ctx, email, how, from, reason)
}

// failed writes a failure down, and gives its error back.
func (a *Access) failed(ctx context.Context, email, how string, from From, reason error) error {
	// What is no user's may be anything that was typed, a password too, and is not written down.
	user, _ := a.User(email)
	if err := a.write(context.WithoutCancel(ctx), "user.sign_in_failed", collector.Viewer{User: user.Email}, how, from); err != nil {
		return err
	}
	return reason
}

// write writes down who signed in. Nobody is the actor of a failure.
func (a *Access) write(ctx context.Context, action string, who collector.Viewer, how string, from From) error {
	entry := collector.AuditEntry{At: a.now(), Actor: "collector", Action: action, Subject: who.User}
	detail := map[string]string{"address": from.Address, "browser": from.Browser, "how": how}
	if who.Role != "" {
		entry.Actor = who.Actor()
	}
	if who.Role == collector.Measured {
		entry.Subject, detail["user"] = "", who.User
	}
	text, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	entry.Detail = string(text)
	return a.registry.Audit(ctx, entry)
}

// SignOut ends the session or token that a viewer came with.
func (a *Access) SignOut(ctx context.Context, viewer collector.Viewer) error {
	if viewer.Token == "" {
		return nil
	}
	return a.registry.RevokeToken(ctx, viewer.Token, a.now())
}

// SetPassword sets a user's password, the viewer's own where email is empty, and ends the user's sessions. A session
// changes its own user's only with the current one.
func (a *Access) SetPassword(ctx context.Context, viewer collector.Viewer, email, password, current string, from From) (config.User, error) {
	user, err := a.meantByPerson(viewer, email)
	if err != nil {
		return user, err
	}
	if err := checkPassword(user.Email, password); err != nil {
		return user, err
	}
	if viewer.Token != "" && sameEmail(user.Email, viewer.User) {
		if err := a.knows(ctx, user.Email, current, from); err != nil {
			return user, err
		}
	}
	hash, err := a.hashing.hash(ctx, password)
	if err != nil {
		return user, err
	}
	return user, a.registry.SetPassword(ctx, user.Email, hash, a.now())
}

// knows refuses who does not know the user's password, if there is one: who found a session open must not keep the
// account. Wrong ones count like those of a sign-in, and are written down like them.
func (a *Access) knows(ctx context.Context, email, password string, from From) error {
	credential, err := a.registry.Credential(ctx, email)
	if err != nil || credential.Hash == "" {
		return err
	}
	wrong := collector.Refuse(collector.BadRequest, "current", "this is not your password until now")
	if password == "" || len(password) > maxPasswordBytes {
		return wrong
	}
	try, err := a.throttle.begin(email, from)
	if err != nil {
		return err
	}
	right, err := a.hashing.verify(ctx, credential.Hash, password)
	if err != nil {
		try.undone()
		return err
	}
	if !right {
		return a.failed(ctx, email, collector.ByPassword, from, wrong)
	}
	try.undone()
	return nil
}

// ResetSignIn takes a user's authenticator application and passkeys away, and ends the user's sessions.
func (a *Access) ResetSignIn(ctx context.Context, viewer collector.Viewer, email string) (config.User, error) {
	user, err := a.meant(viewer, email)
	if err != nil {
		return user, err
	}
	return user, a.registry.ResetSignIn(ctx, user.Email)
}

// Ways to sign in.
type Ways struct {
	// Password and Passkeys are open to everybody, not only to those kept for when the provider fails.
	Password bool
	// Provider is the host of the OpenID Connect provider; empty where there is none.
	Provider string
	// Passkeys: somebody has one for the site.
	Passkeys bool
	// FirstAdmin: there is no administrator yet.
	FirstAdmin bool
}

// Ways tells how to sign in on a site.
func (a *Access) Ways(ctx context.Context, site Site) (Ways, error) {
	set := a.set()
	ways := Ways{Password: set.Collector.SignIn.OIDC == nil, FirstAdmin: !a.HasAdmin()}
	if set.Collector.SignIn.OIDC != nil {
		ways.Provider = providerName(set)
	}
	passkeys, err := a.registry.Passkeys(ctx)
	for _, p := range passkeys {
		user, known := a.User(p.Email)
		ways.Passkeys = ways.Passkeys || p.Host == site.Host && known && a.localPassword(user)
	}
	return ways, err
}

// providerName is what people know the provider by: its host.
func providerName(set *config.Set) string {
	if set.Collector.SignIn.OIDC == nil {
		return ""
	}
	issuer, err := url.Parse(set.Collector.SignIn.OIDC.Issuer)
	if err != nil || issuer.Host == "" {
		return strings.TrimPrefix(set.Collector.SignIn.OIDC.Issuer, "https://")
	}
	return issuer.Hostname()
}

// meantByPerson is meant, for a new way in: a token that a program holds must not make one that outlives it.
func (a *Access) meantByPerson(viewer collector.Viewer, email string) (config.User, error) {
	if viewer.Token != "" && !viewer.Session {
		return config.User{}, collector.Refuse(collector.Denied, "", "sign in as a user to do this; a token may not")
	}
	return a.meant(viewer, email)
}

// meant gives the user whose password, token or session is meant: only administrators mean others.
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

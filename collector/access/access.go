// Package access says who calls and what they may: users sign in with passwords, passkeys or through a provider, measured
// people through their agent, programs with tokens; one table says which role may call what, and MayApply which change of
// the configuration a role may make. Who may sign in stands in
// people.yaml and is looked up in the set in force on every call; the registry keeps secrets alone, as hashes.
package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

// noteEvery is how often the last use of tokens is written down.
const noteEvery = time.Minute

// Registry keeps the secrets.
type Registry interface {
	Credential(ctx context.Context, email string) (collector.Credential, error)
	Credentials(ctx context.Context) ([]collector.Credential, error)
	SetPassword(ctx context.Context, email, hash string, at time.Time) error
	SignedIn(ctx context.Context, email string, at time.Time) error
	SetTOTP(ctx context.Context, email, secret string) error
	UseTOTP(ctx context.Context, email string, step int64) error
	AddPasskey(ctx context.Context, passkey collector.Passkey) error
	Passkeys(ctx context.Context) ([]collector.Passkey, error)
	PasskeyUsed(ctx context.Context, id, credential []byte, at time.Time) error
	RemovePasskey(ctx context.Context, email string, id []byte) error
	ResetSignIn(ctx context.Context, email string) error
	RemoveUser(ctx context.Context, email string, at time.Time) error
	AddToken(ctx context.Context, token collector.AccessToken, secretHash [32]byte) error
	TokenBySecret(ctx context.Context, secretHash [32]byte) (collector.AccessToken, error)
	Tokens(ctx context.Context) ([]collector.AccessToken, error)
	RevokeToken(ctx context.Context, id string, at time.Time) error
	Links(ctx context.Context) ([]collector.Link, error)
	RevokeLink(ctx context.Context, id string, at time.Time) error
	TokensUsed(ctx context.Context, used map[string]time.Time) error
	Audit(ctx context.Context, entry collector.AuditEntry) error
}

// Access lets users in.
type Access struct {
	registry Registry
	set      func() *config.Set
	now      func() time.Time
	hashing  *hashing
	throttle *throttle

	// totps are secrets that no code was given for yet, by session.
	totps      *Once[string]
	ceremonies *Once[ceremony]
	days       *Once[day]
	firstAdmin *Once[struct{}]
	// creating lets one after the other try to be the first administrator.
	creating sync.Mutex

	mu sync.Mutex
	// used are the last uses not written down yet, by token.
	used map[string]time.Time
}

// New gives access to the users of the set in force. Cost is what hashing a password takes; zero is the usual.
func New(registry Registry, set func() *config.Set, cost Cost, now func() time.Time) *Access {
	return &Access{
		registry: registry, set: set, now: now, hashing: newHashing(cost), throttle: newThrottle(now), used: map[string]time.Time{},
		totps: NewOnce[string](totpWithin, maxCeremonies, now), ceremonies: NewOnce[ceremony](ceremonyFor, maxCeremonies, now),
		days: NewOnce[day](dayCodeFor, maxDays, now), firstAdmin: NewOnce[struct{}](firstAdminFor, 1, now),
	}
}

// User of the set in force, by e-mail without case.
func (a *Access) User(email string) (config.User, bool) {
	for _, user := range a.set().People.Users {
		if sameEmail(user.Email, email) {
			return user, true
		}
	}
	return config.User{}, false
}

// sameEmail compares as the registry and the check of people.yaml do: folding more than the case would make one of two.
func sameEmail(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	return a == b
}

func (a *Access) viewer(user config.User) collector.Viewer {
	role := collector.Role(user.Role)
	return collector.Viewer{
		User: user.Email, Role: role, Groups: user.ViewableGroups.Groups,
		Everyone: user.ViewableGroups.All || role == collector.Admin || role == collector.Configurator,
		Installs: a.set().Account.Installers.NonAdmins && role != collector.Admin,
	}
}

// As gives what a user sees and may, for somebody who acts as that user.
func (a *Access) As(email, by string) (collector.Viewer, error) {
	user, known := a.User(email)
	if !known {
		return collector.Viewer{}, noUser(email)
	}
	as := a.viewer(user)
	as.By = by
	return as, nil
}

func noUser(email string) error {
	return collector.Refuse(collector.NotFound, "email", "there is no user %q", email)
}

var errSignedOut = collector.Refuse(collector.SignedOut, "authorization", "the token is not valid, or not any more; sign in again")

// Authenticate gives who calls with an Authorization header, with the rights of now. SignedOut without a valid token.
func (a *Access) Authenticate(ctx context.Context, header string) (collector.Viewer, error) {
	if header == "" {
		return collector.Viewer{}, collector.Refuse(collector.SignedOut, "authorization", "sign in first")
	}
	hash, ok := parseBearer(header)
	if !ok {
		return collector.Viewer{}, errSignedOut
	}
	token, err := a.registry.TokenBySecret(ctx, hash)
	if collector.CodeOf(err) == collector.NotFound {
		return collector.Viewer{}, errSignedOut
	}
	if err != nil {
		return collector.Viewer{}, err
	}
	now := a.now()
	v, holds := a.bearer(&token, now)
	if !holds {
		return collector.Viewer{}, errSignedOut
	}
	a.mu.Lock()
	a.used[token.ID] = now
	a.mu.Unlock()
	return v, nil
}

// bearer gives whom a token lets in, as of now, and whether it still does. One made for another role has ended.
func (a *Access) bearer(token *collector.AccessToken, now time.Time) (v collector.Viewer, holds bool) {
	if !token.RevokedAt.IsZero() || !now.Before(token.ExpiresAt) || token.Session && a.idle(token, now) {
		return v, false
	}
	if token.Owner == (collector.Owner{}) {
		v, _ = a.standing(token.Email)
	} else {
		v = collector.Viewer{User: token.Name, Role: collector.Measured, Owner: token.Owner}
	}
	v.Token, v.Session, v.ReadOnly = token.ID, token.Session, !token.Write
	return v, v.Role == token.Role
}

// standing tells what somebody with an e-mail address is here: a user or, where exactly one person of people.yaml has
// it, that person.
func (a *Access) standing(email string) (v collector.Viewer, known bool) {
	if user, known := a.User(email); known {
		return a.viewer(user), true
	}
	persons := 0
	for _, person := range a.set().People.People {
		if person.Email != "" && sameEmail(person.Email, email) {
			persons++
			v = collector.Viewer{User: person.Email, Role: collector.Measured}
		}
	}
	if persons != 1 {
		return collector.Viewer{}, false
	}
	return v, true
}

func (a *Access) idle(token *collector.AccessToken, now time.Time) bool {
	last := a.lastUsed(token)
	if last.IsZero() {
		last = token.CreatedAt
	}
	return now.Sub(last) > idleFor
}

// lastUsed is zero where it never was.
func (a *Access) lastUsed(token *collector.AccessToken) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at := a.used[token.ID]; at.After(token.UsedAt) {
		return at
	}
	return token.UsedAt
}

// Run writes the last use of tokens down now and then, until the context ends.
func (a *Access) Run(ctx context.Context) error {
	ticker := time.NewTicker(noteEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			return a.note(last)
		case <-ticker.C:
			// What could not be written stays for the next time.
			_ = a.note(ctx)
		}
	}
}

// note forgets a use only once it is written: a session's idle time is judged by what is here and there.
func (a *Access) note(ctx context.Context) error {
	a.mu.Lock()
	used := maps.Clone(a.used)
	a.mu.Unlock()
	if len(used) == 0 {
		return nil
	}
	if err := a.registry.TokensUsed(ctx, used); err != nil {
		return fmt.Errorf("access: note the use of tokens: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.used, func(id string, at time.Time) bool { return at.Equal(used[id]) })
	return nil
}

// Reconcile ends what the files no longer grant, so that it stays ended if the old entry comes back: the passwords and
// tokens of users who are gone, the tokens of those whose role is another, and the installer links of those who may make
// none any more. Each end is in the audit log.
func (a *Access) Reconcile(ctx context.Context) error {
	credentials, err := a.registry.Credentials(ctx)
	if err != nil {
		return fmt.Errorf("access: reconcile: %w", err)
	}
	tokens, err := a.registry.Tokens(ctx)
	if err != nil {
		return fmt.Errorf("access: reconcile: %w", err)
	}
	now := a.now()
	gone := map[string]bool{}
	for _, c := range credentials {
		_, known := a.User(c.Email)
		gone[c.Email] = !known
	}
	var failed []error
	for _, token := range tokens {
		who, known := a.standing(token.Email)
		switch {
		case !token.RevokedAt.IsZero() || !now.Before(token.ExpiresAt) || token.Owner != collector.Owner{}:
		case !known:
			gone[token.Email] = true
		case who.Role != token.Role:
			failed = append(failed, a.end(ctx, "access.end", token.ID, "the owner's role is another", a.registry.RevokeToken))
		}
	}
	for email, isGone := range gone {
		if isGone {
			failed = append(failed, a.end(ctx, "access.end", email, "the user is gone", a.registry.RemoveUser))
		}
	}
	if err := errors.Join(append(failed, a.endLinks(ctx))...); err != nil {
		return fmt.Errorf("access: reconcile: %w", err)
	}
	return nil
}

func (a *Access) end(ctx context.Context, action, subject, reason string, do func(context.Context, string, time.Time) error) error {
	if err := do(ctx, subject, a.now()); err != nil {
		return err
	}
	detail, err := json.Marshal(map[string]string{"reason": reason})
	if err != nil {
		return err
	}
	return a.registry.Audit(ctx, collector.AuditEntry{
		At: a.now(), Actor: "collector", Action: action, Subject: subject, Detail: string(detail),
	})
}

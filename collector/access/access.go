// Package access says who calls and what they may: users sign in with passwords, programs with tokens; one table says
// which role may call what, and MayApply which change of the configuration a role may make. Who may sign in stands in
// people.yaml and is looked up in the set in force on every call; the registry keeps secrets alone, as hashes.
package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

// How long tokens last (security.md 8).
const (
	sessionFor   = 12 * time.Hour
	idleFor      = 30 * time.Minute
	tokenFor     = 90 * 24 * time.Hour
	maxTokenFor  = 365 * 24 * time.Hour
	minTokenFor  = time.Minute
	maxNameRunes = 100
	maxEmail     = 255
)

// noteEvery is how often the last use of tokens is written down.
const noteEvery = time.Minute

// Registry keeps the secrets.
type Registry interface {
	Credential(ctx context.Context, email string) (collector.Credential, error)
	Credentials(ctx context.Context) ([]collector.Credential, error)
	SetPassword(ctx context.Context, email, hash string, at time.Time) error
	SignedIn(ctx context.Context, email string, at time.Time) error
	RemoveUser(ctx context.Context, email string, at time.Time) error
	AddToken(ctx context.Context, token collector.AccessToken, secretHash [32]byte) error
	TokenBySecret(ctx context.Context, secretHash [32]byte) (collector.AccessToken, error)
	Tokens(ctx context.Context) ([]collector.AccessToken, error)
	RevokeToken(ctx context.Context, id string, at time.Time) error
	TokensUsed(ctx context.Context, used map[string]time.Time) error
	Audit(ctx context.Context, entry collector.AuditEntry) error
}

// Access lets users in.
type Access struct {
	registry Registry
	set      func() *config.Set
	now      func() time.Time
	hashing  *hashing

	mu sync.Mutex
	// used are the last uses not written down yet, by token.
	used map[string]time.Time
}

// New gives access to the users of the set in force. Cost is what hashing a password takes; zero is the usual.
func New(registry Registry, set func() *config.Set, cost Cost, now func() time.Time) *Access {
	return &Access{registry: registry, set: set, now: now, hashing: newHashing(cost), used: map[string]time.Time{}}
}

// user of the set in force, by e-mail without case.
func (a *Access) user(email string) (config.User, bool) {
	for _, user := range a.set().People.Users {
		if strings.EqualFold(user.Email, email) {
			return user, true
		}
	}
	return config.User{}, false
}

func viewer(user config.User) collector.Viewer {
	role := collector.Role(user.Role)
	return collector.Viewer{
		User: user.Email, Role: role, Groups: user.ViewableGroups.Groups,
		Everyone: user.ViewableGroups.All || role == collector.Admin || role == collector.Configurator,
	}
}

// As gives what a user sees and may, for somebody who acts as that user.
func (a *Access) As(email, by string) (collector.Viewer, error) {
	user, known := a.user(email)
	if !known {
		return collector.Viewer{}, noUser(email)
	}
	as := viewer(user)
	as.By = by
	return as, nil
}

func noUser(email string) error {
	return collector.Refuse(collector.NotFound, "email", "there is no user %q", email)
}

// secretPrefix tells people and scanners what such a text is.
const secretPrefix = "dayline_"

var secretText = base64.RawURLEncoding.Strict()

// newSecret gives a token's text and what is kept of it.
func newSecret() (text string, hash [32]byte) {
	secret := make([]byte, 32)
	rand.Read(secret)
	return secretPrefix + secretText.EncodeToString(secret), sha256.Sum256(secret)
}

// parseBearer reads an Authorization header; hash is the SHA-256 of the secret.
func parseBearer(header string) (hash [32]byte, ok bool) {
	scheme, text, _ := strings.Cut(header, " ")
	encoded, found := strings.CutPrefix(text, secretPrefix)
	if !strings.EqualFold(scheme, "Bearer") || !found || len(encoded) != secretText.EncodedLen(32) {
		return hash, false
	}
	secret, err := secretText.DecodeString(encoded)
	if err != nil || len(secret) != 32 {
		return hash, false
	}
	return sha256.Sum256(secret), true
}

func newTokenID() string {
	random := make([]byte, 6)
	rand.Read(random)
	return "t-" + hex.EncodeToString(random)
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
	user, known := a.user(token.Email)
	now := a.now()
	if !known || !a.holds(&token, user, now) {
		return collector.Viewer{}, errSignedOut
	}
	a.mu.Lock()
	a.used[token.ID] = now
	a.mu.Unlock()
	v := viewer(user)
	v.Token, v.ReadOnly = token.ID, !token.Write
	return v, nil
}

// holds tells whether a token still lets its owner in. One made for another role has ended.
func (a *Access) holds(token *collector.AccessToken, user config.User, now time.Time) bool {
	if !token.RevokedAt.IsZero() || !now.Before(token.ExpiresAt) || collector.Role(user.Role) != token.Role {
		return false
	}
	if !token.Session {
		return true
	}
	last := a.lastUsed(token)
	if last.IsZero() {
		last = token.CreatedAt
	}
	return now.Sub(last) <= idleFor
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
	user, known := a.user(email)
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

func (a *Access) issue(ctx context.Context, token collector.AccessToken) (secret string, _ collector.AccessToken, err error) {
	secret, hash := newSecret()
	token.ID = newTokenID()
	return secret, token, a.registry.AddToken(ctx, token, hash)
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
	if viewer.Role != collector.Admin && !strings.EqualFold(email, viewer.User) {
		return config.User{}, collector.Refuse(collector.Denied, "email", "only administrators do this for others")
	}
	user, known := a.user(email)
	if !known && email == viewer.User {
		return user, collector.Refuse(collector.BadRequest, "email", "say which user is meant")
	}
	if !known {
		return user, noUser(email)
	}
	return user, nil
}

// CreateToken makes an API token; its secret is given this once. length 0 is 90 days.
func (a *Access) CreateToken(ctx context.Context, viewer collector.Viewer, email, name string, length time.Duration, write bool) (secret string, token collector.AccessToken, err error) {
	user, err := a.meant(viewer, email)
	if err != nil {
		return "", token, err
	}
	if length == 0 {
		length = tokenFor
	}
	if length < minTokenFor || length > maxTokenFor {
		return "", token, collector.Refuse(collector.BadRequest, "expires_seconds", "a token is valid for a minute to a year")
	}
	if utf8.RuneCountInString(name) > maxNameRunes {
		return "", token, collector.Refuse(collector.BadRequest, "name", "at most %d characters", maxNameRunes)
	}
	now := a.now()
	return a.issue(ctx, collector.AccessToken{
		Email: user.Email, Role: collector.Role(user.Role), Name: name, Write: write, CreatedAt: now, ExpiresAt: now.Add(length),
	})
}

// Tokens lists the API tokens, to those who are no administrators their own.
func (a *Access) Tokens(ctx context.Context, viewer collector.Viewer) ([]collector.AccessToken, error) {
	all, err := a.registry.Tokens(ctx)
	if err != nil {
		return nil, err
	}
	var tokens []collector.AccessToken
	for _, token := range all {
		if token.Session || viewer.Role != collector.Admin && !strings.EqualFold(token.Email, viewer.User) {
			continue
		}
		token.UsedAt = a.lastUsed(&token)
		tokens = append(tokens, token)
	}
	return tokens, nil
}

// RevokeToken ends an API token. Another's does not exist for those who are no administrators.
func (a *Access) RevokeToken(ctx context.Context, viewer collector.Viewer, id string) error {
	tokens, err := a.Tokens(ctx, viewer)
	if err != nil {
		return err
	}
	for _, token := range tokens {
		if token.ID == id {
			return a.registry.RevokeToken(ctx, id, a.now())
		}
	}
	return collector.Refuse(collector.NotFound, "id", "there is no token %q", id)
}

// Reconcile ends what people.yaml no longer grants, so that it stays ended if the old entry comes back: the passwords
// and tokens of users who are gone, and the tokens of those whose role is another. Each end is in the audit log.
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
		_, known := a.user(c.Email)
		gone[c.Email] = !known
	}
	var failed []error
	for _, token := range tokens {
		user, known := a.user(token.Email)
		switch {
		case !token.RevokedAt.IsZero() || !now.Before(token.ExpiresAt):
		case !known:
			gone[token.Email] = true
		case collector.Role(user.Role) != token.Role:
			failed = append(failed, a.end(ctx, token.ID, "the owner's role is another", a.registry.RevokeToken))
		}
	}
	for email, isGone := range gone {
		if isGone {
			failed = append(failed, a.end(ctx, email, "the user is gone", a.registry.RemoveUser))
		}
	}
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("access: reconcile: %w", err)
	}
	return nil
}

func (a *Access) end(ctx context.Context, subject, reason string, do func(context.Context, string, time.Time) error) error {
	if err := do(ctx, subject, a.now()); err != nil {
		return err
	}
	detail, err := json.Marshal(map[string]string{"reason": reason})
	if err != nil {
		return err
	}
	return a.registry.Audit(ctx, collector.AuditEntry{
		At: a.now(), Actor: "collector", Action: "access.end", Subject: subject, Detail: string(detail),
	})
}

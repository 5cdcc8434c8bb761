package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dayline-project/dayline/collector"
)

// How long tokens last (security.md 8).
const (
	sessionFor   = 12 * time.Hour
	idleFor      = 30 * time.Minute
	tokenFor     = 90 * 24 * time.Hour
	maxTokenFor  = 365 * 24 * time.Hour
	minTokenFor  = time.Minute
	maxNameRunes = 100
)

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

func (a *Access) issue(ctx context.Context, token collector.AccessToken) (secret string, _ collector.AccessToken, err error) {
	secret, hash := newSecret()
	token.ID = newTokenID()
	return secret, token, a.registry.AddToken(ctx, token, hash)
}

// CreateToken makes an API token; its secret is given this once. length 0 is 90 days.
func (a *Access) CreateToken(ctx context.Context, viewer collector.Viewer, email, name string, length time.Duration, write bool) (secret string, token collector.AccessToken, err error) {
	user, err := a.meantByPerson(viewer, email)
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
		if token.Session || viewer.Role != collector.Admin && !sameEmail(token.Email, viewer.User) {
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

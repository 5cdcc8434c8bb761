package access

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/sqlite"
)

const password = "correct horse battery"

// house is access over a real registry, with a configuration and a clock of the test's own.
type house struct {
	*Access
	t        *testing.T
	registry *sqlite.Registry
	set      atomic.Pointer[config.Set]
	time     time.Time
}

func open(t *testing.T) *house {
	t.Helper()
	registry, err := sqlite.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := registry.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &house{t: t, registry: registry, time: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	h.set.Store(office(t))
	h.again()
	return h
}

// again is the collector after a restart.
func (h *house) again() {
	h.Access = New(h.registry, h.set.Load, cheap, func() time.Time { return h.time })
}

func (h *house) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) later(d time.Duration) { h.time = h.time.Add(d) }

func (h *house) edit(edits ...config.Edit) {
	h.t.Helper()
	h.set.Store(edited(h.t, h.set.Load(), edits...))
}

// signIn gives Max a password and a session.
func (h *house) signIn() (secret string) {
	h.t.Helper()
	_, err := h.SetPassword(h.t.Context(), admin, "max@example.com", password, "", From{})
	h.check(err)
	secret, session, err := h.SignIn(h.t.Context(), "MAX@example.com", password, "", home)
	h.check(err)
	if !session.ExpiresAt.Equal(h.time.Add(12 * time.Hour)) {
		h.t.Errorf("it ends at %v", session.ExpiresAt)
	}
	return secret
}

func (h *house) token(email string, length time.Duration, write bool) (secret, id string) {
	h.t.Helper()
	secret, token, err := h.CreateToken(h.t.Context(), admin, email, "for a test", length, write)
	h.check(err)
	return secret, token.ID
}

func (h *house) viewer(secret string) (collector.Viewer, error) {
	return h.Authenticate(h.t.Context(), "Bearer "+secret)
}

// in and out want that a secret lets somebody in, or not.
func (h *house) in(what, secret string) {
	h.t.Helper()
	if _, err := h.viewer(secret); err != nil {
		h.t.Errorf("%s: %v", what, err)
	}
}

func (h *house) out(what, secret string) {
	h.t.Helper()
	if _, err := h.viewer(secret); err != errSignedOut {
		h.t.Errorf("%s: %v", what, err)
	}
}

// home is where Max signs in from.
var home = From{Address: "203.0.113.7", Browser: "Firefox on Linux"}

var admin = collector.Viewer{User: collector.LocalAdministrator, Role: collector.Admin, Everyone: true}

func TestInstallsAsTheAccountSays(t *testing.T) {
	h := open(t)
	secret := h.signIn()
	for _, value := range []string{"true", "false"} {
		h.edit(config.Edit{File: config.AccountFile, Key: "installers.non_admins", Value: value})
		v, err := h.viewer(secret)
		h.check(err)
		if may := slices.Contains(May(v), "CreateLink"); may != (value == "true") {
			t.Errorf("installers.non_admins: %s: a link may be made: %t", value, may)
		}
	}
}

func TestSession(t *testing.T) {
	h := open(t)
	secret := h.signIn()
	v, err := h.viewer(secret)
	h.check(err)
	if v.User != "max@example.com" || v.Role != collector.Manager || v.ReadOnly || v.Everyone || !slices.Equal(v.Groups, []string{"Support"}) || v.Token == "" {
		t.Errorf("%+v", v)
	}
	// Half an hour counts from the last use, written down or not, also over a restart.
	for range 3 {
		h.later(29 * time.Minute)
		h.in("in use", secret)
	}
	h.check(h.note(t.Context()))
	h.later(30 * time.Minute)
	h.again()
	h.in("after a restart", secret)
	h.later(31 * time.Minute)
	h.out("idle", secret)

	secret = h.signIn()
	for range 12*3 - 1 {
		h.later(20 * time.Minute)
		h.in("a long day", secret)
	}
	h.later(20 * time.Minute)
	h.out("after 12 hours", secret)

	secret = h.signIn()
	v, err = h.viewer(secret)
	h.check(err)
	h.check(h.SignOut(t.Context(), v))
	h.out("signed out", secret)

	secret = h.signIn()
	_, err = h.SetPassword(t.Context(), v, "", "another "+password, "not "+password, From{})
	h.refused("a session that does not know the password", err, collector.BadRequest)
	_, err = h.SetPassword(t.Context(), v, "", "another "+password, password, From{})
	h.check(err)
	h.out("after another password", secret)
}

// Whatever is wrong, the words are the same.
func TestSignInRefused(t *testing.T) {
	h := open(t)
	h.signIn()
	for _, c := range [][2]string{
		{"max@example.com", "wrong"}, {"max@example.com", ""}, {"nobody@example.com", password}, {"", ""}, {"ada@example.com", password},
		{"max@example.com\x00", password}, {"%", password},
	} {
		if _, _, err := h.SignIn(t.Context(), c[0], c[1], "", home); collector.CodeOf(err) != collector.SignedOut || err.Error() != "the e-mail or the password is wrong" {
			t.Errorf("%q: %v", c, err)
		}
	}
	if _, _, err := h.SignIn(t.Context(), "max@example.com", strings.Repeat("x", 257), "", home); collector.CodeOf(err) != collector.BadRequest {
		t.Errorf("a long password: %v", err)
	}
	// With another way to sign in, passwords are for the day it breaks.
	h.edit(config.Edit{File: config.CollectorFile, Key: "sign_in.oidc", Value: "{issuer: https://id.example.com, client_id: d, client_secret_file: /etc/dayline/oidc}"})
	if _, _, err := h.SignIn(t.Context(), "max@example.com", password, "", home); collector.CodeOf(err) != collector.SignedOut {
		t.Errorf("beside oidc: %v", err)
	}
	h.edit(config.Edit{Key: "users[max@example.com].break_glass", Value: "true"})
	_, _, err := h.SignIn(t.Context(), "max@example.com", password, "", home)
	h.check(err)
}

func TestToken(t *testing.T) {
	h := open(t)
	secret, _ := h.token("max@example.com", 0, false)
	v, err := h.viewer(secret)
	h.check(err)
	if !v.ReadOnly || v.User != "max@example.com" {
		t.Errorf("%+v", v)
	}
	writing, _ := h.token("max@example.com", time.Hour, true)
	if v, err := h.viewer(writing); err != nil || v.ReadOnly {
		t.Errorf("%+v, %v", v, err)
	}
	h.later(time.Hour)
	h.out("over its time", writing)
	h.later(89 * 24 * time.Hour)
	h.in("unused for long", secret)
	h.later(24 * time.Hour)
	h.out("after 90 days", secret)

	secret, id := h.token("max@example.com", 365*24*time.Hour, false)
	for _, length := range []time.Duration{365*24*time.Hour + 1, -time.Hour, time.Second} {
		if _, _, err := h.CreateToken(t.Context(), admin, "max@example.com", "", length, false); collector.CodeOf(err) != collector.BadRequest {
			t.Errorf("%v: %v", length, err)
		}
	}
	h.check(h.RevokeToken(t.Context(), admin, id))
	h.out("revoked", secret)
	for _, bad := range []string{"", "x", secret[:len(secret)-1], secret + "A", strings.ToUpper(secret), "dayline_" + strings.Repeat("A", 43)} {
		h.out(bad, bad)
	}
	if _, err := h.Authenticate(t.Context(), ""); collector.CodeOf(err) != collector.SignedOut {
		t.Error(err)
	}
}

// Rights are those of now; a changed role or a removal ends what was, also for when the old entry comes back.
func TestRightsAreOfNow(t *testing.T) {
	h := open(t)
	session := h.signIn()
	token, _ := h.token("max@example.com", 0, true)
	h.edit(config.Edit{Key: "users[max@example.com].viewable_groups", Value: "[Marketing]"})
	for _, secret := range []string{session, token} {
		if v, err := h.viewer(secret); err != nil || !slices.Equal(v.Groups, []string{"Marketing"}) {
			t.Errorf("%+v, %v", v, err)
		}
	}
	role := func(role string) { h.edit(config.Edit{Key: "users[max@example.com].role", Value: role}) }
	role("viewer")
	h.out("session, another role", session)
	h.out("token, another role", token)
	h.check(h.Reconcile(t.Context()))
	role("manager")
	h.check(h.Reconcile(t.Context()))
	h.out("session, the old role again", session)
	h.out("token, the old role again", token)

	session = h.signIn()
	token, _ = h.token("max@example.com", 0, true)
	before := h.set.Load()
	h.edit(config.Edit{Key: "users[max@example.com]", Unset: true})
	h.out("session of nobody", session)
	h.out("token of nobody", token)
	h.check(h.Reconcile(t.Context()))
	h.set.Store(before)
	h.out("session of one who is back", session)
	h.out("token of one who is back", token)
	if _, _, err := h.SignIn(t.Context(), "max@example.com", password, "", home); collector.CodeOf(err) != collector.SignedOut {
		t.Errorf("the old password: %v", err)
	}
	entries, err := h.registry.AuditEntries(t.Context(), 0, 100)
	h.check(err)
	var ended []string
	for _, e := range entries {
		if e.Action == "access.end" && e.Actor == "collector" {
			ended = append(ended, e.Detail)
		}
	}
	if len(ended) != 3 || ended[2] != `{"reason":"the user is gone"}` {
		t.Error(ended)
	}
}

// Who is no administrator acts for itself alone, and learns of nobody else's tokens.
func TestOwnAlone(t *testing.T) {
	h := open(t)
	_, adas := h.token("ada@example.com", 0, false)
	_, own := h.token("max@example.com", 0, false)
	h.signIn()
	max := collector.Viewer{User: "max@example.com", Role: collector.Manager}
	_, err := h.SetPassword(t.Context(), max, "ada@example.com", password, "", From{})
	_, nobody := h.SetPassword(t.Context(), max, "nobody@example.com", password, "", From{})
	if collector.CodeOf(err) != collector.Denied || err.Error() != nobody.Error() {
		t.Errorf("%v; %v", err, nobody)
	}
	_, _, err = h.CreateToken(t.Context(), max, "ada@example.com", "", 0, false)
	if collector.CodeOf(err) != collector.Denied {
		t.Error(err)
	}
	tokens, err := h.Tokens(t.Context(), max)
	if err != nil || len(tokens) != 1 || tokens[0].ID != own {
		t.Errorf("%+v, %v", tokens, err)
	}
	if all, err := h.Tokens(t.Context(), admin); err != nil || len(all) != 2 {
		t.Errorf("%+v, %v", all, err)
	}
	err, never := h.RevokeToken(t.Context(), max, adas), h.RevokeToken(t.Context(), max, "t-never")
	if collector.CodeOf(err) != collector.NotFound || strings.ReplaceAll(err.Error(), adas, "t-never") != never.Error() {
		t.Errorf("%v; %v", err, never)
	}
	h.check(h.RevokeToken(t.Context(), max, own))
	if _, err := h.SetPassword(t.Context(), admin, "", password, "", From{}); collector.CodeOf(err) != collector.BadRequest {
		t.Errorf("the local administrator's own: %v", err)
	}
	as, err := h.As("MAX@example.com", "administrator (local)")
	if err != nil || as.Role != collector.Manager || as.Actor() != "max@example.com (by administrator (local))" {
		t.Errorf("%+v, %v", as, err)
	}
	if _, err := h.As("nobody@example.com", "x"); collector.CodeOf(err) != collector.NotFound {
		t.Error(err)
	}
}

// A token that a program holds makes no way in that outlives it, for nobody.
func TestTokensMakeNoWayIn(t *testing.T) {
	h := open(t)
	max := h.max()
	for _, email := range []string{"max@example.com", "ada@example.com"} {
		secret, _ := h.token(email, time.Hour, true)
		program, err := h.viewer(secret)
		h.check(err)
		_, err = h.SetPassword(t.Context(), program, "max@example.com", "another "+password, password, From{})
		h.refused("a password by a token of "+email, err, collector.Denied)
		_, _, err = h.CreateToken(t.Context(), program, "max@example.com", "", 0, true)
		h.refused("a token by a token of "+email, err, collector.Denied)
	}
	h.check(h.with(password, ""))
	if _, _, err := h.CreateToken(t.Context(), max, "", "", 0, true); err != nil {
		t.Error(err)
	}
}

// uses counts what is written down of the use of tokens.
type uses struct {
	*sqlite.Registry
	writes int
	fail   error
}

func (u *uses) TokensUsed(ctx context.Context, used map[string]time.Time) error {
	u.writes++
	if u.fail != nil {
		return u.fail
	}
	return u.Registry.TokensUsed(ctx, used)
}

// Many calls are one write a minute, and none is lost where a write fails.
func TestUseIsNotedCheaply(t *testing.T) {
	h := open(t)
	secret, id := h.token("max@example.com", 0, false)
	registry := &uses{Registry: h.registry, fail: errors.New("the disk is full")}
	h.Access = New(registry, h.set.Load, cheap, func() time.Time { return h.time })
	for range 100 {
		h.in("in use", secret)
	}
	if err := h.note(t.Context()); err == nil || registry.writes != 1 {
		t.Errorf("%d writes, %v", registry.writes, err)
	}
	registry.fail = nil
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() { ended <- h.Run(ctx) }()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	h.check(h.note(t.Context()))
	if registry.writes != 2 {
		t.Errorf("%d writes", registry.writes)
	}
	tokens, err := h.registry.Tokens(t.Context())
	if err != nil || tokens[0].ID != id || !tokens[0].UsedAt.Equal(h.time) {
		t.Errorf("%+v, %v", tokens, err)
	}
}

func FuzzParseBearer(f *testing.F) {
	good, hash := newSecret()
	if got, ok := parseBearer("bearer " + good); !ok || got != hash {
		f.Fatal("a secret of its own is not read")
	}
	for _, seed := range []string{"Bearer " + good, "Bearer  " + good, "Basic " + good, good, "Bearer dayline_", "Bearer " + good + "=", "Bearer " + good + "\n", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		_, ok := parseBearer(header)
		// There is one way to write a secret, and 8 + 43 characters of it.
		if ok && (len(header) != len("Bearer ")+len(secretPrefix)+43 || !strings.EqualFold(header[:7], "Bearer ")) {
			t.Errorf("%q is taken for a token", header)
		}
	})
}

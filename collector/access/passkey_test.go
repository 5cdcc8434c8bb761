package access

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

var site = Site{Host: "dayline.example.com", Origin: "https://dayline.example.com"}

// max gives Max's viewer, in a session.
func (h *house) max() collector.Viewer {
	h.t.Helper()
	v, err := h.viewer(h.signIn())
	h.check(err)
	return v
}

// register gives Max a passkey.
func (h *house) register(v collector.Viewer, made *authenticator, on Site) (collector.Passkey, error) {
	h.t.Helper()
	ceremony, options, err := h.BeginPasskey(h.t.Context(), v, on)
	h.check(err)
	return h.FinishPasskey(h.t.Context(), v, on, ceremony, made.create(options, on), "a key")
}

// use signs in with a passkey.
func (h *house) use(made *authenticator, on Site) (secret string, err error) {
	h.t.Helper()
	ceremony, options, err := h.BeginPasskeySignIn(on, home)
	h.check(err)
	secret, _, err = h.SignInPasskey(h.t.Context(), ceremony, made.get(options, on), home)
	return secret, err
}

func (h *house) refused(what string, err error, code collector.Code) {
	h.t.Helper()
	if collector.CodeOf(err) != code {
		h.t.Errorf("%s: %v", what, err)
	}
}

func TestPasskey(t *testing.T) {
	h := open(t)
	v, key := h.max(), newAuthenticator(t)
	made, err := h.register(v, key, site)
	h.check(err)
	secret, err := h.use(key, site)
	h.check(err)
	if v, err := h.viewer(secret); err != nil || v.User != "max@example.com" || !v.Session {
		t.Errorf("%+v, %v", v, err)
	}
	own, here, err := h.OwnPasskeys(t.Context(), v, site)
	h.check(err)
	if len(own) != 1 || !here || own[0].Name != "a key" || own[0].UsedAt.IsZero() || strings.Contains(string(own[0].Handle), "max") {
		t.Errorf("%+v, %t", own, here)
	}
	ways, err := h.Ways(t.Context(), site)
	if elsewhere, _ := h.Ways(t.Context(), Site{Host: "other.example.com", Origin: "https://other.example.com"}); err != nil || !ways.Passkeys || elsewhere.Passkeys {
		t.Errorf("%+v, %+v, %v", ways, elsewhere, err)
	}
	// A second one of the same authenticator is excluded by the browser; another authenticator's is another.
	if _, err := h.register(v, newAuthenticator(t), site); err != nil {
		t.Error(err)
	}
	h.refused("another's", h.RemovePasskey(t.Context(), collector.Viewer{User: "ada@example.com", Role: collector.Admin, Session: true}, b64(made.ID)), collector.NotFound)
	h.check(h.RemovePasskey(t.Context(), v, base64.RawURLEncoding.EncodeToString(made.ID)))
	_, err = h.use(key, site)
	h.refused("removed", err, collector.SignedOut)
}

// What makes a passkey let nobody in.
func TestPasskeyRefused(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	v, key := h.max(), newAuthenticator(t)
	_, err := h.register(v, key, site)
	h.check(err)

	for what, wrong := range map[string]*authenticator{
		"nobody's":            newAuthenticator(t),
		"another key":         {t: t, key: newAuthenticator(t).key, id: key.id, handle: key.handle, counter: 50, flags: 5},
		"another's handle":    {t: t, key: key.key, id: key.id, handle: b64([]byte("ada")), counter: 50, flags: 5},
		"user not verified":   {t: t, key: key.key, id: key.id, handle: key.handle, counter: 50, flags: 1},
		"a page of a phisher": {t: t, key: key.key, id: key.id, handle: key.handle, counter: 50, flags: 5, origin: "https://dayline.example.net"},
		"another port":        {t: t, key: key.key, id: key.id, handle: key.handle, counter: 50, flags: 5, origin: "https://dayline.example.com:444"},
	} {
		if wrong.handle == "" {
			wrong.handle = key.handle
		}
		if _, err := h.use(wrong, site); collector.CodeOf(err) != collector.SignedOut {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := h.use(key, site); err != nil {
		t.Errorf("and the right one: %v", err)
	}
	copied := *key
	copied.counter = 0
	_, err = h.use(&copied, site)
	h.refused("a copy", err, collector.SignedOut)

	// An answer is taken once, and to the ceremony that it was asked for in.
	ceremony, options, err := h.BeginPasskeySignIn(site, home)
	h.check(err)
	answer := key.get(options, site)
	_, _, err = h.SignInPasskey(ctx, ceremony, answer, home)
	h.check(err)
	_, _, err = h.SignInPasskey(ctx, ceremony, answer, home)
	h.refused("again", err, collector.BadRequest)
	ceremony, _, err = h.BeginPasskeySignIn(site, home)
	h.check(err)
	_, _, err = h.SignInPasskey(ctx, ceremony, answer, home)
	h.refused("an old challenge", err, collector.SignedOut)
	ceremony, options, err = h.BeginPasskeySignIn(site, home)
	h.check(err)
	h.later(ceremonyFor)
	_, _, err = h.SignInPasskey(ctx, ceremony, key.get(options, site), home)
	h.refused("too late", err, collector.BadRequest)
	for _, text := range []string{"", "{}", "null", `{"id":1}`, strings.Repeat("[", 10000), strings.Repeat(" ", maxPasskeyJSON+1)} {
		ceremony, _, err := h.BeginPasskeySignIn(site, home)
		h.check(err)
		_, _, err = h.SignInPasskey(ctx, ceremony, []byte(text), home)
		h.refused(text[:min(len(text), 20)], err, collector.BadRequest)
	}
	ceremony, options, err = h.BeginPasskey(ctx, v, site)
	h.check(err)
	_, _, err = h.SignInPasskey(ctx, ceremony, key.get(append(options[:len(options)-1], `,"rpId":"dayline.example.com"}`...), site), home)
	h.refused("a registration's challenge", err, collector.SignedOut)
	h.later(time.Hour)
	v = h.max()
	h.edit(config.Edit{File: config.CollectorFile, Key: "sign_in.oidc", Value: "{issuer: https://id.example.com, client_id: d, client_secret_file: /etc/dayline/oidc}"})
	_, err = h.use(key, site)
	h.refused("beside oidc", err, collector.SignedOut)
	_, _, err = h.BeginPasskey(ctx, v, site)
	h.refused("a new one beside oidc", err, collector.Denied)
	if ways, err := h.Ways(ctx, site); err != nil || ways.Passkeys || ways.Password || ways.Provider != "id.example.com" {
		t.Errorf("%+v, %v", ways, err)
	}
}

// Who may make passkeys, and where.
func TestWhoMakesPasskeys(t *testing.T) {
	h := open(t)
	v := h.max()
	for what, viewer := range map[string]collector.Viewer{
		"a program":          {User: "max@example.com", Role: collector.Manager, Token: "t-1"},
		"the local socket":   admin,
		"a measured person":  {User: "ana@example.com", Role: collector.Measured, Token: "t-2", Session: true},
		"an agent's session": {User: `CORP\ana on PC`, Role: collector.Measured, Token: "t-3", Session: true, Owner: collector.Owner{Device: "d-1", LoginKey: "ana"}},
	} {
		_, _, err := h.BeginPasskey(t.Context(), viewer, site)
		h.refused(what, err, collector.Denied)
		_, _, err = h.BeginTOTP(t.Context(), viewer)
		h.refused(what+", codes", err, collector.Denied)
	}
	for _, place := range []Site{
		{Host: "192.0.2.7", Origin: "https://192.0.2.7:8444"}, {Host: "::1", Origin: "https://[::1]"}, {Host: "127.0.0.1", Origin: "http://127.0.0.1:8444"},
		{Host: "dayline.example.com", Origin: "http://dayline.example.com"}, {},
	} {
		_, _, err := h.BeginPasskey(t.Context(), v, place)
		h.refused(place.Origin, err, collector.BadRequest)
		_, _, err = h.BeginPasskeySignIn(place, home)
		h.refused(place.Origin, err, collector.BadRequest)
		if _, here, err := h.OwnPasskeys(t.Context(), v, place); err != nil || here {
			t.Errorf("%v: %t, %v", place, here, err)
		}
	}
	if _, err := h.register(v, newAuthenticator(t), Site{Host: "localhost", Origin: "http://localhost:8444"}); err != nil {
		t.Error(err)
	}
	// A ceremony is of the session and site that it was begun in.
	other := v
	other.Token = "t-other"
	ceremony, options, err := h.BeginPasskey(t.Context(), v, site)
	h.check(err)
	_, err = h.FinishPasskey(t.Context(), other, site, ceremony, newAuthenticator(t).create(options, site), "")
	h.refused("another session", err, collector.BadRequest)
	ceremony, options, err = h.BeginPasskeySignIn(site, home)
	h.check(err)
	_, err = h.FinishPasskey(t.Context(), v, site, ceremony, newAuthenticator(t).create(append(options[:len(options)-1], `,"rp":{"id":"dayline.example.com"}}`...), site), "")
	h.refused("a sign-in's", err, collector.BadRequest)
	unverified := newAuthenticator(t)
	unverified.flags = 1
	_, err = h.register(v, unverified, site)
	h.refused("user not verified", err, collector.BadRequest)
}

// What a request says its host is stays in memory for as long as a ceremony lasts.
func TestCeremoniesKeepNoEndlessNames(t *testing.T) {
	for _, host := range []string{strings.Repeat("x.", 200) + "example.com", "localhost"} {
		endless := Site{Host: host, Origin: "https://" + host + ":" + strings.Repeat("1", 400)}
		if endless.Passkeys() {
			t.Errorf("passkeys at a host of %d bytes, an origin of %d", len(endless.Host), len(endless.Origin))
		}
	}
	if longest := strings.Repeat("x", 253); !(Site{Host: longest, Origin: "https://" + longest + ":65535"}).Passkeys() {
		t.Error("no passkeys at the longest name there may be")
	}
}

package access

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/dayline-project/dayline/collector"
)

func (h *house) code(secret string) string {
	h.t.Helper()
	code, err := totp.GenerateCode(secret, h.time)
	h.check(err)
	return code
}

// enable gives Max an authenticator application.
func (h *house) enable(v collector.Viewer) (secret string) {
	h.t.Helper()
	secret, uri, err := h.BeginTOTP(h.t.Context(), v)
	h.check(err)
	if !strings.HasPrefix(uri, "otpauth://totp/Dayline:max@example.com?") || !strings.Contains(uri, "secret="+secret) {
		h.t.Errorf("%q of %q", uri, secret)
	}
	h.check(h.EnableTOTP(h.t.Context(), v, h.code(secret)))
	return secret
}

func (h *house) with(password, code string) error {
	_, _, err := h.SignIn(h.t.Context(), "max@example.com", password, code, home)
	return err
}

func TestTOTP(t *testing.T) {
	h := open(t)
	v := h.max()
	pending, _, err := h.BeginTOTP(t.Context(), v)
	h.check(err)
	h.refused("a wrong code", h.EnableTOTP(t.Context(), v, "000000x"), collector.BadRequest)
	h.check(h.with(password, "")) // not yet
	if secret, _, err := h.BeginTOTP(t.Context(), v); err != nil || secret == pending {
		t.Errorf("the same secret again, %v", err)
	}
	h.refused("of the first secret", h.EnableTOTP(t.Context(), v, h.code(pending)), collector.BadRequest)
	secret := h.enable(v)
	_, _, err = h.BeginTOTP(t.Context(), v)
	h.refused("a second application", err, collector.Conflict)

	if err := h.with(password, ""); !errors.Is(err, ErrCodeWanted) {
		t.Errorf("without a code: %v", err)
	}
	h.refused("the wrong password", h.with("wrong wrong wrong", h.code(secret)), collector.SignedOut)
	h.refused("the code that enabled it", h.with(password, h.code(secret)), collector.SignedOut)
	h.later(30 * time.Second)
	code := h.code(secret)
	h.check(h.with(password, code[:3]+" "+code[3:]))
	h.refused("again", h.with(password, code), collector.SignedOut)
	early := h.time
	h.later(30 * time.Second)
	h.check(h.with(password, h.code(secret)))
	h.time = early
	h.refused("an older one, unused", h.with(password, h.code(secret)), collector.SignedOut)
	h.later(5 * time.Minute)
	stale := h.code(secret)
	h.later(time.Minute)
	h.refused("two steps old", h.with(password, stale), collector.SignedOut)
	before := h.code(secret)
	h.later(30 * time.Second)
	h.check(h.with(password, before)) // one step old: clocks differ

	h.refused("neither", h.DisableTOTP(t.Context(), v, "", "", home), collector.BadRequest)
	h.refused("the wrong password", h.DisableTOTP(t.Context(), v, "wrong wrong wrong", "", home), collector.BadRequest)
	h.refused("a used code", h.DisableTOTP(t.Context(), v, "", before, home), collector.BadRequest)
	h.wrote("user.sign_in_failed by collector of max@example.com", 8) // the last three with DisableTOTP
	h.check(h.DisableTOTP(t.Context(), v, password, "", home))
	h.check(h.with(password, ""))
	h.later(time.Minute)
	secret = h.enable(v)
	h.later(time.Minute)
	h.check(h.DisableTOTP(t.Context(), v, "", h.code(secret), home))
	h.refused("what is not there", h.DisableTOTP(t.Context(), v, password, "", home), collector.NotFound)
}

// Who knows the password guesses no codes: not from one network, and not from many.
func TestCodesAreNotGuessed(t *testing.T) {
	h := open(t)
	secret := h.enable(h.max())
	h.later(time.Minute)
	let := 0
	for n := range 200 {
		_, _, err := h.SignIn(t.Context(), "max@example.com", password, "000000x", at(n/20))
		// A right password without a code wipes nothing out.
		if _, _, err := h.SignIn(t.Context(), "max@example.com", password, "", at(n/20)); err != nil && !errors.Is(err, ErrCodeWanted) {
			h.refused("without a code", err, collector.TooMany)
		}
		if collector.CodeOf(err) != collector.TooMany {
			let++
		}
	}
	if let != codesPerAccount {
		t.Errorf("%d codes were tried", let)
	}
	h.check(h.with(password, h.code(secret))) // from where Max is at home
}

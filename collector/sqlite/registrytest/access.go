package registrytest

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/stream"
)

// loginNames: what a device calls a directory account holds for that device.
func loginNames(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	first, second := addDevice(t, r, 1), addDevice(t, r, 2)
	max := stream.Login{Authority: "S-1-5-21", Account: "1104", Name: `CORP\max`}
	tell := func(device, name string) string {
		t.Helper()
		max.Name = name
		return must[map[string]collector.Login](t)(r.LoginPeople(ctx, device, []stream.Login{max}))[collector.LoginKey(device, max)].Name
	}
	key := collector.LoginKey("", max)
	equal(t, "first", tell(first.ID, `CORP\max`), `CORP\max`)
	equal(t, "elsewhere", tell(second.ID, `CORP\boss`), `CORP\boss`)
	equal(t, "unsaid", tell(second.ID, ""), `CORP\boss`)
	equal(t, "again", tell(first.ID, `CORP\max`), `CORP\max`)
	must[map[string]collector.Login](t)(r.LoginPeople(ctx, first.ID, []stream.Login{{Account: "local", Name: `PC\local`}}))
	names := must[map[collector.Owner]string](t)(r.LoginNames(ctx))
	equal(t, "names", fmt.Sprintln(len(names), names[collector.Owner{Device: first.ID, LoginKey: key}], names[collector.Owner{Device: second.ID, LoginKey: key}]),
		"2 CORP\\max CORP\\boss\n")
	all := must[[]collector.Login](t)(r.Logins(ctx))
	i := slices.IndexFunc(all, func(l collector.Login) bool { return l.Key == key })
	equal(t, "for all", all[i].Name, `CORP\max`)
	equal(t, "renamed", tell(first.ID, `CORP\maximilian`), `CORP\maximilian`)
	equal(t, "for all, by the first", must[[]collector.Login](t)(r.Logins(ctx))[i].Name, `CORP\maximilian`)
	check(t, r.ForgetLogins(ctx, []string{key}))
	equal(t, "forgotten", len(must[map[collector.Owner]string](t)(r.LoginNames(ctx))), 0)
}

func credentials(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	equal(t, "nobody", must[collector.Credential](t)(r.Credential(ctx, "Ada@example.com")), collector.Credential{Email: "ada@example.com"})
	check(t, r.SignedIn(ctx, "ada@example.com", noon))
	check(t, r.SetPassword(ctx, "Ada@example.com", "hash 1", noon))
	check(t, r.AddToken(ctx, accessToken(1, true), secret(1)))
	check(t, r.AddToken(ctx, accessToken(2, false), secret(2)))
	check(t, r.SetPassword(ctx, "ADA@example.com", "hash 2", noon))
	check(t, r.SignedIn(ctx, "ada@EXAMPLE.com", noon.Add(time.Hour)))
	want := collector.Credential{Email: "ada@example.com", Hash: "hash 2", SignedInAt: noon.Add(time.Hour)}
	equal(t, "by another case", must[collector.Credential](t)(r.Credential(ctx, "aDa@example.com")), want)
	equal(t, "all", fmt.Sprint(must[[]collector.Credential](t)(r.Credentials(ctx))), fmt.Sprint([]collector.Credential{want}))
	refused(t, errOf(r.TokenBySecret(ctx, secret(1))), collector.NotFound) // sessions end with the password
	equal(t, "token", must[collector.AccessToken](t)(r.TokenBySecret(ctx, secret(2))), accessToken(2, false))
	check(t, r.AddPasskey(ctx, passkey(1)))
	check(t, r.RemoveUser(ctx, "Ada@example.com", noon.Add(time.Hour)))
	equal(t, "her passkeys", len(must[[]collector.Passkey](t)(r.Passkeys(ctx))), 0)
	equal(t, "removed", len(must[[]collector.Credential](t)(r.Credentials(ctx))), 0)
	equal(t, "ended", must[collector.AccessToken](t)(r.TokenBySecret(ctx, secret(2))).RevokedAt, noon.Add(time.Hour))
}

func secret(n int) [32]byte { return sha256.Sum256(fmt.Append(nil, n)) }

// accessToken of Ada, made at noon and n seconds, for a day.
func accessToken(n int, session bool) collector.AccessToken {
	at := noon.Add(time.Duration(n) * time.Second)
	return collector.AccessToken{
		ID: fmt.Sprintf("t-%012d", n), Email: "ada@example.com", Role: collector.Admin, Session: session, Name: fmt.Sprint("name ", n),
		Write: n%2 == 0, CreatedAt: at, ExpiresAt: at.Add(24 * time.Hour),
	}
}

func tokens(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	for n := range collector.MaxTokens {
		check(t, r.AddToken(ctx, accessToken(n, false), secret(n)))
	}
	refused(t, r.AddToken(ctx, accessToken(collector.MaxTokens, false), secret(collector.MaxTokens)), collector.TooMany)
	first := accessToken(0, false)
	check(t, r.TokensUsed(ctx, map[string]time.Time{first.ID: noon.Add(time.Hour), "t-unknown": noon}))
	check(t, r.TokensUsed(ctx, map[string]time.Time{first.ID: noon}))
	first.UsedAt = noon.Add(time.Hour)
	equal(t, "used", must[[]collector.AccessToken](t)(r.Tokens(ctx))[0], first)
	check(t, r.RevokeToken(ctx, first.ID, noon.Add(2*time.Hour)))
	check(t, r.RevokeToken(ctx, first.ID, noon.Add(3*time.Hour)))
	equal(t, "revoked once", must[collector.AccessToken](t)(r.TokenBySecret(ctx, secret(0))).RevokedAt, noon.Add(2*time.Hour))
	refused(t, r.RevokeToken(ctx, "t-unknown", noon), collector.NotFound)
	check(t, r.AddToken(ctx, accessToken(collector.MaxTokens, false), secret(collector.MaxTokens)))

	// The oldest session makes room for the newest; nothing bounds those of others.
	for n := range collector.MaxSessions + 1 {
		check(t, r.AddToken(ctx, accessToken(1000+n, true), secret(1000+n)))
	}
	refused(t, errOf(r.TokenBySecret(ctx, secret(1000))), collector.NotFound)
	equal(t, "the second", must[collector.AccessToken](t)(r.TokenBySecret(ctx, secret(1001))).Session, true)

	// A session is forgotten with its end, a token a month later.
	later := accessToken(5000, true)
	later.CreatedAt = noon.Add(48 * time.Hour)
	later.ExpiresAt = later.CreatedAt.Add(time.Hour)
	check(t, r.AddToken(ctx, later, secret(5000)))
	equal(t, "sessions are forgotten", len(must[[]collector.AccessToken](t)(r.Tokens(ctx))), collector.MaxTokens+2)
	later.ID, later.CreatedAt = "t-later", noon.Add(32*24*time.Hour)
	check(t, r.AddToken(ctx, later, secret(6000)))
	equal(t, "tokens too", len(must[[]collector.AccessToken](t)(r.Tokens(ctx))), 1)
}

// sessionsOfAgents: whose agent opened them bounds them, and they end with what they see.
func sessionsOfAgents(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	first, second := addDevice(t, r, 1), addDevice(t, r, 2)
	session := func(n int, device, login string) collector.AccessToken {
		s := accessToken(n, true)
		s.Email, s.Role, s.Name = "", collector.Measured, `CORP\ana on PC`
		s.How, s.Address, s.Browser = collector.ByAgent, "203.0.113.7", "Firefox on Linux"
		s.Owner = collector.Owner{Device: device, LoginKey: login}
		return s
	}
	other := session(100, first.ID, "ana")
	check(t, r.AddToken(ctx, other, secret(100)))
	equal(t, "as it was made", must[collector.AccessToken](t)(r.TokenBySecret(ctx, secret(100))), other)
	for n := range collector.MaxSessions + 1 {
		check(t, r.AddToken(ctx, session(200+n, second.ID, "ana"), secret(200+n)))
	}
	refused(t, errOf(r.TokenBySecret(ctx, secret(200))), collector.NotFound)
	equal(t, "another's", must[collector.AccessToken](t)(r.TokenBySecret(ctx, secret(100))).ID, other.ID)
	check(t, r.AddToken(ctx, session(300, second.ID, "bo"), secret(300)))
	check(t, r.ForgetLogins(ctx, []string{"bo"}))
	refused(t, errOf(r.TokenBySecret(ctx, secret(300))), collector.NotFound)
	check(t, r.RevokeDevice(ctx, second.ID, noon))
	equal(t, "with the device", len(must[[]collector.AccessToken](t)(r.Tokens(ctx))), 1)
	check(t, r.ForgetDevice(ctx, first.ID))
	equal(t, "forgotten", len(must[[]collector.AccessToken](t)(r.Tokens(ctx))), 0)
}

// totp: a code is taken once, and none after it that was made before it.
func totp(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	refused(t, r.UseTOTP(ctx, "ada@example.com", 7), collector.Conflict)
	check(t, r.SetTOTP(ctx, "Ada@example.com", "a secret"))
	equal(t, "kept", must[collector.Credential](t)(r.Credential(ctx, "ada@example.com")),
		collector.Credential{Email: "ada@example.com", TOTP: "a secret"})
	check(t, r.UseTOTP(ctx, "ADA@example.com", 7))
	refused(t, r.UseTOTP(ctx, "ada@example.com", 7), collector.Conflict)
	refused(t, r.UseTOTP(ctx, "ada@example.com", 6), collector.Conflict)
	check(t, r.UseTOTP(ctx, "ada@example.com", 8))
	check(t, r.SetTOTP(ctx, "ada@example.com", ""))
	equal(t, "taken away", fmt.Sprint(must[[]collector.Credential](t)(r.Credentials(ctx))), fmt.Sprint([]collector.Credential{{Email: "ada@example.com"}}))
}

func passkey(n int) collector.Passkey {
	return collector.Passkey{
		ID: fmt.Append(nil, "id ", n), Email: "ada@example.com", Name: fmt.Sprint("key ", n), Host: "dayline.example.com",
		Handle: []byte("ada"), Credential: []byte("{}"), CreatedAt: noon.Add(time.Duration(n) * time.Second),
	}
}

func passkeys(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	for n := range collector.MaxPasskeys {
		check(t, r.AddPasskey(ctx, passkey(n)))
	}
	refused(t, r.AddPasskey(ctx, passkey(collector.MaxPasskeys)), collector.TooMany)
	refused(t, r.AddPasskey(ctx, passkey(0)), collector.Conflict)
	used := passkey(1)
	used.Credential, used.UsedAt = []byte(`{"n":1}`), noon.Add(time.Hour)
	check(t, r.PasskeyUsed(ctx, used.ID, used.Credential, used.UsedAt))
	equal(t, "used", fmt.Sprint(must[[]collector.Passkey](t)(r.Passkeys(ctx))[:2]), fmt.Sprint([]collector.Passkey{passkey(0), used}))
	refused(t, r.PasskeyUsed(ctx, []byte("?"), nil, noon), collector.NotFound)
	refused(t, r.RemovePasskey(ctx, "eve@example.com", used.ID), collector.NotFound)
	check(t, r.RemovePasskey(ctx, "ADA@example.com", used.ID))
	equal(t, "left", len(must[[]collector.Passkey](t)(r.Passkeys(ctx))), collector.MaxPasskeys-1)

	check(t, r.SetPassword(ctx, "ada@example.com", "hash", noon))
	check(t, r.SetTOTP(ctx, "ada@example.com", "a secret"))
	check(t, r.AddToken(ctx, accessToken(1, true), secret(1)))
	check(t, r.AddToken(ctx, accessToken(2, false), secret(2)))
	check(t, r.ResetSignIn(ctx, "Ada@example.com"))
	equal(t, "reset", fmt.Sprint(must[[]collector.Passkey](t)(r.Passkeys(ctx)), must[[]collector.Credential](t)(r.Credentials(ctx))),
		fmt.Sprint([]collector.Passkey(nil), []collector.Credential{{Email: "ada@example.com", Hash: "hash"}}))
	equal(t, "the token alone", fmt.Sprint(must[[]collector.AccessToken](t)(r.Tokens(ctx))), fmt.Sprint([]collector.AccessToken{accessToken(2, false)}))
}

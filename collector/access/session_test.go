package access

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

func TestSessions(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	max := h.max()
	second, _, err := h.SignIn(ctx, "max@example.com", password, "", at(1))
	h.check(err)
	_, err = h.SetPassword(ctx, admin, "ada@example.com", password, "", From{})
	h.check(err)
	adas, _, err := h.SignIn(ctx, "ada@example.com", password, "", at(2))
	h.check(err)
	ada, err := h.viewer(adas)
	h.check(err)
	h.token("max@example.com", 0, false)

	own, err := h.Sessions(ctx, max, "", false)
	h.check(err)
	if len(own) != 2 || own[0].ID != max.Token || own[0].Browser != "Firefox on Linux" || own[0].Address != home.Address || own[0].How != collector.ByPassword {
		t.Errorf("%+v", own)
	}
	for _, ask := range []struct {
		email    string
		everyone bool
	}{{"ada@example.com", false}, {"nobody@example.com", false}, {"", true}} {
		_, err := h.Sessions(ctx, max, ask.email, ask.everyone)
		h.refused(fmt.Sprint(ask), err, collector.Denied)
	}
	if all, err := h.Sessions(ctx, ada, "", true); err != nil || len(all) != 3 {
		t.Errorf("%+v, %v", all, err)
	}
	if his, err := h.Sessions(ctx, ada, "MAX@example.com", false); err != nil || len(his) != 2 {
		t.Errorf("%+v, %v", his, err)
	}
	_, err = h.RevokeSession(ctx, max, ada.Token)
	h.refused("another's", err, collector.NotFound)
	if ended, err := h.RevokeOthers(ctx, max); err != nil || ended != 1 {
		t.Errorf("%d, %v", ended, err)
	}
	h.out("an other", second)
	if own, err := h.Sessions(ctx, max, "", false); err != nil || len(own) != 1 {
		t.Errorf("%+v, %v", own, err)
	}
	_, err = h.RevokeSession(ctx, ada, max.Token)
	h.check(err)
	if own, err := h.Sessions(ctx, max, "", false); err != nil || len(own) != 0 {
		t.Errorf("%+v, %v", own, err)
	}
	h.in("Ada's own", adas)
	h.later(31 * time.Minute)
	if all, err := h.Sessions(ctx, admin, "", true); err != nil || len(all) != 0 {
		t.Errorf("idle: %+v, %v", all, err)
	}
}

// A provider's word lets users in and, where exactly one person of people.yaml has the address, that person.
func TestSignInVerified(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	secret, session, err := h.SignInVerified(ctx, "MAX@example.com", home)
	h.check(err)
	if v, err := h.viewer(secret); err != nil || v.Role != collector.Manager || session.How != collector.ByProvider {
		t.Errorf("%+v, %v", v, err)
	}
	for _, email := range []string{"ana@example.com", "", "nobody@example.com"} {
		_, _, err := h.SignInVerified(ctx, email, home)
		h.refused(email, err, collector.SignedOut)
	}
	h.edit(config.Edit{Key: "people[p-1].email", Value: "Ana@example.com"})
	secret, _, err = h.SignInVerified(ctx, "ana@EXAMPLE.com", home)
	h.check(err)
	v, err := h.viewer(secret)
	h.check(err)
	if v.User != "Ana@example.com" || v.Role != collector.Measured || v.Everyone || v.Owner != (collector.Owner{}) {
		t.Errorf("%+v", v)
	}
	h.check(h.Reconcile(ctx))
	h.in("still hers", secret)
	for what, edits := range map[string][]config.Edit{
		"no person's any more": {{Key: "people[p-1].email", Unset: true}},
		"a user's":             {{Key: "users[ana@example.com].role", Value: "manager"}},
		"two people's":         {{Key: "people[p-2].name", Value: "Ana Two"}, {Key: "people[p-2].email", Value: "ana@example.com"}},
	} {
		before := h.set.Load()
		h.edit(edits...)
		h.out(what, secret)
		h.set.Store(before)
		h.in("not "+what, secret)
	}
	h.edit(config.Edit{Key: "people[p-1].email", Unset: true})
	h.check(h.Reconcile(ctx))
	h.edit(config.Edit{Key: "people[p-1].email", Value: "ana@example.com"})
	h.out("hers again", secret)
	h.wrote("user.sign_in_failed by collector of ", 3)
	h.wrote("user.sign_in by measured person of ", 1)
}

// wrote wants that many entries of the audit log.
func (h *house) wrote(what string, want int) {
	h.t.Helper()
	entries, err := h.registry.AuditEntries(h.t.Context(), 0, 1000)
	h.check(err)
	n := 0
	for _, e := range entries {
		if e.Action+" by "+e.Actor+" of "+e.Subject == what {
			n++
		}
	}
	if n != want {
		h.t.Errorf("%d of %q are in the audit log: %+v", n, what, entries)
	}
}

func TestOpenMyDay(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	owner := collector.Owner{Device: "d-1", LoginKey: "example\\ana"}
	const shown = `CORP\ana on MACBOOK-7`
	may := func(_ context.Context, who collector.Owner) error {
		if who != owner {
			t.Errorf("asked of %+v", who)
		}
		return nil
	}
	code, err := h.OpenDay(ctx, owner, shown)
	h.check(err)
	secret, session, err := h.OpenMyDay(ctx, code, home, may)
	h.check(err)
	v, err := h.viewer(secret)
	h.check(err)
	if v.User != shown || v.Role != collector.Measured || v.Owner != owner || v.Everyone || session.How != collector.ByAgent || session.Email != "" {
		t.Errorf("%+v, %+v", v, session)
	}
	_, _, err = h.OpenMyDay(ctx, code, home, may)
	h.refused("again", err, collector.SignedOut)
	late, err := h.OpenDay(ctx, owner, shown)
	h.check(err)
	h.later(dayCodeFor)
	_, _, err = h.OpenMyDay(ctx, late, home, may)
	h.refused("too late", err, collector.SignedOut)
	_, err = h.OpenDay(ctx, collector.Owner{Device: "d-1"}, shown)
	h.refused("nobody's", err, collector.BadRequest)
	h.check(h.Reconcile(ctx))
	h.in("still open", secret)
	if all, err := h.Sessions(ctx, admin, "", true); err != nil || len(all) != 1 || all[0].Name != shown {
		t.Errorf("%+v, %v", all, err)
	}
	h.wrote("user.sign_in by measured person of ", 1)
	h.wrote("user.sign_in_failed by collector of ", 2)
	for range 100 {
		_, _, err = h.OpenMyDay(ctx, "guessed", home, may)
	}
	h.refused("guessing", err, collector.TooMany)
}

// Who fails without end, with what nobody guesses, keeps nobody of the same network out.
func TestStrangersKeepNobodyOfTheirNetworkOut(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	may := func(context.Context, collector.Owner) error { return nil }
	v, key := h.max(), newAuthenticator(t)
	_, err := h.register(v, key, site)
	h.check(err)
	code, err := h.OpenDay(ctx, collector.Owner{Device: "d-1", LoginKey: "example\\ana"}, "Ana")
	h.check(err)
	for n := range 100 {
		_, _, err = h.OpenMyDay(ctx, "guessed", home, may)
		if n >= failuresPerNetwork {
			h.refused("guessing", err, collector.TooMany)
		}
	}
	h.refused("at the provider", h.ProviderFailed(ctx, home, "late"), collector.TooMany)
	_, _, err = h.SignInVerified(ctx, "nobody@example.com", home)
	h.refused("a stranger of the provider's", err, collector.TooMany)
	h.wrote("user.sign_in_failed by collector of ", failuresPerNetwork) // and no more: each is an entry
	if _, _, err := h.OpenMyDay(ctx, code, home, may); err != nil {
		t.Errorf("a day: %v", err)
	}
	if _, err := h.use(key, site); err != nil {
		t.Errorf("a passkey: %v", err)
	}
	if _, _, err := h.SignInVerified(ctx, "max@example.com", home); err != nil {
		t.Errorf("at the provider: %v", err)
	}
}

// Many open the one link at once: one of them becomes the administrator.
func TestFirstAdminIsOne(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	if code, _ := h.OfferFirstAdmin(); code != "" {
		t.Error("offered beside an administrator")
	}
	none := parsed(t, map[string][]byte{
		config.CollectorFile: []byte("log: {level: info}\n"), config.AccountFile: []byte("passive: {start: 2m}\n"),
		config.PeopleFile: []byte("users: []\n"), config.ClassificationFile: []byte("rules: []\n"),
	})
	h.set.Store(none)
	add := func(_ context.Context, v collector.Viewer) error {
		h.edit(config.Edit{Key: "users[" + v.User + "].role", Value: "admin"}, config.Edit{Key: "users[" + v.User + "].break_glass", Value: "true"})
		return nil
	}
	old, _ := h.OfferFirstAdmin()
	code, until := h.OfferFirstAdmin()
	if !until.Equal(h.time.Add(time.Hour)) {
		t.Errorf("until %v", until)
	}
	for what, c := range map[string]struct {
		code, email, password string
		add                   func(context.Context, collector.Viewer) error
	}{
		"no code":        {"", "eve@example.com", password, add},
		"an older code":  {old, "eve@example.com", password, add},
		"a short one":    {code, "eve@example.com", "short", add},
		"a failing file": {code, "eve@example.com", password, func(context.Context, collector.Viewer) error { return errors.New("the disk is full") }},
	} {
		if _, _, err := h.CreateFirstAdmin(ctx, c.code, c.email, c.password, home, c.add); err == nil {
			t.Errorf("%s: made", what)
		}
	}
	var made atomic.Int32
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			secret, _, err := h.CreateFirstAdmin(ctx, code, fmt.Sprintf("a%d@example.com", n), password, at(n), add)
			if err != nil {
				h.refused("a second", err, collector.SignedOut)
				return
			}
			made.Add(1)
			if v, err := h.viewer(secret); err != nil || v.Role != collector.Admin {
				t.Errorf("%+v, %v", v, err)
			}
		})
	}
	all.Wait()
	users := h.set.Load().People.Users
	if made.Load() != 1 || len(users) != 1 || !users[0].BreakGlass {
		t.Errorf("%d were made: %+v", made.Load(), users)
	}
	if _, _, err := h.SignIn(ctx, users[0].Email, password, "", home); err != nil {
		t.Error(err)
	}
	h.set.Store(none)
	_, _, err := h.CreateFirstAdmin(ctx, code, "eve@example.com", password, home, add)
	h.refused("the code again", err, collector.SignedOut)
	code, _ = h.OfferFirstAdmin()
	h.later(time.Hour)
	_, _, err = h.CreateFirstAdmin(ctx, code, "eve@example.com", password, home, add)
	h.refused("an hour later", err, collector.SignedOut)
}

func TestReset(t *testing.T) {
	h := open(t)
	secret := h.signIn()
	v, err := h.viewer(secret)
	h.check(err)
	h.enable(v)
	key := newAuthenticator(t)
	_, err = h.register(v, key, site)
	h.check(err)
	_, err = h.ResetSignIn(t.Context(), v, "ada@example.com")
	h.refused("of another", err, collector.Denied)
	_, err = h.ResetSignIn(t.Context(), admin, "max@example.com")
	h.check(err)
	h.out("a session", secret)
	_, err = h.use(key, site)
	h.refused("a passkey", err, collector.SignedOut)
	h.check(h.with(password, ""))
}

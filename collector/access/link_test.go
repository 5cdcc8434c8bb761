package access

import (
	"maps"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

// Links of whoever may make none any more end with that, for good, and of nobody else.
func TestLinksEndWithTheirMaker(t *testing.T) {
	const (
		asMax = "max@example.com (by administrator (local))"
		gone  = `{"reason":"the user is gone"}`
		no    = `{"reason":"the user may make no links any more"}`
	)
	nonAdmins := func(value string) config.Edit {
		return config.Edit{File: config.AccountFile, Key: "installers.non_admins", Value: value}
	}
	cleoForAda := []config.Edit{{Key: "users[cleo@example.com].role", Value: "admin"}, {Key: "users[ada@example.com].role", Value: "viewer"}}
	for name, test := range map[string]struct {
		change []config.Edit
		ended  map[string]string
	}{
		"another role that may":              {[]config.Edit{{Key: "users[max@example.com].role", Value: "viewer"}}, nil},
		"an administrator's too":             {cleoForAda, nil},
		"switched off":                       {[]config.Edit{nonAdmins("false")}, map[string]string{"max@example.com": no, asMax: no}},
		"a user is gone":                     {[]config.Edit{{Key: "users[max@example.com]", Unset: true}}, map[string]string{"max@example.com": gone, asMax: gone}},
		"an administrator's role is another": {append(cleoForAda, nonAdmins("false")), map[string]string{"Ada@example.com": no, "max@example.com": no, asMax: no}},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			h.edit(nonAdmins("true"))
			for i, by := range []string{"Ada@example.com", "max@example.com", asMax, collector.LocalAdministrator} {
				h.check(h.registry.CreateLink(t.Context(), collector.Link{
					ID: by, CreatedBy: by, CreatedAt: h.time, ExpiresAt: h.time.Add(time.Hour), MaxDevices: 1,
				}, [32]byte{byte(i)}))
			}
			h.check(h.registry.CreateLink(t.Context(), collector.Link{
				ID: "over", CreatedBy: "max@example.com", CreatedAt: h.time.Add(-2 * time.Hour), ExpiresAt: h.time, MaxDevices: 1,
			}, [32]byte{9}))
			before := h.set.Load()
			h.edit(test.change...)
			h.check(h.Reconcile(t.Context()))
			h.set.Store(before)
			h.check(h.Reconcile(t.Context()))

			entries, err := h.registry.AuditEntries(t.Context(), 0, 100)
			h.check(err)
			told := map[string]string{}
			for _, e := range entries {
				told[e.Subject] += e.Detail
				if e.Action != "link.revoke" || e.Actor != "collector" {
					t.Errorf("%+v", e)
				}
			}
			if !maps.Equal(told, test.ended) {
				t.Errorf("written down is %v, not %v", told, test.ended)
			}
			links, err := h.registry.Links(t.Context())
			h.check(err)
			for _, l := range links {
				if _, want := test.ended[l.ID]; want == l.RevokedAt.IsZero() {
					t.Errorf("the link of %s was revoked at %v", l.ID, l.RevokedAt)
				}
			}
		})
	}
}

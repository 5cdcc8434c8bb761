package report

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// views are the entries on who looked at single activities.
func (o *office) views(t *testing.T) []collector.AuditEntry {
	t.Helper()
	entries, err := o.registry.AuditEntries(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestActivityIsInTheAuditLogFirst(t *testing.T) {
	o := openOffice(t)
	ask := on(monday, func(r *adminv1.ReportRequest) { r.Person = "Ana Lima" })
	seen := false
	err := o.Activity(t.Context(), manager, ask, func(rows []*adminv1.ActivityRow) error {
		seen = len(rows) > 0
		entries := o.views(t)
		if len(entries) != 1 || entries[0].Action != "activity.view" || entries[0].Actor != "max@example.com" || entries[0].Subject != "p-ana" {
			t.Fatalf("%v", entries)
		}
		var detail map[string]any
		if err := json.Unmarshal([]byte(entries[0].Detail), &detail); err != nil || detail["report"] != "activity" || detail["from"] != "2026-03-02" {
			t.Errorf("%v %v", detail, err)
		}
		return nil
	})
	if err != nil || !seen {
		t.Fatalf("%v %v", seen, err)
	}
	subjects := map[string]*adminv1.ReportRequest{
		"everyone": {}, "group Support": {Group: "Support"}, desk: {Device: "Ana's desk"}, "p-ana": {Person: `EXAMPLE\ana`},
	}
	for subject, ask := range subjects {
		for _, report := range []string{"titles", "list", "live"} {
			before := len(o.views(t))
			if err := o.all(administrator)[report](t.Context(), ask); err != nil {
				t.Error(err)
			}
			if entries := o.views(t); len(entries) != before+1 || entries[before].Subject != subject {
				t.Errorf("%s of %s: %v", report, subject, entries[before:])
			}
		}
	}
	// Totals leave no trace, nor does a look at nobody but oneself.
	before := len(o.views(t))
	for _, report := range []string{"dashboard", "people", "apps", "sites", "categories", "hours", "groups"} {
		if err := o.all(administrator)[report](t.Context(), monday); err != nil {
			t.Error(err)
		}
	}
	for _, report := range []string{"titles", "list", "activity", "live"} {
		if err := o.all(bo)[report](t.Context(), &adminv1.ReportRequest{}); err != nil {
			t.Error(err)
		}
	}
	if entries := o.views(t); len(entries) != before {
		t.Errorf("%v", entries[before:])
	}
	// Who acts as somebody looks at that one.
	as := bo
	as.By = "administrator (local)"
	for _, report := range []string{"titles", "list", "activity", "live"} {
		before := len(o.views(t))
		if err := o.all(as)[report](t.Context(), &adminv1.ReportRequest{}); err != nil {
			t.Error(err)
		}
		if entries := o.views(t); len(entries) != before+1 || entries[before].Actor != "bo@example.com (by administrator (local))" {
			t.Errorf("%s as Bo: %v", report, entries[before:])
		}
	}
	// Where it cannot be written, nobody looks.
	o.Registry = deaf{o.registry}
	for _, report := range []string{"titles", "list", "activity", "live"} {
		if err := o.all(manager)[report](t.Context(), &adminv1.ReportRequest{}); !errors.Is(err, errDeaf) {
			t.Errorf("%s: %v", report, err)
		}
	}
}

var errDeaf = errors.New("the audit log is full")

type deaf struct{ Registry }

func (deaf) Audit(context.Context, collector.AuditEntry) error { return errDeaf }

// The pages of one question, searches in what it shows and the watching of what is live are one look for ten minutes; asking
// anew is another.
func TestLooksThatGoOn(t *testing.T) {
	o := openOffice(t)
	var cursor string
	page := func() {
		t.Helper()
		answer, err := o.ListActivity(t.Context(), manager, &adminv1.ListActivityRequest{Ask: monday, Limit: 1, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		cursor = answer.NextCursor
	}
	live := func() {
		t.Helper()
		if err := o.all(manager)["live"](t.Context(), &adminv1.ReportRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	count := func(want int) {
		t.Helper()
		if entries := o.views(t); len(entries) != want {
			t.Fatalf("%d entries, want %d: %v", len(entries), want, entries)
		}
	}
	page()
	page()
	page()
	live()
	live()
	count(2)
	cursor = ""
	page()
	count(3)
	search := func(who *adminv1.ReportRequest, text string) {
		t.Helper()
		ask := &adminv1.ReportRequest{From: who.From, To: who.To, Person: who.Person, Search: text}
		if _, err := o.ListActivity(t.Context(), manager, &adminv1.ListActivityRequest{Ask: ask}); err != nil {
			t.Fatal(err)
		}
	}
	search(monday, "r")
	search(monday, "re")
	count(3)
	ana := on(monday, func(r *adminv1.ReportRequest) { r.Person = "Ana Lima" })
	search(ana, "re")
	search(ana, "rep")
	count(4)
	o.now = func() time.Time { return now.Add(11 * time.Minute) }
	page()
	live()
	count(6)
	search(ana, "repo")
	count(7)
}

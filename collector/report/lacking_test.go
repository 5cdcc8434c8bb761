package report

import (
	"fmt"
	"slices"
	"testing"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

// reasons are what the activity log says of each browser's time on Tuesday, by title or, without one, by person.
func (o *office) reasons(t *testing.T, viewer collector.Viewer) (told []string) {
	t.Helper()
	answer, err := o.ListActivity(t.Context(), viewer, &adminv1.ListActivityRequest{Ask: &adminv1.ReportRequest{From: "2026-03-03", To: "2026-03-03"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range answer.Rows {
		if row.AddressUnavailable != "" {
			told = append(told, fmt.Sprintf("%s %s: %s", row.PersonName, row.Title, row.AddressUnavailable))
		}
	}
	slices.Sort(told)
	return told
}

func TestABrowsersTimeWithoutAnAddressSaysWhy(t *testing.T) {
	o := openOffice(t)
	private := func(row collector.Row) collector.Row { row.Private = true; return row }
	o.upload(t, desk,
		does("ana", "Tue 08:00", 5, episode.Active, "chromium", "example.com", "With an address"),
		does("ana", "Tue 08:10", 5, episode.Active, "chromium", "", "Without one"),
		private(does("ana", "Tue 08:20", 5, episode.Active, "chromium", "", "")),
		does("ana", "Tue 08:30", 5, episode.Active, "zeta", "", "No browser"),
		does("ana", "Tue 08:40", 5, episode.Locked, "", "", ""))
	o.upload(t, boDesk,
		private(does("bo", "Tue 08:00", 5, episode.Active, "firefox", "", "")),
		does("bo", "Tue 08:10", 5, episode.Active, "chromium", "", "Settings"))
	said := func(device, login string, captures ...*agentv1.Capture) {
		t.Helper()
		who := loginNamed(login)
		for _, c := range captures {
			c.Login = &agentv1.Login{Authority: who.Authority, Account: who.Account, Name: who.Name}
		}
		contact := collector.Contact{Device: device, At: now, Health: &agentv1.Health{Capture: captures}}
		if err := o.registry.Contacts(t.Context(), []collector.Contact{contact}); err != nil {
			t.Fatal(err)
		}
	}
	said(desk, "ana", &agentv1.Capture{Subject: "desktop", Level: "none", Reason: "not a browser's"},
		&agentv1.Capture{Subject: "chromium", Level: "title_only", Reason: "no extension"})
	said(boDesk, "bo", &agentv1.Capture{Subject: "firefox", Level: "application_only", Reason: "every window may be private"},
		&agentv1.Capture{Subject: "chromium", Level: "full", Reason: "told by the extension"})

	all := []string{"Ana Lima Without one: no extension", "Bo Berg : every window may be private"}
	if told := o.reasons(t, administrator); !slices.Equal(told, all) {
		t.Errorf("%q", told)
	}
	if told := o.reasons(t, manager); !slices.Equal(told, all[:1]) {
		t.Errorf("a manager of one: %q", told)
	}
	// Another's browser on the same device says nothing of hers.
	said(desk, "cleo", &agentv1.Capture{Subject: "chromium", Level: "title_only", Reason: "another's"})
	if told := o.reasons(t, administrator); !slices.Equal(told, all[1:]) {
		t.Errorf("of another login: %q", told)
	}
	said(desk, "ana", &agentv1.Capture{Subject: "chromium", Level: "title_only", Reason: "no extension"})
	o.configure(t, "privacy: {urls: none}\n", people, classification)
	if told := o.reasons(t, manager); !slices.Equal(told, []string{"Ana Lima Without one: " + notWanted}) {
		t.Errorf("where no addresses are wanted: %q", told)
	}
}

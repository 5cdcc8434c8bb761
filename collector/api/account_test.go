package api

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector/config"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

func accountPage(t *testing.T, client adminv1connect.AdminServiceClient) (*adminv1.ShowAccountResponse, map[string]*adminv1.AccountKey) {
	t.Helper()
	answer, err := client.ShowAccount(t.Context(), connect.NewRequest(&adminv1.ShowAccountRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]*adminv1.AccountKey{}
	for _, key := range answer.Msg.Keys {
		keys[key.Key] = key
	}
	return answer.Msg, keys
}

func edit(client adminv1connect.AdminServiceClient, t *testing.T, m *adminv1.EditConfigRequest) (*adminv1.EditConfigResponse, error) {
	t.Helper()
	answer, err := client.EditConfig(t.Context(), connect.NewRequest(m))
	if err != nil {
		return nil, err
	}
	return answer.Msg, nil
}

// The page shows the file, its edit is in the file and in the history, and an edit by hand between look and edit is not lost.
func TestAccountPage(t *testing.T) {
	o := openOffice(t)
	client := o.as(ada)
	o.check(config.Record(t.Context(), o.registry, o.set.Load(), "file", o.now()))
	page, keys := accountPage(t, client)
	if start := keys["passive.start"]; start.Value != `"2m"` || start.Min != "1m" || start.Max != "10m" || start.Step != "1m" || start.Set || start.Changed != "" || !start.Editable {
		t.Errorf("%v", start)
	}
	if people := keys["privacy.min_people"]; people.Value != "3" || people.Default != "1" || !people.Set {
		t.Errorf("%v", people)
	}
	saved, err := edit(client, t, &adminv1.EditConfigRequest{Revision: page.Revision, Edits: []*adminv1.ConfigEdit{
		{Key: "passive.start", Value: `"3m"`}, {Key: "overrides", Value: `[{"devices":["d-1"],"passive":{"stop":"0m"}}]`}, {Key: "privacy.min_people", Unset: true},
	}})
	o.check(err)
	var told []string
	for _, c := range saved.Changes {
		told = append(told, fmt.Sprintf("%s %s: %s→%s by %s", c.File, c.Key, c.Old, c.New, c.Actor))
	}
	if !slices.Contains(told, "account.yaml passive.start: →3m by "+ada) || !slices.Contains(told, "account.yaml privacy.min_people: 3→ by "+ada) {
		t.Errorf("%q", told)
	}
	file := filepath.Join(o.dir, config.AccountFile)
	content, err := os.ReadFile(file)
	o.check(err)
	again, keys := accountPage(t, client)
	if again.Revision != saved.Revision || again.ChangedBy != ada || keys["passive.start"].ChangedBy != ada || keys["passive.start"].Changed == "" ||
		!slices.Equal(keys["passive.stop"].Overridden, []string{"overrides[0]"}) || keys["settle"].ChangedBy != "" {
		t.Errorf("%v %v", again, string(content))
	}

	o.check(os.WriteFile(file, []byte(strings.Replace(string(content), "start: 3m", "start: 4m", 1)), 0o600))
	edits := []*adminv1.ConfigEdit{{Key: "settle", Value: "1s"}, {Key: "passive.start", Value: "5m"}}
	refused, err := edit(client, t, &adminv1.EditConfigRequest{Revision: again.Revision, Edits: edits})
	o.check(err)
	if len(refused.Changes) > 0 || len(refused.Conflicts) != 1 {
		t.Fatalf("%v", refused)
	}
	if c := refused.Conflicts[0]; c.Key != "passive.start" || c.Before != "3m" || c.Theirs != "4m" || c.Yours != "5m" || c.ChangedBy != "file" || c.Changed == "" {
		t.Errorf("%v", c)
	}
	if _, keys = accountPage(t, client); keys["passive.start"].Value != `"4m"` || keys["settle"].Set {
		t.Error("an edit in conflict was made, or that of the file was not")
	}
	if saved, err = edit(client, t, &adminv1.EditConfigRequest{Revision: refused.Revision, Edits: edits}); err != nil || len(saved.Changes) != 2 {
		t.Errorf("once both were seen: %v, %v", saved, err)
	}
	for _, bad := range []*adminv1.EditConfigRequest{
		{}, {Edits: []*adminv1.ConfigEdit{{Key: "passive.start", Value: "1h"}}}, {Edits: []*adminv1.ConfigEdit{{Key: "nothing", Value: "1"}}},
		{File: "other.yaml", Revision: "x", Edits: edits}, {Edits: slices.Repeat(edits, maxEdits)},
	} {
		if _, err := edit(client, t, bad); connect.CodeOf(err) != connect.CodeInvalidArgument {
			t.Errorf("%.100v: %v", bad, err)
		}
	}
}

// What is told to be editable is what may be edited, and collector.yaml is nobody's over the network.
func TestWhoEditsTheAccount(t *testing.T) {
	o := openOffice(t)
	before := o.state()
	other := map[string]string{
		"size": "2MB", "words": "[a]", "zone": "UTC", "version": "off", "overrides": "[{devices: [d-1], settle: 1s}]",
		"notice": "{text: Hello, version: 1}", "updates.rollout": "{plan: [100]}",
	}
	_, keys := accountPage(t, o.as(cleo))
	editable := 0
	for name, key := range keys {
		value := cmp.Or(other[name], other[key.Kind])
		switch key.Kind {
		case "duration", "number":
			value = key.Max
		case "word":
			value = key.Words[len(key.Words)-1]
		case "switch":
			value = strconv.FormatBool(key.Value == "false")
		}
		if key.Editable {
			editable++
			continue
		}
		for _, client := range []adminv1connect.AdminServiceClient{o.as(cleo), o.asBySocket(cleo)} {
			_, err := edit(client, t, &adminv1.EditConfigRequest{Edits: []*adminv1.ConfigEdit{{Key: name, Value: value}}})
			if connect.CodeOf(err) != connect.CodePermissionDenied {
				t.Errorf("%s: %s: %v", name, value, err)
			}
		}
	}
	if editable != 2 || !keys["schedule"].Editable || !keys["schedules"].Editable {
		t.Errorf("a configurator may edit %d keys", editable)
	}
	try := func(client adminv1connect.AdminServiceClient, file, key, value string) connect.Code {
		_, err := edit(client, t, &adminv1.EditConfigRequest{File: file, Edits: []*adminv1.ConfigEdit{{Key: key, Value: value}}})
		if err == nil {
			return 0
		}
		return connect.CodeOf(err)
	}
	reading := adminv1connect.NewAdminServiceClient(&http.Client{Transport: bearer{"Authorization": "Bearer " + o.token(ada, false)}}, o.web.URL)
	for what, code := range map[string]connect.Code{
		"collector.yaml":                 try(o.as(ada), config.CollectorFile, "log.level", "debug"),
		"collector.yaml as somebody":     try(o.asBySocket(ada), config.CollectorFile, "log.level", "debug"),
		"a manager":                      try(o.as(mia), "", "settle", "1s"),
		"a viewer":                       try(o.as(vic), "", "settle", "1s"),
		"a configurator's users":         try(o.as(cleo), config.PeopleFile, "users[ada@example.com].role", "viewer"),
		"a configurator's limited group": try(o.as(cleo), config.PeopleFile, "groups[Support].people", "[]"),
		"a token that reads":             try(reading, "", "settle", "1s"),
	} {
		if code != connect.CodePermissionDenied {
			t.Errorf("%s: %v", what, code)
		}
	}
	if o.state() != before {
		t.Error("something changed")
	}
	if _, keys := accountPage(t, reading); keys["settle"].Editable {
		t.Error("a token that reads is told that it may edit")
	}
	for what, code := range map[string]connect.Code{
		"schedules":      try(o.as(cleo), "", "schedules", `{"night":{"mon":["20:00-22:00"]}}`),
		"rules":          try(o.as(cleo), config.ClassificationFile, "rules[app x.exe].status", "productive"),
		"another group":  try(o.as(cleo), config.PeopleFile, "groups[Secret].people", "[]"),
		"collector.yaml": try(o.asBySocket(""), config.CollectorFile, "log.level", "debug"),
	} {
		if code != 0 {
			t.Errorf("%s: %v", what, code)
		}
	}
}

func TestWhoAmITellsWhatPagesNeed(t *testing.T) {
	o := openOffice(t)
	_, err := edit(o.as(ada), t, &adminv1.EditConfigRequest{Edits: []*adminv1.ConfigEdit{
		{Key: "reports", Value: "{time_zone: Pacific/Kiritimati, week_start: sun, clock: 12h, landing_page: people, exclude_today: true}"}, {Key: "retention.days", Value: "30"},
	}})
	o.check(err)
	_, err = o.as(ada).SetPerson(t.Context(), connect.NewRequest(&adminv1.SetPersonRequest{Person: "Ana", Email: new(mia)}))
	o.check(err)
	who := func(email string) *adminv1.WhoAmIResponse {
		answer, err := o.as(email).WhoAmI(t.Context(), connect.NewRequest(&adminv1.WhoAmIRequest{}))
		o.check(err)
		return answer.Msg
	}
	zone, err := time.LoadLocation("Pacific/Kiritimati")
	o.check(err)
	now := o.now().In(zone)
	m := who(mia)
	if m.TimeZone != zone.String() || m.WeekStart != "sun" || m.Clock != "12h" || m.LandingPage != "people" || !m.ExcludeToday || m.PersonName != "Ana" ||
		m.Today != now.Format(time.DateOnly) || m.KeptFrom != now.AddDate(0, 0, -30).Format(time.DateOnly) {
		t.Errorf("%v", m)
	}
	if !slices.Contains(m.May, "ReportActivity") || slices.Contains(m.May, "EditConfig") || !slices.Contains(who(cleo).May, "EditConfig") || slices.Contains(who(cleo).May, "SetDoNotTrack") {
		t.Errorf("may %v", m.May)
	}
	if who(ada).PersonName != "" {
		t.Error("nobody has the administrator's address")
	}
}

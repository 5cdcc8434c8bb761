package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

// groupsOf are the groups that a client is told of.
func groupsOf(t *testing.T, client adminv1connect.AdminServiceClient) string {
	t.Helper()
	answer, err := client.ListGroups(t.Context(), connect.NewRequest(&adminv1.ListGroupsRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, g := range answer.Msg.Groups {
		list = append(list, fmt.Sprintf("%s%d%v%v%v%v%t", g.Name, g.PeopleCount, g.People, g.Logins, g.Devices, g.Limits, g.Editable))
	}
	return strings.Join(list, " ")
}

func TestGroupsWithinScope(t *testing.T) {
	o := openOffice(t)
	anaID, eveID := o.people["ana"], o.people["eve"]
	for who, want := range map[string]string{
		ada:  "Support1[" + anaID + "][][][" + mia + " " + vic + "]true Secret1[" + eveID + "][][][]true",
		cleo: "Support1[" + anaID + "][][][]false Secret1[" + eveID + "][][][]true",
		mia:  "Support1[][][][]false", vic: "Support1[][][][]false",
	} {
		if got := groupsOf(t, o.as(who)); got != want {
			t.Errorf("%s sees %s, want %s", who, got, want)
		}
	}
}

func TestSetGroup(t *testing.T) {
	o := openOffice(t)
	o.check(o.registry.AddDevice(t.Context(), collector.Device{ID: "d-1", Name: "DESK-1", PublicKey: make([]byte, 32)}))
	set := func(email string, m *adminv1.SetGroupRequest) (*adminv1.SetGroupResponse, error) {
		answer, err := o.as(email).SetGroup(t.Context(), connect.NewRequest(m))
		if err != nil {
			return nil, err
		}
		return answer.Msg, nil
	}
	made, err := set(cleo, &adminv1.SetGroupRequest{Name: " Night ", AddPeople: []string{"Ana", `CORP\bob`, o.people["ana"]},
		AddLogins: []string{`corp\EVE`, `CORP\later`}, AddDevices: []string{"desk-1"}})
	o.check(err)
	want := fmt.Sprint("Night", []string{o.people["ana"], o.people["bob"]}, []string{`corp\EVE`, `CORP\later`}, []string{"d-1"}, int32(3), true)
	if g := made.Group; fmt.Sprint(g.Name, g.People, g.Logins, g.Devices, g.PeopleCount, g.Editable) != want || len(made.Changes) == 0 || made.Changes[0].File != config.PeopleFile || made.Changes[0].Actor != cleo {
		t.Errorf("%v, want %s", made, want)
	}
	// By whatever name a member came, it leaves by any.
	left, err := set(cleo, &adminv1.SetGroupRequest{Name: "night", RemovePeople: []string{`corp\ana`}, RemoveLogins: []string{`CORP\eve`, `corp\later`}, RemoveDevices: []string{"D-1"}})
	o.check(err)
	if g := left.Group; fmt.Sprint(g.People, g.Logins, g.Devices) != fmt.Sprint([]string{o.people["bob"]}, []string{}, []string{}) {
		t.Errorf("%v", g)
	}
	before := o.state()
	for what, bad := range map[string]struct {
		m    *adminv1.SetGroupRequest
		who  string
		code connect.Code
	}{
		"nobody":                  {&adminv1.SetGroupRequest{Name: "Night", AddPeople: []string{"nobody"}}, ada, connect.CodeNotFound},
		"no device":               {&adminv1.SetGroupRequest{Name: "Night", AddDevices: []string{"d-9"}}, ada, connect.CodeNotFound},
		"no login":                {&adminv1.SetGroupRequest{Name: "Night", AddLogins: []string{"eve"}}, ada, connect.CodeInvalidArgument},
		"no member":               {&adminv1.SetGroupRequest{Name: "Night", RemovePeople: []string{"Ana"}}, ada, connect.CodeNotFound},
		"no name":                 {&adminv1.SetGroupRequest{Name: " "}, ada, connect.CodeInvalidArgument},
		"no group to rename":      {&adminv1.SetGroupRequest{Name: "Day", Rename: "Noon"}, ada, connect.CodeNotFound},
		"another's name":          {&adminv1.SetGroupRequest{Name: "Night", Rename: "support"}, ada, connect.CodeInvalidArgument},
		"one good and one bad":    {&adminv1.SetGroupRequest{Name: "Night", AddPeople: []string{"Ana", "nobody"}}, ada, connect.CodeNotFound},
		"a limiting one":          {&adminv1.SetGroupRequest{Name: "Support", AddPeople: []string{`CORP\eve`}}, cleo, connect.CodePermissionDenied},
		"a limiting one, by name": {&adminv1.SetGroupRequest{Name: "support", Rename: "Help"}, cleo, connect.CodePermissionDenied},
		"a manager":               {&adminv1.SetGroupRequest{Name: "Night", AddPeople: []string{"Ana"}}, mia, connect.CodePermissionDenied},
		"a viewer":                {&adminv1.SetGroupRequest{Name: "Night", AddPeople: []string{"Ana"}}, vic, connect.CodePermissionDenied},
	} {
		if _, err := set(bad.who, bad.m); connect.CodeOf(err) != bad.code {
			t.Errorf("%s: %v", what, err)
		}
	}
	if o.state() != before {
		t.Error("what was refused changed something")
	}
}

// A group's new name is everywhere that its old one was, and a group that something names stays.
func TestRenameAndRemoveGroup(t *testing.T) {
	o := openOffice(t)
	client := o.as(ada)
	for key, value := range map[string]string{
		"schedule.groups": "[{group: Support, use: always}, {group: Secret, use: always}, {group: Support, use: always}]", "overrides": "[{groups: [Secret, Support], settle: 1s}]",
		"rules": "[{site: a.example, status: productive, exceptions: [{group: Support, status: undefined}]}]",
	} {
		_, err := client.SetConfig(t.Context(), connect.NewRequest(&adminv1.SetConfigRequest{Key: key, Value: value}))
		o.check(err)
	}
	_, err := client.RemoveGroup(t.Context(), connect.NewRequest(&adminv1.RemoveGroupRequest{Name: "Support"}))
	for _, place := range []string{"people.yaml:4 (users[2].viewable_groups[0])", "(users[3].viewable_groups[0])", "(schedule.groups[0].group)", "(schedule.groups[2].group)", "(overrides[0].groups[1])", "(rules[0].exceptions[0].group)"} {
		if connect.CodeOf(err) != connect.CodeAborted || !strings.Contains(err.Error(), place) {
			t.Errorf("%s: %v", place, err)
		}
	}
	renamed, err := client.SetGroup(t.Context(), connect.NewRequest(&adminv1.SetGroupRequest{Name: "support", Rename: "Help: desk", AddPeople: []string{`CORP\bob`}}))
	o.check(err)
	if g := renamed.Msg.Group; g.Name != "Help: desk" || len(g.People) != 2 || len(g.Limits) != 2 {
		t.Errorf("%v", g)
	}
	set := o.set.Load()
	if len(set.PlacesOf("Support")) > 0 || len(set.PlacesOf("Help: desk")) != 6 {
		t.Errorf("%v, %v", set.PlacesOf("Support"), set.PlacesOf("Help: desk"))
	}
	if got := groupsOf(t, o.as(mia)); !strings.HasPrefix(got, "Help: desk2") {
		t.Errorf("whose view it limits sees %s", got)
	}
	_, err = client.RemoveGroup(t.Context(), connect.NewRequest(&adminv1.RemoveGroupRequest{Name: "Secret"}))
	if connect.CodeOf(err) != connect.CodeAborted {
		t.Error(err)
	}
	_, err = o.as(cleo).RemoveGroup(t.Context(), connect.NewRequest(&adminv1.RemoveGroupRequest{Name: "Help: desk"}))
	if connect.CodeOf(err) != connect.CodePermissionDenied {
		t.Error(err)
	}
	_, err = client.SetGroup(t.Context(), connect.NewRequest(&adminv1.SetGroupRequest{Name: "Gone"}))
	o.check(err)
	gone, err := o.as(cleo).RemoveGroup(t.Context(), connect.NewRequest(&adminv1.RemoveGroupRequest{Name: "gone"}))
	o.check(err)
	if _, known := o.set.Load().People.Group("Gone"); known || len(gone.Msg.Changes) != 1 {
		t.Errorf("%v", gone.Msg)
	}
	_, err = client.RemoveGroup(t.Context(), connect.NewRequest(&adminv1.RemoveGroupRequest{Name: "Gone"}))
	if connect.CodeOf(err) != connect.CodeNotFound {
		t.Error(err)
	}
}

func TestDoNotTrackPage(t *testing.T) {
	o := openOffice(t)
	set := func(email string, add, remove []*adminv1.DoNotTrack) (string, error) {
		answer, err := o.as(email).SetDoNotTrack(t.Context(), connect.NewRequest(&adminv1.SetDoNotTrackRequest{Add: add, Remove: remove}))
		if err != nil {
			return "", err
		}
		var list []string
		for _, e := range answer.Msg.Entries {
			list = append(list, e.Domain+`\`+e.User)
		}
		return fmt.Sprintf("%s, %d changes", strings.Join(list, " "), len(answer.Msg.Changes)), nil
	}
	entry := func(domain, user string) []*adminv1.DoNotTrack {
		return []*adminv1.DoNotTrack{{Domain: domain, User: user}}
	}
	got, err := set(ada, append(entry("CORP", "ana"), entry("", "Administrator")...), nil)
	if err != nil || got != `CORP\ana *\Administrator, 4 changes` {
		t.Errorf("%s, %v", got, err)
	}
	if got, err = set(ada, entry("corp", "ANA"), nil); err != nil || got != `CORP\ana *\Administrator, 0 changes` {
		t.Errorf("once more: %s, %v", got, err)
	}
	before := o.state()
	for what, bad := range map[string]struct {
		who         string
		add, remove []*adminv1.DoNotTrack
		code        connect.Code
	}{
		"nobody":         {ada, nil, nil, connect.CodeInvalidArgument},
		"no user":        {ada, entry("CORP", " "), nil, connect.CodeInvalidArgument},
		"a login":        {ada, entry("", `CORP\eve`), nil, connect.CodeInvalidArgument},
		"what is not on": {ada, nil, entry("CORP", "eve"), connect.CodeNotFound},
		"a configurator": {cleo, entry("CORP", "eve"), nil, connect.CodePermissionDenied},
		"a manager":      {mia, entry("CORP", "eve"), nil, connect.CodePermissionDenied},
	} {
		if _, err := set(bad.who, bad.add, bad.remove); connect.CodeOf(err) != bad.code {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := o.as(cleo).ListDoNotTrack(t.Context(), connect.NewRequest(&adminv1.ListDoNotTrackRequest{})); connect.CodeOf(err) != connect.CodePermissionDenied {
		t.Error(err)
	}
	if o.state() != before {
		t.Error("what was refused changed something")
	}
	if got, err = set(ada, nil, entry("corp", "Ana")); err != nil || got != `*\Administrator, 2 changes` {
		t.Errorf("%s, %v", got, err)
	}
	listed, err := o.as(ada).ListDoNotTrack(t.Context(), connect.NewRequest(&adminv1.ListDoNotTrackRequest{}))
	if err != nil || len(listed.Msg.Entries) != 1 || listed.Msg.Entries[0].User != "Administrator" || listed.Msg.Entries[0].Domain != "*" {
		t.Errorf("%v, %v", listed, err)
	}
}

func TestListRules(t *testing.T) {
	o := openOffice(t)
	_, err := o.as(cleo).SetConfig(t.Context(), connect.NewRequest(&adminv1.SetConfigRequest{File: config.ClassificationFile, Key: "categories", Value: "[zebra, Apples]"}))
	o.check(err)
	_, err = o.as(cleo).SetConfig(t.Context(), connect.NewRequest(&adminv1.SetConfigRequest{Key: "rules",
		Value: "[{site: b.example, status: productive, category: zebra, exceptions: [{group: Secret, status: undefined}]}, {app: a.exe, category: ignore}]"}))
	o.check(err)
	rules := func(shipped bool) *adminv1.ListRulesResponse {
		answer, err := o.as(cleo).ListRules(t.Context(), connect.NewRequest(&adminv1.ListRulesRequest{Shipped: shipped}))
		o.check(err)
		return answer.Msg
	}
	own := rules(false)
	var list []string
	for _, r := range own.Rules {
		list = append(list, fmt.Sprint(r.App, r.Site, r.Url, "|", r.Status, "|", r.Category, "|", r.Group))
	}
	if got := strings.Join(list, " "); got != "b.example|productive|zebra| b.example|undefined||Secret a.exe||ignore|" {
		t.Error(got)
	}
	if c := own.Categories; !slices.Contains(c, "Apples") || c[len(c)-1] != "zebra" || !slices.Contains(c, "E-mail") || slices.Contains(c, "ignore") {
		t.Errorf("%v", c)
	}
	if shipped := rules(true); len(shipped.Rules) < 100 || shipped.Rules[0].Status != "undefined" || shipped.Rules[0].Category == "" || !slices.Equal(shipped.Categories, own.Categories) {
		t.Errorf("%d rules", len(shipped.Rules))
	}
	if _, err := o.as(mia).ListRules(t.Context(), connect.NewRequest(&adminv1.ListRulesRequest{})); connect.CodeOf(err) != connect.CodePermissionDenied {
		t.Error(err)
	}
}

package access

import (
	"testing"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

// office is a configuration whose group Support limits Max's view, and Marketing nobody's.
func office(t testing.TB) *config.Set {
	t.Helper()
	return parsed(t, map[string][]byte{
		config.CollectorFile: []byte("log: {level: info}\n"),
		config.AccountFile:   []byte("passive: {start: 2m}\nschedules: {office: {mon-fri: [\"08:00-18:00\"]}}\n"),
		config.PeopleFile: []byte(`users:
  - {email: ada@example.com, role: admin}
  - {email: cleo@example.com, role: configurator}
  - {email: max@example.com, role: manager, viewable_groups: [Support]}
people:
  - {id: p-1, name: Ana, logins: ['CORP\ana']}
devices:
  - {id: d-1, alias: One}
groups:
  - {name: Support, people: [p-1], logins: ['CORP\john'], devices: [d-1]}
  - {name: Marketing, people: []}
do_not_track:
  - {user: root, domain: "*"}
`),
		config.ClassificationFile: []byte("rules:\n  - {site: example.com, status: productive}\n"),
	})
}

func parsed(t testing.TB, content map[string][]byte) *config.Set {
	t.Helper()
	set, problems := config.Parse(content)
	if set == nil {
		t.Fatal(problems)
	}
	return set
}

func edited(t testing.TB, before *config.Set, edits ...config.Edit) *config.Set {
	t.Helper()
	content, err := config.Apply(before.Content, edits)
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, content)
}

func TestMayApply(t *testing.T) {
	before := office(t)
	set := func(key, value string) config.Edit { return config.Edit{Key: key, Value: value} }
	unset := func(key string) config.Edit { return config.Edit{Key: key, Unset: true} }
	const people = config.PeopleFile
	for _, c := range []struct {
		edits []config.Edit
		// configurator: a configurator may; administrators always may.
		configurator bool
	}{
		{[]config.Edit{set("rules[site example.com].status", "unproductive")}, true},
		{[]config.Edit{set("rules", "[{app: winword.exe, status: productive, exceptions: [{group: Support, status: undefined}]}]")}, true},
		{[]config.Edit{set("categories", "[Chess]")}, true},
		{[]config.Edit{set("schedules.night", `{mon-sun: ["20:00-23:00"]}`), set("schedule.default", "night")}, true},
		{[]config.Edit{set("schedule.groups[Support].use", "office")}, true},
		{[]config.Edit{set("groups[Marketing].people", "[p-1]"), set("groups[Marketing].devices", "[d-1]")}, true},
		{[]config.Edit{set("groups[Sales].logins", `['CORP\eve']`)}, true},
		{[]config.Edit{set("groups[Marketing].name", "Sales")}, true},
		{[]config.Edit{unset("groups[Marketing]")}, true},
		{[]config.Edit{{File: people, Key: "groups", Value: `[{name: Marketing}, {name: Support, devices: [D-1], logins: ['corp\JOHN'], people: [p-1]}]`}}, true},

		{[]config.Edit{set("groups[Support].people[p-2]", "")}, false},
		{[]config.Edit{set("groups[Support].people", "[]")}, false},
		{[]config.Edit{set(`groups[Support].logins[CORP\eve]`, "")}, false},
		{[]config.Edit{set("groups[Support].devices[d-2]", "")}, false},
		{[]config.Edit{unset("groups[Support].devices[d-1]")}, false},
		{[]config.Edit{set("groups[Support].name", "Help"), set("groups[Marketing].name", "Support")}, false},
		{[]config.Edit{set("groups", "[{name: Support}, {name: Marketing}]")}, false},
		{[]config.Edit{set("users[max@example.com].viewable_groups", "all")}, false},
		{[]config.Edit{set("users[max@example.com].viewable_groups[Marketing]", "")}, false},
		{[]config.Edit{set("users[cleo@example.com].role", "admin")}, false},
		{[]config.Edit{set("users[eve@example.com].role", "viewer")}, false},
		{[]config.Edit{unset("users[max@example.com]")}, false},
		{[]config.Edit{set(`people[p-1].logins[CORP\eve]`, "")}, false},
		{[]config.Edit{set("people[p-1].email", "cleo@example.com")}, false},
		{[]config.Edit{set("people[p-2].name", "New")}, false},
		{[]config.Edit{{File: people, Key: "devices[d-1].alias", Value: "Two"}}, false},
		{[]config.Edit{unset("do_not_track")}, false},
		{[]config.Edit{set("do_not_track", "[{user: eve}]")}, false},
		{[]config.Edit{set("passive.start", "3m")}, false},
		{[]config.Edit{set("privacy.min_people", "1"), set("privacy.urls", "full")}, false},
		{[]config.Edit{set("retention.days", "0")}, false},
		{[]config.Edit{set("overrides", "[{devices: [d-1], privacy: {titles: false}}]")}, false},
		{[]config.Edit{set("installers.max_devices", "1")}, false},
		{[]config.Edit{{File: config.AccountFile, Key: "storage.limit", Value: "3GB"}}, false},
		{[]config.Edit{{File: config.CollectorFile, Key: "log.level", Value: "debug"}}, false},
		// One forbidden edit among others.
		{[]config.Edit{set("categories", "[Chess]"), set("groups[Support].people[p-2]", "")}, false},
	} {
		after := edited(t, before, c.edits...)
		if err := MayApply(collector.Viewer{Role: collector.Admin}, before, after); err != nil {
			t.Errorf("an administrator, %v: %v", c.edits, err)
		}
		err := MayApply(collector.Viewer{Role: collector.Configurator}, before, after)
		if c.configurator && err != nil || !c.configurator && collector.CodeOf(err) != collector.Denied {
			t.Errorf("a configurator, %v: %v", c.edits, err)
		}
		for _, viewer := range []collector.Viewer{
			{}, {Role: collector.Manager}, {Role: collector.ViewerRole}, {Role: collector.Admin, ReadOnly: true},
		} {
			if err := MayApply(viewer, before, after); err == nil {
				t.Errorf("%+v, %v: applied", viewer, c.edits)
			}
		}
	}
}

// Comments and the way a value is written are no change.
func TestMayApplyJudgesMeaning(t *testing.T) {
	before := office(t)
	content := map[string][]byte{}
	for name, text := range before.Content {
		content[name] = append([]byte("# a comment\n"), text...)
	}
	if err := MayApply(collector.Viewer{Role: collector.Configurator}, before, parsed(t, content)); err != nil {
		t.Error(err)
	}
}

func TestLastAdministrator(t *testing.T) {
	before := office(t)
	after := office(t)
	after.People.Users[0].Role = string(collector.Manager)
	if err := MayApply(collector.Viewer{Role: collector.Admin}, before, after); collector.CodeOf(err) != collector.Conflict {
		t.Errorf("the last administrator is gone: %v", err)
	}
	// Before there was one, there is none to keep.
	before.People.Users, after.People.Users = nil, nil
	if err := MayApply(collector.Viewer{Role: collector.Admin}, before, after); err != nil {
		t.Error(err)
	}
}

// A group that overrides name bears on what is collected of its members, which only administrators set.
func TestGroupsOfOverrides(t *testing.T) {
	before := edited(t, office(t), config.Edit{Key: "overrides", Value: "[{groups: [Marketing], privacy: {urls: full}}]"})
	after := edited(t, before, config.Edit{Key: "groups[Marketing].devices", Value: "[d-1]"})
	cleo := collector.Viewer{Role: collector.Configurator}
	if err := MayApply(cleo, before, after); collector.CodeOf(err) != collector.Denied {
		t.Errorf("a configurator has more collected of a device: %v", err)
	}
	if err := MayApply(collector.Viewer{Role: collector.Admin}, before, after); err != nil {
		t.Error(err)
	}
	if MayEditGroup(cleo, before, "Marketing") || !MayEditGroup(cleo, office(t), "Marketing") || MayEditGroup(cleo, before, "Support") {
		t.Error("what may be edited is not what may be applied")
	}
}

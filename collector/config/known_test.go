package config_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/collector/config"
)

// registry knows these words and no others.
func registry(words ...string) config.Known {
	knows := func(name string) bool { return slices.Contains(words, name) }
	return config.Known{Device: knows, Person: knows, Login: knows, DeviceNamed: func(name string) string {
		if name == "desk" {
			return "d-1"
		}
		return ""
	}}
}

func TestUnknown(t *testing.T) {
	files := map[string]string{
		config.AccountFile: "overrides:\n- devices: [d-1, d-2]\n  settle: 1s\n",
		config.PeopleFile: "people: [{id: p-listed, logins: ['A\\new']}]\ngroups:\n- name: Support\n  people:\n  - p-seen\n" +
			"  - P-Listed\n  - p-nobody\n  logins: ['A\\b']\n  devices: [d-1]\n",
	}
	set := load(t, files)
	told := func(before *config.Set, known config.Known) (all []string) {
		for _, p := range set.Unknown(before, known) {
			all = append(all, p.String())
		}
		return all
	}
	got := told(nil, registry("d-1", "p-seen"))
	want := []string{
		`account.yaml:2: warning: overrides[0].devices[1]: the collector knows no device "d-2"`,
		`people.yaml:1: warning: people[0].id: the collector knows no person "p-listed"`,
		`people.yaml:1: warning: people[0].logins[0]: the collector knows no login "A\\new"`,
		`people.yaml:8: warning: groups[0].logins[0]: the collector knows no login "A\\b"`,
		`people.yaml:7: groups[0].people[2]: the collector knows no person "p-nobody"`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// What held before stays a warning: the person may have been erased since.
	if got := told(set, registry("d-1", "p-seen")); len(got) != 5 || !strings.Contains(got[4], "warning") {
		t.Errorf("got %q", got)
	}
	if got := set.Unchecked(); len(got) != 2 || !got[0].Warning || got[0].Key != "groups[0].people[0]" {
		t.Errorf("got %v", got)
	}
}

func TestOneLoginUnderTwoNames(t *testing.T) {
	knowsAll := registry("p-1", "p-2", `D-1\ana`, `desk\Ana`, `DESK\bo`)
	twice := load(t, map[string]string{config.PeopleFile: "people:\n- {id: p-1, logins: ['D-1\\ana']}\n- id: p-2\n  logins: ['DESK\\bo', 'desk\\Ana']\n"})
	want := `people.yaml:4: people[1].logins[1]: is the login at people[0].logins[0], by the other name of its device`
	if got := twice.Unknown(nil, knowsAll); len(got) != 1 || got[0].String() != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
	if got := twice.Unknown(twice, knowsAll); len(got) != 1 || !got[0].Warning {
		t.Errorf("held before: %v", got)
	}
}

func TestTheLastAdministrator(t *testing.T) {
	with := load(t, map[string]string{config.PeopleFile: "users: [{email: a@b.c, role: admin}]\n"})
	without := load(t, map[string]string{config.PeopleFile: "# nobody\nusers: []\n"})
	if p := without.After(with); len(p) != 1 || p[0].Line != 2 || p[0].Warning || p[0].Key != "users" {
		t.Errorf("got %v", p)
	}
	if p := fmt.Sprint(with.After(without), without.After(without), without.After(nil)); p != "[] [] []" {
		t.Errorf("got %v", p)
	}
}

func TestLine(t *testing.T) {
	set := load(t, map[string]string{config.ClassificationFile: "rules:\n- app: a\n  status: productive\n\n- app: b\n  status: undefined\n"})
	for key, want := range map[string]int{"rules[0].status": 3, "rules[1]": 5, "rules[1].category": 5, "rules": 1, "categories": 1} {
		if got := set.Line(config.ClassificationFile, key); got != want {
			t.Errorf("%s stands at %d, want %d", key, got, want)
		}
	}
}

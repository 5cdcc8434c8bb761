package directory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/directory"
)

const staff = `
people:
  - {id: p-ana, name: Ana Lima, email: ana@example.com, logins: ['CORP\ana', 'PC-1\ana']}
  - {id: p-max, name: Max, email: MAX@example.com}
  - {id: p-idle, name: Idle}
  - {id: p-far, name: Ana Far}
groups:
  - {name: Support, people: [p-ana, p-idle]}
  - {name: Desk, devices: [d-2]}
  - {name: Secret, people: [p-eve], devices: [d-5]}
`

// What each viewer sees of each owner: t totals, a single activities, o its own.
func TestScope(t *testing.T) {
	d := directory.New(people(t, staff), office(), 5)
	owners := map[string]collector.Owner{
		"ana on 1": own("d-1", `d-1\ana`), "ana on 2": own("d-2", `s-1\105`), "max on 1": own("d-1", `s-1\104`),
		"max on 2": own("d-2", `s-1\104`), "eve": own("d-5", `d-5\eve`), "unknown": own("d-9", `s-9\1`),
	}
	viewer := func(role collector.Role, user string, everyone bool, groups ...string) collector.Viewer {
		return collector.Viewer{User: user, Role: role, Everyone: everyone, Groups: groups}
	}
	for name, c := range map[string]struct {
		viewer collector.Viewer
		sees   map[string]string
		rest   string
		min    int
	}{
		"administrator": {viewer(collector.Admin, "administrator (local)", true), nil, "ta", 1},
		"configurator":  {viewer(collector.Configurator, "c@example.com", false), nil, "ta", 1},
		"manager of people": {viewer(collector.Manager, "m@example.com", false, "Support"),
			map[string]string{"ana on 1": "ta", "ana on 2": "ta"}, "", 1},
		"manager of a device": {viewer(collector.Manager, "max@example.com", false, "Desk"),
			map[string]string{"ana on 2": "ta", "max on 2": "tao", "max on 1": "tao"}, "", 1},
		"manager of everyone": {viewer(collector.Manager, "m@example.com", true), nil, "ta", 1},
		"manager of nobody": {viewer(collector.Manager, "ANA@example.com", false),
			map[string]string{"ana on 1": "tao", "ana on 2": "tao"}, "", 1},
		"viewer of people": {viewer(collector.ViewerRole, "max@example.com", false, "Support", "Unknown"),
			map[string]string{"ana on 1": "t", "ana on 2": "t", "max on 1": "tao", "max on 2": "tao"}, "", 5},
		"viewer of everyone": {viewer(collector.ViewerRole, "v@example.com", true), nil, "t", 5},
		"no role":            {viewer("", "", true, "Support"), nil, "", 1},
		"another role":       {viewer("owner", "o@example.com", true, "Support"), nil, "", 1},
	} {
		scope := d.Scope(c.viewer)
		for who, owner := range owners {
			want, listed := c.sees[who]
			if !listed {
				want = c.rest
			}
			got := ""
			for letter, sees := range map[string]bool{"t": scope.Totals(owner), "a": scope.Activities(owner), "o": scope.Own(owner)} {
				if sees {
					got += letter
				}
			}
			if len(got) != len(want) || strings.Trim(got, want) != "" {
				t.Errorf("%s sees %q of %s, want %q", name, got, who, want)
			}
		}
		if scope.MinPeople() != c.min || scope.SeesLogins() != (name == "administrator") || scope.Everyone() != strings.Contains(c.rest, "t") {
			t.Errorf("%s: min %d, logins %t, everyone %t", name, scope.MinPeople(), scope.SeesLogins(), scope.Everyone())
		}
	}
	if self := d.Scope(viewer(collector.ViewerRole, "max@EXAMPLE.com", false)).Self(); self != "p-max" {
		t.Errorf("Max is %q", self)
	}
	var nobody directory.Scope
	if nobody.Totals(own("d-1", `d-1\ana`)) || nobody.Person("p-ana") || nobody.Device("d-1") || nobody.Group("Support") {
		t.Error("no scope sees something")
	}
}

// Whatever is outside a scope gives the answer of what never was, whichever way it is named.
func TestOutsideIsNowhere(t *testing.T) {
	d := directory.New(people(t, staff), office(), 1)
	scope := d.Scope(collector.Viewer{User: "max@example.com", Role: collector.Manager, Groups: []string{"Desk"}})
	// Ana is known by what she did on d-2; not what she has elsewhere.
	for _, word := range []string{"p-eve", `MOVED\eve`, "eve", `d-5\eve`, "p-bob", "bob", "p-idle", "Idle", "p-home", `PC-1\ana`, `d-1\ana`, "p-never", ""} {
		_, err := d.FindPerson(word, scope)
		same(t, "person", word, err)
	}
	for _, word := range []string{"d-3", "d-5", "TWIN", "MOVED", "d-never", ""} {
		_, err := d.FindDevice(word, scope)
		same(t, "device", word, err)
	}
	for _, word := range []string{"Secret", "Support", "never", ""} {
		_, err := d.FindGroup(word, scope)
		same(t, "group", word, err)
	}
	for word, want := range map[string]string{
		"p-max": "p-max", "max": "p-max", "MAX@example.com": "p-max", `corp\max`: "p-max", "Ana Lima": "p-ana", `CORP\ana`: "p-ana", " ana ": "p-ana",
	} {
		if p, err := d.FindPerson(word, scope); err != nil || p.ID != want {
			t.Errorf("%q: %s, %v", word, p.ID, err)
		}
	}
	for word, want := range map[string]string{"d-2": "d-2", "pc-2": "d-2", "PC-1": "d-1"} {
		if id, err := d.FindDevice(word, scope); err != nil || id != want {
			t.Errorf("%q: %s, %v", word, id, err)
		}
	}
	if group, err := d.FindGroup("desk", scope); err != nil || group != "Desk" {
		t.Errorf("%q, %v", group, err)
	}
}

// same wants the words of what never existed.
func same(t *testing.T, kind, word string, err error) {
	t.Helper()
	if collector.CodeOf(err) != collector.NotFound || err.Error() != fmt.Sprintf("%s: there is no %s %q", kind, kind, word) {
		t.Errorf("%q: %v", word, err)
	}
}

// A name that is not known is nobody's: an empty word does not find it.
func TestNoWordFindsNothing(t *testing.T) {
	d := directory.New(people(t, "users: []\n"), directory.Registered{
		Devices: []collector.Device{{ID: "d-1"}}, People: []collector.Person{{ID: "p-1"}},
		Logins: []collector.Login{{Key: `s-1\1`, Person: "p-1"}, {Key: `s-1\2`, Name: "plain", Person: "p-1"}},
		Names:  map[collector.Owner]string{own("d-1", `s-1\1`): ""},
	}, 1)
	all := d.Scope(administrator)
	for _, word := range []string{"", " "} {
		_, err := d.FindPerson(word, all)
		same(t, "person", "", err)
		_, err = d.FindDevice(word, all)
		same(t, "device", "", err)
	}
}

func TestAmbiguous(t *testing.T) {
	d := directory.New(people(t, `
people:
  - {id: p-1, name: Kim, namesake: true, logins: ['CORP\ana']}
  - {id: p-2, name: Kim, namesake: true, logins: ['CORP\max']}
  - {id: p-eve, name: Kim, namesake: true}
groups: [{name: Two, people: [p-1, p-2]}, {name: One, people: [p-1]}, {name: Twins, devices: [d-3, d-4]}]
`), office(), 1)
	manager := func(groups ...string) directory.Scope {
		return d.Scope(collector.Viewer{User: "m@example.com", Role: collector.Manager, Groups: groups})
	}
	_, err := d.FindPerson("kim", manager("Two"))
	if collector.CodeOf(err) != collector.BadRequest || !strings.Contains(err.Error(), "Kim (p-1), Kim (p-2);") {
		t.Errorf("two in the scope: %v", err)
	}
	if p, err := d.FindPerson("kim", manager("One")); err != nil || p.ID != "p-1" {
		t.Errorf("one in the scope: %v, %v", p.ID, err)
	}
	if _, err := d.FindDevice("twin", manager("Twins")); err == nil || !strings.Contains(err.Error(), "TWIN (d-3), Twin (d-4)") {
		t.Errorf("two devices of one name: %v", err)
	}
}

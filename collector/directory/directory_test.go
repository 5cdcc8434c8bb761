package directory_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/directory"
)

// own names an owner: a login on a device.
func own(device, key string) collector.Owner {
	return collector.Owner{Device: device, LoginKey: key}
}

// office is what the registry of a small one saw: two computers, two that share a name, one that was renamed, and the
// directory accounts of Max and of Ana.
func office() directory.Registered {
	r := directory.Registered{Names: map[collector.Owner]string{
		own("d-1", `s-1\104`): `CORP\max`, own("d-2", `s-1\104`): `CORP\max`, own("d-2", `s-1\105`): `CORP\ana`,
	}}
	for id, name := range map[string]string{"d-1": "PC-1", "d-2": "PC-2", "d-3": "TWIN", "d-4": "Twin", "d-5": "MOVED"} {
		r.Devices = append(r.Devices, collector.Device{ID: id, Name: name})
		if id == "d-5" {
			r.Devices[len(r.Devices)-1].Flags = []string{"renamed"}
		}
	}
	for _, l := range []collector.Login{
		{Key: `s-1\104`, Name: `CORP\max`, Person: "p-max"}, {Key: `s-1\105`, Name: `CORP\ana`, Person: "p-ana"},
		{Key: `d-1\ana`, Name: `PC-1\Ana`, Device: "d-1", Person: "p-home"},
		{Key: `d-3\bob`, Name: `TWIN\bob`, Device: "d-3", Person: "p-bob"}, {Key: `d-4\bob`, Name: `Twin\bob`, Device: "d-4", Person: "p-rob"},
		{Key: `d-5\eve`, Name: `MOVED\eve`, Device: "d-5", Person: "p-eve"},
	} {
		r.Logins = append(r.Logins, l)
		r.People = append(r.People, collector.Person{ID: l.Person, Name: l.Name})
	}
	return r
}

// people reads people.yaml.
func people(t testing.TB, text string) *config.People {
	t.Helper()
	set, problems := config.Parse(files(text))
	if set == nil {
		t.Fatal(problems)
	}
	return set.People
}

func files(peopleFile string) map[string][]byte {
	return map[string][]byte{
		config.CollectorFile: []byte("metrics: {}\n"), config.AccountFile: []byte("settle: 2s\n"),
		config.ClassificationFile: []byte("rules: []\n"), config.PeopleFile: []byte(peopleFile),
	}
}

func TestWhoIsWho(t *testing.T) {
	d := directory.New(people(t, `
people:
  - {id: p-ana, name: Ana Lima, email: ana@example.com, logins: ['corp\ANA', 'pc-1\ana']}
  - {id: p-new, name: Nobody yet, logins: ['CORP\later']}
  - {id: p-odd, name: Odd, logins: ['TWIN\bob', 'MOVED\eve', 'd-4\bob']}
devices: [{id: d-2, alias: The second}]
`), office(), 1)
	for owner, want := range map[collector.Owner]string{
		own("d-2", `s-1\105`): "p-ana", // by the name shown, without case
		own("d-1", `d-1\ana`): "p-ana", // by its computer's name
		own("d-1", `s-1\104`): "p-max", // of its own
		own("d-3", `d-3\bob`): "p-bob", // two computers have that name
		own("d-4", `d-4\bob`): "p-odd", // by its computer's id
		own("d-5", `d-5\eve`): "p-eve", // that computer once had another name
		own("d-9", `s-9\999`): `s-9\999`,
	} {
		if got := d.Person(owner); got.ID != want {
			t.Errorf("%v is %s's, not %s's", owner, want, got.ID)
		}
	}
	var got []string
	for _, p := range d.People() {
		got = append(got, fmt.Sprint(p.ID, " ", p.Name, " ", p.Email, " ", p.Logins))
	}
	want := []string{
		`p-ana Ana Lima ana@example.com [CORP\ana PC-1\Ana]`, `p-bob TWIN\bob  [TWIN\bob]`, `p-eve MOVED\eve  [MOVED\eve]`,
		`p-max CORP\max  [CORP\max]`, `p-new Nobody yet  []`, `p-odd Odd  [Twin\bob]`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if d.DeviceName("d-2") != "The second" || d.DeviceName("d-1") != "PC-1" || d.DeviceName("d-9") != "d-9" {
		t.Error("names of devices", d.DeviceName("d-2"), d.DeviceName("d-1"), d.DeviceName("d-9"))
	}
	if !d.Listed("p-ana") || d.Listed("p-max") || d.Listed("p-none") {
		t.Error("listed in the file are p-ana, p-new and p-odd")
	}
}

func TestGroups(t *testing.T) {
	d := directory.New(people(t, `
groups:
  - {name: Both, people: [p-max], devices: [pc-1]}
  - {name: Logins, logins: ['CORP\ana', 'd-3\bob', 'MOVED\eve']}
  - {name: Twins, devices: [TWIN, d-5]}
`), office(), 1)
	if diff := cmp.Diff([]string{"Both", "Logins", "Twins"}, d.Groups()); diff != "" {
		t.Error(diff)
	}
	for group, want := range map[string][]collector.Owner{
		// Max from anywhere, and anyone on PC-1.
		"Both":   {own("d-1", `s-1\104`), own("d-2", `s-1\104`), own("d-1", `d-1\ana`)},
		"Logins": {own("d-2", `s-1\105`), own("d-3", `d-3\bob`)},
		"Twins":  {own("d-5", `d-5\eve`)},
		"both":   nil,
	} {
		for _, owner := range d.Owners() {
			if got := d.InGroup(group, owner); got != slices.Contains(want, owner) {
				t.Errorf("%v in %s: %t", owner, group, got)
			}
		}
	}
	if diff := cmp.Diff([]string{"Logins"}, d.PersonGroups()["p-ana"]); diff != "" {
		t.Error(diff)
	}
}

// A device tells of a directory login by another's name: its own data goes with that name, and nothing that others sent.
func TestOneDeviceMovesNobodyElsesData(t *testing.T) {
	r := office()
	file := people(t, `
people: [{id: p-ana, name: Ana, logins: ['CORP\ana']}]
groups: [{name: Mine, logins: ['CORP\ana']}]
`)
	r.Names[own("d-5", `s-1\104`)] = `CORP\ana` // Max's account, by the device of Eve
	d := directory.New(file, r, 1)
	scope := d.Scope(collector.Viewer{User: "eve@example.com", Role: collector.Manager, Groups: []string{"Mine"}})
	for _, device := range []string{"d-1", "d-2"} {
		if owner := own(device, `s-1\104`); d.Person(owner).ID != "p-max" || d.InGroup("Mine", owner) || scope.Totals(owner) {
			t.Errorf("%s: another device's word moved Max to %s", device, d.Person(owner).ID)
		}
	}
	if owner := own("d-5", `s-1\104`); d.Person(owner).ID != "p-ana" {
		t.Errorf("what a device says of its own data is %s", d.Person(owner).ID)
	}
	if _, err := d.FindPerson("p-max", scope); collector.CodeOf(err) != collector.NotFound {
		t.Errorf("Max is found: %v", err)
	}
}

func TestTellApart(t *testing.T) {
	list := []collector.Person{
		{ID: "p-1", Name: "Ana", Email: "a@example.com"}, {ID: "p-2", Name: "ana"}, {ID: "p-3", Name: "Max"},
	}
	directory.TellApart(list)
	if list[0].Name != "Ana (a@example.com)" || list[1].Name != "ana (p-2)" || list[2].Name != "Max" {
		t.Error(list)
	}
}

// snapshot is everything a directory says.
func snapshot(d *directory.Directory) string {
	text := fmt.Sprint(d.People())
	for _, owner := range d.Owners() {
		text += fmt.Sprintln(owner, d.Person(owner))
		for _, group := range d.Groups() {
			text += fmt.Sprint(d.InGroup(group, owner))
		}
	}
	return text
}

// The order of entries, logins and what the registry gives means nothing.
func TestOrderMeansNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		registered := office()
		free := []string{`CORP\ana`, `CORP\max`, `PC-1\ana`, `d-3\bob`, `d-4\bob`, `MOVED\eve`, `CORP\later`}
		var entries []config.Person
		for i, id := range []string{"p-ana", "p-max", "p-one", "p-two"} {
			n := rapid.IntRange(0, len(free)).Draw(t, "logins")
			entries = append(entries, config.Person{ID: id, Name: fmt.Sprint("name ", i), Logins: free[:n]})
			free = free[n:]
		}
		file := &config.People{People: entries, Groups: []config.Group{
			{Name: "A", People: []string{"p-one", "p-bob"}, Logins: []string{`CORP\max`}}, {Name: "B", Devices: []string{"PC-2"}},
		}}
		want := snapshot(directory.New(file, registered, 1))
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 0))
		mix := func(n int, swap func(i, j int)) { random.Shuffle(n, swap) }
		for i := range entries {
			entries[i].Logins = slices.Clone(entries[i].Logins)
			mix(len(entries[i].Logins), func(a, b int) {
				entries[i].Logins[a], entries[i].Logins[b] = entries[i].Logins[b], entries[i].Logins[a]
			})
		}
		mix(len(entries), func(a, b int) { entries[a], entries[b] = entries[b], entries[a] })
		mix(len(registered.Logins), func(a, b int) {
			registered.Logins[a], registered.Logins[b] = registered.Logins[b], registered.Logins[a]
		})
		mix(len(registered.People), func(a, b int) {
			registered.People[a], registered.People[b] = registered.People[b], registered.People[a]
		})
		if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(snapshot(directory.New(file, registered, 1)), "\n")); diff != "" {
			t.Fatal(diff)
		}
	})
}

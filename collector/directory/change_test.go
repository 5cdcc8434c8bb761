package directory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/directory"
)

// administrator sees all.
var administrator = collector.Viewer{User: "administrator (local)", Role: collector.Admin}

// changed makes a change in the text of people.yaml.
func changed(t testing.TB, text, who string, change directory.Change) (id, after string, err error) {
	t.Helper()
	d := directory.New(people(t, text), office(), 1)
	p, err := d.FindPerson(who, d.Scope(administrator))
	if err != nil {
		t.Fatal(err)
	}
	id, edits, err := d.Change(p, change)
	if err != nil {
		return "", text, err
	}
	content, err := config.Apply(files(text), edits)
	if err != nil {
		t.Fatalf("%v of %v", err, edits)
	}
	if set, problems := config.Parse(content); set == nil {
		t.Fatalf("%v in\n%s", problems, content[config.PeopleFile])
	}
	return id, string(content[config.PeopleFile]), nil
}

func TestChange(t *testing.T) {
	const before = `# who is who
people:
  - id: p-ana
    name: Ana Lima # the one of support
    logins: ['CORP\ana', 'PC-1\ana']
`
	name := func(s string) directory.Change { return directory.Change{Name: &s} }
	merge := directory.Change{Name: new("ana lima"), Merge: true}
	for what, c := range map[string]struct {
		who    string
		change directory.Change
		// id of who it is then, and of the owners' people that are others than before; or what is refused.
		id   string
		now  map[collector.Owner]string
		code collector.Code
	}{
		"a name for a new entry": {who: `CORP\max`, change: name("Max"), id: "p-max"},
		"another's name":         {who: `CORP\max`, change: name("Ana Lima"), code: collector.Conflict},
		"another's name, meant": {who: `CORP\max`, change: merge, id: "p-ana",
			now: map[collector.Owner]string{own("d-1", `s-1\104`): "p-ana", own("d-2", `s-1\104`): "p-ana"}},
		"merged with one unlisted": {who: "p-ana", change: directory.Change{Name: new(`CORP\max`), Merge: true}, id: "p-max",
			now: map[collector.Owner]string{own("d-2", `s-1\105`): "p-max", own("d-1", `d-1\ana`): "p-max"}},
		"a login of another's entry": {who: "p-max", change: directory.Change{AddLogins: []string{`pc-1\ana`}}, id: "p-max",
			now: map[collector.Owner]string{own("d-1", `d-1\ana`): "p-max"}},
		"the same by its computer's id": {who: "p-max", change: directory.Change{AddLogins: []string{`d-1\ana`}}, id: "p-max",
			now: map[collector.Owner]string{own("d-1", `d-1\ana`): "p-max"}},
		"a login that no rule could mean as it is shown": {who: "p-max", change: directory.Change{AddLogins: []string{`MOVED\eve`}}, id: "p-max",
			now: map[collector.Owner]string{own("d-5", `d-5\eve`): "p-max"}},
		"a login of two computers of one name": {who: "p-max", change: directory.Change{AddLogins: []string{`twin\bob`}}, code: collector.BadRequest},
		"a login not seen yet":                 {who: "p-max", change: directory.Change{AddLogins: []string{`CORP\soon`}}, id: "p-max"},
		"one login less": {who: "p-ana", change: directory.Change{RemoveLogins: []string{`PC-1\Ana`}}, id: "p-ana",
			now: map[collector.Owner]string{own("d-1", `d-1\ana`): "p-home"}},
		"the login it came with, back from the file": {who: "p-ana", change: directory.Change{RemoveLogins: []string{`CORP\ana`}}, id: "p-ana"},
		"the login it came with":                     {who: "p-max", change: directory.Change{RemoveLogins: []string{`CORP\max`}}, code: collector.BadRequest},
		"a login it has not":                         {who: "p-max", change: directory.Change{RemoveLogins: []string{`CORP\ana`}}, code: collector.NotFound},
		"no name":                                    {who: "p-ana", change: name(""), id: "p-ana"},
		"no name where there is none":                {who: "p-max", change: name(""), id: "p-max"},
	} {
		id, after, err := changed(t, before, c.who, c.change)
		if collector.CodeOf(err) != c.code || id != c.id {
			t.Errorf("%s: %q, %v", what, id, err)
			continue
		}
		if !strings.Contains(after, "# who is who") || c.who != "p-ana" && !strings.Contains(after, "# the one of support") {
			t.Errorf("%s: comments are lost:\n%s", what, after)
		}
		d, was := directory.New(people(t, after), office(), 1), directory.New(people(t, before), office(), 1)
		for _, owner := range d.Owners() {
			want, moved := c.now[owner]
			if !moved {
				want = was.Person(owner).ID
			}
			if got := d.Person(owner).ID; got != want {
				t.Errorf("%s: %v is %s's, want %s, in\n%s", what, owner, got, want, after)
			}
		}
	}
}

// Whoever is merged with whom: taking the logins back takes everything back.
func TestMergeThenUnmerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{
			"users: []\n", "people: []\n", "people:\n  - {id: p-ana, name: Ana, logins: ['CORP\\ana']}\n",
			"people:\n  - id: p-max\n    logins: ['PC-1\\ana'] # his, at home\n  - {id: p-none, name: None}\n",
		}).Draw(t, "file")
		before := directory.New(parsed(t, text), office(), 1)
		everybody := before.People()
		from := rapid.SampledFrom(everybody).Filter(func(p collector.Person) bool { return len(p.Logins) > 0 && !before.Listed(p.ID) }).Draw(t, "from")
		to := rapid.SampledFrom(everybody).Filter(func(p collector.Person) bool { return p.ID != from.ID && p.ID != "p-bob" && p.ID != "p-rob" }).Draw(t, "to")
		id, edits, err := before.Change(from, directory.Change{Name: &to.Name, Merge: true})
		if err != nil || id != to.ID {
			t.Fatal(id, err)
		}
		content := apply(t, text, edits)
		merged := directory.New(parsed(t, content), office(), 1)
		for _, owner := range before.Owners() {
			if before.Person(owner).ID == from.ID && merged.Person(owner).ID != to.ID {
				t.Fatalf("%v is not merged:\n%s", owner, content)
			}
		}
		who, err := merged.FindPerson(to.ID, merged.Scope(administrator))
		if err != nil {
			t.Fatal(err)
		}
		_, edits, err = merged.Change(who, directory.Change{RemoveLogins: from.Logins})
		if err != nil {
			t.Fatal(err)
		}
		after := directory.New(parsed(t, apply(t, content, edits)), office(), 1)
		if diff := cmp.Diff(strings.Split(snapshot(before), "\n"), strings.Split(snapshot(after), "\n")); diff != "" {
			t.Fatal(diff)
		}
	})
}

func parsed(t *rapid.T, text string) *config.People {
	set, problems := config.Parse(files(text))
	if set == nil {
		t.Fatal(fmt.Sprint(problems, text))
	}
	return set.People
}

func apply(t *rapid.T, text string, edits []config.Edit) string {
	content, err := config.Apply(files(text), edits)
	if err != nil {
		t.Fatal(err, edits)
	}
	return string(content[config.PeopleFile])
}

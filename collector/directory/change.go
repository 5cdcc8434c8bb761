package directory

import (
	"slices"
	"strings"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

// Change is what is to be different about a person; nil stays.
type Change struct {
	Name, Email             *string
	AddLogins, RemoveLogins []string
	// Merge: where the name is another person's, make them one.
	Merge bool
}

// Change gives the edits of people.yaml that change a person, and the id of who it is afterwards. Nothing but the file is
// changed, so that taking the edits back takes everything back. Refused: a name that is another person's without Merge
// (Conflict), a login to be removed that the person was seen with first (BadRequest) or does not have (NotFound).
func (d *Directory) Change(person collector.Person, c Change) (id string, edits []config.Edit, err error) {
	w := &draft{d: d, logins: map[string][]string{}}
	for _, entry := range d.file {
		w.logins[entry.ID] = slices.Clone(entry.Logins)
	}
	id = person.ID
	if c.Name != nil {
		other, taken, err := d.namesake(person, *c.Name)
		switch {
		case err != nil:
			return "", nil, err
		case taken && !c.Merge:
			return "", nil, collector.Refuse(collector.Conflict, "name",
				"%q is the name of another person (%s); to make them one person, say so with merge", *c.Name, other.ID)
		case taken:
			w.merge(person, other)
			id = other.ID
		default:
			w.set(id, "name", *c.Name)
		}
	}
	if c.Email != nil {
		w.set(id, "email", *c.Email)
	}
	for _, login := range c.AddLogins {
		if err := w.add(id, login); err != nil {
			return "", nil, err
		}
	}
	for _, login := range c.RemoveLogins {
		if err := w.remove(id, login); err != nil {
			return "", nil, err
		}
	}
	return id, append(w.loginEdits(), w.edits...), nil
}

// namesake finds who else has a name.
func (d *Directory) namesake(person collector.Person, name string) (other collector.Person, taken bool, err error) {
	var others []collector.Person
	var names []string
	for _, p := range d.People() {
		if p.ID != person.ID && name != "" && strings.EqualFold(p.Name, name) {
			others, names = append(others, p), append(names, p.Name+" ("+p.ID+")")
		}
	}
	switch len(others) {
	case 0:
		return other, false, nil
	case 1:
		return others[0], true, nil
	}
	return other, false, several("name", "people", name, names)
}

// draft is the file as it is to be.
type draft struct {
	d *Directory
	// logins of each entry, by its id.
	logins map[string][]string
	gone   []string
	edits  []config.Edit
}

func key(id, rest string) string { return "people" + config.Item(id) + rest }

func (w *draft) set(id, field, value string) {
	edit := config.Edit{File: config.PeopleFile, Key: key(id, "."+field), Value: config.Text(value)}
	if value == "" {
		if entry, listed := w.d.entry(id); !listed || field == "name" && entry.Name == "" || field == "email" && entry.Email == "" {
			return // there is nothing to take out
		}
		edit.Value, edit.Unset = "", true
	}
	w.edits = append(w.edits, edit)
}

// merge gives all logins of one person to another.
func (w *draft) merge(from, to collector.Person) {
	moved := slices.Clone(w.logins[from.ID])
	for _, owner := range w.d.owners {
		if w.d.Person(owner).ID != from.ID {
			continue
		}
		names := w.d.about(owner).names
		if len(names) > 0 && !slices.ContainsFunc(moved, func(login string) bool { return slices.Contains(names, strings.ToLower(login)) }) {
			moved = append(moved, w.d.ruleName(owner))
		}
	}
	if _, listed := w.logins[from.ID]; listed {
		delete(w.logins, from.ID)
		w.gone = append(w.gone, from.ID)
	}
	w.logins[to.ID] = append(w.logins[to.ID], moved...)
}

// ruleName is how a rule names an owner's login for good: a local account by its device's id, since names change.
func (d *Directory) ruleName(owner collector.Owner) string {
	if _, local := account(owner); local {
		return owner.LoginKey
	}
	return d.LoginName(owner)
}

// meaning gives the owners that a login means, and every lower-case way to write it. One written as it is shown that no
// rule could mean so (its computer's name is not its own) is given as a rule can, if one alone of those asked for has it.
func (w *draft) meaning(login string, asked func(collector.Owner) bool) (text string, owners []collector.Owner, ways []string, err error) {
	lower := strings.ToLower(login)
	var shown []collector.Owner
	for _, owner := range w.d.owners {
		names := w.d.about(owner).names
		if slices.Contains(names, lower) {
			owners, ways = append(owners, owner), append(ways, names...)
		} else if strings.EqualFold(w.d.LoginName(owner), login) && asked(owner) {
			shown = append(shown, owner)
		}
	}
	switch {
	case len(owners) > 0 || len(shown) == 0:
		return login, owners, append(ways, lower), nil
	case len(shown) == 1:
		return w.d.ruleName(shown[0]), shown, w.d.about(shown[0]).names, nil
	}
	names := make([]string, len(shown))
	for i, owner := range shown {
		names[i] = w.d.ruleName(owner)
	}
	return "", nil, nil, several("login", "logins", login, names)
}

// add gives a login to a person, taking it from the entry it was in.
func (w *draft) add(id, login string) error {
	text, owners, ways, err := w.meaning(login, func(collector.Owner) bool { return true })
	if err != nil {
		return err
	}
	for other := range w.logins {
		if other != id {
			w.logins[other] = slices.DeleteFunc(w.logins[other], written(ways))
		}
	}
	seenWith := len(owners) > 0 && !slices.ContainsFunc(owners, func(owner collector.Owner) bool {
		return w.d.logins[owner.LoginKey].Person != id
	})
	if !slices.ContainsFunc(w.logins[id], written(ways)) && !seenWith {
		w.logins[id] = append(w.logins[id], text)
	}
	return nil
}

func (w *draft) remove(id, login string) error {
	has := func(owner collector.Owner) bool { return w.d.Person(owner).ID == id }
	_, owners, ways, err := w.meaning(login, has)
	if err != nil {
		return err
	}
	before := len(w.logins[id])
	w.logins[id] = slices.DeleteFunc(w.logins[id], written(ways))
	switch {
	case len(w.logins[id]) < before:
		return nil
	case slices.ContainsFunc(owners, has):
		return collector.Refuse(collector.BadRequest, "remove_logins",
			"the person was first seen with %q: give it to another person instead", login)
	}
	return collector.Refuse(collector.NotFound, "remove_logins", "the person has no login %q", login)
}

// written tells whether a login of the file is one of the ways to write another.
func written(ways []string) func(string) bool {
	return func(login string) bool { return slices.Contains(ways, strings.ToLower(login)) }
}

// loginEdits are what makes the file's lists of logins those of the draft: what leaves goes first.
func (w *draft) loginEdits() []config.Edit {
	var unset, set []config.Edit
	for _, entry := range w.d.file {
		if slices.Contains(w.gone, entry.ID) {
			unset = append(unset, config.Edit{File: config.PeopleFile, Key: key(entry.ID, ""), Unset: true})
			continue
		}
		for _, login := range entry.Logins {
			if !slices.Contains(w.logins[entry.ID], login) {
				unset = append(unset, config.Edit{File: config.PeopleFile, Key: key(entry.ID, ".logins"+config.Item(login)), Unset: true})
			}
		}
	}
	for _, p := range w.d.people {
		entry, _ := w.d.entry(p.ID)
		for _, login := range w.logins[p.ID] {
			if !slices.Contains(entry.Logins, login) {
				set = append(set, config.Edit{File: config.PeopleFile, Key: key(p.ID, ".logins"+config.Item(login))})
			}
		}
	}
	return append(unset, set...)
}

// entry of the file for a person.
func (d *Directory) entry(id string) (entry config.Person, listed bool) {
	if i, known := d.byID[strings.ToLower(id)]; known && i < d.inFile {
		return d.file[i], true
	}
	return entry, false
}

package directory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dayline-project/dayline/collector"
)

// Whatever is looked for is looked for among what the scope knows of and nowhere else: what lies outside gives the
// answer, and takes the time, of what never existed.

// maxNamed is how many of the possible meanings an answer names.
const maxNamed = 5

// FindPerson finds a person by id, name, e-mail or login, with or without its domain. NotFound where the scope knows of
// none, BadRequest naming those meant where there are several.
func (d *Directory) FindPerson(word string, scope Scope) (collector.Person, error) {
	word = strings.TrimSpace(word)
	logins := d.loginsWithin(scope)
	var exact, named, short []collector.Person
	for _, p := range d.People() {
		if !scope.Person(p.ID) {
			continue
		}
		is := func(name string) bool { return name != "" && strings.EqualFold(name, word) }
		switch {
		case is(p.ID):
			exact = append(exact, p)
		case is(p.Name) || is(p.Email) || slices.ContainsFunc(logins[p.ID], is):
			named = append(named, p)
		case slices.ContainsFunc(logins[p.ID], func(login string) bool { _, user, _ := strings.Cut(login, `\`); return is(user) }):
			short = append(short, p)
		}
	}
	for _, found := range [][]collector.Person{exact, named, short} {
		switch len(found) {
		case 0:
		case 1:
			return found[0], nil
		default:
			names := make([]string, len(found))
			for i, p := range found {
				names[i] = p.Name + " (" + p.ID + ")"
			}
			return collector.Person{}, several("person", "people", word, names)
		}
	}
	return collector.Person{}, missing("person", word)
}

// loginsWithin gives, by person, the names of the logins whose data the scope sees.
func (d *Directory) loginsWithin(scope Scope) map[string][]string {
	logins := map[string][]string{}
	for _, owner := range d.owners {
		if scope.Totals(owner) {
			id := d.Person(owner).ID
			logins[id] = append(append(logins[id], d.LoginName(owner)), d.about(owner).names...)
		}
	}
	return logins
}

// FindDevice finds a device by id, or by alias or name where only one that the scope knows of has it.
func (d *Directory) FindDevice(word string, scope Scope) (id string, err error) {
	word = strings.TrimSpace(word)
	var named, names []string
	for _, one := range d.devices {
		if !scope.Device(one.ID) {
			continue
		}
		if strings.EqualFold(one.ID, word) {
			return one.ID, nil
		}
		if word != "" && (strings.EqualFold(one.shown, word) || strings.EqualFold(one.Name, word)) {
			named, names = append(named, one.ID), append(names, one.shown+" ("+one.ID+")")
		}
	}
	switch len(named) {
	case 0:
		return "", missing("device", word)
	case 1:
		return named[0], nil
	}
	slices.Sort(names)
	return "", several("device", "devices", word, names)
}

// FindGroup finds a group by its name, without case.
func (d *Directory) FindGroup(word string, scope Scope) (string, error) {
	word = strings.TrimSpace(word)
	for _, name := range d.Groups() {
		if scope.Group(name) && strings.EqualFold(name, word) {
			return name, nil
		}
	}
	return "", missing("group", word)
}

func missing(kind, word string) error {
	return collector.Refuse(collector.NotFound, kind, "there is no %s %.100q", kind, word)
}

func several(kind, kinds, word string, names []string) error {
	more := ""
	if len(names) > maxNamed {
		more = fmt.Sprintf(" and %d more", len(names)-maxNamed)
		names = names[:maxNamed]
	}
	return collector.Refuse(collector.BadRequest, kind, "%.100q means several %s: %s%s; give an id",
		word, kinds, strings.Join(names, ", "), more)
}

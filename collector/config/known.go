package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Known is what the registry knows: devices by id or name, people by id, logins as they are shown.
type Known struct {
	Device, Person, Login func(name string) bool
	// DeviceNamed gives the id of the device that rules may mean by a lower-case name (collector.RuleNames); empty where none.
	DeviceNamed func(name string) string
}

// reference is a place that names what only the registry can know.
type reference struct {
	Problem
	kind, name string
	// needed: what is not known is an error, not a warning.
	needed bool
}

// Unknown finds what the files name and the registry does not know. Devices and logins may come later: a warning. A
// person's id is given by the collector, so a group that names one it never gave is refused, unless people.yaml lists the
// person, or the set before named it already: what held once may be erased.
func (s *Set) Unknown(before *Set, known Known) []Problem {
	knows := map[string]func(string) bool{"device": known.Device, "person": known.Person, "login": known.Login}
	var problems []Problem
	for _, r := range s.references {
		if knows[r.kind](r.name) {
			continue
		}
		p := r.Problem
		p.Reason = fmt.Sprintf("the collector knows no %s %q", r.kind, r.name)
		p.Warning = !r.needed || before.refersTo(r)
		problems = append(problems, p)
	}
	held := before.claimedTwice(known)
	for _, p := range s.claimedTwice(known) {
		// A device's name may have become its own since: what holds is no reason not to start.
		p.Warning = slices.ContainsFunc(held, func(h Problem) bool { return h.Reason == p.Reason })
		problems = append(problems, p)
	}
	return problems
}

// claimedTwice finds local logins that two people claim, one by the device's id and one by its name.
func (s *Set) claimedTwice(known Known) []Problem {
	if s == nil {
		return nil
	}
	var problems []Problem
	claimed := map[string]string{}
	for i, person := range s.People.People {
		for j, login := range person.Logins {
			domain, user, _ := strings.Cut(strings.ToLower(login), `\`)
			key, one := fmt.Sprintf("people[%d].logins[%d]", i, j), cmp.Or(known.DeviceNamed(domain), domain)+`\`+user
			if first, taken := claimed[one]; taken {
				problems = append(problems, Problem{File: PeopleFile, Line: s.Line(PeopleFile, key), Key: key,
					Reason: "is the login at " + first + ", by the other name of its device"})
				continue
			}
			claimed[one] = key
		}
	}
	return problems
}

// Unchecked warns of what has to be known, where no collector could be asked.
func (s *Set) Unchecked() []Problem {
	var problems []Problem
	for _, r := range s.references {
		if r.needed {
			p := r.Problem
			p.Reason, p.Warning = fmt.Sprintf("no running collector could be asked whether it knows person %q", r.name), true
			problems = append(problems, p)
		}
	}
	return problems
}

func (s *Set) refersTo(to reference) bool {
	return s != nil && slices.ContainsFunc(s.references, func(r reference) bool {
		return r.needed && r.kind == to.kind && strings.EqualFold(r.name, to.name)
	})
}

// references gathers the places that name devices, people and logins.
func references(set *Set) []reference {
	var all []reference
	add := func(file, kind, key, name string, needed bool) {
		all = append(all, reference{kind: kind, name: name, needed: needed, Problem: Problem{
			File: file, Line: set.decoders[file].line(key), Key: key, Warning: true,
		}})
	}
	for i, override := range set.Account.Overrides {
		for j, device := range override.Devices {
			add(AccountFile, "device", fmt.Sprintf("overrides[%d].devices[%d]", i, j), device, false)
		}
	}
	for i, device := range set.People.Devices {
		add(PeopleFile, "device", fmt.Sprintf("devices[%d].id", i), device.ID, false)
	}
	listed := map[string]bool{}
	for i, person := range set.People.People {
		listed[strings.ToLower(person.ID)] = true
		add(PeopleFile, "person", fmt.Sprintf("people[%d].id", i), person.ID, false)
		for j, login := range person.Logins {
			add(PeopleFile, "login", fmt.Sprintf("people[%d].logins[%d]", i, j), login, false)
		}
	}
	for i, group := range set.People.Groups {
		for j, device := range group.Devices {
			add(PeopleFile, "device", fmt.Sprintf("groups[%d].devices[%d]", i, j), device, false)
		}
		for j, login := range group.Logins {
			add(PeopleFile, "login", fmt.Sprintf("groups[%d].logins[%d]", i, j), login, false)
		}
		for j, person := range group.People {
			if !listed[strings.ToLower(person)] {
				add(PeopleFile, "person", fmt.Sprintf("groups[%d].people[%d]", i, j), person, true)
			}
		}
	}
	return all
}

// After finds what is wrong with a set as the successor of another: nobody can take the last administrator away.
func (s *Set) After(before *Set) []Problem {
	if before == nil || !before.People.hasAdmin() || s.People.hasAdmin() {
		return nil
	}
	return []Problem{{File: PeopleFile, Line: s.Line(PeopleFile, "users"), Key: "users",
		Reason: "the last administrator is gone; somebody has to have the role admin"}}
}

// Line of a key, counted from 1, or of the nearest key around it that the file has, else of the file's first. Items of lists
// are named by place: `rules[3].status`.
func (s *Set) Line(file, key string) int {
	d := s.decoders[file]
	if d == nil {
		return 0
	}
	return d.line(key)
}

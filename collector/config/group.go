package config

import "fmt"

// Place is where a file names something: "account.yaml", "overrides[0].groups[1]".
type Place struct{ File, Key string }

// PlacesOf gives the places that name a group, beside its own entry.
func (s *Set) PlacesOf(group string) (places []Place) {
	add := func(file, name, key string, args ...any) {
		if name == group {
			places = append(places, Place{file, fmt.Sprintf(key, args...)})
		}
	}
	for i, user := range s.People.Users {
		for j, name := range user.ViewableGroups.Groups {
			add(PeopleFile, name, "users[%d].viewable_groups[%d]", i, j)
		}
	}
	for i, use := range s.Account.Schedule.Groups {
		add(AccountFile, use.Group, "schedule.groups[%d].group", i)
	}
	for i, override := range s.Account.Overrides {
		for j, name := range override.Groups {
			add(AccountFile, name, "overrides[%d].groups[%d]", i, j)
		}
	}
	for i, rule := range s.Classification.Rules {
		for j, exception := range rule.Exceptions {
			add(ClassificationFile, exception.Group, "rules[%d].exceptions[%d].group", i, j)
		}
	}
	return places
}

// RenameGroup gives the edits that give a group another name wherever the files use it.
func (s *Set) RenameGroup(group, name string) []Edit {
	edits := []Edit{{File: PeopleFile, Key: "groups" + Item(group) + ".name", Value: Text(name)}}
	for _, place := range s.PlacesOf(group) {
		edits = append(edits, Edit{File: place.File, Key: place.Key, Value: Text(name)})
	}
	return edits
}

// Where reads `account.yaml:24 (overrides[0].groups[1])`.
func (s *Set) Where(place Place) string { return s.decided(place.File, place.Key, "") }

package directory

import (
	"slices"
	"strings"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

// Members are what is to enter or leave a group: people by id, name, e-mail or login, logins, devices by id, alias or name.
type Members struct{ People, Logins, Devices []string }

// Count of them.
func (m *Members) Count() int { return len(m.People) + len(m.Logins) + len(m.Devices) }

// GroupEdits gives the edits of people.yaml that add members to a group and take members out. Members are written as a rule
// means them for good; a login that nobody has seen yet stays as it is said. A member to take out that the group does not
// have is NotFound.
func (d *Directory) GroupEdits(g config.Group, add, remove Members, scope Scope) (edits []config.Edit, err error) {
	all := func(collector.Owner) bool { return true }
	for _, list := range []struct {
		key         string
		has         []string
		add, remove []string
		// meant gives a member as a rule means it, and every lower-case way to write it.
		meant func(word string) (text string, ways []string, err error)
	}{
		{"people", g.People, add.People, remove.People, func(word string) (string, []string, error) {
			p, err := d.FindPerson(word, scope)
			return p.ID, []string{strings.ToLower(p.ID)}, err
		}},
		{"logins", g.Logins, add.Logins, remove.Logins, func(word string) (string, []string, error) {
			text, _, ways, err := (&draft{d: d}).meaning(word, all)
			return text, ways, err
		}},
		{"devices", g.Devices, add.Devices, remove.Devices, func(word string) (string, []string, error) {
			id, err := d.FindDevice(word, scope)
			return id, []string{strings.ToLower(id), d.DeviceRuleName(id)}, err
		}},
	} {
		at := "groups" + config.Item(g.Name) + "." + list.key
		for _, word := range list.remove {
			i := slices.IndexFunc(list.has, func(member string) bool { return strings.EqualFold(member, strings.TrimSpace(word)) })
			if i < 0 {
				_, ways, err := list.meant(word)
				if collector.CodeOf(err) == collector.BadRequest {
					return nil, err
				}
				i = slices.IndexFunc(list.has, written(ways))
			}
			if i < 0 {
				return nil, collector.Refuse(collector.NotFound, "remove_"+list.key, "the group has no member %.100q", word)
			}
			edits = append(edits, config.Edit{File: config.PeopleFile, Key: at + config.Item(list.has[i]), Unset: true})
			list.has = slices.Delete(slices.Clone(list.has), i, i+1)
		}
		for _, word := range list.add {
			text, ways, err := list.meant(strings.TrimSpace(word))
			if err != nil {
				return nil, err
			}
			if !slices.ContainsFunc(list.has, written(append(ways, strings.ToLower(text)))) {
				list.has = append(slices.Clone(list.has), text)
				edits = append(edits, config.Edit{File: config.PeopleFile, Key: at + config.Item(text)})
			}
		}
	}
	return edits, nil
}

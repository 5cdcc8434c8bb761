package directory

import (
	"slices"
	"strings"

	"github.com/dayline-project/dayline/collector"
)

// Scope is what one viewer sees; the zero value sees nothing.
type Scope struct {
	d        *Directory
	everyone bool
	// single: single activities too, not of the viewer's own alone.
	single bool
	logins bool
	min    int
	groups []*group
	// owner, where there is one, is all that is the viewer's own.
	owner collector.Owner
	// own, people and devices are by lower-case id: the viewer's own people, and all that it sees some data of.
	own, people, devices map[string]bool
}

// Scope turns a viewer into what it sees: administrators and configurators everyone, managers totals and single
// activities of their viewable groups, viewers the totals of theirs; everybody their own. Whose session an agent opened
// sees that login on that device, whatever other logins its person has.
func (d *Directory) Scope(viewer collector.Viewer) Scope {
	s := Scope{d: d, min: 1, own: map[string]bool{}, people: map[string]bool{}, devices: map[string]bool{}}
	switch viewer.Role {
	case collector.Admin, collector.Configurator:
		s.everyone, s.single, s.logins = true, true, viewer.Role == collector.Admin
	case collector.Manager, collector.ViewerRole:
		s.everyone, s.single = viewer.Everyone, viewer.Role == collector.Manager
		for i := range d.groups {
			if slices.Contains(viewer.Groups, d.groups[i].name) {
				s.groups = append(s.groups, &d.groups[i])
			}
		}
		if viewer.Role == collector.ViewerRole {
			s.min = max(1, d.minPeople)
		}
	}
	if s.owner = viewer.Owner; s.owner != (collector.Owner{}) {
		s.gather()
		return s
	}
	email := strings.ToLower(viewer.User)
	for _, p := range d.people {
		if email != "" && strings.ToLower(p.Email) == email {
			s.own[strings.ToLower(p.ID)] = true
		}
	}
	s.gather()
	return s
}

// gather finds the people and devices that the viewer sees some data of, or would if there were any.
func (s *Scope) gather() {
	for i, p := range s.d.people {
		id := strings.ToLower(p.ID)
		inGroup := slices.ContainsFunc(s.groups, func(g *group) bool { return g.people[id] })
		if (i < s.d.inFile || len(p.Logins) > 0) && (s.everyone || s.own[id] || inGroup) {
			s.people[id] = true
		}
	}
	for id := range s.d.devices {
		if s.everyone || slices.ContainsFunc(s.groups, func(g *group) bool { return s.d.deviceIn(g, id) }) {
			s.devices[strings.ToLower(id)] = true
		}
	}
	for _, owner := range s.d.owners {
		if s.Totals(owner) {
			s.people[strings.ToLower(s.d.Person(owner).ID)] = true
			s.devices[strings.ToLower(owner.Device)] = true
		}
	}
}

// Totals tells whether an owner's data is in the totals that the viewer sees.
func (s Scope) Totals(owner collector.Owner) bool {
	return s.everyone || s.Own(owner) ||
		slices.ContainsFunc(s.groups, func(g *group) bool { return s.d.in(g, owner) })
}

// Activities tells whether the viewer may see an owner's single activities.
func (s Scope) Activities(owner collector.Owner) bool {
	return s.Own(owner) || s.single && s.Totals(owner)
}

// Own tells whether an owner's data is the viewer's own: its person has the viewer's e-mail, or it is the very login and
// device whose agent opened the session.
func (s Scope) Own(owner collector.Owner) bool {
	if s.owner != (collector.Owner{}) {
		return owner == s.owner
	}
	return len(s.own) > 0 && s.own[strings.ToLower(s.d.Person(owner).ID)]
}

// Group tells whether the viewer knows of a group.
func (s Scope) Group(name string) bool {
	return s.everyone || slices.ContainsFunc(s.groups, func(g *group) bool { return g.name == name })
}

// Person tells whether the viewer knows of a person: it sees some of its data, or would if there were any.
func (s Scope) Person(id string) bool { return s.people[strings.ToLower(id)] }

// Device tells whether the viewer knows of a device: it sees some of its data, or would if there were any.
func (s Scope) Device(id string) bool { return s.devices[strings.ToLower(id)] }

// Self is the id of the viewer's own person, empty where nobody has its e-mail. Of several it is the first by id.
func (s Scope) Self() string {
	if s.owner != (collector.Owner{}) {
		return s.d.Person(s.owner).ID
	}
	for _, p := range s.d.People() {
		if s.own[strings.ToLower(p.ID)] {
			return p.ID
		}
	}
	return ""
}

// Everyone tells whether there is nothing that the viewer does not see the totals of.
func (s Scope) Everyone() bool { return s.everyone }

// SeesLogins tells whether a person's logins are shown: to administrators.
func (s Scope) SeesLogins() bool { return s.logins }

// MinPeople is how many people a total needs to be shown: more than one for viewers only.
func (s Scope) MinPeople() int { return max(1, s.min) }

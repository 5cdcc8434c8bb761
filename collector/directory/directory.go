// Package directory knows who is who as of now: people.yaml joined with what the registry saw. Stored episodes keep
// their login and device; whose they are, what that person is called and which groups hold them is said here, at query
// time, so that undoing an edit restores the old picture. It also turns a viewer into a scope, and nothing else does.
//
// Rules name people by id, devices by id or by a name that is unique and unchanged, logins as `DOMAIN\name`: a local
// account by its own device only, a directory account by what the device that an episode came from calls it. What one
// device says of a login therefore decides over that device's own data and no other (security.md 1).
package directory

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

// Registered is what the registry saw.
type Registered struct {
	People  []collector.Person
	Logins  []collector.Login
	Devices []collector.Device
	// Names is what each device calls a directory login; Login.Name holds on a device that Names leaves out.
	Names map[collector.Owner]string
}

// Directory answers who is who. It does not change once made; what it gives is not to be changed.
type Directory struct {
	minPeople int
	logins    map[string]collector.Login
	devices   map[string]*device
	names     map[collector.Owner]string
	// listed gives the index in people of each login that people.yaml lists, by its lower-case name.
	listed map[string]int
	people []collector.Person
	// byID gives a person's index in people by its lower-case id; the first inFile are those of the file.
	byID   map[string]int
	file   []config.Person
	inFile int
	groups []group
	// owners are all that the registry knows of; a directory login that no device is known to use has none for a device.
	owners []collector.Owner
	// known is what there is to know of each.
	known map[collector.Owner]known
}

// known of an owner: the lower-case names by which rules may mean its login, and its person's index, -1 for none.
type known struct {
	names  []string
	person int
}

type device struct {
	collector.Device
	// shown is its alias or name; unique its lower-case name where rules may use that.
	shown, unique string
}

// group holds lower-case ids and names.
type group struct {
	name                    string
	people, logins, devices map[string]bool
}

// New joins the file with the registry. minPeople is how many people a viewer's total needs.
func New(people *config.People, registered Registered, minPeople int) *Directory {
	d := &Directory{
		minPeople: minPeople, names: registered.Names, file: people.People, logins: make(map[string]collector.Login, len(registered.Logins)),
		devices: make(map[string]*device, len(registered.Devices)), listed: map[string]int{}, byID: map[string]int{},
	}
	d.addDevices(people.Devices, registered.Devices)
	for _, g := range people.Groups {
		d.groups = append(d.groups, group{name: g.Name, people: set(g.People), logins: set(g.Logins), devices: set(g.Devices)})
	}
	d.addPeople(people.People, registered.People)
	for _, l := range registered.Logins {
		d.logins[l.Key] = l
	}
	d.gather(registered.Logins)
	return d
}

func set(names []string) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, name := range names {
		s[strings.ToLower(name)] = true
	}
	return s
}

func (d *Directory) addDevices(aliases []config.Device, seen []collector.Device) {
	names := collector.RuleNames(seen)
	for _, one := range seen {
		d.devices[one.ID] = &device{Device: one, shown: cmp.Or(one.Name, one.ID), unique: names[one.ID]}
	}
	for _, entry := range aliases {
		// Ids are in lower case.
		if one := d.devices[strings.ToLower(entry.ID)]; one != nil && entry.Alias != "" {
			one.shown = entry.Alias
		}
	}
}

// addPeople puts those of the file first, then those of the registry that the file does not list.
func (d *Directory) addPeople(listed []config.Person, seen []collector.Person) {
	known := make(map[string]collector.Person, len(seen))
	for _, p := range seen {
		known[strings.ToLower(p.ID)] = p
	}
	for i, entry := range listed {
		was := known[strings.ToLower(entry.ID)]
		p := collector.Person{ID: entry.ID, Name: cmp.Or(entry.Name, was.Name), Email: cmp.Or(entry.Email, was.Email)}
		if p.Name == "" && len(entry.Logins) > 0 {
			p.Name = entry.Logins[0]
		}
		p.Name = cmp.Or(p.Name, p.ID)
		for _, login := range entry.Logins {
			d.listed[strings.ToLower(login)] = i
		}
		d.byID[strings.ToLower(p.ID)] = i
		d.people = append(d.people, p)
	}
	d.inFile = len(listed)
	for _, p := range seen {
		if _, there := d.byID[strings.ToLower(p.ID)]; !there {
			d.byID[strings.ToLower(p.ID)] = len(d.people)
			d.people = append(d.people, collector.Person{ID: p.ID, Name: cmp.Or(p.Name, p.ID), Email: p.Email})
		}
	}
}

// gather finds the owners, and gives each person the logins it has now.
func (d *Directory) gather(logins []collector.Login) {
	used := map[string]bool{}
	for owner := range d.names {
		if login, known := d.logins[owner.LoginKey]; known && login.Device == "" {
			d.owners = append(d.owners, owner)
			used[owner.LoginKey] = true
		}
	}
	for _, login := range logins {
		if !used[login.Key] {
			d.owners = append(d.owners, collector.Owner{Device: login.Device, LoginKey: login.Key})
		}
	}
	slices.SortFunc(d.owners, func(a, b collector.Owner) int {
		return cmp.Or(strings.Compare(a.LoginKey, b.LoginKey), strings.Compare(a.Device, b.Device))
	})
	d.known = make(map[collector.Owner]known, len(d.owners))
	for _, owner := range d.owners {
		k := d.find(owner)
		d.known[owner] = k
		if k.person >= 0 {
			d.people[k.person].Logins = append(d.people[k.person].Logins, d.LoginName(owner))
		}
	}
	for i := range d.people {
		slices.Sort(d.people[i].Logins)
		d.people[i].Logins = slices.Compact(d.people[i].Logins)
	}
}

// account is a local login's account, lower-case; found is false for a directory login.
func account(owner collector.Owner) (name string, found bool) {
	return strings.CutPrefix(owner.LoginKey, strings.ToLower(owner.Device)+`\`)
}

// about tells what there is to know of an owner.
func (d *Directory) about(owner collector.Owner) known {
	if k, there := d.known[owner]; there {
		return k
	}
	return d.find(owner)
}

func (d *Directory) find(owner collector.Owner) known {
	k := known{names: d.ruleNames(owner), person: -1}
	for _, name := range k.names {
		if i, listed := d.listed[name]; listed {
			k.person = i
			return k
		}
	}
	if i, seen := d.byID[strings.ToLower(d.logins[owner.LoginKey].Person)]; seen {
		k.person = i
	}
	return k
}

// ruleNames are the lower-case names by which rules may mean an owner's login.
func (d *Directory) ruleNames(owner collector.Owner) []string {
	name, local := account(owner)
	if !local {
		if name := d.LoginName(owner); name != "" && d.logins[owner.LoginKey].Device == "" {
			return []string{strings.ToLower(name)}
		}
		return nil
	}
	names := []string{owner.LoginKey}
	if one := d.devices[owner.Device]; one != nil && one.unique != "" {
		names = append(names, one.unique+`\`+name)
	}
	return names
}

// Person whose the owner's data is. A login that nobody knows stands for itself.
func (d *Directory) Person(owner collector.Owner) collector.Person {
	if i := d.about(owner).person; i >= 0 {
		return d.people[i]
	}
	name := cmp.Or(d.LoginName(owner), owner.LoginKey)
	return collector.Person{ID: owner.LoginKey, Name: name, Logins: []string{name}}
}

// LoginName is an owner's login as shown, empty where it was never seen.
func (d *Directory) LoginName(owner collector.Owner) string {
	if name := d.names[owner]; name != "" {
		return name
	}
	return d.logins[owner.LoginKey].Name
}

// People are all there are, in the order of their ids: those that people.yaml lists, and those seen that have a login
// left. Names may be shared: see TellApart.
func (d *Directory) People() []collector.Person {
	var people []collector.Person
	for i, p := range d.people {
		if i < d.inFile || len(p.Logins) > 0 {
			people = append(people, p)
		}
	}
	slices.SortFunc(people, func(a, b collector.Person) int { return strings.Compare(a.ID, b.ID) })
	return people
}

// Listed tells whether people.yaml lists a person.
func (d *Directory) Listed(id string) bool {
	i, known := d.byID[strings.ToLower(id)]
	return known && i < d.inFile
}

// PersonName is what a person is called, empty where there is none of that id.
func (d *Directory) PersonName(id string) string {
	if i, known := d.byID[strings.ToLower(id)]; known {
		return d.people[i].Name
	}
	return ""
}

// Owners are those the registry knows of: each login with each device known to use it.
func (d *Directory) Owners() []collector.Owner { return d.owners }

// DeviceName is a device's alias, else its name, else its id.
func (d *Directory) DeviceName(id string) string {
	if one := d.devices[id]; one != nil {
		return one.shown
	}
	return id
}

// DeviceRuleName is the name by which rules may mean a device (collector.RuleNames); empty where none does.
func (d *Directory) DeviceRuleName(id string) string {
	if one := d.devices[id]; one != nil {
		return one.unique
	}
	return ""
}

// Groups are their names in the file's order.
func (d *Directory) Groups() []string {
	names := make([]string, len(d.groups))
	for i, g := range d.groups {
		names[i] = g.name
	}
	return names
}

// InGroup tells whether an owner's data is in a group: by its person, its login or its device.
func (d *Directory) InGroup(name string, owner collector.Owner) bool {
	for i := range d.groups {
		if d.groups[i].name == name {
			return d.in(&d.groups[i], owner)
		}
	}
	return false
}

func (d *Directory) in(g *group, owner collector.Owner) bool {
	if d.deviceIn(g, owner.Device) {
		return true
	}
	k := d.about(owner)
	return k.person >= 0 && g.people[strings.ToLower(d.people[k.person].ID)] ||
		len(g.logins) > 0 && slices.ContainsFunc(k.names, func(name string) bool { return g.logins[name] })
}

func (d *Directory) deviceIn(g *group, id string) bool {
	if len(g.devices) == 0 {
		return false
	}
	if g.devices[strings.ToLower(id)] {
		return true
	}
	one := d.devices[id]
	return one != nil && one.unique != "" && g.devices[one.unique]
}

// TellApart appends to names that several of these people share what tells them apart: the e-mail, or else the id. It
// takes the people of one answer, so that nobody learns of a namesake outside it.
func TellApart(people []collector.Person) {
	count := map[string]int{}
	for _, p := range people {
		count[strings.ToLower(p.Name)]++
	}
	for i, p := range people {
		if count[strings.ToLower(p.Name)] > 1 {
			people[i].Name += " (" + cmp.Or(p.Email, p.ID) + ")"
		}
	}
}

// PersonOwners gives, by a person's id, the owners that the registry knows of.
func (d *Directory) PersonOwners() map[string][]collector.Owner {
	owners := map[string][]collector.Owner{}
	for _, owner := range d.owners {
		id := d.Person(owner).ID
		owners[id] = append(owners[id], owner)
	}
	return owners
}

// PersonGroups gives, by a person's id, the groups in the file's order that hold the person or one of its logins.
func (d *Directory) PersonGroups() map[string][]string {
	groups := map[string][]string{}
	for i := range d.groups {
		g := &d.groups[i]
		held := map[string]bool{}
		for _, p := range d.people {
			held[p.ID] = g.people[strings.ToLower(p.ID)]
		}
		for _, owner := range d.owners {
			if slices.ContainsFunc(d.about(owner).names, func(name string) bool { return g.logins[name] }) {
				held[d.Person(owner).ID] = true
			}
		}
		for id, in := range held {
			if in {
				groups[id] = append(groups[id], g.name)
			}
		}
	}
	return groups
}

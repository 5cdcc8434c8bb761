package config

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/settings"
)

// People is the content of people.yaml: who may sign in, who is who, and who belongs together.
type People struct {
	Users      []User            `json:"users"`
	People     []Person          `json:"people"`
	Devices    []Device          `json:"devices"`
	Groups     []Group           `json:"groups"`
	DoNotTrack []episode.Account `json:"do_not_track"`
}

// User may sign in. Role is admin, configurator, manager or viewer.
type User struct {
	Email      string `json:"email"`
	Role       string `json:"role"`
	BreakGlass bool   `json:"break_glass"`
	// ViewableGroups bounds what a manager or viewer sees; none where left out.
	ViewableGroups Viewable `json:"viewable_groups"`
}

// Viewable is a list of groups, or everyone.
type Viewable struct {
	All    bool
	Groups []string
}

// decodeNode reads `all` or a list of names.
func (v *Viewable) decodeNode(d *decoder, node ast.Node, path string) {
	word, scalar := scalarText(node)
	if scalar && word == "all" {
		v.All = true
		return
	}
	list, is := node.(*ast.SequenceNode)
	if !is {
		d.at(path, "is %s; a list of groups, or all, is wanted", kindOf(node))
		return
	}
	for i, item := range list.Values {
		key := fmt.Sprintf("%s[%d]", path, i)
		d.lines[key] = line(item)
		name, scalar := scalarText(item)
		if !scalar {
			d.at(key, "is not the name of a group")
			continue
		}
		v.Groups = append(v.Groups, name)
	}
}

// Person has a name for all of its logins.
type Person struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Logins []string `json:"logins"`
	Email  string   `json:"email"`
	// Namesake: another person has the same name, and that is meant.
	Namesake bool `json:"namesake"`
}

// Device has an alias.
type Device struct {
	ID    string `json:"id"`
	Alias string `json:"alias"`
}

// Group holds people, logins and devices.
type Group struct {
	Name    string   `json:"name"`
	People  []string `json:"people"`
	Logins  []string `json:"logins"`
	Devices []string `json:"devices"`
}

// Group finds a group by its name, without case.
func (p *People) Group(name string) (group Group, known bool) {
	for _, g := range p.Groups {
		if strings.EqualFold(g.Name, name) {
			return g, true
		}
	}
	return group, false
}

// LimitedTo gives the users whose view is limited to a group, alone or among others, by e-mail.
func (p *People) LimitedTo(group string) (emails []string) {
	for _, user := range p.Users {
		if slices.Contains(user.ViewableGroups.Groups, group) {
			emails = append(emails, user.Email)
		}
	}
	return emails
}

func (p *People) groupNames() []string {
	names := make([]string, len(p.Groups))
	for i, group := range p.Groups {
		names[i] = group.Name
	}
	return names
}

// facts are what bears on settings.
func (p *People) facts() *settings.People {
	groups := make([]settings.Group, len(p.Groups))
	for i, g := range p.Groups {
		groups[i] = settings.Group{Name: g.Name, People: g.People, Logins: g.Logins, Devices: g.Devices}
	}
	personOf := map[string]string{}
	for _, person := range p.People {
		for _, login := range person.Logins {
			personOf[login] = person.ID
		}
	}
	return settings.NewPeople(groups, personOf, p.DoNotTrack)
}

// unique refuses a value that was given before, compared without case. Reasons are logged, so they repeat nothing that
// names a person.
type unique map[string]string

func (u unique) check(d *decoder, key, value string) {
	lower := strings.ToLower(value)
	if first, taken := u[lower]; taken {
		d.at(key, "stands at %s already", first)
		return
	}
	u[lower] = key
}

// needed refuses an empty or overlong value.
func needed(d *decoder, key, value string) {
	if value == "" {
		d.at(key, "is missing or empty")
	} else if len(value) > 255 {
		d.at(key, "has %d bytes; at most 255", len(value))
	}
}

func (p *People) check(d *decoder) {
	p.checkGroups(d)
	p.checkUsers(d)
	p.checkPeople(d)
	devices := unique{}
	for i, device := range p.Devices {
		key := fmt.Sprintf("devices[%d]", i)
		needed(d, key+".id", device.ID)
		devices.check(d, key+".id", device.ID)
		needed(d, key+".alias", device.Alias)
	}
	for i, entry := range p.DoNotTrack {
		key := fmt.Sprintf("do_not_track[%d]", i)
		if entry.User == "" && entry.Domain == "" {
			d.at(key, "names neither a user nor a domain")
		}
		if strings.Contains(entry.User+entry.Domain, `\`) {
			d.at(key, `user and domain stand apart: {user: ana, domain: CORP}`)
		}
	}
}

func (p *People) checkGroups(d *decoder) {
	names := unique{}
	for i, group := range p.Groups {
		key := fmt.Sprintf("groups[%d]", i)
		needed(d, key+".name", group.Name)
		names.check(d, key+".name", group.Name)
		for list, values := range map[string][]string{"people": group.People, "logins": group.Logins, "devices": group.Devices} {
			seen := unique{}
			for j, value := range values {
				at := fmt.Sprintf("%s.%s[%d]", key, list, j)
				needed(d, at, value)
				seen.check(d, at, value)
			}
		}
		for j, login := range group.Logins {
			checkLogin(d, fmt.Sprintf("%s.logins[%d]", key, j), login)
		}
	}
}

// checkLogin wants a login as it is shown.
func checkLogin(d *decoder, key, login string) {
	domain, user, found := strings.Cut(login, `\`)
	if !found || domain == "" || user == "" {
		d.at(key, `is not a login such as 'CORP\ana'`)
	}
}

var roles = []string{"admin", "configurator", "manager", "viewer"}

func (p *People) hasAdmin() bool {
	return slices.ContainsFunc(p.Users, func(u User) bool { return u.Role == "admin" })
}

func (p *People) checkUsers(d *decoder) {
	emails := unique{}
	misspelt := slices.ContainsFunc(p.Users, func(u User) bool { return !slices.Contains(roles, u.Role) })
	if len(p.Users) > 0 && !p.hasAdmin() && !misspelt {
		d.at("users", "none of them has the role admin; somebody has to")
	}
	for i, user := range p.Users {
		key := fmt.Sprintf("users[%d]", i)
		checkEmail(d, key+".email", user.Email)
		emails.check(d, key+".email", user.Email)
		checkWord(d, key+".role", user.Role, roles...)
		for j, group := range user.ViewableGroups.Groups {
			checkGroup(d, fmt.Sprintf("%s.viewable_groups[%d]", key, j), group, p.groupNames())
		}
	}
}

func checkEmail(d *decoder, key, email string) {
	if parsed, err := mail.ParseAddress(email); err != nil || parsed.Address != email {
		d.at(key, "is not an e-mail address")
	}
}

func (p *People) checkPeople(d *decoder) {
	ids, logins, names := unique{}, unique{}, map[string]int{}
	for i, person := range p.People {
		key := fmt.Sprintf("people[%d]", i)
		needed(d, key+".id", person.ID)
		ids.check(d, key+".id", person.ID)
		if person.Email != "" {
			checkEmail(d, key+".email", person.Email)
		}
		for j, login := range person.Logins {
			at := fmt.Sprintf("%s.logins[%d]", key, j)
			checkLogin(d, at, login)
			logins.check(d, at, login)
		}
		name := strings.ToLower(person.Name)
		if first, taken := names[name]; name != "" && taken {
			if !person.Namesake || !p.People[first].Namesake {
				d.at(key+".name", "is the name of people[%d] too; list their logins under one person, or say namesake: true in both", first)
			}
			continue
		}
		names[name] = i
	}
}

// checkGroup refuses the name of a group that people.yaml lacks.
func checkGroup(d *decoder, key, group string, groups []string) {
	if slices.Contains(groups, group) || d.full() {
		return
	}
	best, least := "", -1
	for _, name := range groups {
		if distance := distance(group, name); least < 0 || distance < least {
			best, least = name, distance
		}
	}
	if best == "" {
		d.at(key, "there is no group %q: people.yaml has none", group)
		return
	}
	d.at(key, "there is no group %q; the nearest is %q", group, best)
}

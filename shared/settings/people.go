package settings

import (
	"slices"
	"strings"

	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/stream"
)

// Group holds people (ids), logins (as shown, `DOMAIN\name`) and devices (ids or unique unchanged names).
type Group struct {
	Name    string
	People  []string
	Logins  []string
	Devices []string
}

// People is what people.yaml says that bears on settings, ready to be asked. The zero value says nothing.
type People struct {
	groups     map[string]members
	personOf   map[string]string
	doNotTrack []episode.Account
}

type members struct{ people, logins, devices map[string]bool }

// NewPeople prepares the facts: groups, persons (shown login to person id) and the logins not to be tracked.
func NewPeople(groups []Group, personOf map[string]string, doNotTrack []episode.Account) *People {
	p := &People{groups: map[string]members{}, personOf: map[string]string{}, doNotTrack: doNotTrack}
	for _, g := range groups {
		p.groups[g.Name] = members{people: set(g.People), logins: set(g.Logins), devices: set(g.Devices)}
	}
	for login, person := range personOf {
		p.personOf[strings.ToLower(login)] = person
	}
	return p
}

func set(names []string) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, name := range names {
		s[strings.ToLower(name)] = true
	}
	return s
}

// Subject is the device a document is resolved for, and the logins it asked about.
type Subject struct {
	ID string
	// Name is the device's name only where no other device has it and it never changed: rules may then use it.
	Name   string
	Logins []SubjectLogin
}

// SubjectLogin is a login and its person's id in the registry, empty where it has none yet.
type SubjectLogin struct {
	stream.Login
	Person string
}

// Person of a login: the file's word, else the registry's.
func (p *People) Person(subject *Subject, login SubjectLogin) string {
	for _, name := range subject.names(login.Login) {
		if person, listed := p.personOf[name]; listed {
			return person
		}
	}
	return login.Person
}

// names are the lower-case names by which rules may mean a login. A local account counts by its device only, so that
// a renamed computer with a look-alike account is not taken for another's.
func (s *Subject) names(login stream.Login) []string {
	if login.Authority != "" {
		return []string{shown(login)}
	}
	account := `\` + strings.ToLower(login.Account)
	names := []string{strings.ToLower(s.ID) + account}
	if s.Name != "" {
		names = append(names, strings.ToLower(s.Name)+account)
	}
	return names
}

func (p *People) deviceIn(group string, subject *Subject) bool {
	devices := p.groups[group].devices
	return devices[strings.ToLower(subject.ID)] || subject.Name != "" && devices[strings.ToLower(subject.Name)]
}

func (p *People) loginIn(group string, subject *Subject, login SubjectLogin) bool {
	members := p.groups[group]
	for _, name := range subject.names(login.Login) {
		if members.logins[name] {
			return true
		}
	}
	return members.people[strings.ToLower(p.Person(subject, login))]
}

// untracked is the first entry of the do-not-track list that means the login, by any name it has; -1 for none. The name
// shown counts here too, since leaving somebody out is the safe mistake.
func (p *People) untracked(subject *Subject, login stream.Login) int {
	for _, name := range append(subject.names(login), shown(login)) {
		if i := slices.IndexFunc(p.doNotTrack, func(a episode.Account) bool { return a.Matches(name) }); i >= 0 {
			return i
		}
	}
	return -1
}

// shown is the login's name for people, lower-case; the account where the system gave none.
func shown(login stream.Login) string {
	if login.Name == "" {
		return strings.ToLower(login.Account)
	}
	return strings.ToLower(login.Name)
}

// split gives the domain and user of a lower-case name.
func split(name string) (domain, user string) {
	domain, user, ok := strings.Cut(name, `\`)
	if !ok {
		return "", name
	}
	return domain, user
}

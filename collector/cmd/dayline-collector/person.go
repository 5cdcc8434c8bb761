package main

import (
	"fmt"
	"slices"
	"strings"

	"connectrpc.com/connect"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

type personCommand struct {
	List personList `cmd:"" help:"List the people."`
	Show personShow `cmd:"" help:"Show one person."`
	Set  personSet  `cmd:"" help:"Change a person's name, e-mail or logins."`

	Delete personDelete `cmd:"" help:"Delete a person's or a login's history. The person stays."`
	Export personExport `cmd:"" help:"Write all that is stored of a person into one zip file."`
}

var personColumns = []string{"id", "name", "email", "logins", "groups", "listed"}

type personList struct{ listed }

// Run lists the people.
func (c *personList) Run(i *invocation) error {
	people, err := i.people()
	if err != nil {
		return err
	}
	return list(i, c.Format, people, "There are no people.", personColumns...)
}

func (i *invocation) people() ([]*adminv1.Person, error) {
	admin, err := i.admin()
	if err != nil {
		return nil, err
	}
	answer, err := admin.ListPeople(i.ctx, connect.NewRequest(&adminv1.ListPeopleRequest{}))
	if err != nil {
		return nil, err
	}
	return answer.Msg.People, nil
}

type personShow struct {
	listed
	Person string `arg:"" help:"A person's id, name, e-mail or login."`
}

// Run shows one person, or all of one name.
func (c *personShow) Run(i *invocation) error {
	people, err := i.people()
	if err != nil {
		return err
	}
	is := func(name string) bool { return strings.EqualFold(name, c.Person) }
	people = slices.DeleteFunc(people, func(p *adminv1.Person) bool {
		name, _, _ := strings.Cut(p.Name, " (") // one of several has more behind its name
		return !is(p.Id) && !is(p.Name) && !is(name) && !is(p.Email) && !slices.ContainsFunc(p.Logins, is)
	})
	if len(people) == 0 {
		return fmt.Errorf("there is no person %q", c.Person)
	}
	return list(i, c.Format, people, "", personColumns...)
}

type personSet struct {
	Person      string   `arg:"" help:"A person's id, name, e-mail or login."`
	Name        *string  `help:"The name shown everywhere, also for the past; empty takes it away."`
	Email       *string  `help:"The e-mail address: a user who has it sees the person's data as the user's own."`
	AddLogin    []string `sep:"none" placeholder:"DOMAIN\\NAME" help:"A login that is this person's from now on; it leaves the person it was with."`
	RemoveLogin []string `sep:"none" placeholder:"DOMAIN\\NAME" help:"A login that is this person's no more."`
	Merge       bool     `help:"Where the name is another person's: make them one."`
}

// Run changes a person.
func (c *personSet) Run(i *invocation) error {
	if c.Name == nil && c.Email == nil && len(c.AddLogin)+len(c.RemoveLogin) == 0 {
		return usage("nothing to change: give --name, --email, --add-login or --remove-login")
	}
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.SetPerson(i.ctx, connect.NewRequest(&adminv1.SetPersonRequest{
		Person: c.Person, Name: c.Name, Email: c.Email, AddLogins: c.AddLogin, RemoveLogins: c.RemoveLogin, Merge: c.Merge,
	}))
	if err != nil {
		return err
	}
	p := answer.Msg.Person
	fmt.Fprintf(i.err, "%s (%s) has the logins %s.\n", p.Name, p.Id, strings.Join(p.Logins, ", "))
	return nil
}

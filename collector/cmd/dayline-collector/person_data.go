package main

import (
	"fmt"

	"connectrpc.com/connect"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

type personDelete struct {
	Person string `arg:"" optional:"" help:"A person's id, name, e-mail or login: the history of all its logins goes."`
	Login  string `placeholder:"LOGIN" help:"Instead: one login, as shown, whose history alone goes."`
	later
}

// Run deletes a history.
func (c *personDelete) Run(i *invocation) error {
	if (c.Person == "") == (c.Login == "") {
		return usage("say whose history is to go: a person, or --login LOGIN")
	}
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.DeletePerson(i.ctx, connect.NewRequest(&adminv1.DeletePersonRequest{Person: c.Person, Login: c.Login, Later: c.Later}))
	if err != nil {
		return err
	}
	fmt.Fprintf(i.err, "%.0f episodes are deleted. What is recorded from now on is new data; `do_not_track` in people.yaml stops that.\n",
		answer.Msg.DeletedEpisodes)
	if answer.Msg.Named {
		fmt.Fprintln(i.err, "people.yaml still names the person, and so does its history: that file is yours to edit. "+
			"Take the names out of it and run this again, and they leave its history too.")
	}
	return nil
}

type personExport struct {
	Person string `arg:"" help:"A person's id, name, e-mail or login."`
	File   string `arg:"" optional:"" help:"The zip file to write; the standard output where none is named."`
}

// Run writes all that is stored of a person into one archive.
func (c *personExport) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	stream, err := admin.ExportPerson(i.ctx, connect.NewRequest(&adminv1.ExportPersonRequest{Person: c.Person}))
	if err != nil {
		return err
	}
	return i.save(stream, c.File)
}

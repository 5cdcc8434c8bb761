package main

import (
	"fmt"
	"strings"

	"connectrpc.com/connect"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

type doNotTrackCommand struct {
	List   doNotTrackList   `cmd:"" help:"List the logins of which nothing is collected."`
	Add    doNotTrackAdd    `cmd:"" help:"Collect nothing of logins from now on; what was collected before stays."`
	Remove doNotTrackRemove `cmd:"" help:"Collect of logins again."`
}

type doNotTrackList struct{ listed }

// Run lists the logins.
func (c *doNotTrackList) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.ListDoNotTrack(i.ctx, connect.NewRequest(&adminv1.ListDoNotTrackRequest{}))
	if err != nil {
		return err
	}
	return list(i, c.Format, answer.Msg.Entries, "Everybody is tracked.", "user", "domain")
}

type doNotTrackAdd struct {
	Login []string `arg:"" help:"DOMAIN\\NAME, or NAME in any domain; * stands for any name."`
}

// Run adds logins.
func (c *doNotTrackAdd) Run(i *invocation) error {
	if err := i.setDoNotTrack(&adminv1.SetDoNotTrackRequest{Add: entries(c.Login)}); err != nil {
		return err
	}
	fmt.Fprintln(i.err, "What was collected before stays; person delete deletes it.")
	return nil
}

type doNotTrackRemove struct {
	Login []string `arg:"" help:"As the list has it: DOMAIN\\NAME."`
}

// Run takes logins out.
func (c *doNotTrackRemove) Run(i *invocation) error {
	return i.setDoNotTrack(&adminv1.SetDoNotTrackRequest{Remove: entries(c.Login)})
}

func (i *invocation) setDoNotTrack(change *adminv1.SetDoNotTrackRequest) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.SetDoNotTrack(i.ctx, connect.NewRequest(change))
	if err != nil {
		return err
	}
	tellChanges(i, answer.Msg.Changes)
	return nil
}

func entries(logins []string) (list []*adminv1.DoNotTrack) {
	for _, login := range logins {
		domain, user, whole := strings.Cut(login, `\`)
		if !whole {
			domain, user = "", login
		}
		list = append(list, &adminv1.DoNotTrack{User: user, Domain: domain})
	}
	return list
}

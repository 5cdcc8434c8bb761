package main

import (
	"fmt"
	"time"

	"connectrpc.com/connect"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

type linkCommand struct {
	Create linkCreate `cmd:"" help:"Make a link; its enrolment string is printed alone, once."`
	List   linkList   `cmd:"" help:"List the links."`
	Revoke linkRevoke `cmd:"" help:"End a link. Devices enrolled by it stay."`
}

type linkCreate struct {
	OS      string        `required:"" enum:"windows,macos,linux" help:"windows, macos or linux."`
	Expires time.Duration `help:"Ends after this long, 1h to 168h (default: the account's)."`
	Max     int32         `help:"At most this many devices (default: the account's)."`
}

// Run prints the enrolment string alone, so that scripts can use it.
func (c *linkCreate) Run(i *invocation) error {
	text, err := c.make(i)
	if err != nil {
		return err
	}
	fmt.Fprintln(i.err, "Its string is shown once:")
	_, err = fmt.Fprintln(i.out, text)
	return err
}

// make tells people about the new link, and gives its enrolment string.
func (c *linkCreate) make(i *invocation) (string, error) {
	if c.Expires < 0 || c.Max < 0 {
		return "", usage("--expires and --max cannot be negative")
	}
	admin, err := i.admin()
	if err != nil {
		return "", err
	}
	answer, err := admin.CreateLink(i.ctx, connect.NewRequest(&adminv1.CreateLinkRequest{
		Os: c.OS, ExpiresSeconds: c.Expires.Seconds(), MaxDevices: c.Max,
	}))
	if err != nil {
		return "", err
	}
	l := answer.Msg.Link
	fmt.Fprintf(i.err, "Link %s for %s: up to %d devices until %s.\n", l.Id, l.Os, l.MaxDevices, l.Expires)
	return answer.Msg.EnrolmentString, nil
}

type linkList struct{ listed }

// Run lists the links.
func (c *linkList) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.ListLinks(i.ctx, connect.NewRequest(&adminv1.ListLinksRequest{}))
	if err != nil {
		return err
	}
	return list(i, c.Format, answer.Msg.Links, "There are no links.",
		"id", "os", "state", "devices", "max_devices", "created", "expires", "created_by")
}

type linkRevoke struct {
	ID string `arg:"" help:"The link's id."`
}

// Run ends a link.
func (c *linkRevoke) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	if _, err := admin.RevokeLink(i.ctx, connect.NewRequest(&adminv1.RevokeLinkRequest{Id: c.ID})); err != nil {
		return err
	}
	fmt.Fprintf(i.err, "Link %s is revoked.\n", c.ID)
	return nil
}

package main

import (
	"fmt"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector/link"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

type linkCommand struct {
	Create linkCreate `cmd:"" help:"Make a link; its address and what installs by it are printed, once."`
	List   linkList   `cmd:"" help:"List the links."`
	Revoke linkRevoke `cmd:"" help:"End a link. Devices enrolled by it stay."`
}

type linkCreate struct {
	OS      string        `required:"" enum:"windows,macos,linux" help:"windows, macos or linux."`
	Expires time.Duration `help:"Ends after this long, 1h to 168h (default: the account's)."`
	Max     int32         `help:"At most this many devices (default: the account's)."`
	String  bool          `help:"Print the enrolment string instead, alone, for what installs otherwise."`
}

// Run prints the address alone in the first line, so that scripts can use it, and then a line for each package.
func (c *linkCreate) Run(i *invocation) error {
	made, err := c.make(i)
	if err != nil {
		return err
	}
	if c.String {
		fmt.Fprintln(i.err, "Its string is shown once:")
		_, err = fmt.Fprintln(i.out, made.EnrolmentString)
		return err
	}
	if made.Problem != "" {
		fmt.Fprintf(i.err, "It installs nothing yet: %s.\n", made.Problem)
	}
	if made.Key != "" {
		fmt.Fprintf(i.err, "Its page names the collector's key, for people to compare: %s\n", made.Key)
	}
	fmt.Fprintln(i.err, "Its address is shown once; whoever has it can let computers join:")
	_, err = fmt.Fprint(i.out, made.Address, "\n", commandsOf(made))
	return err
}

// commandsOf a link, each below what it installs.
func commandsOf(made *adminv1.CreateLinkResponse) string {
	var text strings.Builder
	for _, c := range made.Commands {
		where := "in a terminal"
		if c.Shell == link.PowerShell {
			where = "in PowerShell, as administrator"
		}
		fmt.Fprintf(&text, "\n# %s %s (%s), %s:\n%s\n", made.Version, c.Kind, c.Arch, where, c.Text)
	}
	return text.String()
}

// make tells people about the new link.
func (c *linkCreate) make(i *invocation) (*adminv1.CreateLinkResponse, error) {
	if c.Expires < 0 || c.Max < 0 {
		return nil, usage("--expires and --max cannot be negative")
	}
	admin, err := i.admin()
	if err != nil {
		return nil, err
	}
	answer, err := admin.CreateLink(i.ctx, connect.NewRequest(&adminv1.CreateLinkRequest{
		Os: c.OS, ExpiresSeconds: c.Expires.Seconds(), MaxDevices: c.Max,
	}))
	if err != nil {
		return nil, err
	}
	l := answer.Msg.Link
	fmt.Fprintf(i.err, "Link %s for %s: up to %d devices until %s.\n", l.Id, l.Os, l.MaxDevices, l.Expires)
	return answer.Msg, nil
}

// enrolmentString of a new link, for what carries it elsewhere.
func (c *linkCreate) enrolmentString(i *invocation) (string, error) {
	made, err := c.make(i)
	return made.GetEnrolmentString(), err
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
		"id", "os", "state", "devices", "max_devices", "downloads", "last_used", "created", "expires", "created_by")
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

package main

import (
	"fmt"
	"strings"

	"connectrpc.com/connect"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

type groupCommand struct {
	List   groupList   `cmd:"" help:"List the groups."`
	Show   groupShow   `cmd:"" help:"Show one group and its members."`
	Set    groupSet    `cmd:"" help:"Add a group, change its members, rename it."`
	Remove groupRemove `cmd:"" help:"Remove a group that nothing else names."`
}

var groupColumns = []string{"name", "people_count", "people", "logins", "devices", "limits"}

type groupList struct{ listed }

// Run lists the groups.
func (c *groupList) Run(i *invocation) error {
	groups, err := i.groups("")
	if err != nil {
		return err
	}
	return list(i, c.Format, groups, "There are no groups.", groupColumns...)
}

// groups gives those of a name, without case; all where it is empty.
func (i *invocation) groups(name string) (groups []*adminv1.Group, err error) {
	admin, err := i.admin()
	if err != nil {
		return nil, err
	}
	answer, err := admin.ListGroups(i.ctx, connect.NewRequest(&adminv1.ListGroupsRequest{}))
	if err != nil {
		return nil, err
	}
	for _, g := range answer.Msg.Groups {
		if name == "" || strings.EqualFold(g.Name, name) {
			groups = append(groups, g)
		}
	}
	return groups, nil
}

type groupShow struct {
	listed
	Name string `arg:"" help:"The group's name."`
}

// Run shows one group.
func (c *groupShow) Run(i *invocation) error {
	groups, err := i.groups(c.Name)
	if err != nil {
		return err
	}
	if len(groups) == 0 {
		return fmt.Errorf("there is no group %q", c.Name)
	}
	return list(i, c.Format, groups, "", groupColumns...)
}

type groupSet struct {
	Name         string   `arg:"" help:"The group's name; a new one adds a group."`
	Rename       string   `help:"Another name for it, wherever the files use it."`
	AddPerson    []string `sep:"none" placeholder:"PERSON" help:"A person's id, name, e-mail or login: its data from every device."`
	RemovePerson []string `sep:"none" placeholder:"PERSON" help:"A person that leaves."`
	AddLogin     []string `sep:"none" placeholder:"DOMAIN\\NAME" help:"A login."`
	RemoveLogin  []string `sep:"none" placeholder:"DOMAIN\\NAME" help:"A login that leaves."`
	AddDevice    []string `sep:"none" placeholder:"DEVICE" help:"A device's id, alias or name: its data from everyone."`
	RemoveDevice []string `sep:"none" placeholder:"DEVICE" help:"A device that leaves."`
}

// Run changes a group.
func (c *groupSet) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.SetGroup(i.ctx, connect.NewRequest(&adminv1.SetGroupRequest{
		Name: c.Name, Rename: c.Rename, AddPeople: c.AddPerson, RemovePeople: c.RemovePerson,
		AddLogins: c.AddLogin, RemoveLogins: c.RemoveLogin, AddDevices: c.AddDevice, RemoveDevices: c.RemoveDevice,
	}))
	if err != nil {
		return err
	}
	for _, warning := range answer.Msg.Warnings {
		fmt.Fprintln(i.err, warning)
	}
	tellChanges(i, answer.Msg.Changes)
	return nil
}

type groupRemove struct {
	Name string `arg:"" help:"The group's name."`
}

// Run removes a group; its members stay.
func (c *groupRemove) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.RemoveGroup(i.ctx, connect.NewRequest(&adminv1.RemoveGroupRequest{Name: c.Name}))
	if err != nil {
		return err
	}
	tellChanges(i, answer.Msg.Changes)
	return nil
}

// tellChanges says what a command changed in which file.
func tellChanges(i *invocation, changes []*adminv1.ConfigChange) {
	if len(changes) == 0 {
		fmt.Fprintln(i.err, "Nothing is different.")
	}
	for _, c := range changes {
		switch {
		case c.Old == "":
			fmt.Fprintf(i.err, "%s: %s: %s added\n", c.File, c.Key, c.New)
		case c.New == "":
			fmt.Fprintf(i.err, "%s: %s: %s removed\n", c.File, c.Key, c.Old)
		default:
			fmt.Fprintf(i.err, "%s: %s: %s, was %s\n", c.File, c.Key, c.New, c.Old)
		}
	}
}

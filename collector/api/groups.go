package api

import (
	"context"
	"slices"
	"strings"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/access"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/directory"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// ListGroups lists the groups that the caller knows of; who and what is in them is for those who may change groups.
func (a adminService) ListGroups(ctx context.Context, _ *connect.Request[adminv1.ListGroupsRequest]) (*connect.Response[adminv1.ListGroupsResponse], error) {
	d, scope, err := a.within(ctx)
	if err != nil {
		return nil, err
	}
	counts := map[string]int32{}
	for id, groups := range d.PersonGroups() {
		for _, name := range groups {
			if scope.Person(id) {
				counts[name]++
			}
		}
	}
	answer := &adminv1.ListGroupsResponse{}
	set := a.Config()
	for _, g := range set.People.Groups {
		if scope.Group(g.Name) {
			answer.Groups = append(answer.Groups, shownGroup(viewerOf(ctx), set, g, counts[g.Name]))
		}
	}
	return connect.NewResponse(answer), nil
}

func shownGroup(viewer collector.Viewer, set *config.Set, g config.Group, count int32) *adminv1.Group {
	shown := &adminv1.Group{Name: g.Name, PeopleCount: count, Editable: access.MayEditGroup(viewer, set, g.Name)}
	if viewer.Role == collector.Admin || viewer.Role == collector.Configurator {
		shown.People, shown.Logins, shown.Devices = g.People, g.Logins, g.Devices
	}
	if viewer.Role == collector.Admin {
		shown.Limits = set.People.LimitedTo(g.Name)
	}
	return shown
}

// SetGroup adds a group, changes its members, and renames it wherever the files name it.
func (a adminService) SetGroup(ctx context.Context, req *connect.Request[adminv1.SetGroupRequest]) (*connect.Response[adminv1.SetGroupResponse], error) {
	var name string
	changes, problems, err := a.Editor.Edit(ctx, viewerOf(ctx), func(set *config.Set) (edits []config.Edit, err error) {
		edits, name, err = a.groupEdits(ctx, set, req.Msg)
		return edits, err
	})
	if err != nil {
		return nil, err
	}
	listed, err := a.ListGroups(ctx, connect.NewRequest(&adminv1.ListGroupsRequest{}))
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(listed.Msg.Groups, func(g *adminv1.Group) bool { return g.Name == name })
	if i < 0 {
		return nil, collector.Refuse(collector.Conflict, "name", "the group was removed by somebody else meanwhile")
	}
	return connect.NewResponse(&adminv1.SetGroupResponse{
		Group: listed.Msg.Groups[i], Changes: a.changes(ctx, changes), Warnings: warnings(problems),
	}), nil
}

// groupEdits gives the edits that a request means, and the group's name after them.
func (a adminService) groupEdits(ctx context.Context, set *config.Set, m *adminv1.SetGroupRequest) (edits []config.Edit, name string, err error) {
	add := directory.Members{People: m.AddPeople, Logins: m.AddLogins, Devices: m.AddDevices}
	remove := directory.Members{People: m.RemovePeople, Logins: m.RemoveLogins, Devices: m.RemoveDevices}
	name, to := strings.TrimSpace(m.Name), strings.TrimSpace(m.Rename)
	group, known := set.People.Group(name)
	switch n := add.Count() + remove.Count(); {
	case n > maxEdits:
		return nil, "", collector.Refuse(collector.BadRequest, "add_people", "%d members at once; at most %d", n, maxEdits)
	case name == "":
		return nil, "", collector.Refuse(collector.BadRequest, "name", "say which group")
	case known:
		name = group.Name
		if err := mayEditGroup(viewerOf(ctx), set, name); err != nil {
			return nil, "", err
		}
	case to != "":
		return nil, "", noGroup(name)
	default:
		group.Name = name
		edits = append(edits, config.Edit{File: config.PeopleFile, Key: "groups" + config.Item(name), Value: "{}"})
	}
	d, scope, err := a.within(ctx)
	if err != nil {
		return nil, "", err
	}
	members, err := d.GroupEdits(group, add, remove, scope)
	if err != nil {
		return nil, "", err
	}
	edits = append(edits, members...)
	if to == "" || to == name {
		return edits, name, nil
	}
	if other, taken := set.People.Group(to); taken && other.Name != name {
		return nil, "", collector.Refuse(collector.BadRequest, "rename", "there is a group %q already", other.Name)
	}
	return append(edits, set.RenameGroup(name, to)...), to, nil
}

func noGroup(name string) error {
	return collector.Refuse(collector.NotFound, "name", "there is no group %.100q", name)
}

func mayEditGroup(viewer collector.Viewer, set *config.Set, name string) error {
	if !access.MayEditGroup(viewer, set, name) {
		return collector.Refuse(collector.Denied, "name", "somebody's view is limited to this group, or settings are overridden for it: only administrators change it")
	}
	return nil
}

// RemoveGroup takes a group out of people.yaml, unless something else names it.
func (a adminService) RemoveGroup(ctx context.Context, req *connect.Request[adminv1.RemoveGroupRequest]) (*connect.Response[adminv1.RemoveGroupResponse], error) {
	changes, _, err := a.Editor.Edit(ctx, viewerOf(ctx), func(set *config.Set) ([]config.Edit, error) {
		group, known := set.People.Group(strings.TrimSpace(req.Msg.Name))
		if !known {
			return nil, noGroup(req.Msg.Name)
		}
		if err := mayEditGroup(viewerOf(ctx), set, group.Name); err != nil {
			return nil, err
		}
		var places []string
		for _, place := range set.PlacesOf(group.Name) {
			places = append(places, set.Where(place))
		}
		if len(places) > 0 {
			return nil, collector.Refuse(collector.Conflict, "name", "it is still named at %s", strings.Join(places, ", "))
		}
		return []config.Edit{{File: config.PeopleFile, Key: "groups" + config.Item(group.Name), Unset: true}}, nil
	})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.RemoveGroupResponse{Changes: a.changes(ctx, changes)}), nil
}

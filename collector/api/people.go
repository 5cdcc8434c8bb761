package api

import (
	"context"
	"slices"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/directory"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// maxChangedLogins of one person at once.
const maxChangedLogins = 200

// within gives the directory as of now, and what the caller sees of it.
func (a adminService) within(ctx context.Context) (*directory.Directory, directory.Scope, error) {
	d, err := a.Directory.Now(ctx)
	if err != nil {
		return nil, directory.Scope{}, err
	}
	return d, d.Scope(viewerOf(ctx)), nil
}

// ListPeople lists those whom the caller knows of; their logins are for administrators.
func (a adminService) ListPeople(ctx context.Context, _ *connect.Request[adminv1.ListPeopleRequest]) (*connect.Response[adminv1.ListPeopleResponse], error) {
	d, scope, err := a.within(ctx)
	if err != nil {
		return nil, err
	}
	people := slices.DeleteFunc(d.People(), func(p collector.Person) bool { return !scope.Person(p.ID) })
	directory.TellApart(people)
	answer := &adminv1.ListPeopleResponse{}
	groups, owners := d.PersonGroups(), d.PersonOwners()
	for _, p := range people {
		answer.People = append(answer.People, personSeen(d, scope, p, groups[p.ID], owners[p.ID]))
	}
	return connect.NewResponse(answer), nil
}

func person(d *directory.Directory, scope directory.Scope, p collector.Person, groups []string) *adminv1.Person {
	shown := &adminv1.Person{Id: p.ID, Name: p.Name, Email: p.Email, Listed: d.Listed(p.ID)}
	shown.Groups = slices.DeleteFunc(groups, func(name string) bool { return !scope.Group(name) })
	if scope.SeesLogins() {
		shown.Logins = p.Logins
	}
	return shown
}

// personSeen adds where the person's logins were seen.
func personSeen(d *directory.Directory, scope directory.Scope, p collector.Person, groups []string, owners []collector.Owner) *adminv1.Person {
	shown := person(d, scope, p, groups)
	if scope.SeesLogins() {
		for _, owner := range owners {
			shown.Seen = append(shown.Seen, &adminv1.LoginRow{Login: d.LoginName(owner), Device: owner.Device, DeviceName: d.DeviceName(owner.Device)})
		}
	}
	return shown
}

// SetPerson edits people.yaml: name, e-mail and logins of one person.
func (a adminService) SetPerson(ctx context.Context, req *connect.Request[adminv1.SetPersonRequest]) (*connect.Response[adminv1.SetPersonResponse], error) {
	m := req.Msg
	if len(m.AddLogins)+len(m.RemoveLogins) > maxChangedLogins {
		return nil, collector.Refuse(collector.BadRequest, "add_logins", "at most %d logins at once", maxChangedLogins)
	}
	d, scope, err := a.within(ctx)
	if err != nil {
		return nil, err
	}
	who, err := d.FindPerson(m.Person, scope)
	if err != nil {
		return nil, err
	}
	id, edits, err := d.Change(who, directory.Change{
		Name: m.Name, Email: m.Email, AddLogins: m.AddLogins, RemoveLogins: m.RemoveLogins, Merge: m.Merge,
	})
	if err != nil {
		return nil, err
	}
	var changes []config.Change
	if len(edits) > 0 {
		if changes, _, err = a.Editor.Apply(ctx, viewerOf(ctx), edits); err != nil {
			return nil, err
		}
	}
	if d, scope, err = a.within(ctx); err != nil {
		return nil, err
	}
	for _, p := range d.People() {
		if p.ID == id {
			return connect.NewResponse(&adminv1.SetPersonResponse{
				Person: personSeen(d, scope, p, d.PersonGroups()[id], d.PersonOwners()[id]), Changes: a.changes(ctx, changes),
			}), nil
		}
	}
	return nil, collector.Refuse(collector.Conflict, "person", "the person was changed by somebody else meanwhile")
}

// edit makes edits of the configuration files, all or none.
func (a adminService) edit(ctx context.Context, edits []config.Edit) error {
	if len(edits) == 0 {
		return nil
	}
	_, _, err := a.Editor.Apply(ctx, viewerOf(ctx), edits)
	return err
}

package api

import (
	"context"
	"slices"
	"strings"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/directory"
	"github.com/dayline-project/dayline/collector/retention"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// DeletePerson deletes the history of a person's logins, or of one login. Who reports still comes back as new data.
func (a adminService) DeletePerson(ctx context.Context, req *connect.Request[adminv1.DeletePersonRequest]) (*connect.Response[adminv1.DeletePersonResponse], error) {
	m := req.Msg
	if (m.Person == "") == (m.Login == "") {
		return nil, collector.Refuse(collector.BadRequest, "person", "give a person or a login")
	}
	d, scope, err := a.within(ctx)
	if err != nil {
		return nil, err
	}
	var what retention.Erasure
	if m.Login != "" {
		what, err = loginErasure(d, scope, m.Login)
	} else if what, err = personErasure(d, scope, m.Person); collector.CodeOf(err) == collector.NotFound {
		what, err = a.pastErasure(ctx, m.Person, err)
	}
	if err != nil {
		return nil, err
	}
	what.Later = m.Later
	erased, err := a.erase(ctx, what)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.DeletePersonResponse{DeletedEpisodes: float64(erased.Episodes), Named: erased.Named}), nil
}

// erase carries an erasure out. Devices it is about are asked for what they had said before, since that may be gone.
func (a adminService) erase(ctx context.Context, what retention.Erasure) (retention.Erased, error) {
	defer a.Agents.heads.forget()
	erased, err := a.Keeping.Erase(ctx, viewerOf(ctx).Actor(), what)
	for _, owner := range what.Owners {
		a.Agents.devices.resync(owner.Device)
	}
	return erased, err
}

// personErasure is about all logins that are the person's now, merged ones included.
func personErasure(d *directory.Directory, scope directory.Scope, word string) (retention.Erasure, error) {
	p, err := d.FindPerson(word, scope)
	if err != nil {
		return retention.Erasure{}, err
	}
	what := retention.Erasure{Action: "person.delete", Subject: p.ID, Names: append(slices.Clone(p.Logins), p.Name, p.Email)}
	others := map[string]bool{}
	for _, owner := range d.Owners() {
		if d.Person(owner).ID != p.ID {
			others[owner.LoginKey] = true
		}
	}
	for _, owner := range d.Owners() {
		if d.Person(owner).ID == p.ID {
			what.Owners = append(what.Owners, grave(owner, others[owner.LoginKey]))
		}
	}
	what.Owners = compact(what.Owners)
	return what, nil
}

// loginErasure is about one login, by its key or as it is shown.
func loginErasure(d *directory.Directory, scope directory.Scope, word string) (retention.Erasure, error) {
	var what retention.Erasure
	var keys []string
	for _, owner := range d.Owners() {
		if scope.Totals(owner) && (strings.EqualFold(owner.LoginKey, word) || strings.EqualFold(d.LoginName(owner), word)) {
			what.Owners, keys = append(what.Owners, grave(owner, false)), append(keys, owner.LoginKey)
			what.Names = append(what.Names, d.LoginName(owner))
		}
	}
	slices.Sort(keys)
	switch keys = slices.Compact(keys); len(keys) {
	case 0:
		return what, collector.Refuse(collector.NotFound, "login", "there is no login %q", word)
	case 1:
		what.Action, what.Subject, what.Owners = "login.delete", keys[0], compact(what.Owners)
		return what, nil
	}
	return what, collector.Refuse(collector.BadRequest, "login", "%q means several logins: %s; give one of these", word, strings.Join(keys, ", "))
}

// pastErasure is about somebody whom only what is kept of people.yaml's past names.
func (a adminService) pastErasure(ctx context.Context, word string, unknown error) (retention.Erasure, error) {
	id, names, err := a.Keeping.PastNames(ctx, word)
	if err == nil && id == "" {
		err = unknown
	}
	return retention.Erasure{Action: "person.delete", Subject: id, Names: names}, err
}

// grave is what a tombstone of an owner names: a directory account wherever it is, unless it is somebody else's
// elsewhere; a local account on its device.
func grave(owner collector.Owner, shared bool) collector.Owner {
	if !shared && !strings.HasPrefix(owner.LoginKey, strings.ToLower(owner.Device)+`\`) {
		owner.Device = ""
	}
	return owner
}

func compact(owners []collector.Owner) []collector.Owner {
	slices.SortFunc(owners, func(a, b collector.Owner) int {
		return strings.Compare(a.LoginKey+"\x00"+a.Device, b.LoginKey+"\x00"+b.Device)
	})
	return slices.Compact(owners)
}

package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// anyone stands for every user, or every domain.
const anyone = "*"

// ListDoNotTrack lists the logins of which nothing is collected.
func (a adminService) ListDoNotTrack(context.Context, *connect.Request[adminv1.ListDoNotTrackRequest]) (*connect.Response[adminv1.ListDoNotTrackResponse], error) {
	return connect.NewResponse(&adminv1.ListDoNotTrackResponse{Entries: doNotTrack(a.Config())}), nil
}

func doNotTrack(set *config.Set) (entries []*adminv1.DoNotTrack) {
	for _, entry := range set.People.DoNotTrack {
		entries = append(entries, &adminv1.DoNotTrack{User: cmp.Or(entry.User, anyone), Domain: cmp.Or(entry.Domain, anyone)})
	}
	return entries
}

// SetDoNotTrack adds logins of which nothing is collected from now on, or takes some out. What was collected before stays:
// deleting that is DeletePerson's.
func (a adminService) SetDoNotTrack(ctx context.Context, req *connect.Request[adminv1.SetDoNotTrackRequest]) (*connect.Response[adminv1.SetDoNotTrackResponse], error) {
	m := req.Msg
	if n := len(m.Add) + len(m.Remove); n == 0 || n > maxEdits {
		return nil, collector.Refuse(collector.BadRequest, "add", "there are %d entries; there must be 1 to %d", n, maxEdits)
	}
	changes, _, err := a.Editor.Edit(ctx, viewerOf(ctx), func(set *config.Set) (edits []config.Edit, err error) {
		at := func(entry episode.Account) int {
			return slices.IndexFunc(set.People.DoNotTrack, func(listed episode.Account) bool {
				return strings.EqualFold(cmp.Or(listed.User, anyone), entry.User) && strings.EqualFold(cmp.Or(listed.Domain, anyone), entry.Domain)
			})
		}
		for i, one := range m.Remove {
			entry, err := account(fmt.Sprintf("remove[%d]", i), one)
			if err != nil {
				return nil, err
			}
			if at(entry) < 0 {
				return nil, collector.Refuse(collector.NotFound, fmt.Sprintf("remove[%d]", i), "the list does not have it")
			}
			edits = append(edits, config.Edit{File: config.PeopleFile, Key: entryKey(entry), Unset: true})
		}
		for i, one := range m.Add {
			entry, err := account(fmt.Sprintf("add[%d]", i), one)
			if err != nil {
				return nil, err
			}
			if at(entry) < 0 {
				edits = append(edits, config.Edit{File: config.PeopleFile, Key: entryKey(entry), Value: "{}"})
			}
		}
		return edits, nil
	})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.SetDoNotTrackResponse{Entries: doNotTrack(a.Config()), Changes: a.changes(ctx, changes)}), nil
}

func entryKey(entry episode.Account) string {
	return "do_not_track" + config.Item(entry.Domain+`\`+entry.User)
}

// account reads an entry. That everybody is meant has to be said: a field left empty is more likely a slip.
func account(field string, entry *adminv1.DoNotTrack) (episode.Account, error) {
	a := episode.Account{User: strings.TrimSpace(entry.GetUser()), Domain: cmp.Or(strings.TrimSpace(entry.GetDomain()), anyone)}
	switch {
	case a.User == "":
		return a, collector.Refuse(collector.BadRequest, field+".user", "say which user, or * for any")
	case len(a.User) > maxNameBytes || len(a.Domain) > maxNameBytes:
		return a, collector.Refuse(collector.BadRequest, field, "a name has at most %d bytes", maxNameBytes)
	case strings.ContainsAny(a.User+a.Domain, "\\\n\r\t"):
		return a, collector.Refuse(collector.BadRequest, field, `user and domain are two fields: of CORP\ana, ana and CORP`)
	}
	return a, nil
}

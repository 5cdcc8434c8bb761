package api

import (
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

// TestOwnLinks: where the account lets them, users make links, see their own and end them, and no others.
func TestOwnLinks(t *testing.T) {
	o := openOffice(t)
	ctx := t.Context()
	admin, viewer, manager := o.as(ada), o.as(vic), o.as(mia)
	make := func(by adminv1connect.AdminServiceClient) (*adminv1.Link, error) {
		made, err := by.CreateLink(ctx, connect.NewRequest(&adminv1.CreateLinkRequest{Os: "linux", MaxDevices: 2}))
		if err != nil {
			return nil, err
		}
		return made.Msg.Link, nil
	}
	revoke := func(by adminv1connect.AdminServiceClient, id string) error {
		_, err := by.RevokeLink(ctx, connect.NewRequest(&adminv1.RevokeLinkRequest{Id: id}))
		return err
	}
	list := func(by adminv1connect.AdminServiceClient) (ids []string) {
		t.Helper()
		all, err := by.ListLinks(ctx, connect.NewRequest(&adminv1.ListLinksRequest{}))
		o.check(err)
		for _, l := range all.Msg.Links {
			ids = append(ids, l.Id)
		}
		return ids
	}
	adas, err := make(admin)
	o.check(err)
	if _, err := make(viewer); connect.CodeOf(err) != connect.CodePermissionDenied {
		t.Errorf("while only administrators may: %v", err)
	}

	_, err = admin.SetConfig(ctx, connect.NewRequest(&adminv1.SetConfigRequest{File: "account.yaml", Key: "installers.non_admins", Value: "true"}))
	o.check(err)
	vics, err := make(viewer)
	o.check(err)
	mias, err := make(manager)
	o.check(err)
	if vics.CreatedBy != vic || vics.MaxDevices != 2 {
		t.Errorf("a viewer's link: %v", vics)
	}
	if ids := list(viewer); len(ids) != 1 || ids[0] != vics.Id {
		t.Errorf("a viewer sees the links %v", ids)
	}
	if ids := list(o.asBySocket(vic)); len(ids) != 1 {
		t.Errorf("who acts as the viewer sees the links %v", ids)
	}
	if ids := list(admin); len(ids) != 3 {
		t.Errorf("an administrator sees the links %v", ids)
	}
	for _, id := range []string{adas.Id, mias.Id, "l-000000000000"} {
		if err := revoke(viewer, id); connect.CodeOf(err) != connect.CodeNotFound {
			t.Errorf("a viewer ends a link of somebody else: %v", err)
		}
	}
	var all sync.WaitGroup
	for range 3 * maxOwnLinks {
		all.Go(func() { _, _ = make(viewer) })
	}
	all.Wait()
	if ids := list(viewer); len(ids) != maxOwnLinks {
		t.Errorf("asking for many at once gives %d links", len(ids))
	}
	if _, err := make(viewer); connect.CodeOf(err) != connect.CodeResourceExhausted {
		t.Errorf("one link too many: %v", err)
	}
	o.check(revoke(viewer, vics.Id))
	_, err = make(viewer)
	o.check(err)
	_, err = admin.SetConfig(ctx, connect.NewRequest(&adminv1.SetConfigRequest{File: "account.yaml", Key: "installers.non_admins", Value: "false"}))
	o.check(err)
	states, err := admin.ListLinks(ctx, connect.NewRequest(&adminv1.ListLinksRequest{}))
	o.check(err)
	for _, l := range states.Msg.Links {
		if valid := l.State == "valid"; valid != (l.Id == adas.Id) {
			t.Errorf("once only administrators may again, the link of %s is %s", l.CreatedBy, l.State)
		}
	}

	entries, err := o.registry.AuditEntries(ctx, 0, 1000)
	o.check(err)
	told := map[string]int{}
	for _, e := range entries {
		if strings.HasPrefix(e.Action, "link.") {
			told[e.Action+" "+e.Actor]++
		}
	}
	if told["link.create "+vic] != maxOwnLinks+1 || told["link.revoke "+vic] != 1 || told["link.create "+mia] != 1 ||
		told["link.revoke collector"] != maxOwnLinks+1 {
		t.Errorf("written down: %v", told)
	}
}

package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/link"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/settings"
)

// CreateLink issues a link; its address and its enrolment string are shown this once.
func (a adminService) CreateLink(ctx context.Context, req *connect.Request[adminv1.CreateLinkRequest]) (*connect.Response[adminv1.CreateLinkResponse], error) {
	if s := req.Msg.ExpiresSeconds; s != s || s < 0 || s > link.MaxExpiry.Seconds() {
		return nil, collector.Refuse(collector.BadRequest, "expires_seconds", "it must be within 1 h and %d h", int(link.MaxExpiry.Hours()))
	}
	a.linking.Lock()
	defer a.linking.Unlock()
	if err := a.mayAddLink(ctx); err != nil {
		return nil, err
	}
	base, err := a.Enrolment()
	if err != nil {
		return nil, err
	}
	door, err := a.Door()
	if err != nil {
		return nil, err
	}
	_, account, _ := a.Agents.rules.Rules()
	made, err := link.Issue(ctx, a.Registry, link.Request{
		OS: req.Msg.Os, Expiry: time.Duration(req.Msg.ExpiresSeconds * float64(time.Second)),
		MaxDevices: int(req.Msg.MaxDevices), CreatedBy: viewerOf(ctx).Actor(),
	}, linkLimits(account), base, a.Now())
	if err != nil {
		return nil, err
	}
	if err := a.audit(ctx, "link.create", made.ID, map[string]any{
		"os": made.OS, "expires": instant(made.ExpiresAt), "max_devices": made.MaxDevices,
	}); err != nil {
		return nil, err
	}
	answer := &adminv1.CreateLinkResponse{
		Link: a.link(made.Link), EnrolmentString: made.Installer.Encode(), Address: door.Address(made.Secret), Key: door.Key(),
	}
	chosen, err := a.Releases.Choose(made.OS, a.pinned(made.OS))
	if err != nil {
		answer.Problem = err.Error()
		return connect.NewResponse(answer), nil
	}
	answer.Version = chosen.Version.String()
	for _, c := range door.Commands(made.Secret, link.Packages(chosen, made.OS)) {
		answer.Commands = append(answer.Commands, &adminv1.InstallCommand{Os: c.OS, Kind: c.Kind, Arch: c.Arch, Shell: c.Shell, Text: c.Text})
	}
	return connect.NewResponse(answer), nil
}

func linkLimits(account *settings.Account) link.Limits {
	return link.Limits{
		Expiry: time.Duration(account.Installers.LinkExpiry), MaxDevices: account.Installers.MaxDevices,
		MaxPerMinute: account.Installers.MaxPerMinute,
	}
}

// pinned is the version of the agent that a system is to have; empty: the newest.
func (a *Admin) pinned(system string) string {
	_, account, _ := a.Agents.rules.Rules()
	return account.Updates.Of(system).Pinned
}

func (a adminService) link(l collector.Link) *adminv1.Link {
	return &adminv1.Link{
		Id: l.ID, Os: l.OS, Created: instant(l.CreatedAt), Expires: instant(l.ExpiresAt), CreatedBy: l.CreatedBy,
		MaxDevices: int32(l.MaxDevices), Devices: int32(l.Devices), State: link.State(l, a.Now()),
		Downloads: int32(l.Downloads), LastUsed: instant(l.UsedAt),
	}
}

// ListLinks lists every link there was; to others than administrators, their own.
func (a adminService) ListLinks(ctx context.Context, _ *connect.Request[adminv1.ListLinksRequest]) (*connect.Response[adminv1.ListLinksResponse], error) {
	all, err := a.ownLinks(ctx)
	if err != nil {
		return nil, err
	}
	answer := &adminv1.ListLinksResponse{}
	for _, l := range all {
		answer.Links = append(answer.Links, a.link(l))
	}
	return connect.NewResponse(answer), nil
}

// RevokeLink ends a link; devices already enrolled stay.
func (a adminService) RevokeLink(ctx context.Context, req *connect.Request[adminv1.RevokeLinkRequest]) (*connect.Response[adminv1.RevokeLinkResponse], error) {
	if err := a.mayRevokeLink(ctx, req.Msg.Id); err != nil {
		return nil, err
	}
	if err := a.Registry.RevokeLink(ctx, req.Msg.Id, a.Now()); err != nil {
		return nil, err
	}
	if err := a.audit(ctx, "link.revoke", req.Msg.Id, nil); err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.RevokeLinkResponse{}), nil
}

// LinkHandler opens links, to anybody who has one, on whichever listener it is.
func (a *Admin) LinkHandler() http.Handler {
	return patient(link.Handler(link.Options{
		Registry: a.Registry, Shelf: a.Releases, Pinned: a.pinned, Enrolment: a.Enrolment, Door: a.Door,
		Misses: newThrottle(missesPerAddress, time.Minute, a.Now), Caller: a.Agents.proxies.caller,
		Room: a.Agents.disk.Check, Audit: a.auditDownload, Now: a.Now, Log: a.Log,
	}))
}

// auditDownload writes a download down by the link that let it: who came with that, nobody knows.
func (a *Admin) auditDownload(ctx context.Context, l collector.Link, detail map[string]any) error {
	text, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	defer a.Agents.heads.forget()
	return a.Registry.Audit(ctx, collector.AuditEntry{
		At: a.Now(), Actor: "link " + l.ID, Action: "link.download", Subject: l.ID, Detail: string(text),
	})
}

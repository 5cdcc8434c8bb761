package api

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/access"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/directory"
	"github.com/dayline-project/dayline/collector/link"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
	"github.com/dayline-project/dayline/shared/settings"
	"github.com/dayline-project/dayline/shared/token"
)

// Admin serves AdminService.
type Admin struct {
	Agents    *Agents
	Registry  collector.Registry
	Store     collector.EpisodeStore
	Reports   Reports
	Access    *access.Access
	Directory *directory.Source
	Editor    Editor
	Enrolment func() (token.Token, error)
	// Deleting is told after a tombstone was added and before anything is deleted: nothing that it covers is stored
	// from then on.
	Deleting func(ctx context.Context) error
	// Backup writes a backup into a directory and gives its bytes.
	Backup func(ctx context.Context, dir string) (int64, error)
	Now    func() time.Time
	Log    *slog.Logger

	exports atomic.Int32
}

// Editor edits the configuration files, all edits or none, as far as the viewer may, and puts them in force.
type Editor interface {
	Apply(ctx context.Context, viewer collector.Viewer, edits []config.Edit) ([]config.Change, []config.Problem, error)
}

// Handler serves the local socket.
func (a *Admin) Handler() http.Handler { return patient(a.local(a.mux(true))) }

// WebHandler serves the pages' listener: the contract, for those who bring a token.
func (a *Admin) WebHandler() http.Handler { return patient(a.bearing(a.mux(false))) }

// mux of the contract and the probes; plainly tells callers what the log says of a failure.
func (a *Admin) mux(plainly bool) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle(adminv1connect.NewAdminServiceHandler(adminService{
		Admin: a, byUser: newThrottle(signInsPerUser, time.Minute, a.Now), byAddress: newThrottle(signInsPerAddress, time.Minute, a.Now),
	},
		connect.WithCodec(protoCodec{}),
		connect.WithCodec(jsonCodec{}),
		connect.WithReadMaxBytes(maxBodyBytes),
		connect.WithInterceptors(&problemInterceptor{log: a.Log, metrics: a.Agents.metrics, plainly: plainly}, permitted{}),
		connect.WithRecover(recovered(a.Log)),
	))
	Probes(mux, a.Agents.disk)
	return mux
}

type adminService struct {
	*Admin
	// byUser and byAddress count attempts to sign in.
	byUser, byAddress *throttle
	// What no room answers yet.
	adminv1connect.UnimplementedAdminServiceHandler
}

// audit writes what was done down, also where the administrator has hung up since.
func (a adminService) audit(ctx context.Context, action, subject string, detail map[string]any) error {
	ctx = context.WithoutCancel(ctx)
	defer a.Agents.heads.forget()
	text, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	return a.Registry.Audit(ctx, collector.AuditEntry{
		At: a.Now(), Actor: viewerOf(ctx).Actor(), Action: action, Subject: subject, Detail: string(text),
	})
}

// CreateLink issues a link; its enrolment string is shown this once.
func (a adminService) CreateLink(ctx context.Context, req *connect.Request[adminv1.CreateLinkRequest]) (*connect.Response[adminv1.CreateLinkResponse], error) {
	if s := req.Msg.ExpiresSeconds; s != s || s < 0 || s > link.MaxExpiry.Seconds() {
		return nil, collector.Refuse(collector.BadRequest, "expires_seconds", "it must be within 1 h and %d h", int(link.MaxExpiry.Hours()))
	}
	base, err := a.Enrolment()
	if err != nil {
		return nil, err
	}
	_, account, _ := a.Agents.rules.Rules()
	made, text, err := link.Issue(ctx, a.Registry, link.Request{
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
	return connect.NewResponse(&adminv1.CreateLinkResponse{Link: a.link(made), EnrolmentString: text}), nil
}

func linkLimits(account *settings.Account) link.Limits {
	return link.Limits{
		Expiry: time.Duration(account.Installers.LinkExpiry), MaxDevices: account.Installers.MaxDevices,
		MaxPerMinute: account.Installers.MaxPerMinute,
	}
}

func (a adminService) link(l collector.Link) *adminv1.Link {
	return &adminv1.Link{
		Id: l.ID, Os: l.OS, Created: instant(l.CreatedAt), Expires: instant(l.ExpiresAt), CreatedBy: l.CreatedBy,
		MaxDevices: int32(l.MaxDevices), Devices: int32(l.Devices), State: link.State(l, a.Now()),
	}
}

// ListLinks lists every link there was.
func (a adminService) ListLinks(ctx context.Context, _ *connect.Request[adminv1.ListLinksRequest]) (*connect.Response[adminv1.ListLinksResponse], error) {
	all, err := a.Registry.Links(ctx)
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
	if err := a.Registry.RevokeLink(ctx, req.Msg.Id, a.Now()); err != nil {
		return nil, err
	}
	if err := a.audit(ctx, "link.revoke", req.Msg.Id, nil); err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.RevokeLinkResponse{}), nil
}

// ListDevices lists every device.
func (a adminService) ListDevices(ctx context.Context, _ *connect.Request[adminv1.ListDevicesRequest]) (*connect.Response[adminv1.ListDevicesResponse], error) {
	all, err := a.Registry.Devices(ctx)
	if err != nil {
		return nil, err
	}
	logins, err := a.Registry.Logins(ctx)
	if err != nil {
		return nil, err
	}
	names := map[string][]string{}
	for _, l := range logins {
		names[l.Device] = append(names[l.Device], l.Name)
	}
	waiting := a.Agents.contacts.lastContacts()
	answer := &adminv1.ListDevicesResponse{}
	for _, d := range all {
		if c, ok := waiting[d.ID]; ok {
			d.LastContactAt = c.At
			if c.LastEpisodeAt.After(d.LastEpisodeAt) {
				d.LastEpisodeAt = c.LastEpisodeAt
			}
		}
		slices.Sort(names[d.ID])
		answer.Devices = append(answer.Devices, &adminv1.Device{
			Id: d.ID, Name: d.Name, Os: d.OS, OsVersion: d.OSVersion, AgentVersion: d.AgentVersion,
			Enrolled: instant(d.EnrolledAt), LastContact: instant(d.LastContactAt), LastEpisode: instant(d.LastEpisodeAt),
			State: d.State(a.Now()), Flags: d.Flags, Logins: names[d.ID], Revoked: !d.RevokedAt.IsZero(),
		})
	}
	return connect.NewResponse(answer), nil
}

// DeleteDevice deletes a device's data and leaves the device: what it sends later is new data.
func (a adminService) DeleteDevice(ctx context.Context, req *connect.Request[adminv1.DeviceRequest]) (*connect.Response[adminv1.DeviceResponse], error) {
	id, now := req.Msg.Id, a.Now()
	if _, err := a.Registry.Device(ctx, id); err != nil {
		return nil, err
	}
	// Begun, a deletion is carried through, and written down also where it fails.
	ctx = context.WithoutCancel(ctx)
	deleted, err := a.bury(ctx, collector.Tombstone{Device: id, Before: now, At: now})
	err = errors.Join(err, a.audit(ctx, "device.delete", id, map[string]any{"episodes": deleted, "complete": err == nil}))
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.DeviceResponse{DeletedEpisodes: float64(deleted)}), nil
}

// bury deletes what a tombstone covers. The tombstone comes first: what arrives from here on is covered by it.
func (a adminService) bury(ctx context.Context, t collector.Tombstone) (deleted int64, err error) {
	if err := a.Registry.AddTombstone(ctx, t); err != nil {
		return 0, err
	}
	if err := a.Agents.tombstones.load(ctx); err != nil {
		return 0, err
	}
	if err := a.Deleting(ctx); err != nil {
		return 0, err
	}
	return a.Store.Delete(ctx, t.Device, t.LoginKey, t.Before)
}

// RevokeDevice refuses the device from now on.
func (a adminService) RevokeDevice(ctx context.Context, req *connect.Request[adminv1.DeviceRequest]) (*connect.Response[adminv1.DeviceResponse], error) {
	return a.mark(ctx, req.Msg.Id, "device.revoke", a.Registry.RevokeDevice)
}

// UninstallDevice asks the agent to remove itself at its next sync.
func (a adminService) UninstallDevice(ctx context.Context, req *connect.Request[adminv1.DeviceRequest]) (*connect.Response[adminv1.DeviceResponse], error) {
	return a.mark(ctx, req.Msg.Id, "device.uninstall", a.Registry.UninstallDevice)
}

func (a adminService) mark(ctx context.Context, id, action string, do func(context.Context, string, time.Time) error) (*connect.Response[adminv1.DeviceResponse], error) {
	ctx = context.WithoutCancel(ctx) // the registry, what is in memory and the audit log go together
	if err := do(ctx, id, a.Now()); err != nil {
		return nil, err
	}
	if _, err := a.Agents.devices.refresh(ctx, id); err != nil {
		return nil, err
	}
	if err := a.audit(ctx, action, id, nil); err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.DeviceResponse{}), nil
}

const maxAuditEntries = 10000

// ListAudit lists entries in order, from after a sequence.
func (a adminService) ListAudit(ctx context.Context, req *connect.Request[adminv1.ListAuditRequest]) (*connect.Response[adminv1.ListAuditResponse], error) {
	limit := int(req.Msg.Limit)
	if limit <= 0 || limit > maxAuditEntries {
		limit = maxAuditEntries
	}
	after := req.Msg.AfterSequence
	if after != after || after < 0 || after > 1<<53 {
		return nil, collector.Refuse(collector.BadRequest, "after_sequence", "it is no sequence")
	}
	entries, err := a.Registry.AuditEntries(ctx, uint64(after), limit)
	if err != nil {
		return nil, err
	}
	answer := &adminv1.ListAuditResponse{}
	for _, e := range entries {
		answer.Entries = append(answer.Entries, &adminv1.AuditEntry{
			Sequence: float64(e.Sequence), At: instant(e.At), Actor: e.Actor, Action: e.Action, Subject: e.Subject, Detail: e.Detail,
		})
	}
	return connect.NewResponse(answer), nil
}

// VerifyAudit recomputes the chain.
func (a adminService) VerifyAudit(ctx context.Context, _ *connect.Request[adminv1.VerifyAuditRequest]) (*connect.Response[adminv1.VerifyAuditResponse], error) {
	entries, problem, err := a.Registry.VerifyAudit(ctx)
	if err != nil {
		return nil, err
	}
	head, err := a.Registry.AuditHead(ctx)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.VerifyAuditResponse{
		Entries: float64(entries), Head: hex.EncodeToString(head.Hash), Problem: problem,
	}), nil
}

// instant is a time as the contract shows it, empty for never.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

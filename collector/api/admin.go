package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/access"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/directory"
	"github.com/dayline-project/dayline/collector/link"
	"github.com/dayline-project/dayline/collector/shelf"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
	"github.com/dayline-project/dayline/shared/settings"
	"github.com/dayline-project/dayline/shared/token"
)

// minPackedBytes of an answer are worth compressing: fewer fit into one packet as they are.
const minPackedBytes = 1 << 10

// Admin serves AdminService.
type Admin struct {
	Agents    *Agents
	Registry  collector.Registry
	Store     collector.EpisodeStore
	Reports   Reports
	Access    *access.Access
	Directory *directory.Source
	Editor    Editor
	Keeping   Keeping
	// Config is the configuration in force.
	Config    func() *config.Set
	Enrolment func() (token.Token, error)
	// Backup writes a backup into a directory and gives its bytes.
	Backup func(ctx context.Context, dir string) (int64, error)
	Shelf  *shelf.Shelf
	// Releases of the agent that links hand out.
	Releases *shelf.Releases
	Now      func() time.Time
	Log      *slog.Logger

	exports atomic.Int32
}

// Editor edits the configuration files, all edits or none, as far as the viewer may, and puts them in force.
type Editor interface {
	Apply(ctx context.Context, viewer collector.Viewer, edits []config.Edit) ([]config.Change, []config.Problem, error)
	// Edit makes edits for the set in force, which nobody else edits meanwhile.
	Edit(ctx context.Context, viewer collector.Viewer, edits func(*config.Set) ([]config.Edit, error)) ([]config.Change, []config.Problem, error)
	// Amend edits one file as it was seen at a revision.
	Amend(ctx context.Context, viewer collector.Viewer, file, revision string, edits []config.Edit) (config.Amended, error)
	Check(ctx context.Context, content map[string][]byte) []config.Problem
}

// Handler serves the local socket.
func (a *Admin) Handler() http.Handler { return patient(a.local(a.mux(true))) }

// WebHandler serves the pages' listener: the contract, for those who bring a token.
func (a *Admin) WebHandler() http.Handler { return patient(a.bearing(a.mux(false))) }

// mux of the contract and the probes; plainly tells callers what the log says of a failure.
func (a *Admin) mux(plainly bool) *http.ServeMux {
	mux := http.NewServeMux()
	service := adminService{Admin: a}
	mux.HandleFunc(filesPath+"{name}", service.serveFile)
	mux.HandleFunc("POST "+ReleasePath, service.takeRelease)
	mux.Handle(adminv1connect.NewAdminServiceHandler(service,
		connect.WithCodec(protoCodec{}),
		connect.WithCodec(jsonCodec{}),
		connect.WithReadMaxBytes(maxBodyBytes),
		connect.WithCompressMinBytes(minPackedBytes),
		connect.WithInterceptors(&problemInterceptor{log: a.Log, metrics: a.Agents.metrics, plainly: plainly}, permitted{}),
		connect.WithRecover(recovered(a.Log)),
	))
	Probes(mux, a.Agents.disk)
	return mux
}

type adminService struct {
	*Admin
	// What no room answers yet.
	adminv1connect.UnimplementedAdminServiceHandler
}

// audit writes what was done down, also where the administrator has hung up since.
func (a adminService) audit(ctx context.Context, action, subject string, detail map[string]any) error {
	ctx = context.WithoutCancel(ctx)
	defer a.Agents.heads.forget()
	if viewer := viewerOf(ctx); viewer.Role == collector.Measured {
		whole := map[string]any{"user": viewer.User}
		maps.Copy(whole, detail)
		detail = whole
	}
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
	if err := a.mayAddLink(ctx); err != nil {
		return nil, err
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

// instant is a time as the contract shows it, empty for never.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

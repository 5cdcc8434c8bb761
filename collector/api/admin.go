package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/access"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/directory"
	"github.com/dayline-project/dayline/collector/link"
	"github.com/dayline-project/dayline/collector/rollout"
	"github.com/dayline-project/dayline/collector/shelf"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
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
	// Door is where the pages of links are found.
	Door func() (link.Door, error)
	// Backup writes a backup into a directory and gives its bytes.
	Backup    func(ctx context.Context, dir string) (int64, error)
	Extension *shelf.Extension
	// Releases of the agent that links hand out.
	Releases *shelf.Releases
	Rollouts *rollout.Rollouts
	Now      func() time.Time
	Log      *slog.Logger

	exports atomic.Int32
	// linking is held while a link is made: how many somebody has is counted first.
	linking sync.Mutex
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

// instant is a time as the contract shows it, empty for never.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

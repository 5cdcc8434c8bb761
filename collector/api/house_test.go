package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/api/apitest"
	"github.com/dayline-project/dayline/collector/certificate"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/directory"
	"github.com/dayline-project/dayline/collector/duckdb"
	"github.com/dayline-project/dayline/collector/ingest"
	"github.com/dayline-project/dayline/collector/link"
	"github.com/dayline-project/dayline/collector/retention"
	"github.com/dayline-project/dayline/collector/rollout"
	"github.com/dayline-project/dayline/collector/shelf"
	"github.com/dayline-project/dayline/collector/sqlite"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/settings"
)

// rules are account settings a test may change.
type rules struct {
	mu         sync.Mutex
	generation uint64
	account    *settings.Account
	people     *settings.People
}

// Rules of api.Rules.
func (r *rules) Rules() (uint64, *settings.Account, *settings.People) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.generation, r.account, r.people
}

func (r *rules) change(change func(*settings.Account)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := settings.Default()
	change(next)
	r.generation, r.account = r.generation+1, next
}

// house is a collector's listener for agents over real stores.
type house struct {
	t        testing.TB
	dir      string
	registry *sqlite.Registry
	store    collector.EpisodeStore
	rules    *rules
	keeper   *certificate.Keeper
	agents   *Agents
	admin    adminv1connect.AdminServiceClient
	listener *Listener
	shelf    *shelf.Releases
	rollouts *rollout.Rollouts
	trusted  release.Trusted
	stop     func()
	// aheadBy moves the collector's clock.
	mu      sync.Mutex
	aheadBy time.Duration
	clients []*http.Client
}

func (h *house) newRollouts(releases *shelf.Releases, account func() *settings.Account) *rollout.Rollouts {
	h.t.Helper()
	made, err := rollout.New(h.t.Context(), rollout.Options{
		Registry: h.registry, Releases: releases, Updates: func() *settings.Updates { return &account().Updates }, Now: h.now,
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return made
}

// door is where agents come.
func (h *house) door() (link.Door, error) {
	pin, err := h.keeper.LeafPin()
	if err != nil {
		return link.Door{}, err
	}
	return link.NewDoor(h.url(), pin)
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Now().Add(h.aheadBy)
}

func (h *house) later(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.aheadBy += d
}

type option func(*house, *Options, *serverBounds)

// open starts a collector on a folder; it ends with the test or by stop.
func open(t testing.TB, dir string, options ...option) *house {
	t.Helper()
	h := &house{t: t, dir: dir, rules: &rules{generation: 1, account: settings.Default(), people: &settings.People{}}}
	log := slog.New(slog.DiscardHandler)
	var err error
	if h.registry, err = sqlite.Open(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	admission, running := h.openStore()
	h.keeper, err = certificate.Open(t.Context(), certificate.Options{
		Mode: certificate.SelfSigned, PublicURL: "https://127.0.0.1:8443", Vault: h.registry, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Registry: h.registry, Admission: admission, Rules: h.rules, Trust: h.keeper, Disk: NewDisk(dir, 1),
		Metrics: NewMetrics(), Now: h.now, Log: log,
	}
	var server serverBounds
	for _, option := range options {
		option(h, &o, &server)
	}
	if h.shelf, err = shelf.OpenReleases(dir, h.trusted, func(int64) error { return nil }); err != nil {
		t.Fatal(err)
	}
	h.rollouts = h.newRollouts(h.shelf, func() *settings.Account {
		_, account, _ := h.rules.Rules()
		return account
	})
	o.Updates = h.rollouts
	if h.agents, err = NewAgents(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	set := &config.Set{Account: settings.Default(), People: &config.People{}}
	current := func() *config.Set { return set }
	admin := &Admin{
		Agents: h.agents, Registry: h.registry, Store: h.store, Enrolment: h.keeper.Enrolment, Now: h.now, Log: log,
		Door: h.door, Releases: h.shelf, Rollouts: h.rollouts, Config: current, Directory: &directory.Source{Registry: h.registry, Set: current},
	}
	admin.Keeping = retention.New(retention.Options{
		Registry: h.registry, Store: h.store.(*duckdb.Store), Set: current, Now: h.now, Log: log,
		Buried: func(ctx context.Context) error {
			return errors.Join(h.agents.Buried(ctx), running.ingest.ReloadTombstones(ctx))
		},
	})
	h.listener, err = Listen(t.Context(), "agents", "127.0.0.1:0", h.keeper.TLS(), h.agents.Handler(admin.LinkHandler(), h.shelf.Handler()), log)
	if err != nil {
		t.Fatal(err)
	}
	if server.ReadHeaderTimeout > 0 {
		h.listener.server.ReadHeaderTimeout, h.listener.server.ReadTimeout = server.ReadHeaderTimeout, server.ReadTimeout
	}
	local := httptest.NewServer(admin.Handler())
	t.Cleanup(local.Close)
	h.admin = adminv1connect.NewAdminServiceClient(local.Client(), local.URL)
	ctx, cancel := context.WithCancel(context.Background())
	var ended sync.WaitGroup
	ended.Go(func() {
		if err := h.listener.Run(ctx); err != nil {
			t.Error(err)
		}
		running.stop()
		running.ended.Wait()
	})
	ended.Go(func() { _ = h.agents.Run(ctx) })
	h.stop = sync.OnceFunc(func() {
		// Kept connections would be waited for.
		for _, client := range h.clients {
			client.CloseIdleConnections()
		}
		cancel()
		ended.Wait()
		if err := h.store.Close(); err != nil {
			t.Error(err)
		}
		if err := h.registry.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(h.stop)
	return h
}

func (h *house) url() string { return "https://" + h.listener.Address() }

// client trusts this collector's pins.
func (h *house) client() *http.Client {
	client := apitest.PinnedClient(h.t, "127.0.0.1", h.keeper.Trust().Pins...)
	h.clients = append(h.clients, client)
	return client
}

// secret makes a link and gives its secret.
func (h *house) secret(request link.Request) string {
	h.t.Helper()
	if request.OS == "" {
		request.OS = "linux"
	}
	base, err := h.keeper.Enrolment()
	if err != nil {
		h.t.Fatal(err)
	}
	limits := link.Limits{Expiry: 72 * time.Hour, MaxDevices: 500, MaxPerMinute: 1000}
	made, err := link.New(request, limits, base, h.now())
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.registry.CreateLink(h.t.Context(), made.Link, hashOf(made.Installer.Secret)); err != nil {
		h.t.Fatal(err)
	}
	return made.Installer.Secret
}

// enrolled gives an agent that is enrolled, signed in and has its settings.
func (h *house) enrolled() *apitest.Agent {
	h.t.Helper()
	a := apitest.NewAgent(h.t, h.url(), h.client())
	if err := a.Enroll(h.t.Context(), h.secret(link.Request{})); err != nil {
		h.t.Fatal(err)
	}
	if err := a.SignIn(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	if _, err := a.Sync(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	if a.Revision == "" {
		h.t.Fatal("the first sync brought no settings")
	}
	return a
}

// openStore opens the episodes and what admits them.
func (h *house) openStore() (Admission, *stoppable) {
	h.t.Helper()
	store, err := duckdb.Open(h.t.Context(), h.dir, duckdb.Options{MemoryBytes: 256 << 20, Threads: 1})
	if err != nil {
		h.t.Fatal(err)
	}
	h.store = store
	collectFor := time.Millisecond
	if _, benchmark := h.t.(*testing.B); benchmark {
		collectFor = 0 // as it is served
	}
	admission, err := ingest.New(h.t.Context(), ingest.Options{
		Registry: h.registry, Store: store, CollectFor: collectFor, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	running := &stoppable{ingest: admission, stop: cancel}
	running.ended.Go(func() { _ = admission.Run(ctx) })
	return admission, running
}

// stoppable is what runs until it is stopped.
type stoppable struct {
	ingest *ingest.Ingest
	stop   func()
	ended  sync.WaitGroup
}

// panicking fails as a bug would.
type panicking struct{ Admission }

// Admit of Admission.
func (p panicking) Admit(ctx context.Context, device string, req *agentv1.SyncRequest, now time.Time) (ingest.Result, error) {
	if req.SettingsRevision == "panic" {
		panic("a secret in a panic's words")
	}
	return p.Admission.Admit(ctx, device, req, now)
}

// meanwhile does something in the middle of every sync.
type meanwhile struct {
	Admission
	do func(device string)
}

// Admit of Admission.
func (m *meanwhile) Admit(ctx context.Context, device string, req *agentv1.SyncRequest, now time.Time) (ingest.Result, error) {
	m.do(device)
	return m.Admission.Admit(ctx, device, req, now)
}

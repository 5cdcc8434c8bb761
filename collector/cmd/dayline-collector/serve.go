package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/access"
	"github.com/dayline-project/dayline/collector/api"
	"github.com/dayline-project/dayline/collector/backup"
	"github.com/dayline-project/dayline/collector/certificate"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/directory"
	"github.com/dayline-project/dayline/collector/duckdb"
	"github.com/dayline-project/dayline/collector/fleet"
	"github.com/dayline-project/dayline/collector/ingest"
	"github.com/dayline-project/dayline/collector/link"
	"github.com/dayline-project/dayline/collector/openid"
	"github.com/dayline-project/dayline/collector/report"
	"github.com/dayline-project/dayline/collector/retention"
	"github.com/dayline-project/dayline/collector/rollout"
	"github.com/dayline-project/dayline/collector/shelf"
	"github.com/dayline-project/dayline/collector/sqlite"
	"github.com/dayline-project/dayline/collector/web"
	"github.com/dayline-project/dayline/shared/buildinfo"
	"github.com/dayline-project/dayline/shared/extension"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/settings"
)

type serveCommand struct{}

// Run serves until a signal ends it, then finishes the calls under way and closes the stores.
func (c *serveCommand) Run(i *invocation) error {
	set, err := loadConfig(i.configDir)
	if err != nil {
		return err
	}
	lock, err := claim(set.Collector.DataDir)
	if err != nil {
		return err
	}
	defer lock.Close()
	if backup.Unfinished(set.Collector.DataDir) {
		return fmt.Errorf("%s is a restore that was cut off: empty it and restore again", set.Collector.DataDir)
	}
	s := &server{configDir: i.configDir, dataDir: set.Collector.DataDir, now: time.Now, level: newLog(i.err, set.Collector.Log), words: i.err, changed: make(chan struct{}, 1)}
	s.log = slog.New(s.level)
	err = s.open(i.ctx, set)
	if err == nil {
		err = s.run(i.ctx)
	}
	return errors.Join(err, s.close())
}

// server is a collector's rooms, wired.
type server struct {
	configDir string
	dataDir   string
	now       func() time.Time
	log       *slog.Logger
	level     *liveLog
	// words are for whoever started it, where that is a person.
	words io.Writer
	// changed is told of each change of the configuration.
	changed chan struct{}
	rules   atomic.Pointer[ruleSet]

	registry  *sqlite.Registry
	store     *duckdb.Store
	keeper    *certificate.Keeper
	watcher   *config.Watcher
	editor    *config.Editor
	access    *access.Access
	ingest    *ingest.Ingest
	agents    *api.Agents
	retention *retention.Retention
	extension *shelf.Extension
	releases  *shelf.Releases
	rollouts  *rollout.Rollouts
	outer     []*api.Listener
	// webURL is where browsers find the pages, known once they listen.
	webURL string
}

// ruleSet is the configuration in force, numbered.
type ruleSet struct {
	generation uint64
	set        *config.Set
}

// Rules of api.Rules.
func (s *server) Rules() (uint64, *settings.Account, *settings.People) {
	now := s.rules.Load()
	return now.generation, now.set.Account, now.set.Facts
}

// set is the configuration in force.
func (s *server) set() *config.Set { return s.rules.Load().set }

// open prepares everything; close ends what was opened, also after an error.
func (s *server) open(ctx context.Context, set *config.Set) error {
	c := set.Collector
	if now, _ := config.Load(s.configDir); now == nil {
		// The watcher says what is wrong.
		s.log.Error("configuration has errors; the last good one is in force")
	}
	// A quarter: reports over months are no faster with more (the system keeps the file's pages anyway), and each byte of
	// it is held.
	duck := int64(c.Storage.Memory) / 4
	var err error
	if s.registry, err = sqlite.Open(ctx, c.DataDir); err != nil {
		return err
	}
	if set, err = s.choose(ctx, set); err != nil {
		return err
	}
	s.rules.Store(&ruleSet{generation: 1, set: set})
	c = set.Collector
	if s.store, err = duckdb.Open(ctx, c.DataDir, duckdb.Options{MemoryBytes: duck, Log: s.log}); err != nil {
		return err
	}
	if err := errors.Join(config.Keep(s.dataDir, set), s.record(ctx, set, "file")); err != nil {
		return err
	}
	s.watcher = &config.Watcher{
		Dir: s.configDir, Running: set, Judge: s.judge, Record: s.record, Applied: s.apply,
		Refused: func(context.Context, []config.Problem) {}, Log: s.log,
	}
	s.editor = &config.Editor{Watcher: s.watcher, May: access.MayApply, Past: s.registry}
	s.access = access.New(s.registry, s.set, access.Cost{}, s.now)
	if err := s.access.Reconcile(ctx); err != nil {
		return err
	}
	s.keeper, err = certificate.Open(ctx, certificate.Options{
		Mode: c.TLS.Mode, PublicURL: c.PublicAddress(), Names: c.TLS.Names, CertFile: c.TLS.Cert, KeyFile: c.TLS.Key,
		Vault: s.registry, Log: s.log,
	})
	if err != nil {
		return err
	}
	disk := api.NewDisk(c.DataDir, int64(c.Storage.Floor))
	metrics := api.NewMetrics()
	s.watch(metrics, disk)
	s.ingest, err = ingest.New(ctx, ingest.Options{Registry: s.registry, Store: s.store, BufferDays: s.bufferDays, KeptFrom: func() int32 { return s.retention.KeptFrom() }, Log: s.log})
	if err != nil {
		return err
	}
	s.count(metrics)
	if err := s.openShelf(disk); err != nil {
		return err
	}
	if s.rollouts, err = rollout.New(ctx, rollout.Options{
		Registry: s.registry, Releases: s.releases, Updates: func() *settings.Updates { return &s.set().Account.Updates }, Now: s.now, Log: s.log,
	}); err != nil {
		return err
	}
	if s.agents, err = api.NewAgents(ctx, api.Options{
		Registry: s.registry, Admission: s.ingest, Rules: s, Trust: s.keeper, Updates: s.rollouts, Disk: disk, Metrics: metrics,
		Days: s.access, WebURL: func() string { return s.webURL }, TrustedProxies: c.TrustedProxies, Log: s.log,
	}); err != nil {
		return err
	}
	s.retention = retention.New(retention.Options{
		Registry: s.registry, Store: s.store, Set: s.set, Buried: s.buried, Free: disk.Free, Now: s.now, Log: s.log,
	})
	return s.listen(ctx, c, metrics)
}

// openShelf opens what is handed out; what does not verify is not, and the log says so.
func (s *server) openShelf(disk *api.Disk) error {
	s.extension = shelf.OpenExtension(s.dataDir, extension.Open)
	if _, err := s.extension.Held(); err != nil {
		s.log.Error("browser extension not handed out", "error", err)
	}
	trusted, err := release.Built()
	if err != nil && !errors.Is(err, release.ErrNoKeys) {
		return err
	}
	if s.releases, err = shelf.OpenReleases(s.dataDir, trusted, disk.Room); err != nil {
		return err
	}
	if problem := s.releases.Vouched().Problem; problem != nil {
		s.log.Error("no release handed out", "error", problem)
	}
	for _, one := range s.releases.List() {
		if one.Problem != nil {
			s.log.Error("release not handed out", "version", one.Version.String(), "error", one.Problem)
		}
	}
	return nil
}

func (s *server) listen(ctx context.Context, c *config.Collector, metrics *api.Metrics) error {
	who := &directory.Source{Registry: s.registry, Set: s.set}
	admin := &api.Admin{
		Agents: s.agents, Registry: s.registry, Store: s.store,
		Reports: report.New(report.Options{Directory: who, Registry: s.registry, Store: s.store, Going: s.ingest, Set: s.set, ActivityFrom: s.retention.ActivityFrom}),
		Access:  s.access, Directory: who, Editor: s.editor, Config: s.set, Keeping: s.retention,
		Enrolment: s.keeper.Enrolment, Door: s.door, Backup: s.backup, Extension: s.extension, Releases: s.releases, Rollouts: s.rollouts, Now: s.now, Log: s.log,
	}
	var webTLS *tls.Config
	if !c.PlainWeb() {
		webTLS = s.keeper.TLS()
	}
	provider := openid.New(openid.Options{
		Config: func() *config.OIDC { return s.set().Collector.SignIn.OIDC }, Address: func() string { return s.webURL },
		Users: s.access, From: admin.From, SetSession: api.SetSession, Now: s.now, Log: s.log,
	})
	links := admin.LinkHandler()
	pages := web.Handler(web.Options{
		Contract: admin.WebHandler(), Links: links, SignIn: provider.Handler(), Extension: s.extension.Handler(func() string { return s.webURL }),
		Secure: strings.HasPrefix(c.WebAddress(""), "https:"),
	})
	open := []func() (*api.Listener, error){
		func() (*api.Listener, error) {
			l, err := api.Listen(ctx, "web", c.Listen.Web, webTLS, pages, s.log)
			if err == nil {
				s.webURL = c.WebAddress(l.Address())
			}
			return l, err
		},
		func() (*api.Listener, error) {
			return api.Listen(ctx, "agents", c.Listen.Agents, s.keeper.TLS(), s.agents.Handler(links, s.releases.Handler()), s.log)
		},
		func() (*api.Listener, error) {
			return api.ListenSocket(ctx, "admin", filepath.Join(c.DataDir, socketName), admin.Handler(), s.log)
		},
	}
	if c.Metrics.Listen != "" {
		open = append(open, func() (*api.Listener, error) {
			return api.Listen(ctx, "metrics", c.Metrics.Listen, nil, metrics.Handler(), s.log)
		})
	}
	for _, one := range open {
		l, err := one()
		if err != nil {
			return err
		}
		s.outer = append(s.outer, l)
		s.log.Info("listening", "on", l.Name, "at", l.Address())
	}
	return nil
}

// door is where links are opened: where agents come, or at web_url where browsers know that certificate alone.
func (s *server) door() (link.Door, error) {
	c := s.set().Collector
	if c.TLS.Mode == config.SelfSigned && strings.HasPrefix(c.WebURL, "https:") {
		return link.NewDoor(c.WebAddress(""), [32]byte{})
	}
	pin, err := s.keeper.LeafPin()
	if err != nil {
		return link.Door{}, err
	}
	return link.NewDoor(c.PublicAddress(), pin)
}

// run serves until the context ends or something fails.
func (s *server) run(ctx context.Context) error {
	var outer []actor
	for _, l := range s.outer {
		outer = append(outer, actor{l.Name, l.Run})
	}
	s.outer = nil
	c := s.rules.Load().set.Collector
	s.log.Info("collector started", "version", buildinfo.Version, "tls", c.TLS.Mode, "public_url", c.PublicAddress(), "web_url", s.webURL)
	silent := &fleet.Weekly{Registry: s.registry, Zone: func() *time.Location { return retention.Zone(s.set()) }, Now: s.now, Log: s.log}
	first := &firstAdmin{access: s.access, webURL: s.webURL, dataDir: s.dataDir, words: s.words, log: s.log, changed: s.changed}
	err := runAll(ctx, outer, []actor{
		{"ingest", s.ingest.Run}, {"contacts", s.agents.Run}, {"certificate", s.keeper.Run}, {"configuration", s.watcher.Run},
		{"access", s.access.Run}, {"first administrator", first.Run}, {"retention", s.retention.Run}, {"silent devices", silent.Run},
		{"roll-outs", s.rollouts.Run},
		{"memory", func(ctx context.Context) error { return s.limitMemory(ctx, int64(c.Storage.Memory)) }},
	})
	s.log.Info("collector stopped")
	return err
}

// limitMemory gives Go its part of the configured memory: DuckDB has a quarter (it takes about a quarter more than that while
// it reads long ranges), and room for each device besides: its connection alone holds some 30 KB, and collecting garbage
// that is none costs both processors.
func (s *server) limitMemory(ctx context.Context, memory int64) error {
	const perDevice = 50 << 10
	ticker := time.NewTicker(10 * time.Second)
	defer ticker.Stop()
	for {
		debug.SetMemoryLimit(memory*3/8 + perDevice*int64(s.agents.Devices()))
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// apply puts an edited configuration in force: agents learn of it at their next sync. Where the data is does not change
// while it is used.
func (s *server) apply(ctx context.Context, set *config.Set) {
	s.rules.Store(&ruleSet{generation: s.rules.Load().generation + 1, set: set})
	s.level.set(set.Collector.Log)
	s.retention.Changed()
	s.rollouts.Changed()
	if err := s.access.Reconcile(ctx); err != nil {
		s.log.Error("ended sessions and tokens not written down", "error", err)
	}
	select {
	case s.changed <- struct{}{}:
	default: // it will look anyway
	}
	if err := config.Keep(s.dataDir, set); err != nil {
		s.log.Error("configuration applied but not kept as the last good one", "error", err)
	}
}

// buried takes over tombstones: agents are told of them, and nothing that they cover is taken in.
func (s *server) buried(ctx context.Context) error {
	return errors.Join(s.agents.Buried(ctx), s.ingest.ReloadTombstones(ctx))
}

// record writes down what changed.
func (s *server) record(ctx context.Context, set *config.Set, actor string) error {
	return config.Record(ctx, s.registry, set, actor, s.now())
}

// choose gives the set to start with: the files' own or, where the registry says that it cannot hold, the last good one.
func (s *server) choose(ctx context.Context, set *config.Set) (*config.Set, error) {
	kept, _ := config.Kept(s.dataDir) // there is none before the first start
	problems := append(set.After(kept), s.judge(ctx, kept, set)...)
	for _, p := range problems {
		if p.Warning {
			continue
		}
		if kept == nil {
			return nil, errors.New("the configuration is not valid: " + p.String())
		}
		s.log.Error("configuration has errors; the last good one is in force")
		return kept, nil
	}
	return set, nil
}

// judge finds what the files name and the registry does not know.
func (s *server) judge(ctx context.Context, before, after *config.Set) []config.Problem {
	known, err := s.known(ctx)
	if err != nil {
		s.log.Error("configuration not compared with the registry", "error", err)
		return nil
	}
	return after.Unknown(before, known)
}

func (s *server) known(ctx context.Context) (config.Known, error) {
	devices, err := s.registry.Devices(ctx)
	people, err2 := s.registry.People(ctx)
	logins, err3 := s.registry.Logins(ctx)
	seen := map[string]bool{}
	for _, d := range devices {
		seen["device "+d.ID], seen["device "+strings.ToLower(d.Name)] = true, true
	}
	named := map[string]string{}
	for id, name := range collector.RuleNames(devices) {
		named[name] = id
	}
	for _, p := range people {
		seen["person "+strings.ToLower(p.ID)] = true
	}
	for _, l := range logins {
		seen["login "+strings.ToLower(l.Name)] = true
	}
	of := func(kind string) func(string) bool {
		return func(name string) bool { return seen[kind+" "+strings.ToLower(name)] }
	}
	return config.Known{
		Device: of("device"), Person: of("person"), Login: of("login"), DeviceNamed: func(name string) string { return named[name] },
	}, errors.Join(err, err2, err3)
}

func (s *server) close() error {
	var failed []error
	for _, l := range s.outer {
		failed = append(failed, l.Close())
	}
	if s.store != nil {
		failed = append(failed, s.store.Close())
	}
	if s.registry != nil {
		failed = append(failed, s.registry.Close())
	}
	return errors.Join(failed...)
}

func (s *server) backup(ctx context.Context, dir string) (int64, error) {
	return backup.Create(ctx, dir, backup.Source{
		Registry: s.registry, Episodes: s.store, RegistryFile: sqlite.File, EpisodesFile: duckdb.FileName,
		Files:     []string{filepath.Join(s.dataDir, shelf.ExtensionFile), filepath.Join(s.dataDir, shelf.ReleasesFolder)},
		ConfigDir: s.configDir, Version: buildinfo.Version, Now: s.now, Heads: s.store.Heads,
		Schemas: map[string]int{"episodes": duckdb.SchemaVersion, "registry": sqlite.SchemaVersion()},
	})
}

// watch adds the figures that are read when asked for.
func (s *server) watch(metrics *api.Metrics, disk *api.Disk) {
	metrics.Watch("dayline_disk_free_bytes", "Free disk where the data is.", func() float64 {
		free, _, _ := disk.Free()
		return float64(free)
	})
	metrics.Watch("dayline_disk_floor_bytes", "Free disk below which syncs are refused.", func() float64 {
		_, floor, _ := disk.Free()
		return float64(floor)
	})
	metrics.Watch("dayline_devices", "Devices enrolled.", func() float64 { return float64(s.agents.Devices()) })
}

// count adds what ingest counts.
func (s *server) count(metrics *api.Metrics) {
	for name, read := range map[string]func(ingest.Counters) int64{
		"episodes_stored":    func(c ingest.Counters) int64 { return c.Stored },
		"episodes_refused":   func(c ingest.Counters) int64 { return c.Refused },
		"episodes_forbidden": func(c ingest.Counters) int64 { return c.Forbidden },
		"episodes_deleted":   func(c ingest.Counters) int64 { return c.Deleted },
		"episodes_corrected": func(c ingest.Counters) int64 { return c.Corrected },
		"episodes_lost":      func(c ingest.Counters) int64 { return c.Lost },
		"episodes_expired":   func(c ingest.Counters) int64 { return c.Expired },
		"batches_repeated":   func(c ingest.Counters) int64 { return c.Repeats },
		"batches_forked":     func(c ingest.Counters) int64 { return c.Forks },
		"batches_refused":    func(c ingest.Counters) int64 { return c.BadBatches },
		"batches_put_off":    func(c ingest.Counters) int64 { return c.Busy },
		"commits":            func(c ingest.Counters) int64 { return c.Commits },
		"commits_failed":     func(c ingest.Counters) int64 { return c.FailedCommits },
	} {
		metrics.Count("dayline_"+name+"_total", "What ingest did, since the start.", func() float64 { return float64(read(s.ingest.Counters())) })
	}
}

// bufferDays is how long an agent may keep what it could not send.
func (s *server) bufferDays() int { return *s.rules.Load().set.Account.Agents.Buffer.Days }

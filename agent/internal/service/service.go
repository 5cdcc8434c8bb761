// Package service is the system service: it owns the device key, the buffer and the network, takes in what the session
// helpers bring, and captures nothing itself. It also installs and removes itself.
package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/agent/internal/enroll"
	"github.com/dayline-project/dayline/agent/internal/health"
	"github.com/dayline-project/dayline/agent/internal/session"
	"github.com/dayline-project/dayline/agent/internal/settings"
	"github.com/dayline-project/dayline/agent/internal/update"
	"github.com/dayline-project/dayline/agent/internal/uplink"
	"github.com/dayline-project/dayline/shared/buildinfo"
	"github.com/dayline-project/dayline/shared/episode"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

// Names of files in the state folder.
const (
	bufferFile   = "buffer.db"
	settingsFile = "settings"
)

const (
	// closeWithin is what a helper has to close its episodes when the service stops.
	closeWithin = 2 * time.Second
	// flushWithin and flushBatches bound the last upload.
	flushWithin  = 3 * time.Second
	flushBatches = 4
)

// Config of a service.
type Config struct {
	// Folder is the state folder, prepared.
	Folder string
	// Socket is where helpers and commands find the service.
	Socket string
	// Ceiling is the device's own limit; empty for none.
	Ceiling string
	// Identity and Trusted are of the enrolment; both nil before it: then nothing is sent and nothing captured.
	Identity *enroll.Identity
	Trusted  *uplink.Trusted
	// Enrolling says, of a device that is not enrolled, what is being done about it; empty for nothing. Nil once it is.
	Enrolling func() string
	// Log may be followed by Level.
	Log   slog.Handler
	Level *slog.LevelVar
	// Uninstall carries out the directive; nil where nothing is installed.
	Uninstall func() error
	// Updates exchanges the program; nil where none is installed.
	Updates update.Host
	// Launcher starts a helper in each login session; nil where the session starts its own.
	Launcher session.Launcher
	// Notices of the service manager; nil where it gives none.
	Notices <-chan Notice
}

// Notice is what a service manager tells beyond start and stop.
type Notice int

// The notices.
const (
	// NoticeSessions: a login session came, went or changed.
	NoticeSessions Notice = iota + 1
	// NoticeResumed: the computer woke up.
	NoticeResumed
)

// Service is the running service.
type Service struct {
	Config
	buffer   *buffer.Buffer
	settings *settings.Store
	hub      *hub
	logins   *logins
	uplink   *uplink.Uplink
	// updater is nil before the device is enrolled, as uplink is.
	updater   *update.Updater
	server    *session.Server
	errors    *health.Errors
	log       *slog.Logger
	startedAt time.Time
	factsOnce sync.Once
	factsNow  *agentv1.DeviceFacts
	// asking are the logins whose question the collector is answering now.
	asking sync.Map
}

// ErrAnew is the cause to end Run's context with where the service is opened anew at once: helpers stay, and come back to it.
var ErrAnew = errors.New("service: opened anew")

// Open opens the buffer, the settings and the socket; Run works with them and closes them.
func Open(config Config) (*Service, error) {
	s := &Service{Config: config, errors: health.NewErrors(config.Log), startedAt: time.Now()}
	s.log = slog.New(s.errors)
	var err error
	if s.buffer, err = buffer.Open(filepath.Join(config.Folder, bufferFile), buffer.DefaultLimits); err != nil {
		return nil, err
	}
	s.settings = settings.Open(filepath.Join(config.Folder, settingsFile), config.Ceiling, func() { s.settingsChanged() })
	if s.logins, err = openLogins(filepath.Join(config.Folder, loginsFile)); err != nil {
		return nil, errors.Join(err, s.buffer.Close())
	}
	if s.hub, err = newHub(s.buffer, s.settings, s.log); err != nil {
		return nil, errors.Join(err, s.buffer.Close())
	}
	s.hub.answer, s.hub.saw, s.hub.tidy = s.answer, s.logins.saw, s.tidy
	if config.Launcher != nil {
		// No helper outlives the service that started it.
		s.hub.launches, s.hub.orphansEnd = true, s.startedAt
	}
	s.limitBuffer()
	if s.Identity != nil {
		s.uplink = uplink.New(uplink.Config{
			Identity: s.Identity, Trusted: s.Trusted, Client: uplink.NewClient(s.Trusted, nil), Buffer: s.buffer,
			Settings: s.settings, Scene: s.scene, Direct: s.direct, Log: s.log,
		})
		s.updater = s.newUpdater()
		s.hub.soon = s.uplink.Soon
		s.hub.recorder.stored = func() { s.uplink.Buffered(s.buffer.Stats().Episodes) }
	}
	if s.server, err = session.Listen(config.Socket, s.hub, s.log); err != nil {
		return nil, errors.Join(err, s.buffer.Close())
	}
	return s, nil
}

// Run works until ctx ends. Then each session is asked to close its episodes, by the word of a cause that is a
// session.Ending and unless it is ErrAnew, and what is buffered is sent once more.
func (s *Service) Run(ctx context.Context) error {
	defer s.buffer.Close()
	s.log.Info("service started", "version", buildinfo.Version, "enrolled", s.Identity != nil)
	defer s.log.Info("service stopped")
	// The helpers are served on until they have closed, though ctx has ended.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	calling, hangUp := context.WithCancel(serving)
	defer hangUp()
	g := &group{stop: stop}
	g.start("socket", func() error { return s.server.Run(serving) })
	g.start("hub", func() error { return s.hub.Run(serving) })
	g.start("blind", func() error { return s.watchSessions(serving) })
	keeping, release := context.WithCancel(serving)
	defer release()
	defer context.AfterFunc(ctx, release)()
	s.keepHelpers(g, keeping, serving)
	g.start("updates", func() error {
		if s.updater == nil {
			return nil
		}
		return s.updater.Run(keeping)
	})
	called := make(chan struct{})
	g.start("uplink", func() error {
		defer close(called)
		if s.uplink == nil {
			return nil
		}
		return s.uplink.Run(calling)
	})
	select {
	case <-ctx.Done():
		if cause := context.Cause(ctx); !errors.Is(cause, ErrAnew) {
			ending := session.Ending{By: episode.ByEnd}
			errors.As(cause, &ending)
			s.hub.drain(serving, ending.By, closeWithin)
		}
		hangUp()
		<-called
		s.flush(serving)
	case <-serving.Done():
	}
	stop()
	return g.wait()
}

// keepHelpers starts helpers in the login sessions, where that is ours to do and the device is enrolled, until keeping
// ends; they are served as long as serving lasts.
func (s *Service) keepHelpers(g *group, keeping, serving context.Context) {
	look := func() {}
	if s.Launcher != nil && s.Identity != nil {
		keeper := session.NewKeeper(s.Launcher, func(helper session.Launched) { s.server.Attend(serving, helper) }, s.log)
		g.start("helpers", func() error { return keeper.Run(keeping) })
		look = keeper.Look
	}
	g.start("notices", func() error {
		for {
			select {
			case <-keeping.Done():
				return nil
			case notice := <-s.Notices:
				if notice == NoticeResumed {
					s.hub.soon()
				}
				look()
			}
		}
	})
}

func (s *Service) flush(ctx context.Context) {
	if s.uplink == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, flushWithin)
	defer cancel()
	s.uplink.Flush(ctx, flushBatches)
}

// settingsChanged acts at once on what the collector sent.
func (s *Service) settingsChanged() {
	s.limitBuffer()
	s.hub.look()
	s.log.Info("settings in force", "revision", s.settings.Revision())
}

func (s *Service) limitBuffer() {
	if caps := s.settings.Buffer(); caps.Bytes > 0 {
		s.buffer.SetLimits(buffer.Limits{Bytes: caps.Bytes, Days: caps.Days})
	}
}

// tidy drops what was held for longer than the settings allow, by the collector's clock where it is known.
func (s *Service) tidy(now time.Time) {
	at, known := s.contact().CollectorTime(now)
	if err := s.buffer.Expire(at, known); err != nil {
		s.log.Error("buffer not trimmed", "error", err)
	}
}

func (s *Service) contact() uplink.Status {
	if s.uplink == nil {
		return uplink.Status{}
	}
	return s.uplink.Status()
}

// direct carries out the directives of an answer.
func (s *Service) direct(directives []*agentv1.Directive) {
	var ordered *agentv1.Update
	for _, directive := range directives {
		if update := directive.GetUpdate(); update != nil {
			ordered = update
		} else {
			s.obey(directive)
		}
	}
	s.order(ordered)
}

func (s *Service) obey(directive *agentv1.Directive) {
	switch act := directive.Act.(type) {
	case *agentv1.Directive_Log:
		if err := s.Level.UnmarshalText([]byte(act.Log)); err != nil {
			s.log.Warn("log level not known")
		}
	case *agentv1.Directive_Uninstall:
		if !act.Uninstall || s.Uninstall == nil {
			return
		}
		s.log.Warn("uninstalling, as the collector asked")
		if err := s.Uninstall(); err != nil {
			s.log.Error("not uninstalled", "error", err)
		}
	default:
		s.log.Warn("directive not known")
	}
}

// group runs actors until one fails or all have ended. A panic in one is its failure: the service manager starts
// everything anew.
type group struct {
	stop func()
	wg   sync.WaitGroup
	mu   sync.Mutex
	err  error
}

func (g *group) start(name string, run func() error) {
	g.wg.Add(1)
	go func() {
		defer g.wg.Done()
		if err := contained(run); err != nil {
			g.mu.Lock()
			g.err = errors.Join(g.err, fmt.Errorf("service: %s: %w", name, err))
			g.mu.Unlock()
			g.stop()
		}
	}()
}

func (g *group) wait() error {
	g.wg.Wait()
	return g.err
}

func contained(run func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return run()
}

// Discard removes what belongs to one collector: the buffer, the settings and the identity.
func Discard(folder string) error {
	for _, pattern := range []string{bufferFile + "*", filepath.Join(update.Folder, update.FormerBuffer+"*"), settingsFile, loginsFile} {
		if err := removeAll(filepath.Join(folder, pattern)); err != nil {
			return fmt.Errorf("service: discard: %w", err)
		}
	}
	return enroll.Forget(folder)
}

package session

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/dayline-project/dayline/agent/internal/observe"
	"github.com/dayline-project/dayline/agent/internal/privacy"
	"github.com/dayline-project/dayline/shared/buildinfo"
	"github.com/dayline-project/dayline/shared/episode"
)

// What ends a helper by itself.
var (
	ErrRefused = errors.New("session: refused by the service")
	ErrAlone   = errors.New("session: no service for a minute")
	ErrGone    = errors.New("session: the service is gone")
)

// Ending is the cause to cancel Run's context with where the ending's word is known; without it the word is "end".
type Ending struct{ By episode.EndedBy }

func (e Ending) Error() string { return "session: " + string(e.By) }

const (
	// endFor is how long the last episodes may take to be stored (time.md: 2 s).
	endFor = 2 * time.Second
	// settleFor is how long sleep and shutdown wait for that.
	settleFor = 2 * time.Second
	// lockedEvery is how often a locked episode is kept.
	lockedEvery = 10 * time.Minute
)

// Observer is the login session as it shows itself: observe.Observer.
type Observer interface {
	Run(context.Context) error
	Observations() <-chan observe.Observation
	Now() time.Duration
	Watch(on bool, rules privacy.Rules)
	AwaitInput(bool)
	Unkept(bool)
	Tell(...episode.Observation)
	Release()
}

// Config is what a helper needs.
type Config struct {
	// Dial connects to the service.
	Dial func(context.Context) (net.Conn, error)
	// Inherited: there is but the one connection, which whoever started the helper gave it, and its end is the helper's.
	Inherited bool
	// Observer of the session; the helper runs it.
	Observer Observer
	// OSSession, Display and Desktop are told in Hello.
	OSSession, Display, Desktop string
	Log                         *slog.Logger
}

// Helper is what runs in a login session, as the person: it observes, applies the privacy rules, runs the time engine
// and hands closed episodes to the service. It has no network, no disk and no secret.
type Helper struct {
	config Config
	run    string
	log    *slog.Logger

	line     *line
	welcomed bool
	login    string
	alone    *time.Timer

	// What the service told: the settings, also as they came.
	raw      []byte
	settings *episode.Settings
	rules    privacy.Rules
	schedule *episode.Rules
	paused   bool

	// engine runs while collecting; begun once its start was observed.
	engine *episode.Engine
	begun  bool
	due    *time.Timer
	await  bool
	// unkept: of what is shown nothing is kept.
	unkept bool

	kept kept
	// named are the programs seen, by name.
	named     map[string]named
	keptAt    time.Duration
	openState episode.State
	lastTold  ongoing
	levels    []observe.Level
	missing   []string
	emptied   int64
	faults    []string

	// settling: what is under way is to be stored before the computer sleeps.
	settling *time.Timer
	// ending: the word the session ends with, once that is asked for; ended: the engine has heard of it.
	ending episode.EndedBy
	ended  bool
	// last is due when half of the time to end is over, and again, after left, when all is.
	last *time.Timer
	left time.Duration
}

// NewHelper gives a helper that has yet to Run.
func NewHelper(config Config) *Helper {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	var run [8]byte
	rand.Read(run[:]) // never fails
	return &Helper{config: config, log: config.Log, run: hex.EncodeToString(run[:]), named: map[string]named{}}
}

// Run observes until the service says Stop or the context ends (nil after either), refuses us (ErrRefused), or is gone
// for a minute (ErrAlone) or, where the connection was inherited, at all (ErrGone). However it ends, the open episode is
// closed and handed over first, if the service is there.
func (h *Helper) Run(ctx context.Context) error {
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var actors sync.WaitGroup
	defer wait(&actors)
	defer cancel()

	arrivals := make(chan news, 16)
	actors.Go(func() {
		h.keepLine(inner, func(n news) bool {
			select {
			case arrivals <- n:
				return true
			case <-inner.Done():
				return false
			}
		})
	})
	observed := make(chan error, 1)
	actors.Go(func() { observed <- h.config.Observer.Run(inner) })

	h.alone, h.due, h.settling, h.last = time.NewTimer(aloneFor), unset(), unset(), unset()
	asked := ctx.Done()
	for {
		select {
		case <-asked:
			asked = nil
			var ending Ending
			if !errors.As(context.Cause(ctx), &ending) {
				ending.By = episode.ByEnd
			}
			h.end(ending.By, endFor)
		case n := <-arrivals:
			if err := h.arrived(n); err != nil {
				return err
			}
		case o, ok := <-h.config.Observer.Observations():
			if !ok {
				return <-observed
			}
			h.observed(o)
		case <-h.due.C:
			h.config.Observer.Tell(episode.Observation{Event: episode.EventTick})
		case <-h.settling.C:
			h.config.Observer.Release()
		case <-h.alone.C:
			return ErrAlone
		case <-h.last.C:
			if h.left == 0 {
				return nil
			}
			h.finish()
			h.last.Reset(h.left)
			h.left = 0
		}
		if h.ended && len(h.kept.closed) == 0 {
			return nil
		}
	}
}

// wait gives actors a moment to end: a desktop that does not answer must not keep the process.
func wait(actors *sync.WaitGroup) {
	done := make(chan struct{})
	go func() {
		actors.Wait()
		close(done)
	}()
	timer := time.NewTimer(endFor)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

func unset() *time.Timer {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return timer
}

// arrived takes what the connection to the service brought.
func (h *Helper) arrived(n news) error {
	switch {
	case n.up != nil:
		h.line = n.up
		_ = h.line.send(&Message{Hello: &Hello{
			Protocol: Protocol, Run: h.run, OSSession: h.config.OSSession, Display: h.config.Display, Desktop: h.config.Desktop,
			Version: buildinfo.Version,
		}})
	case n.down != nil:
		if h.welcomed {
			h.alone.Reset(aloneFor)
			h.log.Info("service is gone")
		}
		h.line, h.welcomed = nil, false
		if h.config.Inherited {
			return ErrGone
		}
	case n.message != nil:
		return h.told(n.message)
	}
	return nil
}

// told takes a message of the service.
func (h *Helper) told(m *Message) error {
	switch {
	case m.Welcome != nil:
		return h.welcome(m.Welcome)
	case m.Settings != nil:
		h.obey(m.Settings)
	case m.Pause != nil:
		h.pause(m.Pause.Paused)
	case m.Stored != nil:
		h.kept.stored(m.Stored.Number)
		h.settle()
	case m.Stop != nil:
		within := endFor
		if m.Stop.Within > 0 {
			within = min(within, m.Stop.Within)
		}
		h.end(m.Stop.EndedBy, within)
	}
	return nil
}

func (h *Helper) welcome(w *Welcome) error {
	if w.Refused != "" {
		return fmt.Errorf("%w: %s", ErrRefused, w.Refused)
	}
	h.welcomed, h.login = true, w.Login.Name
	h.alone.Stop()
	h.log.Info("service is there", "kept", len(h.kept.closed))
	for _, m := range h.kept.all() {
		h.send(m)
	}
	h.tellCapture()
	if h.begun {
		h.checkpoint(h.config.Observer.Now(), -1, always)
	}
	return nil
}

// send gives a message to the service if it is there. What must not be lost is kept: that the connection is gone is
// news of its own.
func (h *Helper) send(m *Message) {
	if h.welcomed {
		_ = h.line.send(m)
	}
}

// end asks for the end of the session, with a word and within a time; the first to ask is heard.
func (h *Helper) end(by episode.EndedBy, within time.Duration) {
	if h.ending != "" {
		return
	}
	h.ending, h.left = by, within/2
	h.last.Reset(within / 2)
	if !h.begun {
		h.ended = true
		return
	}
	h.config.Observer.Tell(episode.Observation{Event: endEvent(by)})
}

func endEvent(by episode.EndedBy) episode.Event {
	switch by {
	case episode.ByLogoff:
		return episode.EventLogoff
	case episode.ByShutdown:
		return episode.EventShutdown
	}
	return episode.EventEnd
}

// finish ends the session where its observer did not come to it in half of the time: a desktop that hangs must not
// cost what is open.
func (h *Helper) finish() {
	if h.begun {
		h.observed(observe.Observation{Observation: episode.Observation{At: h.config.Observer.Now(), Event: endEvent(h.ending)}})
	}
}

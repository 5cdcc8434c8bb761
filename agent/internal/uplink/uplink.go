// Package uplink makes the one call: what is buffered goes up, settings and directives come down. It signs the device
// in, keeps one call in flight over one kept connection, gives every episode its verdict, and never deletes what was
// not acknowledged.
package uplink

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
	"github.com/dayline-project/dayline/shared/token"
)

const (
	// fullBatch episodes waiting are sent at once.
	fullBatch = 500
	// finishFor is how long a call under way goes on once Run is to end. The collector takes one call of a device at a
	// time: after one that was broken off it refuses the next for a moment, and that is the last.
	finishFor = 2 * time.Second
)

// Identity is the device's own: enroll keeps it.
type Identity interface {
	Device() string
	Credential() *agentv1.Credential
	// Sign signs by the device key.
	Sign(token.Statement) []byte
	// Rekey makes a new key, lets replace trade it (given the new key) for a credential, and keeps both.
	Rekey(replace func(newKey ed25519.PrivateKey) (*agentv1.Credential, error)) error
}

// Buffer is what is waiting to be sent; the methods are those of buffer.Buffer.
type Buffer interface {
	Peek(max int) (*buffer.Pending, error)
	Delete(batch *buffer.Pending, last uint64, refused []buffer.Refused) error
	Renumber(id stream.ID) error
	Spans(max int) ([]*agentv1.Span, error)
	DeleteSpans(sent []*agentv1.Span) error
	Erase(login *stream.Login, before time.Time) error
	Stats() buffer.Stats
}

// Settings are those in force.
type Settings interface {
	Revision() string
	// Apply takes over a newer document, durably; an error leaves the old one in force.
	Apply(revision string, document []byte) error
	// SyncEvery is the time between contacts while a session is in use.
	SyncEvery() time.Duration
}

// Scene is what the device shows at the moment of a sync.
type Scene struct {
	Facts  *agentv1.DeviceFacts
	Health *agentv1.Health
	Logins []stream.Login
	Open   []*agentv1.OpenEpisode
	// InUse: a session is unlocked and had input lately.
	InUse bool
}

// Config of an uplink; every field is needed.
type Config struct {
	Identity Identity
	Trusted  *Trusted
	Client   *Client
	Buffer   Buffer
	Settings Settings
	Scene    func() Scene
	// Direct carries out what directives an answer has, perhaps none, other than rekey and resync.
	Direct func([]*agentv1.Directive)
	Log    *slog.Logger
}

// Status tells people how the contact is.
type Status struct {
	Connected     bool
	LastContactAt time.Time
	LastUploadAt  time.Time
	// Accepted: the collector accepted what it was sent, once at least.
	Accepted bool
	// Problem is in people's words; empty where there is none.
	Problem string
	Revoked bool
	// ClockOffset is the collector's clock minus the device's, as it was at ClockAt; Known once there was an answer.
	ClockOffset time.Duration
	ClockAt     time.Time
	ClockKnown  bool
}

// CollectorTime is what the collector's clock shows at a moment, by its last answer and the time since on a clock that
// nobody sets: the device's own may have leapt meanwhile. Without an answer yet it is the device's, and not known.
func (s Status) CollectorTime(now time.Time) (at time.Time, known bool) {
	if !s.ClockKnown {
		return now, false
	}
	return s.ClockAt.Add(s.ClockOffset + now.Sub(s.ClockAt)), true
}

// Uplink is the actor. Make it with New.
type Uplink struct {
	Config
	soon chan struct{}
	// downloads go over a connection of their own.
	downloads *Client

	mu     sync.Mutex
	status Status

	turn turn

	// What follows belongs to whoever has the turn: Run, Flush after it, or a person's question.
	token    string
	tokenEnd time.Time
	failures int
	// atMost episodes go into a batch: halved by too_large, growing again with each answer.
	atMost int
	// repeat is the size of a batch that was not answered, so that the same is sent again.
	repeat int
	// bare leaves out what a collector refused besides the batch.
	bare       bool
	sentHealth *agentv1.Health
	sentFacts  *agentv1.DeviceFacts
	healthAt   time.Time
}

// New makes an uplink; Run starts it.
func New(config Config) *Uplink {
	return &Uplink{
		Config: config, soon: make(chan struct{}, 1), downloads: NewClient(config.Trusted, config.Client.dial),
		turn: make(turn, 1), atMost: stream.MaxEpisodes, repeat: stream.MaxEpisodes,
	}
}

// Soon asks for a sync now: a login waits for its settings, or a batch is full. While the collector does not answer,
// the back-off is kept.
func (u *Uplink) Soon() {
	select {
	case u.soon <- struct{}{}:
	default:
	}
}

// Buffered tells how many episodes wait; a full batch is sent at once.
func (u *Uplink) Buffered(episodes int64) {
	if episodes >= fullBatch {
		u.Soon()
	}
}

// Status tells how the contact is.
func (u *Uplink) Status() Status {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.status
}

// Run syncs until ctx ends.
func (u *Uplink) Run(ctx context.Context) error {
	defer u.Client.Close()
	defer u.downloads.Close()
	calling, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(finishFor, hangUp) })()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		soon := u.soon
		if u.failing(ctx) {
			soon = nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-soon:
		case <-timer.C:
		}
		timer.Reset(u.Sync(calling))
	}
}

func (u *Uplink) failing(ctx context.Context) bool {
	if u.turn.take(ctx) != nil {
		return true
	}
	defer u.turn.give()
	return u.failures > 0
}

// Sync makes one contact and gives the time to the next. A failure is in the status, not an error: there is always a
// next time.
func (u *Uplink) Sync(ctx context.Context) time.Duration {
	if u.turn.take(ctx) != nil {
		return lastRetry
	}
	defer u.turn.give()
	scene := u.Scene()
	answer, err := u.contact(ctx, scene)
	if err != nil {
		return u.failed(ctx, err)
	}
	u.failures = 0
	u.note(func(s *Status) {
		s.Connected, s.Accepted, s.Problem, s.Revoked, s.LastContactAt = true, true, "", false, time.Now()
	})
	if answer.more {
		return 0
	}
	return nextIn(scene.InUse, u.Settings.SyncEvery(), answer.retryAfter, random)
}

// Flush sends what is buffered, at most so many batches, as a last act before the service ends.
func (u *Uplink) Flush(ctx context.Context, batches int) {
	for range batches {
		if ctx.Err() != nil || u.Sync(ctx) != 0 {
			return
		}
	}
}

// outcome of an answered sync.
type outcome struct {
	more       bool
	retryAfter time.Duration
}

// contact signs in where needed and syncs once.
func (u *Uplink) contact(ctx context.Context, scene Scene) (answer outcome, err error) {
	err = u.signedIn(ctx, func() error {
		answer, err = u.sync(ctx, scene)
		return err
	})
	return answer, err
}

// signedIn makes a call with a session, for which it signs in where needed.
func (u *Uplink) signedIn(ctx context.Context, call func() error) error {
	if err := u.signIn(ctx); err != nil {
		return err
	}
	err := call()
	if problem := problemOf(err); problem != nil && (problem.Code == "signed_out" || problem.Code == "unknown_device") {
		// The collector was started anew or restored: its sessions are gone, the credential is not.
		u.token = ""
		if err := u.signIn(ctx); err != nil {
			return err
		}
		err = call()
	}
	return err
}

// failed decides what a refusal or a silence means for what is kept, and when to come back.
func (u *Uplink) failed(ctx context.Context, err error) time.Duration {
	if ctx.Err() != nil {
		return lastRetry
	}
	u.failures++
	problem, kept := problemOf(err), !errors.Is(err, errNotKept)
	u.note(func(s *Status) {
		s.Connected = problem != nil || !kept
		s.Problem = words(err, problem)
		s.Revoked = problem != nil && problem.Code == "revoked"
	})
	if !kept {
		u.Log.Error("answer not kept", "failures", u.failures, "error", err)
		return retryIn(u.failures, 0, random)
	}
	if problem == nil {
		u.Log.Warn("collector not reached", "failures", u.failures, "error", err)
		return retryIn(u.failures, retryAfterOf(err), random)
	}
	u.Log.Warn("collector refused", "failures", u.failures, "code", problem.Code, "field", problem.Field, "reason", problem.Reason)
	switch {
	case problem.Code == "revoked":
		return revokedEvery
	case u.adjusted(problem):
		return firstRetry
	}
	return retryIn(u.failures, retryAfterOf(err), random)
}

// errNotKept: the collector answered, and what it said could not be taken over or stored here.
var errNotKept = errors.New("the collector's answer could not be used or stored on this device")

var errSilent = errors.New("the collector does not answer")

// words tells a person what is wrong.
func words(err error, problem *agentv1.Problem) string {
	switch {
	case problem == nil && errors.Is(err, ErrUntrusted):
		return ErrUntrusted.Error()
	case errors.Is(err, errNotKept):
		return errNotKept.Error()
	case problem == nil:
		return errSilent.Error()
	case problem.Code == "revoked":
		return "this device was revoked: nothing is sent, what was recorded is kept"
	case problem.Field != "":
		return fmt.Sprintf("the collector refused: %s: %s", problem.Field, problem.Reason)
	}
	return "the collector refused: " + problem.Reason
}

// turn is had by one caller at a time. Unlike a lock it is waited for no longer than a context lasts.
type turn chan struct{}

func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) give() { <-t }

func (u *Uplink) note(change func(*Status)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	change(&u.status)
}

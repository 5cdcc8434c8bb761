package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/agent/internal/session"
	"github.com/dayline-project/dayline/shared/buildinfo"
	"github.com/dayline-project/dayline/shared/episode"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// maxRuns of one user at a time: each takes memory and a span until it has ended.
const maxRuns = 16

// runName is what a helper may call its run.
var runName = regexp.MustCompile(`^[0-9a-f]{16}$`)

// helper is one run of observation in one login session. Its fields are guarded by the hub.
type helper struct {
	run   string
	key   string
	hello session.Hello
	peer  session.Peer
	conn  *session.Conn
	// goneAt is when the connection ended; zero while there is one.
	goneAt time.Time
	// heardAt is the last message.
	heardAt time.Time
	open    *openEpisode
	kept    bool
	// shown: it has had an open episode.
	shown bool
	// idleMS since the last input as told at idleAt; -1 unknown.
	idleMS     int64
	idleAt     time.Time
	capture    session.Capture
	span       *agentv1.Span
	sent       string
	sentPaused bool
}

// openEpisode is what goes on in a session.
type openEpisode struct {
	episode.Episode
	product, bundle string
}

// runKey names a run in the buffer: runs of two users never meet, whatever their helpers call them.
func runKey(user, run string) string { return user + "/" + run }

// hello takes in a helper, or refuses it in words.
func (h *hub) hello(c *session.Conn, hello *session.Hello) error {
	refuse := func(why string) error {
		h.log.Info("helper refused", "user", c.User, "reason", why)
		return errors.Join(c.Send(&session.Message{Welcome: &session.Welcome{Login: c.Login, Refused: why}}), errRefused)
	}
	switch {
	case hello.Protocol != session.Protocol:
		return refuse("it is of another version")
	case !runName.MatchString(hello.Run) || len(hello.OSSession) > 64 || len(hello.Display) > 256 || len(hello.Desktop) > 16 || len(hello.Version) > 64:
		return refuse("its hello is malformed")
	}
	if h.launches && c.OSSession == "" {
		return refuse("the service starts the helpers here")
	}
	if c.OSSession != "" {
		// The keeper starts no two in one; a display is what the environment says, which may be the same in two sessions.
		hello.OSSession, hello.Display = c.OSSession, ""
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	key := runKey(c.User, hello.Run)
	switch other := h.watching(c.User, hello); {
	case h.byConn[c] != nil:
		return fmt.Errorf("%w: a second hello", session.ErrBadFrame)
	case other != nil && other.key != key:
		return refuse("another helper watches this session")
	case h.helpers[key] == nil && h.alive(c.User) >= maxRuns:
		return refuse("this user has too many sessions")
	}
	now := time.Now()
	if err := h.buffer.BeginRun(key, now); errors.Is(err, buffer.ErrRunEnded) {
		return refuse("its run was closed")
	} else if err != nil {
		h.log.Error("run not noted", "error", err)
	}
	one := h.helpers[key]
	if one == nil {
		one = &helper{run: hello.Run, key: key, peer: c.Peer, idleMS: -1}
		h.helpers[key] = one
		h.beginSpan(one, now)
	}
	if one.conn != nil {
		one.conn.Close()
	}
	one.hello, one.conn, one.goneAt, one.heardAt, one.sent = *hello, c, time.Time{}, now, ""
	h.byConn[c] = one
	delete(h.orphans, key)
	if err := h.saw(c.Login, now); err != nil {
		h.log.Error("login not noted", "error", err)
	}
	h.log.Info("helper connected", "user", c.User, "desktop", hello.Desktop)
	if err := c.Send(&session.Message{Welcome: &session.Welcome{Login: c.Login}}); err != nil {
		return err
	}
	if h.stop != nil {
		return c.Send(h.stop)
	}
	if !ofOurs(hello) && !h.renewed[c.User] {
		h.renewed[c.User] = true
		return c.Send(&session.Message{Stop: &session.Stop{EndedBy: episode.ByEnd, Within: closeWithin}})
	}
	return h.push(one, now)
}

// ofOurs tells whether a helper runs the same release as the service, as far as it says. One of the release before, which outlived a
// service that did not stop in order, is asked to end, so that its session starts the new one: once for each user, since what starts it
// may be an installation of its own.
func ofOurs(hello *session.Hello) bool {
	return hello.Version == "" || hello.Version == buildinfo.Version
}

// alive counts the runs of a user whose helper may still come back. The hub is locked.
func (h *hub) alive(user string) int {
	count := 0
	for _, one := range h.helpers {
		if one.peer.User == user && !processGone(one.peer.PID) {
			count++
		}
	}
	return count
}

var errRefused = errors.New("service: helper refused")

// watching finds the helper that is connected for the same session of the operating system or the same display: one
// under a user unit may not know its session, and both would count its time.
func (h *hub) watching(user string, hello *session.Hello) *helper {
	for _, one := range h.helpers {
		same := hello.OSSession != "" && one.hello.OSSession == hello.OSSession || hello.Display != "" && one.hello.Display == hello.Display
		if same && one.conn != nil && one.peer.User == user && one.hello.Desktop == hello.Desktop && !processGone(one.peer.PID) {
			return one
		}
	}
	return nil
}

// push tells the helper its settings and its person's pause, where they changed. The hub is locked.
func (h *hub) push(one *helper, now time.Time) error {
	if one.conn == nil {
		return nil
	}
	settings, paused, known := h.rules(one.peer.Login, now)
	if !known || one.sent == "" {
		h.soon()
	}
	raw, err := json.Marshal(settings)
	if err != nil {
		return fmt.Errorf("service: settings: %w", err)
	}
	if len(raw) > session.MaxFrame-64 {
		settings = &session.Settings{Reason: "the settings are too long for this agent: shorten always_active and the schedule"}
		raw = []byte(settings.Reason)
	}
	if first := one.sent == ""; first || paused != one.sentPaused {
		one.sentPaused = paused
		if err := one.conn.Send(&session.Message{Pause: &session.Pause{Paused: paused}}); err != nil {
			return err
		}
	}
	if string(raw) != one.sent {
		one.sent = string(raw)
		return one.conn.Send(&session.Message{Settings: settings})
	}
	return nil
}

// rules resolves what holds for a login; known is false where the collector has to be asked first.
func (h *hub) rules(login stream.Login, now time.Time) (settings *session.Settings, paused, known bool) {
	effective, reason := h.settings.For(login)
	if effective == nil {
		return &session.Settings{Reason: reason}, false, true
	}
	if !effective.Known {
		return &session.Settings{Reason: "the collector has not said yet what holds for this login"}, false, false
	}
	settings = &session.Settings{
		Collect: effective.Collect(), Reason: reason, UnknownPrivate: effective.UnknownPrivate, Accessibility: effective.Accessibility,
		NamesOnly: effective.NamesOnly,
	}
	var err error
	if settings.Episode, err = json.Marshal(effective.Settings); err != nil {
		h.log.Error("settings not encoded", "error", err)
		return &session.Settings{Reason: "the settings cannot be passed on"}, false, true
	}
	if effective.Pause {
		if paused, err = h.buffer.Paused(login, now); err != nil {
			h.log.Error("pause not read", "error", err)
		}
	}
	return settings, paused, true
}

// recordOf makes a record that the collector reads: a bundle takes one of version 2.
func (h *hub) recordOf(one *helper, product, bundle string, of episode.Episode) *stream.Record {
	if h.settings.Records() < 2 {
		bundle = ""
	}
	return &stream.Record{Login: one.peer.Login, Session: one.run, Product: product, Bundle: bundle, Episode: of}
}

// closed stores a closed episode; the helper keeps it until it is told so.
func (h *hub) closed(one *helper, closed *session.Closed) error {
	record := h.recordOf(one, closed.Product, closed.Bundle, closed.Episode)
	now := time.Now()
	was := one.inUse(now)
	one.open, one.kept = nil, false
	if !was && one.inUse(now) {
		h.soon() // a lock has ended; the next contact was to be minutes away
	}
	stored, err := h.recorder.record(one.key, closed.Number, record)
	if err != nil || !stored {
		return err
	}
	return one.conn.Send(&session.Message{Stored: &session.Stored{Number: closed.Number}})
}

// checkpoint takes over what goes on.
func (h *hub) checkpoint(one *helper, checkpoint *session.Checkpoint) error {
	now := time.Now()
	if was := one.inUse(now); !was {
		// Somebody came back: from now on contacts are as frequent as the settings say.
		defer func() {
			if one.inUse(now) {
				h.soon()
			}
		}()
	}
	one.idleMS, one.idleAt = checkpoint.IdleMS, now
	if checkpoint.Open == nil {
		one.open = nil
		if !one.kept {
			return nil
		}
		one.kept = false
		return h.tolerated(h.buffer.Checkpoint(one.key, nil, now))
	}
	one.open = &openEpisode{Episode: *checkpoint.Open, product: checkpoint.Product, bundle: checkpoint.Bundle}
	if !one.shown {
		one.shown = true
		h.soon() // whoever has just installed us, or logged in, looks for the first one in the report
	}
	if !checkpoint.Keep {
		return nil
	}
	one.kept = true
	record := h.recordOf(one, checkpoint.Product, checkpoint.Bundle, *checkpoint.Open)
	return h.tolerated(h.buffer.Checkpoint(one.key, record, now))
}

// tolerated passes on only what the helper has to know: that its run is over. The rest is ours to log.
func (h *hub) tolerated(err error) error {
	var fault *stream.Fault
	switch {
	case err == nil || errors.Is(err, buffer.ErrRunEnded):
		return err
	case errors.As(err, &fault):
		h.log.Debug("checkpoint not kept", "field", fault.Field, "reason", fault.Reason)
	default:
		h.log.Error("checkpoint not kept", "error", err)
	}
	return nil
}

// captured takes over the level reached, within bounds and without what would act on an administrator's screen.
func (one *helper) captured(capture *session.Capture) error {
	tooLong := func(text string) bool { return len(text) > 500 }
	if len(capture.Subjects) > 32 || len(capture.Errors) > 32 || len(capture.Missing) > 8 || slices.ContainsFunc(capture.Missing, tooLong) {
		return fmt.Errorf("%w: capture is too long", session.ErrBadFrame)
	}
	for i := range capture.Subjects {
		subject := &capture.Subjects[i]
		if len(subject.Subject) > 64 || len(subject.Reason) > 200 || len(subject.Extension) > 32 ||
			subject.AddressSeconds < 0 || subject.FrontSeconds < subject.AddressSeconds ||
			!slices.Contains([]string{"full", "title_only", "application_only", "none"}, subject.Level) {
			return fmt.Errorf("%w: capture is malformed", session.ErrBadFrame)
		}
		subject.Subject, subject.Reason, subject.Extension = stream.Printable(subject.Subject), stream.Printable(subject.Reason), stream.Printable(subject.Extension)
	}
	for _, texts := range [][]string{capture.Missing, capture.Errors} {
		for i := range texts {
			texts[i] = stream.Printable(texts[i])
		}
	}
	one.capture = *capture
	return nil
}

package service

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/agent/internal/session"
	"github.com/dayline-project/dayline/agent/internal/settings"
	"github.com/dayline-project/dayline/shared/episode"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

const (
	// graceFor is how long a helper whose connection ended, or that an earlier service left, may come back.
	graceFor = 60 * time.Second
	// busyEvery is how often the hub looks after helpers that are gone and episodes that wait for the disk; calmEvery
	// how often it looks for midnight otherwise.
	busyEvery = time.Second
	calmEvery = 60 * time.Second
	// tidyEvery is how often the buffer's oldest episodes are looked at.
	tidyEvery = time.Hour
	// inUseFor: a session with input this recently is in use.
	inUseFor = 10 * time.Minute
)

// hub knows every helper: it stores what they bring and tells them what holds. Asking is answered in answer.go.
type hub struct {
	buffer   *buffer.Buffer
	settings *settings.Store
	recorder *recorder
	log      *slog.Logger
	// soon asks for a sync.
	soon func()
	// tidy drops what the buffer has held for too long.
	tidy func(time.Time)
	// saw notes a login that has a session.
	saw func(stream.Login, time.Time) error
	// answer tells a person's command what it asked.
	answer func(ctx context.Context, peer session.Peer, what string) *session.Answer
	// launches: helpers are those that the service starts, and none comes back.
	launches bool
	// wake makes Run look after things at once.
	wake chan struct{}

	mu      sync.Mutex
	helpers map[string]*helper
	byConn  map[*session.Conn]*helper
	// orphans are runs of an earlier service, with when they were last heard of; they end at orphansEnd.
	orphans    map[string]time.Time
	orphansEnd time.Time
	// stop is what helpers were asked when the service began to end; nil before.
	stop *session.Message
	// wanted are the login sessions that should be observed, as they were counted last.
	wanted atomic.Int64
	// pauses are the open spans of persons' pauses.
	pauses map[stream.Login]*agentv1.Span
	// renewed are the users whose helper of another release was asked to end.
	renewed map[string]bool
}

func newHub(b *buffer.Buffer, s *settings.Store, log *slog.Logger) (*hub, error) {
	h := &hub{
		buffer: b, settings: s, log: log, soon: func() {}, tidy: func(time.Time) {}, wake: make(chan struct{}, 1),
		helpers: map[string]*helper{}, byConn: map[*session.Conn]*helper{}, pauses: map[stream.Login]*agentv1.Span{},
		renewed: map[string]bool{},
	}
	h.recorder = &recorder{buffer: b, log: log, acknowledge: h.acknowledge, stored: func() {}}
	var err error
	if h.orphans, err = b.Unended(); err != nil {
		return nil, err
	}
	h.orphansEnd = time.Now().Add(graceFor)
	spans, err := b.OpenSpans()
	if err != nil {
		return nil, err
	}
	for _, span := range spans {
		if span.Kind == buffer.SpanPause && span.Login != nil {
			h.pauses[stream.Login{Authority: span.Login.Authority, Account: span.Login.Account, Name: span.Login.Name}] = span
		}
	}
	return h, nil
}

// Handle of session.Handler.
func (h *hub) Handle(ctx context.Context, c *session.Conn, m *session.Message) error {
	switch {
	case m.Hello != nil:
		return h.hello(c, m.Hello)
	case m.Ask != nil:
		return c.Send(&session.Message{Answer: h.answer(ctx, c.Peer, m.Ask.What)})
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	one := h.byConn[c]
	if one == nil || one.conn != c {
		return fmt.Errorf("%w: no hello before it", session.ErrBadFrame)
	}
	one.heardAt = time.Now()
	switch {
	case m.Closed != nil:
		return h.closed(one, m.Closed)
	case m.Checkpoint != nil:
		return h.checkpoint(one, m.Checkpoint)
	}
	return one.captured(m.Capture)
}

// Gone of session.Handler. The run ends in look: at once where the process is gone too.
func (h *hub) Gone(c *session.Conn) {
	h.mu.Lock()
	if one := h.byConn[c]; one != nil {
		delete(h.byConn, c)
		if one.conn == c {
			one.conn, one.goneAt = nil, time.Now()
		}
	}
	h.mu.Unlock()
	h.look()
}

// acknowledge tells a helper that an episode which waited for the disk is stored.
func (h *hub) acknowledge(key string, number uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if one := h.helpers[key]; one != nil && one.conn != nil {
		if err := one.conn.Send(&session.Message{Stored: &session.Stored{Number: number}}); err != nil {
			h.log.Debug("helper not told", "error", err)
		}
	}
}

// look makes Run look after things at once.
func (h *hub) look() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// Run looks after what no message brings about: helpers that do not come back, episodes that wait for the disk,
// midnight.
func (h *hub) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var tidied time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.wake:
		case <-timer.C:
		}
		now := time.Now()
		if now.Sub(tidied) >= tidyEvery {
			h.tidy(now)
			tidied = now
		}
		busy := h.endRuns(now)
		busy = h.recorder.retry() || busy
		h.refresh(now)
		if busy {
			timer.Reset(busyEvery)
		} else {
			timer.Reset(min(calmEvery, untilMidnight(now)))
		}
	}
}

// untilMidnight is how long this local day lasts, in which a pause ends.
func untilMidnight(now time.Time) time.Duration {
	year, month, day := now.Date()
	return max(time.Date(year, month, day+1, 0, 0, 0, 0, now.Location()).Sub(now), time.Millisecond)
}

// endRuns closes the runs whose helper is gone: with its process at once, else after the grace. It tells whether any
// is still waited for.
func (h *hub) endRuns(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	waiting := false
	for key, one := range h.helpers {
		switch {
		case one.conn != nil:
		case h.launches || processGone(one.peer.PID) || now.Sub(one.goneAt) >= graceFor:
			waiting = !h.endRun(key, one.span, one.heardAt, now) || waiting
		default:
			waiting = true
		}
	}
	for key, heardAt := range h.orphans {
		if now.Before(h.orphansEnd) {
			waiting = true
			continue
		}
		waiting = !h.endRun(key, h.spanOf(key), heardAt, now) || waiting
	}
	return waiting
}

// endRun closes one run and its span; false where the disk does not take it now.
func (h *hub) endRun(key string, span *agentv1.Span, heardAt, now time.Time) bool {
	if h.recorder.holds(key) {
		return false
	}
	if err := h.buffer.EndRun(key, now); err != nil {
		h.log.Error("run not closed", "error", err)
		return errors.Is(err, buffer.ErrDamaged)
	}
	if span != nil {
		span.EndMs = max(heardAt.UnixMilli(), span.StartMs)
		h.putSpan(span)
	}
	delete(h.helpers, key)
	delete(h.orphans, key)
	h.soon() // with nobody left in use, what was just closed would wait for minutes
	return true
}

// spanOf finds the open session span of a run that an earlier service left.
func (h *hub) spanOf(key string) *agentv1.Span {
	_, run, _ := strings.Cut(key, "/")
	spans, err := h.buffer.OpenSpans()
	if err != nil {
		h.log.Error("spans not read", "error", err)
	}
	for _, span := range spans {
		if span.Kind == buffer.SpanSession && span.Session == run {
			return span
		}
	}
	return nil
}

// beginSpan tells that a login session is observed from now. Its id is the run's, so that a service started anew goes
// on with the same span.
func (h *hub) beginSpan(one *helper, now time.Time) {
	if one.span = h.spanOf(one.key); one.span != nil {
		return
	}
	id, err := hex.DecodeString(one.run)
	if err != nil {
		return // runName has made sure
	}
	one.span = newSpan(buffer.SpanSession, "", one.peer.Login, now)
	one.span.Id, one.span.Session = id, one.run
	h.putSpan(one.span)
}

func newSpan(kind, reason string, login stream.Login, now time.Time) *agentv1.Span {
	_, offset := now.Zone()
	return &agentv1.Span{Kind: kind, Reason: reason, Login: buffer.Login(login), StartMs: now.UnixMilli(), OffsetMinutes: int32(offset / 60)}
}

func (h *hub) putSpan(span *agentv1.Span) {
	if err := h.buffer.PutSpan(span); err != nil {
		h.log.Error("span not kept", "error", err)
	}
}

// refresh tells every helper what changed, and ends pauses that midnight or the account ended.
func (h *hub) refresh(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for login, span := range h.pauses {
		if _, paused, known := h.rules(login, now); known && !paused {
			span.EndMs = max(now.UnixMilli(), span.StartMs)
			h.putSpan(span)
			delete(h.pauses, login)
			if err := h.buffer.Resume(login); err != nil {
				h.log.Error("pause not ended", "error", err)
			}
		}
	}
	for _, one := range h.helpers {
		if err := h.push(one, now); err != nil {
			h.log.Debug("helper not told", "error", err)
		}
	}
}

// drain asks every helper to close its episodes by a word, and waits until they have ended, at most so long.
func (h *hub) drain(ctx context.Context, by episode.EndedBy, within time.Duration) {
	h.mu.Lock()
	h.stop = &session.Message{Stop: &session.Stop{EndedBy: by, Within: within}}
	for _, one := range h.helpers {
		if one.conn != nil {
			if err := one.conn.Send(h.stop); err != nil {
				h.log.Debug("helper not told", "error", err)
			}
		}
	}
	h.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for h.connected() {
		select {
		case <-ctx.Done():
			h.log.Warn("helpers did not end in time")
			return
		case <-tick.C:
		}
	}
	h.endRuns(time.Now())
}

func (h *hub) connected() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.byConn) > 0
}

// logins are those with a helper, sorted.
func (h *hub) logins() []stream.Login {
	h.mu.Lock()
	defer h.mu.Unlock()
	found := map[stream.Login]bool{}
	for _, one := range h.helpers {
		found[one.peer.Login] = true
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b stream.Login) int { return strings.Compare(a.Name, b.Name) })
}

// open gives what goes on in the sessions, and whether any is in use.
func (h *hub) open(now time.Time) (open []*agentv1.OpenEpisode, inUse bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(h.helpers)) {
		one := h.helpers[key]
		if one.conn == nil {
			continue
		}
		inUse = inUse || one.inUse(now)
		if one.open != nil {
			open = append(open, one.openEpisode(now))
		}
	}
	return open, inUse
}

// sorted gives the helpers in a steady order. The hub is locked.
func (h *hub) sorted() []*helper {
	return slices.SortedFunc(maps.Values(h.helpers), func(a, b *helper) int { return strings.Compare(a.key, b.key) })
}

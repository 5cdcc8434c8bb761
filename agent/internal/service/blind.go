package service

import (
	"cmp"
	"context"
	"time"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/agent/internal/session"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

const (
	blindAfter = 5 * time.Minute
	blindEvery = time.Minute
)

// watchSessions notices sessions of people that should be observed and are not: one whose user has no helper for five
// minutes is a span of kind blind until one comes. Where the system cannot be asked for sessions nothing is told.
func (s *Service) watchSessions(ctx context.Context) error {
	asked := peopleSessions{launcher: s.Launcher}
	defer asked.close()
	ticker := time.NewTicker(blindEvery)
	defer ticker.Stop()
	watch := blindWatch{since: map[string]time.Time{}, spans: map[string]*agentv1.Span{}}
	watch.adopt(s)
	for {
		sessions, err := asked.list()
		if err != nil {
			s.log.Debug("sessions not listed", "error", err)
		} else {
			watch.look(ctx, s, sessions, time.Now())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// blindWatch remembers since when each session is without a helper, and the spans that tell so.
type blindWatch struct {
	since map[string]time.Time
	spans map[string]*agentv1.Span
}

// adopt takes over the spans an earlier service left open.
func (w *blindWatch) adopt(s *Service) {
	spans, err := s.buffer.OpenSpans()
	if err != nil {
		s.log.Error("spans not read", "error", err)
	}
	for _, span := range spans {
		if span.Kind == buffer.SpanBlind {
			w.spans[span.Session] = span
			w.since[span.Session] = time.UnixMilli(span.StartMs)
		}
	}
}

func (w *blindWatch) look(ctx context.Context, s *Service, sessions []session.LoginSession, now time.Time) {
	blind := map[string]bool{}
	wanted := 0
	for _, one := range sessions {
		login, err := session.LoginOf(ctx, one.User)
		if err != nil {
			continue
		}
		// What holds for a login is asked also where no helper ever came to tell of it.
		if err := s.logins.saw(login, now); err != nil {
			s.log.Error("login not noted", "error", err)
		}
		if !s.hub.wants(login) {
			continue
		}
		wanted++
		if s.hub.observes(one) {
			continue
		}
		id := cmp.Or(one.ID, one.User)
		blind[id] = true
		if w.since[id].IsZero() {
			w.since[id] = now
		}
		if w.spans[id] == nil && now.Sub(w.since[id]) >= blindAfter {
			span := newSpan(buffer.SpanBlind, whyBlind, login, w.since[id])
			span.Session = id
			w.spans[id] = span
			s.hub.putSpan(span)
			s.log.Error(notObserved)
		}
	}
	s.hub.wanted.Store(int64(wanted))
	for id := range w.since {
		if blind[id] {
			continue
		}
		delete(w.since, id)
		if span := w.spans[id]; span != nil {
			span.EndMs = max(now.UnixMilli(), span.StartMs)
			s.hub.putSpan(span)
			delete(w.spans, id)
		}
	}
}

// wants tells whether the login should be observed.
func (h *hub) wants(login stream.Login) bool {
	settings, _, known := h.rules(login, time.Now())
	return known && settings.Collect
}

// observes tells whether a helper does so in this session.
func (h *hub) observes(one session.LoginSession) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, helper := range h.helpers {
		// A helper under a user unit may not know its session's id; a Mac tells only whose session it is.
		same := helper.hello.OSSession == one.ID || helper.hello.OSSession == "" || one.ID == ""
		if helper.conn != nil && helper.peer.User == one.User && same {
			return true
		}
	}
	return false
}

// observed counts the helpers that are here, of this release: those of the one before say nothing of what it can do.
func (h *hub) observed() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	count := 0
	for _, one := range h.byConn {
		if ofOurs(&one.hello) {
			count++
		}
	}
	return count
}

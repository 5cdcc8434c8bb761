//go:build linux

package service

import (
	"errors"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/agent/internal/session"
	"github.com/dayline-project/dayline/shared/episode"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

// launcher starts helpers that the test plays.
type launcher struct {
	mu       sync.Mutex
	sessions []session.LoginSession
	started  chan *launched
}

type launched struct {
	here, there net.Conn
	peer        session.Peer
}

func (l *launcher) Sessions() ([]session.LoginSession, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.sessions), nil
}

func (l *launcher) Launch(s session.LoginSession) (session.Launched, error) {
	one := &launched{peer: session.Peer{User: s.User, PID: os.Getpid(), OSSession: s.ID}}
	one.here, one.there = net.Pipe()
	l.started <- one
	return one, nil
}

func (l *launcher) open(ids ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sessions = nil
	for _, id := range ids {
		l.sessions = append(l.sessions, session.LoginSession{ID: id, User: strconv.Itoa(os.Getuid())})
	}
}

func (o *launched) Conn() net.Conn                  { return o.here }
func (o *launched) Peer() session.Peer              { return o.peer }
func (o *launched) End(time.Duration) (bool, error) { return false, errors.New("status 1") }

// newLaunchingWorld is one whose service starts the helpers, in those sessions.
func newLaunchingWorld(t *testing.T, ids ...string) (*world, *launcher, chan<- Notice) {
	w := newWorld(t)
	w.stop()
	l := &launcher{started: make(chan *launched, 10)}
	l.open(ids...)
	notices := make(chan Notice)
	w.config.Launcher, w.config.Notices = l, notices
	w.start()
	return w, l, notices
}

// next takes the helper that was started, which says hello and waits until it may collect.
func (l *launcher) next(t *testing.T, run string) (*launched, *end) {
	t.Helper()
	one := <-l.started
	e := &end{t, one.there}
	t.Cleanup(func() { e.conn.Close() })
	e.conn.SetDeadline(time.Now().Add(patience))
	e.send(&session.Message{Hello: &session.Hello{Protocol: session.Protocol, Run: run, OSSession: "its own words", Display: "of each session", Desktop: "windows"}})
	e.until("settings", collecting)
	return one, e
}

func TestHelpersAreLaunchedAndServed(t *testing.T) {
	w, l, notices := newLaunchingWorld(t, "1")
	_, first := l.next(t, "00000000000000a1")
	first.closed(1, "First")
	// Another session of the same person is another helper's.
	l.open("1", "2")
	notices <- NoticeSessions
	one, second := l.next(t, "00000000000000a2")
	if one.peer.OSSession != "2" {
		t.Errorf("launched %+v", one.peer)
	}
	second.closed(1, "Second")
	w.wait("both arrive", func() bool { return w.arrived("First")() && w.arrived("Second")() })
	w.service.hub.mu.Lock()
	defer w.service.hub.mu.Unlock()
	for _, helper := range w.service.hub.helpers {
		if helper.hello.OSSession != helper.peer.OSSession {
			t.Errorf("a helper names its session %q", helper.hello.OSSession)
		}
	}
}

func TestWhoWasNotLaunchedIsNoHelper(t *testing.T) {
	w, _, _ := newLaunchingWorld(t)
	e := w.dial()
	e.send(&session.Message{Hello: &session.Hello{Protocol: session.Protocol, Run: "00000000000000a1", OSSession: "1", Desktop: "windows"}})
	if m := e.until("welcome", func(m *session.Message) bool { return m.Welcome != nil }); m.Welcome.Refused == "" {
		t.Error("welcomed")
	}
}

// A helper that the service started does not come back, so nobody waits for it.
func TestALaunchedHelperThatDiesIsOverAtOnce(t *testing.T) {
	w, l, _ := newLaunchingWorld(t, "1")
	_, e := l.next(t, "00000000000000a1")
	open := one("Killed", 7*time.Second)
	open.EndedBy = ""
	e.send(&session.Message{Checkpoint: &session.Checkpoint{Open: &open, Keep: true}})
	e.send(&session.Message{Capture: &session.Capture{}})
	e.conn.Close()
	w.wait("what it left open arrives", w.arrived("Killed"))
	w.wait("its session's span ends", func() bool {
		spans := w.spans(buffer.SpanSession)
		return len(spans) == 1 && spans[0].EndMs != 0
	})
	_, e = l.next(t, "00000000000000a2")
	e.closed(1, "Next")
	w.wait("the next goes on", w.arrived("Next"))
}

// Nor do those of a service that was killed.
func TestNobodyWaitsForAnEarlierServicesHelpers(t *testing.T) {
	w, l, _ := newLaunchingWorld(t, "1")
	_, e := l.next(t, "00000000000000a1")
	open := one("Killed", 7*time.Second)
	open.EndedBy = ""
	e.send(&session.Message{Checkpoint: &session.Checkpoint{Open: &open, Keep: true}})
	w.wait("it is kept", func() bool {
		w.service.hub.mu.Lock()
		defer w.service.hub.mu.Unlock()
		return slices.ContainsFunc(w.service.hub.sorted(), func(h *helper) bool { return h.kept })
	})
	// A service that is killed ends no run.
	w.service.hub.mu.Lock()
	clear(w.service.hub.helpers)
	w.service.hub.mu.Unlock()
	e.conn.Close()
	w.stop()
	l.open()
	w.start()
	w.wait("what it left open arrives", w.arrived("Killed"))
}

func TestTheWordOfTheEndReachesTheHelpers(t *testing.T) {
	w, l, _ := newLaunchingWorld(t, "1")
	_, e := l.next(t, "00000000000000a1")
	closing := make(chan struct{})
	go func() {
		defer close(closing)
		m := e.until("stop", func(m *session.Message) bool { return m.Stop != nil })
		if m.Stop.EndedBy != episode.ByShutdown {
			t.Errorf("stop is %+v", m.Stop)
		}
		// Who comes at that moment hears of it too.
		w.service.hub.mu.Lock()
		stop := w.service.hub.stop
		w.service.hub.mu.Unlock()
		if stop == nil {
			t.Error("one that comes now would be kept")
		}
		e.closed(1, "Last")
		e.conn.Close()
	}()
	w.cause = session.Ending{By: episode.ByShutdown}
	w.stop()
	<-closing
	if !w.arrived("Last")() {
		t.Errorf("arrived %v", w.collector.Titles())
	}
	select {
	case one := <-l.started:
		t.Errorf("started %+v while it stopped", one.peer)
	default:
	}
}

func TestAHelperThatComesDuringTheStopIsStoppedToo(t *testing.T) {
	w := newWorld(t)
	e := w.dial()
	w.service.hub.mu.Lock()
	w.service.hub.stop = &session.Message{Stop: &session.Stop{EndedBy: episode.ByEnd, Within: closeWithin}}
	w.service.hub.mu.Unlock()
	e.send(&session.Message{Hello: &session.Hello{Protocol: session.Protocol, Run: "00000000000000a1", Desktop: "x11"}})
	e.until("stop", func(m *session.Message) bool { return m.Stop != nil })
}

func TestWakingUpAsksTheCollector(t *testing.T) {
	w, _, notices := newLaunchingWorld(t)
	asked := make(chan struct{}, 1)
	w.service.hub.soon = func() {
		select {
		case asked <- struct{}{}:
		default:
		}
	}
	notices <- NoticeResumed
	<-asked
}

func TestASessionWithoutAHelperIsBlind(t *testing.T) {
	w, l, notices := newLaunchingWorld(t)
	me := session.LoginSession{ID: "1", User: strconv.Itoa(os.Getuid())}
	watch := blindWatch{since: map[string]time.Time{}, spans: map[string]*agentv1.Span{}}
	began := time.Now()
	look := func(after time.Duration) {
		watch.look(t.Context(), w.service, []session.LoginSession{me}, began.Add(after))
	}
	// That somebody is logged in is told, so that the collector can say what holds.
	look(0)
	w.wait("the collector says what holds", func() bool {
		w.service.hub.soon()
		return w.service.hub.wants(w.me()) && !w.service.hub.observes(me)
	})
	look(0)
	look(blindAfter - 1)
	if len(watch.spans) != 0 {
		t.Error("blind too early")
	}
	look(blindAfter)
	if span := watch.spans["1"]; span == nil || span.StartMs != began.UnixMilli() {
		t.Fatalf("blind since %+v", span)
	}
	// Spans go with the next sync, which nobody else asks for here.
	told := func(ended bool) func() bool {
		return func() bool {
			w.service.hub.soon()
			spans := w.spans(buffer.SpanBlind)
			return len(spans) == 1 && (spans[0].EndMs != 0) == ended
		}
	}
	w.wait("it is told", told(false))

	// A helper in another session of the same person does not see this one.
	l.open("2")
	notices <- NoticeSessions
	l.next(t, "00000000000000a2")
	look(blindAfter + time.Second)
	if watch.spans["1"] == nil {
		t.Error("another session's helper sees this one")
	}
	l.open("1", "2")
	notices <- NoticeSessions
	l.next(t, "00000000000000a1")
	look(blindAfter + time.Minute)
	if len(watch.spans) != 0 {
		t.Error("blind though there is a helper")
	}
	w.wait("its end is told", told(true))
}

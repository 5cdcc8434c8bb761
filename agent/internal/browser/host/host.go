// Package host is between a browser and the login session it runs in: the native messaging host, which browsers start as a child
// for each extension, and the ear by which a session's helper hears those hosts.
package host

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/dayline-project/dayline/agent/internal/browser"
)

const (
	redialMin = 250 * time.Millisecond
	redialMax = 5 * time.Second
	dialFor   = 2 * time.Second
	// spacing keeps what sessions are told to MaxPerSecond; the newest is told.
	spacing = time.Second / browser.MaxPerSecond
)

// Config is what a host stands between.
type Config struct {
	// In and Out are the browser's ends: what its extension sends, and what that is sent.
	In  io.Reader
	Out io.Writer
	// Browser is the browser's process.
	Browser int
	// Place is where sessions listen, as an Ear's.
	Place string
	// Status gives the document that the extension's popup shows.
	Status func(context.Context) json.RawMessage
}

// Host hands what a browser's extension says to the login sessions of the same person. It never makes the browser wait: it
// acknowledges at once, also where no session listens, and keeps nothing but the tab told last.
type Host struct {
	config Config
	// due: the extension is to be told something; news: sessions are; asked: the popup waits; lost: a session has ended.
	due, news, asked, lost chan struct{}

	mu sync.Mutex
	// ack, again and status are due to the extension. Where it does not read, one stands for many.
	ack, again, status *browser.Message
	// hello and tab are what it said last.
	hello    *browser.Hello
	tab      *browser.Tab
	sessions map[string]*session
	actors   sync.WaitGroup
}

// session is a connection to one that listens.
type session struct {
	conn net.Conn
	// ready: hello or tab is due.
	ready chan struct{}
	hello *browser.Hello
	tab   *browser.Tab
}

// New gives a host that has to Run.
func New(config Config) *Host {
	return &Host{
		config: config, sessions: map[string]*session{},
		due: make(chan struct{}, 1), news: make(chan struct{}, 1), asked: make(chan struct{}, 1), lost: make(chan struct{}, 1),
	}
}

// signal never waits: one that was not taken yet stands for this one too.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run goes on until the browser closes its end, which is no error, or breaks the bounds.
func (h *Host) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer h.actors.Wait()
	defer cancel()
	// A browser that does not read, or a service that does not answer, may keep these two waiting: they are left behind and end
	// with the process.
	go h.tell(ctx)
	go h.answer(ctx)
	h.actors.Go(func() { h.knock(ctx) })
	for {
		m, err := Read(h.config.In)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		h.hear(m)
	}
}

// hear takes one message of the extension's.
func (h *Host) hear(m *browser.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case m.Hello != nil:
		h.hello = &browser.Hello{Version: m.Hello.Version, Browser: h.config.Browser}
	case m.Tab != nil:
		h.tab = m.Tab
	case m.Ask == "status":
		signal(h.asked)
		return
	default:
		return
	}
	for _, s := range h.sessions {
		if m.Hello != nil {
			s.hello = h.hello
		} else {
			s.tab = h.tab
		}
		signal(s.ready)
	}
	signal(h.news)
	h.ack = &browser.Message{Ack: &browser.Ack{Session: len(h.sessions) > 0}}
	signal(h.due)
}

// tell tells the extension what is due.
func (h *Host) tell(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.due:
		}
		h.mu.Lock()
		due := [...]*browser.Message{h.ack, h.again, h.status}
		h.ack, h.again, h.status = nil, nil, nil
		h.mu.Unlock()
		for _, m := range due {
			if m != nil && Write(h.config.Out, m) != nil {
				return // its end of the other pipe is closed as well
			}
		}
	}
}

// answer answers the popup, one question at a time.
func (h *Host) answer(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.asked:
			status := &browser.Message{Status: h.config.Status(ctx)}
			h.mu.Lock()
			h.status = status
			h.mu.Unlock()
			signal(h.due)
		}
	}
}

// knock looks for sessions that listen: with each news, and while none does again and again.
func (h *Host) knock(ctx context.Context) {
	wait := redialMin
	timer := time.NewTimer(wait)
	defer timer.Stop()
	var visited time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.lost:
			timer.Reset(wait)
			continue
		case <-h.news:
			if h.heard() && time.Since(visited) < redialMax {
				continue // a further session can wait
			}
		case <-timer.C:
			if h.heard() {
				wait = redialMin // it has lasted
				continue
			}
			wait = min(2*wait, redialMax)
			timer.Reset(wait)
		}
		visited = time.Now()
		h.visit(ctx)
		pause(ctx, spacing)
	}
}

func (h *Host) heard() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.sessions) > 0
}

// visit connects to the sessions that listen and are not connected, once it is known who speaks.
func (h *Host) visit(ctx context.Context) {
	h.mu.Lock()
	known := h.hello != nil
	h.mu.Unlock()
	if !known {
		return
	}
	for _, door := range doors(h.config.Place) {
		h.mu.Lock()
		_, connected := h.sessions[door]
		h.mu.Unlock()
		if connected {
			continue
		}
		dialing, done := context.WithTimeout(ctx, dialFor)
		conn, err := dial(dialing, door)
		done()
		if err == nil {
			h.open(ctx, door, conn)
		}
	}
}

// open begins to tell a session, first who speaks and the tab told last.
func (h *Host) open(ctx context.Context, door string, conn net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := &session{conn: conn, ready: make(chan struct{}, 1), hello: h.hello, tab: h.tab}
	signal(s.ready)
	h.sessions[door] = s
	h.actors.Go(func() {
		h.serve(ctx, s)
		h.mu.Lock()
		delete(h.sessions, door)
		h.mu.Unlock()
		signal(h.lost)
	})
}

// serve is one session's connection: it is told what is due, and asks.
func (h *Host) serve(ctx context.Context, s *session) {
	ctx, cancel := context.WithCancel(ctx)
	var writer sync.WaitGroup
	defer writer.Wait()
	defer cancel()
	defer s.conn.Close()
	stop := context.AfterFunc(ctx, func() { s.conn.Close() })
	defer stop()
	writer.Go(func() {
		defer cancel()
		h.inform(ctx, s)
	})
	for {
		m, err := Read(s.conn)
		if err != nil {
			return
		}
		if m.Again {
			h.mu.Lock()
			h.again = m
			h.mu.Unlock()
			signal(h.due)
		}
	}
}

// inform tells a session the newest of what is due, until it does not listen.
func (h *Host) inform(ctx context.Context, s *session) {
	var told time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.ready:
		}
		if early := spacing - time.Since(told); early > 0 {
			pause(ctx, early)
		}
		told = time.Now()
		h.mu.Lock()
		hello, tab := s.hello, s.tab
		s.hello, s.tab = nil, nil
		h.mu.Unlock()
		if s.conn.SetWriteDeadline(told.Add(writeFor)) != nil ||
			hello != nil && Write(s.conn, &browser.Message{Hello: hello}) != nil ||
			tab != nil && Write(s.conn, &browser.Message{Tab: tab}) != nil {
			return
		}
	}
}

package session

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"os/user"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/shared/stream"
)

// echo answers an Ask with what it was; "panic" panics.
type echo struct{ gone chan Peer }

func (e *echo) Handle(_ context.Context, c *Conn, m *Message) error {
	switch {
	case m.Ask != nil && m.Ask.What == "panic":
		panic("a session's handler")
	case m.Ask != nil && m.Ask.What == "flood":
		for {
			if err := c.Send(&Message{Answer: &Answer{Error: strings.Repeat("x", 1000)}}); err != nil {
				return err
			}
		}
	}
	return c.Send(&Message{Answer: &Answer{Document: []byte(strconv.Quote(c.Login.Account))}})
}

func (e *echo) Gone(c *Conn) { e.gone <- c.Peer }

func serveEcho(t *testing.T) (string, *echo) {
	t.Helper()
	handler := &echo{gone: make(chan Peer, 100)}
	path := socketFor(t)
	server, err := Listen(path, handler, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	occupy(t, path)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return path, handler
}

func dial(t *testing.T, path string) net.Conn {
	t.Helper()
	conn, err := Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	return conn
}

func ask(t *testing.T, conn net.Conn) *Message {
	t.Helper()
	if err := Write(conn, &Message{Ask: &Ask{What: "status"}}); err != nil {
		t.Fatal(err)
	}
	m, err := Read(conn)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestThePeerIsWhoTheSystemSays(t *testing.T) {
	path, handler := serveEcho(t)
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	login, err := LoginOf(t.Context(), me.Uid)
	if err != nil || !strings.HasSuffix(me.Username, login.Account) {
		t.Errorf("%s is %+v, %v", me.Username, login, err)
	}
	conn := dial(t, path)
	if m := ask(t, conn); m.Answer == nil || string(m.Answer.Document) != strconv.Quote(login.Account) {
		t.Errorf("answered %+v", m)
	}
	conn.Close()
	if peer := <-handler.gone; peer.PID != os.Getpid() || peer.User != me.Uid || !peer.Root {
		t.Errorf("gone: %+v", peer)
	}
}

func TestBadFramesAndPanicsEndOneConnection(t *testing.T) {
	path, handler := serveEcho(t)
	good := dial(t, path)
	for name, bytes := range map[string]string{
		"too long":     "\x00\x01\x00\x01",
		"empty":        "\x00\x00\x00\x00",
		"no JSON":      "\x00\x00\x00\x04oops",
		"two messages": "\x00\x00\x00\x1b" + `{"ask":{},"checkpoint":{} }`,
		"from service": "\x00\x00\x00\x0b" + `{"stop":{}}`,
		"a panic":      "\x00\x00\x00\x18" + `{"ask":{"what":"panic"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, path)
			if _, err := io.WriteString(conn, bytes); err != nil {
				t.Fatal(err)
			}
			if m, err := Read(conn); !errors.Is(err, io.EOF) {
				t.Errorf("answered %+v, %v", m, err)
			}
			<-handler.gone
		})
	}
	ask(t, good)
}

func TestNobodyTakesAllConnections(t *testing.T) {
	path, _ := serveEcho(t)
	var conns []net.Conn
	for range maxPeerConnections {
		conn := dial(t, path)
		ask(t, conn)
		conns = append(conns, conn)
	}
	if _, err := Read(dial(t, path)); !errors.Is(err, io.EOF) {
		t.Errorf("one more connection: %v", err)
	}
	ask(t, conns[0])
}

// Whoever sends to a peer that does not read is not kept waiting, whatever it holds meanwhile.
func TestAPeerThatDoesNotReadIsLetGo(t *testing.T) {
	here, there := net.Pipe() // which holds nothing: a write waits for its reader
	defer there.Close()
	c := &Conn{line: newLine(here, 0)}
	for range queueMost {
		if err := c.Send(&Message{Stored: &Stored{Number: 1}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Send(&Message{Stored: &Stored{Number: 1}}); !errors.Is(err, errSlow) {
		t.Errorf("a full queue: %v", err)
	}
	path, handler := serveEcho(t)
	conn := dial(t, path)
	if err := Write(conn, &Message{Ask: &Ask{What: "flood"}}); err != nil {
		t.Fatal(err)
	}
	<-handler.gone
	ask(t, dial(t, path))
}

func TestWhatCostsAWriteIsBounded(t *testing.T) {
	for _, m := range []*Message{{Hello: &Hello{}}, {Closed: &Closed{}}, {Checkpoint: &Checkpoint{Keep: true}}, {Ask: &Ask{What: "pause"}}} {
		if !m.stored() {
			t.Errorf("%+v takes nothing from the bucket", m)
		}
	}
	for _, m := range []*Message{{Checkpoint: &Checkpoint{}}, {Ask: &Ask{What: "status"}}, {Capture: &Capture{}}} {
		if m.stored() {
			t.Errorf("%+v is held back", m)
		}
	}
}

func TestTheRateIsBounded(t *testing.T) {
	now := time.Unix(0, 0)
	b := &bucket{tokens: episodesBurst, at: now}
	for i := range episodesBurst {
		if wait := b.take(now); wait != 0 {
			t.Fatalf("episode %d waits %s", i, wait)
		}
	}
	if wait := b.take(now); wait != time.Second/episodesPerSecond {
		t.Errorf("over the burst: waits %s", wait)
	}
	if wait := b.take(now.Add(time.Hour)); wait != 0 {
		t.Errorf("after an hour: waits %s", wait)
	}
}

// hall welcomes helpers, and tells who came and went.
type hall struct{ came, gone chan Peer }

func (h *hall) Handle(_ context.Context, c *Conn, m *Message) error {
	if m.Hello == nil {
		return nil
	}
	h.came <- c.Peer
	return c.Send(&Message{Welcome: &Welcome{Login: c.Login}})
}

func (h *hall) Gone(c *Conn) { h.gone <- c.Peer }

// guest is a helper that the test plays, as its launcher tells of it.
type guest struct {
	here, there net.Conn
	peer        Peer
}

func newGuest(peer Peer) *guest {
	g := &guest{peer: peer}
	g.here, g.there = net.Pipe()
	return g
}

func (g *guest) Conn() net.Conn                  { return g.here }
func (g *guest) Peer() Peer                      { return g.peer }
func (g *guest) End(time.Duration) (bool, error) { return false, nil }

func TestALaunchedHelperIsWhoItsLauncherSays(t *testing.T) {
	guests := &hall{make(chan Peer, 1), make(chan Peer, 1)}
	server := &Server{handler: guests, log: slog.New(slog.DiscardHandler), bucket: map[string]*bucket{}}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	known, err := LoginOf(t.Context(), me.Uid)
	if err != nil {
		t.Fatal(err)
	}
	const nobody = "S-1-5-21-9-8-7-6543"
	session := stream.Login{Authority: "S-1-5-21-9-8-7", Account: "6543", Name: `CORP\ada`}
	for _, test := range []struct {
		peer Peer
		want stream.Login
	}{
		{Peer{User: me.Uid, OSSession: "1"}, known},
		// What the system says goes before what the session says.
		{Peer{User: me.Uid, OSSession: "2", Login: session}, known},
		// A directory that cannot be asked.
		{Peer{User: nobody, OSSession: "3", Login: session}, session},
	} {
		g := newGuest(test.peer)
		attended := make(chan struct{})
		go func() {
			server.Attend(t.Context(), g)
			close(attended)
		}()
		if err := Write(g.there, &Message{Hello: &Hello{OSSession: "its own words"}}); err != nil {
			t.Fatal(err)
		}
		if came := <-guests.came; came.Login != test.want || came.OSSession != test.peer.OSSession {
			t.Errorf("came %+v", came)
		}
		g.there.Close()
		<-guests.gone
		<-attended
	}
	// Who was told by its session is known from then on, to commands too.
	if login, err := LoginOf(t.Context(), nobody); err != nil || login != session {
		t.Errorf("%s is %+v, %v", nobody, login, err)
	}
	g := newGuest(Peer{User: "S-1-5-21-9-8-7-1"})
	server.Attend(t.Context(), g)
	if _, err := g.there.Write([]byte{0}); err == nil {
		t.Error("nobody knows who is served")
	}
}

package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"github.com/dayline-project/dayline/shared/stream"
)

// Bounds on what one user may do to the service (security.md §5).
const (
	maxPeerConnections = 8
	episodesPerSecond  = 2
	episodesBurst      = 600
	writeFor           = 2 * time.Second
	acceptAgain        = 250 * time.Millisecond
)

// ErrNotTrusted is told of a service that somebody else's account opened, or who knows who.
var ErrNotTrusted = errors.New("session: what listens there was not opened by the system or an administrator")

// Peer is who is at the other end, as the operating system says.
type Peer struct {
	// User is the system's own word for the account: its number on unix, its SID on Windows.
	User  string
	PID   int
	Login stream.Login
	// Root may ask about everybody.
	Root bool
	// OSSession is the login session, in the system's words, of a helper that the service started; else empty.
	OSSession string
}

// Handler takes what peers send. Its methods are called from each connection's goroutine; a panic in them ends that
// connection.
type Handler interface {
	// Handle takes a message that is for the service; an error ends the connection. The context ends with the service.
	Handle(ctx context.Context, c *Conn, m *Message) error
	// Gone tells that a connection has ended.
	Gone(c *Conn)
}

// Server is the service's end of the socket.
type Server struct {
	listener net.Listener
	handler  Handler
	log      *slog.Logger

	mu     sync.Mutex
	peers  map[string]int
	conns  map[*Conn]struct{}
	bucket map[string]*bucket
	wait   sync.WaitGroup
}

// Conn is one peer's connection.
type Conn struct {
	Peer
	line *line
}

// Send gives the peer a message and never waits for it; a peer that does not read for two seconds is let go. An error
// says that this has happened.
func (c *Conn) Send(m *Message) error { return c.line.send(m) }

// Close ends the connection.
func (c *Conn) Close() { c.line.conn.Close() }

// Listen opens the socket; what an ended service left there is replaced. ErrUnsupported where there is none yet.
func Listen(path string, handler Handler, log *slog.Logger) (*Server, error) {
	listener, err := listen(path)
	if errors.Is(err, errTaken) {
		log.Error("somebody else has our name: commands are answered once it is free")
		listener, err = newPatient(func() (net.Listener, error) { return listen(path) }), nil
	}
	if err != nil {
		return nil, fmt.Errorf("session: listen: %w", err)
	}
	return &Server{
		listener: listener, handler: handler, log: log,
		peers: map[string]int{}, conns: map[*Conn]struct{}{}, bucket: map[string]*bucket{},
	}, nil
}

// Run serves until ctx ends; then every connection is closed.
func (s *Server) Run(ctx context.Context) error {
	defer s.wait.Wait()
	stop := context.AfterFunc(ctx, s.close)
	defer stop()
	for {
		conn, err := s.listener.Accept()
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			s.close()
			return fmt.Errorf("session: accept: %w", err)
		default:
			// Most of all too many open files: whoever brought that about must not end the service.
			s.log.Error("connection not taken", "error", err)
			pause(ctx, acceptAgain)
			continue
		}
		s.wait.Add(1)
		go s.serve(ctx, conn)
	}
}

func (s *Server) close() {
	s.listener.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Close()
	}
}

// credential is what the system says of a connection's other end.
type credential struct {
	user string
	pid  int
	// root: the peer may ask about everybody.
	root bool
}

// serve is one connection's life. Whose it is is known before it is served; how many of one user's are served is
// bounded before that user is looked up, which may take a directory's time.
func (s *Server) serve(ctx context.Context, conn net.Conn) {
	defer s.wait.Done()
	defer conn.Close()
	c := &Conn{line: newLine(conn, writeFor)}
	who, err := identify(conn)
	if err != nil {
		s.log.Warn("peer not known", "error", err)
		return
	}
	c.User, c.PID, c.Root = who.user, who.pid, who.root
	if !s.admit(ctx, c) {
		s.log.Warn("peer has too many connections", "user", c.User)
		return
	}
	defer s.leave(c)
	if c.Login, err = LoginOf(ctx, c.User); err != nil {
		s.log.Warn("peer not known", "error", err)
		return
	}
	s.converse(ctx, c)
}

// Attend serves a helper that the service started itself, over the pipe that it was given, until that or ctx ends.
func (s *Server) Attend(ctx context.Context, helper Launched) {
	c := &Conn{Peer: helper.Peer(), line: newLine(helper.Conn(), writeFor)}
	defer c.Close()
	stop := context.AfterFunc(ctx, c.Close)
	defer stop()
	login, err := LoginOf(ctx, c.User)
	switch {
	case err == nil:
		c.Login = login
	case c.Login != stream.Login{}:
		// The directory cannot be asked here and now; the session knows who logged in.
		logins.keep(c.User, c.Login)
	default:
		s.log.Warn("peer not known", "error", err)
		return
	}
	s.converse(ctx, c)
}

// converse reads what an admitted peer sends, and sends it what is queued for it, until the connection ends.
func (s *Server) converse(ctx context.Context, c *Conn) {
	writing, finish := context.WithCancel(ctx)
	var writer sync.WaitGroup
	defer writer.Wait()
	defer finish()
	writer.Go(func() {
		if c.line.write(writing) != nil {
			c.Close()
		}
	})
	defer s.contain(func() { s.handler.Gone(c) })
	var err error
	s.contain(func() { err = s.read(ctx, c) })
	if err != nil && ctx.Err() == nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
		s.log.Warn("connection ended", "user", c.User, "error", err)
	}
}

func (s *Server) read(ctx context.Context, c *Conn) error {
	for {
		m, err := Read(c.line.conn)
		if err != nil {
			return err
		}
		if m.stored() {
			if err := s.throttle(ctx, c.User); err != nil {
				return err
			}
		}
		if m.Hello == nil && m.Closed == nil && m.Checkpoint == nil && m.Capture == nil && m.Ask == nil {
			return fmt.Errorf("%w: not for the service", ErrBadFrame)
		}
		if err := s.handler.Handle(ctx, c, m); err != nil {
			return err
		}
	}
}

// contain keeps a panic of one peer's making from the service.
func (s *Server) contain(act func()) {
	defer func() {
		if cause := recover(); cause != nil {
			s.log.Error("session handler panicked", "cause", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
		}
	}()
	act()
}

func (s *Server) admit(ctx context.Context, c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil || s.peers[c.User] >= maxPeerConnections {
		return false
	}
	s.peers[c.User]++
	s.conns[c] = struct{}{}
	return true
}

func (s *Server) leave(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if s.peers[c.User]--; s.peers[c.User] == 0 {
		delete(s.peers, c.User)
	}
}

// stored tells whether the service writes to the disk for a message.
func (m *Message) stored() bool {
	return m.Closed != nil || m.Hello != nil || m.Checkpoint != nil && m.Checkpoint.Keep || m.Ask != nil && (m.Ask.What == "pause" || m.Ask.What == "resume")
}

// throttle waits until the login may bring another message that costs a write. Reading on only then makes the helper
// wait, which loses nothing.
func (s *Server) throttle(ctx context.Context, user string) error {
	s.mu.Lock()
	b := s.bucket[user]
	if b == nil {
		b = &bucket{tokens: episodesBurst, at: time.Now()}
		s.bucket[user] = b
	}
	wait := b.take(time.Now())
	s.mu.Unlock()
	pause(ctx, wait)
	return ctx.Err()
}

func pause(ctx context.Context, wait time.Duration) {
	if wait == 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// bucket holds what a login may still bring at once.
type bucket struct {
	tokens float64
	at     time.Time
}

// take uses one token and gives how long to wait for it.
func (b *bucket) take(now time.Time) time.Duration {
	b.tokens = min(b.tokens+now.Sub(b.at).Seconds()*episodesPerSecond, episodesBurst) - 1
	b.at = now
	if b.tokens >= 0 {
		return 0
	}
	return time.Duration(-b.tokens / episodesPerSecond * float64(time.Second))
}

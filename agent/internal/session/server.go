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
)

// Peer is who is at the other end, as the operating system says.
type Peer struct {
	UID   uint32
	PID   int
	Login stream.Login
	// Root may ask about everybody.
	Root bool
}

// Handler takes what peers send. Its methods are called from each connection's goroutine; a panic in them ends that
// connection.
type Handler interface {
	// Handle takes a message that is for the service; an error ends the connection.
	Handle(c *Conn, m *Message) error
	// Gone tells that a connection has ended.
	Gone(c *Conn)
}

// Server is the service's end of the socket.
type Server struct {
	listener net.Listener
	handler  Handler
	log      *slog.Logger

	mu     sync.Mutex
	peers  map[uint32]int
	conns  map[*Conn]struct{}
	bucket map[uint32]*bucket
	wait   sync.WaitGroup
}

// Conn is one peer's connection.
type Conn struct {
	Peer
	conn  net.Conn
	write sync.Mutex
}

// Send gives the peer a message; a peer that does not read for two seconds is let go.
func (c *Conn) Send(m *Message) error {
	c.write.Lock()
	defer c.write.Unlock()
	if err := c.conn.SetWriteDeadline(time.Now().Add(writeFor)); err != nil {
		return fmt.Errorf("session: send: %w", err)
	}
	if err := Write(c.conn, m); err != nil {
		c.conn.Close() // half a frame may be out
		return err
	}
	return nil
}

// Close ends the connection.
func (c *Conn) Close() { c.conn.Close() }

// Listen opens the socket; what an ended service left there is replaced. ErrUnsupported where there is none yet.
func Listen(path string, handler Handler, log *slog.Logger) (*Server, error) {
	listener, err := listen(path)
	if err != nil {
		return nil, fmt.Errorf("session: listen: %w", err)
	}
	return &Server{
		listener: listener, handler: handler, log: log,
		peers: map[uint32]int{}, conns: map[*Conn]struct{}{}, bucket: map[uint32]*bucket{},
	}, nil
}

// Run serves until ctx ends; then every connection is closed.
func (s *Server) Run(ctx context.Context) error {
	defer s.wait.Wait()
	stop := context.AfterFunc(ctx, s.close)
	defer stop()
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			s.close()
			return fmt.Errorf("session: accept: %w", err)
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
		c.conn.Close()
	}
}

// serve is one connection's life.
func (s *Server) serve(ctx context.Context, conn net.Conn) {
	defer s.wait.Done()
	defer conn.Close()
	peer, err := peerOf(ctx, conn)
	if err != nil {
		s.log.Warn("peer not known", "error", err)
		return
	}
	c := &Conn{Peer: peer, conn: conn}
	if !s.admit(ctx, c) {
		s.log.Warn("peer has too many connections", "uid", peer.UID)
		return
	}
	defer s.leave(c)
	defer s.contain(func() { s.handler.Gone(c) })
	s.contain(func() { err = s.read(ctx, c) })
	if err != nil && ctx.Err() == nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
		s.log.Warn("connection ended", "uid", peer.UID, "error", err)
	}
}

func (s *Server) read(ctx context.Context, c *Conn) error {
	for {
		m, err := Read(c.conn)
		if err != nil {
			return err
		}
		if m.Closed != nil {
			if err := s.throttle(ctx, c.UID); err != nil {
				return err
			}
		}
		if m.Hello == nil && m.Closed == nil && m.Checkpoint == nil && m.Capture == nil && m.Ask == nil {
			return fmt.Errorf("%w: not for the service", ErrBadFrame)
		}
		if err := s.handler.Handle(c, m); err != nil {
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
	if ctx.Err() != nil || s.peers[c.UID] >= maxPeerConnections {
		return false
	}
	s.peers[c.UID]++
	s.conns[c] = struct{}{}
	return true
}

func (s *Server) leave(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if s.peers[c.UID]--; s.peers[c.UID] == 0 {
		delete(s.peers, c.UID)
	}
}

// throttle waits until the login may bring another episode. Reading on only then makes the helper wait, which loses
// nothing.
func (s *Server) throttle(ctx context.Context, uid uint32) error {
	s.mu.Lock()
	b := s.bucket[uid]
	if b == nil {
		b = &bucket{tokens: episodesBurst, at: time.Now()}
		s.bucket[uid] = b
	}
	wait := b.take(time.Now())
	s.mu.Unlock()
	if wait == 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
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

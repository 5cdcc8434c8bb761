// Package wire stands between an agent and its collector: it carries, counts and cuts what travels, and reads along
// where a test has to prove what does not.
package wire

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// Relay carries TCP connections to a target without looking into them.
type Relay struct {
	listener net.Listener
	// Up and Down count bytes towards and from the target.
	Up, Down atomic.Int64

	mu     sync.Mutex
	target string
	cut    bool
	conns  map[net.Conn]bool
	wait   sync.WaitGroup
}

// NewRelay listens on a port of the kernel's choice and carries to the target ("host:port").
func NewRelay(target string) (*Relay, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &Relay{listener: listener, target: target, conns: map[net.Conn]bool{}}
	r.wait.Go(r.accept)
	return r, nil
}

// Address is where to connect instead of the target.
func (r *Relay) Address() string { return r.listener.Addr().String() }

// Cut breaks every connection and refuses new ones until Mend.
func (r *Relay) Cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = true
	for conn := range r.conns {
		conn.Close()
	}
}

// Mend lets connections through again.
func (r *Relay) Mend() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = false
}

// Lead has new connections carried to another target.
func (r *Relay) Lead(target string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.target = target
}

// Close ends the relay and its connections.
func (r *Relay) Close() {
	r.listener.Close()
	r.Cut()
	r.wait.Wait()
}

func (r *Relay) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.wait.Go(func() { r.carry(conn) })
	}
}

func (r *Relay) carry(near net.Conn) {
	defer near.Close()
	target, going := r.keep(near)
	if !going {
		return
	}
	defer r.forget(near)
	far, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", target)
	if err != nil {
		return
	}
	defer far.Close()
	if _, going := r.keep(far); !going {
		return
	}
	defer r.forget(far)
	var both sync.WaitGroup
	both.Go(func() { copyCounted(far, near, &r.Up) })
	both.Go(func() { copyCounted(near, far, &r.Down) })
	both.Wait()
}

// keep remembers a connection so that Cut reaches it, and gives where it is carried; false while cut.
func (r *Relay) keep(conn net.Conn) (target string, going bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cut {
		return "", false
	}
	r.conns[conn] = true
	return r.target, true
}

func (r *Relay) forget(conn net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, conn)
}

func copyCounted(to, from net.Conn, count *atomic.Int64) {
	_, _ = io.Copy(to, io.TeeReader(from, counter{count}))
	to.Close()
	from.Close()
}

type counter struct{ n *atomic.Int64 }

func (c counter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}

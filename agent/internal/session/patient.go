package session

import (
	"errors"
	"net"
	"sync"
	"time"
)

// errTaken: somebody else listens there. Where anybody may take a name, as that of a pipe, while the service does not run,
// that must not keep the service from its work.
var errTaken = errors.New("somebody else listens there")

// listenAgain is how often a name that is taken is tried.
const listenAgain = 10 * time.Second

// patient is a listener at a name that is taken: it listens once that is free.
type patient struct {
	open func() (net.Listener, error)

	mu     sync.Mutex
	opened net.Listener
	closed chan struct{}
}

func newPatient(open func() (net.Listener, error)) *patient {
	return &patient{open: open, closed: make(chan struct{})}
}

// Accept implements net.Listener.
func (p *patient) Accept() (net.Conn, error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-p.closed:
			return nil, net.ErrClosed
		case <-timer.C:
		}
		listener, err := p.listener()
		if err == nil {
			return listener.Accept()
		}
		if !errors.Is(err, errTaken) {
			return nil, err
		}
		timer.Reset(listenAgain)
	}
}

func (p *patient) listener() (net.Listener, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.closed:
		return nil, net.ErrClosed
	default:
	}
	var err error
	if p.opened == nil {
		p.opened, err = p.open()
	}
	return p.opened, err
}

// Close implements net.Listener.
func (p *patient) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.closed:
		return net.ErrClosed
	default:
	}
	close(p.closed)
	if p.opened == nil {
		return nil
	}
	return p.opened.Close()
}

// Addr implements net.Listener; nil while the name is taken.
func (p *patient) Addr() net.Addr {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.opened == nil {
		return nil
	}
	return p.opened.Addr()
}

package session

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// plug is a listener that takes one connection and is closed.
type plug struct {
	conns  chan net.Conn
	closed bool
}

func (p *plug) Accept() (net.Conn, error) { return <-p.conns, nil }
func (p *plug) Close() error              { p.closed = true; return nil }
func (p *plug) Addr() net.Addr            { return pipeName("plug") }

type pipeName string

func (pipeName) Network() string  { return "pipe" }
func (n pipeName) String() string { return string(n) }

func TestANameThatIsTakenIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, free := time.Now(), 25*time.Second
		one := &plug{conns: make(chan net.Conn, 1)}
		near, far := net.Pipe()
		defer near.Close()
		defer far.Close()
		one.conns <- near
		p := newPatient(func() (net.Listener, error) {
			if time.Since(began) < free {
				return nil, errTaken
			}
			return one, nil
		})
		if p.Addr() != nil {
			t.Error("it listens already")
		}
		conn, err := p.Accept()
		if err != nil || conn != near || time.Since(began) > free+listenAgain {
			t.Errorf("taken after %s: %v", time.Since(began), err)
		}
		if err := p.Close(); err != nil || !one.closed {
			t.Errorf("closed: %t, %v", one.closed, err)
		}
		if _, err := p.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("accepted after it was closed: %v", err)
		}
	})
}

func TestWhoWaitsForANameIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPatient(func() (net.Listener, error) { return nil, errTaken })
		ended := make(chan error)
		go func() {
			_, err := p.Accept()
			ended <- err
		}()
		synctest.Wait()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestAnotherErrorIsTold(t *testing.T) {
	broken := errors.New("broken")
	if _, err := newPatient(func() (net.Listener, error) { return nil, broken }).Accept(); !errors.Is(err, broken) {
		t.Errorf("told %v", err)
	}
}

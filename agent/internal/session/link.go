package session

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	// aloneFor is how long a helper goes on without the service (architecture.md).
	aloneFor = time.Minute
	// welcomeFor is how long the service may take to answer a Hello.
	welcomeFor = 10 * time.Second
	// queueMost is how many messages may wait for a side that does not read: more than a helper keeps, which are sent
	// anew on each connection.
	queueMost = 2 * keptMost
	redialMin = 100 * time.Millisecond
	redialMax = 5 * time.Second
)

var errSlow = errors.New("session: the other side does not read")

// line is one connection: what is to be sent waits here, so that who sends never waits for who reads.
type line struct {
	conn net.Conn
	// patience is how long one message may take the other side to read; 0 is as long as it likes.
	patience time.Duration

	mu    sync.Mutex
	queue []*Message
	fault error
	ready chan struct{}
}

func newLine(conn net.Conn, patience time.Duration) *line {
	return &line{conn: conn, patience: patience, ready: make(chan struct{}, 1)}
}

// send queues a message. A queue that is full ends the connection; what a helper keeps is sent on the next.
func (l *line) send(m *Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fault != nil {
		return l.fault
	}
	if len(l.queue) >= queueMost {
		l.fault = errSlow
		_ = l.conn.Close()
		return l.fault
	}
	l.queue = append(l.queue, m)
	select {
	case l.ready <- struct{}{}:
	default:
	}
	return nil
}

func (l *line) take() []*Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	queue := l.queue
	l.queue = nil
	return queue
}

// write sends what is queued until the connection ends or, with what is queued then, the context.
func (l *line) write(ctx context.Context) error {
	for {
		if err := l.flush(); err != nil {
			return err
		}
		select {
		case <-l.ready:
		case <-ctx.Done():
			return l.flush()
		}
	}
}

func (l *line) flush() error {
	for _, m := range l.take() {
		if l.patience > 0 {
			if err := l.conn.SetWriteDeadline(time.Now().Add(l.patience)); err != nil {
				return fmt.Errorf("session: write: %w", err)
			}
		}
		if err := Write(l.conn, m); err != nil {
			return err
		}
	}
	return nil
}

// news is what a connection brings to the helper's loop: exactly one field is set.
type news struct {
	// up: a connection stands; Hello has to be sent on it. down: it, or the try at one, is over.
	up   *line
	down error
	// message from the service.
	message *Message
}

// keepLine dials the service, reads what it sends, and dials again when it is gone, until the context ends.
func (h *Helper) keepLine(ctx context.Context, tell func(news) bool) {
	wait := redialMin
	for {
		held, err := h.oneLine(ctx, tell)
		if held {
			wait = redialMin
		}
		if !tell(news{down: err}) {
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		wait = min(2*wait, redialMax)
	}
}

// oneLine is one connection's life; held tells whether the service welcomed us on it.
func (h *Helper) oneLine(ctx context.Context, tell func(news) bool) (held bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	conn, err := h.config.Dial(ctx)
	if err != nil {
		cancel()
		return false, fmt.Errorf("session: dial: %w", err)
	}
	l := newLine(conn, 0)
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	var writer sync.WaitGroup
	defer writer.Wait()
	defer cancel()
	defer stop()
	defer conn.Close()
	writer.Go(func() {
		if l.write(ctx) != nil {
			_ = conn.Close()
		}
	})
	if !tell(news{up: l}) {
		return false, ctx.Err()
	}
	_ = conn.SetReadDeadline(time.Now().Add(welcomeFor))
	for {
		m, err := Read(conn)
		if err != nil {
			return held, err
		}
		if m.Welcome != nil {
			held = m.Welcome.Refused == ""
			_ = conn.SetReadDeadline(time.Time{})
		}
		if !tell(news{message: m}) {
			return held, ctx.Err()
		}
	}
}

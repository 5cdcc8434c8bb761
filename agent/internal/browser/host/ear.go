package host

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/dayline-project/dayline/agent/internal/browser"
)

// Bounds on what hosts may do to a session.
const (
	maxHosts = 32
	// burst is how many messages beyond MaxPerSecond may come at once: those of a while in which the session did not read.
	burst = 200
	// helloFor is how long a host may take to say who it is, writeFor to read what it is asked.
	helloFor    = 10 * time.Second
	writeFor    = 2 * time.Second
	listenAgain = 10 * time.Second
	acceptAgain = 250 * time.Millisecond
)

// Ear is where a login session hears the native hosts of its browsers. Only this account's processes are heard.
type Ear struct {
	place string
	log   *slog.Logger
	told  chan browser.Told
	// retry is how often a place that is not to be had is tried.
	retry time.Duration

	mu    sync.Mutex
	last  uint64
	hosts map[uint64]chan struct{}
}

// NewEar gives an ear that hears nothing until it runs. The place is a folder, on Windows a pipe's name; empty is the
// session's own.
func NewEar(place string, log *slog.Logger) *Ear {
	return &Ear{place: place, log: log, told: make(chan browser.Told), retry: listenAgain, hosts: map[uint64]chan struct{}{}}
}

// Told is what is heard, while it runs: of each host first who it is, then its tabs in their order, at last that it is gone.
// When Run ends, all are gone, and that is not told.
func (e *Ear) Told() <-chan browser.Told { return e.told }

// Again has a host tell its tab again. It never waits; a host that is gone is passed over.
func (e *Ear) Again(host uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	select {
	case e.hosts[host] <- struct{}{}:
	default:
	}
}

// Run hears until the context ends, whose error it gives. It may be run again after it ended.
func (e *Ear) Run(ctx context.Context) error {
	for failed := false; ; {
		listener, err := listen(e.place)
		if err == nil {
			failed = false
			err = e.serve(ctx, listener)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !failed {
			e.log.Warn("browsers are not heard", "error", err)
		}
		failed = true
		pause(ctx, e.retry)
	}
}

// serve takes hosts until the context ends or the listener does.
func (e *Ear) serve(ctx context.Context, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	var hosts sync.WaitGroup
	defer hosts.Wait()
	defer cancel()
	stop := context.AfterFunc(ctx, func() { listener.Close() })
	defer stop()
	for {
		conn, err := listener.Accept()
		switch {
		case err == nil:
			hosts.Go(func() { e.attend(ctx, conn) })
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return err
		default:
			// Most of all too many open files.
			e.log.Warn("browser's host not taken", "error", err)
			pause(ctx, acceptAgain)
		}
	}
}

// attend is one host's connection.
func (e *Ear) attend(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	number, again := e.admit()
	if number == 0 {
		e.log.Warn("too many browsers' hosts")
		return
	}
	defer e.leave(number)
	ctx, cancel := context.WithCancel(ctx)
	var asking sync.WaitGroup
	defer asking.Wait()
	defer cancel()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	asking.Go(func() {
		defer cancel()
		for {
			select {
			case <-ctx.Done():
				return
			case <-again:
			}
			if conn.SetWriteDeadline(time.Now().Add(writeFor)) != nil || Write(conn, &browser.Message{Again: true}) != nil {
				return
			}
		}
	})
	if err := e.hear(ctx, conn, number); err != nil && ctx.Err() == nil && !errors.Is(err, io.EOF) {
		e.log.Warn("browser's host let go", "error", err)
	}
}

func (e *Ear) admit() (uint64, chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.hosts) >= maxHosts {
		return 0, nil
	}
	e.last++
	e.hosts[e.last] = make(chan struct{}, 1)
	return e.last, e.hosts[e.last]
}

func (e *Ear) leave(number uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.hosts, number)
}

var (
	errNoHello = errors.New("host: no hello from a browser's process came first")
	errTooMuch = errors.New("host: more messages than may be")
	// errOther: at the other end, for either of the two.
	errOther = errors.New("host: peer: another account's process")
)

// hear tells what one host says, until it ends or breaks the bounds.
func (e *Ear) hear(ctx context.Context, conn net.Conn, number uint64) error {
	tell := func(told browser.Told) {
		select {
		case e.told <- told:
		case <-ctx.Done():
		}
	}
	if err := conn.SetReadDeadline(time.Now().Add(helloFor)); err != nil {
		return err
	}
	m, err := Read(conn)
	switch {
	case err != nil:
		return err
	case m.Hello == nil || m.Hello.Browser <= 0:
		return errNoHello
	}
	// Windows tells who a client is only once something of it was read:
	// https://learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-impersonatenamedpipeclient
	if err := ours(conn); err != nil {
		return err
	}
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	who := browser.Told{Host: number, Browser: m.Hello.Browser, Version: m.Hello.Version}
	tell(who)
	defer func() {
		who.Gone = true
		tell(who)
	}()
	left := allowance{left: burst, at: time.Now()}
	for {
		m, err := Read(conn)
		if err != nil {
			return err
		}
		if !left.spend(time.Now()) {
			return errTooMuch
		}
		switch {
		case m.Hello != nil:
			who.Version = m.Hello.Version
			tell(who)
		case m.Tab != nil:
			told := who
			told.Tab = m.Tab
			tell(told)
		}
	}
}

// allowance is what a host may still say at once; MaxPerSecond more with each second.
type allowance struct {
	left float64
	at   time.Time
}

func (a *allowance) spend(now time.Time) bool {
	a.left = min(a.left+now.Sub(a.at).Seconds()*browser.MaxPerSecond, burst) - 1
	a.at = now
	return a.left >= 0
}

func pause(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

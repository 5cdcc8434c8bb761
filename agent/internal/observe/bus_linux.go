package observe

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/dbus"
)

// buses tells of the login session's lock and of sleep, from D-Bus's two, which it looks for again when they go away.
type buses struct {
	sessionID string
	uid       int
	now       func() time.Duration
	signals   chan<- signal

	mu sync.Mutex
	// delay of sleep and shutdown, while it is taken.
	delay *os.File
}

func newBus(config Config, now func() time.Duration, signals chan<- signal) bus {
	return &buses{sessionID: config.SessionID, uid: config.UID, now: now, signals: signals}
}

// refresh: what is missed comes again with a bus that does.
func (b *buses) refresh() {}

// run follows logind and the screen savers until the context ends.
func (b *buses) run(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() { b.keep(ctx, dbus.DialSystem, b.followLogin) })
	both.Go(func() { b.keep(ctx, dbus.DialSession, b.followSaver) })
	both.Wait()
	b.release()
}

// keep dials a bus and follows it, again and again.
func (b *buses) keep(ctx context.Context, dial func() (*dbus.Bus, error), follow func(context.Context, *dbus.Bus) (held bool)) {
	again := backoff{first: 500 * time.Millisecond, most: time.Minute}
	for {
		if conn, err := dial(); err == nil {
			stop := context.AfterFunc(ctx, conn.Close)
			if follow(ctx, conn) {
				again.reset()
			}
			stop()
			conn.Close()
		}
		if !again.wait(ctx) {
			return
		}
	}
}

func (b *buses) tell(ctx context.Context, kind signalKind, on bool) {
	select {
	case b.signals <- signal{at: b.now(), kind: kind, on: on}:
	case <-ctx.Done():
	}
}

// followLogin tells what logind tells, until its bus is gone; held is false if it could not even begin.
func (b *buses) followLogin(ctx context.Context, conn *dbus.Bus) (held bool) {
	if !b.meetLogin(ctx, conn) {
		return false
	}
	defer b.tell(ctx, signalLogin, false)
	defer b.release()
	kinds := map[dbus.Kind]signalKind{dbus.LockedHint: signalHint, dbus.InFront: signalConsole, dbus.Sleep: signalSleep, dbus.Shutdown: signalShutdown}
	for {
		e, ok := conn.Next()
		if !ok {
			return true
		}
		switch e.Kind {
		case dbus.LockAsked, dbus.UnlockAsked:
			b.tell(ctx, signalAsked, e.Kind == dbus.LockAsked)
		case dbus.LogindWent:
			b.release()
			b.tell(ctx, signalLogin, false)
		case dbus.LogindCame:
			if !b.meetLogin(ctx, conn) {
				return true
			}
		default:
			if kind, is := kinds[e.Kind]; is {
				b.tell(ctx, kind, e.On)
			}
			if (e.Kind == dbus.Sleep || e.Kind == dbus.Shutdown) && !e.On {
				b.take(conn)
			}
		}
	}
}

// meetLogin finds the session, tells its state as it is now, and takes the delay.
func (b *buses) meetLogin(ctx context.Context, conn *dbus.Bus) bool {
	state, err := conn.FollowLogin(b.sessionID, b.uid)
	if err != nil {
		return false
	}
	b.tell(ctx, signalLogin, true)
	b.tell(ctx, signalHint, state.Locked)
	b.tell(ctx, signalConsole, state.InFront)
	b.tell(ctx, signalSleep, state.Sleeping)
	b.take(conn)
	return true
}

// take asks for time before sleep and shutdown. Without it the last poll is where a sleep is told from.
func (b *buses) take(conn *dbus.Bus) {
	b.release()
	delay, err := conn.Delay("Dayline", "To store what is under way")
	if err != nil {
		return
	}
	b.mu.Lock()
	b.delay = delay
	b.mu.Unlock()
}

// release gives the delay back, so that the computer may sleep.
func (b *buses) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.delay != nil {
		_ = b.delay.Close()
		b.delay = nil
	}
}

func (b *buses) followSaver(ctx context.Context, conn *dbus.Bus) (held bool) {
	active, err := conn.FollowSaver()
	if err != nil {
		return false
	}
	b.tell(ctx, signalSavers, true)
	defer b.tell(ctx, signalSavers, false)
	b.tell(ctx, signalSaver, active)
	for {
		e, ok := conn.Next()
		if !ok {
			return true
		}
		if e.Kind == dbus.Saver {
			b.tell(ctx, signalSaver, e.On)
		}
	}
}

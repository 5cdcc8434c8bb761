package observe

import (
	"context"
	"time"

	"golang.org/x/sys/windows"

	"github.com/dayline-project/dayline/agent/internal/sys/win"
)

// winBus tells of the login session's locks, connections and end, and of sleep, from the notices that Windows sends to a
// window of ours.
type winBus struct {
	now     func() time.Duration
	signals chan<- signal
	notices notices
	delay
}

// lastToEnd is the order of programs at the end of a session: ours is asked after all of the person's, so that what these
// still ask them is seen (SetProcessShutdownParameters).
const lastToEnd = 0x100

func newBus(_ Config, now func() time.Duration, signals chan<- signal) bus {
	return &winBus{now: now, signals: signals}
}

// refresh: what is missed comes again with the window that is opened anew.
func (b *winBus) refresh() {}

// run follows the notices until the context ends.
func (b *winBus) run(ctx context.Context) {
	_ = windows.SetProcessShutdownParameters(lastToEnd, 0)
	again := backoff{first: 500 * time.Millisecond, most: time.Minute}
	for {
		opened, err := win.OpenNotices(func() { b.begin(ctx) }, func(message uint32, wParam, lParam uintptr) {
			if s, ok := b.notices.read(message, wParam, lParam); ok {
				b.take(ctx, s)
			}
		})
		if err == nil {
			again.reset()
			select {
			case <-ctx.Done():
			case <-opened.Ended():
				b.tell(ctx, signal{kind: signalLogin})
			}
			opened.Close()
		}
		if !again.wait(ctx) {
			return
		}
	}
}

// begin tells that notices come, and the session's state as it is now; where Windows does not tell that, somebody is
// there, for we were just started.
func (b *winBus) begin(ctx context.Context) {
	b.tell(ctx, signal{kind: signalLogin, on: true})
	state, err := win.OwnSessionState()
	if err != nil {
		state.Connected = true
	}
	b.notices = notices{}
	b.tell(ctx, signal{kind: signalHint, on: state.Locked})
	b.tell(ctx, signal{kind: signalConsole, on: state.Connected})
}

// take tells a signal; while Windows waits for us with what it means, so do we, until what is open is stored.
func (b *winBus) take(ctx context.Context, s signal) {
	if s.kind != signalEnds && (s.kind != signalSleep || !s.on) {
		b.tell(ctx, s)
		return
	}
	b.hold(ctx, func() { b.tell(ctx, s) })
}

func (b *winBus) tell(ctx context.Context, s signal) {
	s.at = b.now()
	select {
	case b.signals <- s:
	case <-ctx.Done():
	}
}

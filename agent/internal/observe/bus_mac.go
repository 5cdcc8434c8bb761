package observe

import (
	"context"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

// macBus tells of a Mac's session from its notices and, where those may have been missed, from its dictionary
// (CGSessionCopyCurrentDictionary).
type macBus struct {
	open    func() (mac.System, error)
	now     func() time.Duration
	signals chan<- signal
	heard   *queue[heard]
	delay
}

// heard is a notice and when it came; of none, it is time to look.
type heard struct {
	mac.Notice
	at time.Duration
}

// run follows the notices until the context ends.
func (b *macBus) run(ctx context.Context) {
	system, err := b.open()
	if err != nil {
		return
	}
	stop := system.Follow(func(n mac.Notice) { b.hear(ctx, n) })
	defer stop()
	context.AfterFunc(ctx, b.heard.close)
	b.refresh()
	var c cover
	var told coverage
	for {
		h, ok := b.heard.take()
		if !ok {
			return
		}
		c.hear(h.Notice, h.at)
		b.look(system, &c)
		b.tell(ctx, h, told, c.coverage())
		told = c.coverage()
	}
}

// look asks the system how things are.
func (b *macBus) look(system mac.System, c *cover) {
	asked := b.now()
	state, ok := system.Session()
	front, _ := system.Front()
	session, hardware := system.Idle()
	c.look(sighting{at: asked, session: state, graphical: ok, front: front.Bundle, input: asked - min(session, hardware)})
}

// tell tells what is new since it was told.
func (b *macBus) tell(ctx context.Context, h heard, was, is coverage) {
	send := func(kind signalKind, on bool) {
		select {
		case b.signals <- signal{at: h.at, kind: kind, on: on}:
		case <-ctx.Done():
		}
	}
	for _, one := range []struct {
		kind    signalKind
		was, is bool
	}{
		{signalLogin, was.told, is.told},
		{signalHint, was.locked, is.locked},
		{signalSaver, was.saver, is.saver},
		{signalConsole, !was.away, !is.away},
	} {
		if one.was != one.is {
			send(one.kind, one.is)
		}
	}
	// Each notice of sleep is told, for the Mac waits each time.
	if h.Kind == mac.WillSleep || h.Kind == mac.DidWake || was.asleep != is.asleep {
		send(signalSleep, is.asleep)
	}
}

// refresh has the dictionary read.
func (b *macBus) refresh() { b.heard.put(heard{at: b.now()}) }

// hear takes a notice on the main thread, which must not wait, save that the Mac does not sleep until what is open is
// stored.
func (b *macBus) hear(ctx context.Context, n mac.Notice) {
	if n.Kind != mac.WillSleep {
		b.heard.put(heard{n, b.now()})
		return
	}
	b.hold(ctx, func() { b.heard.put(heard{n, b.now()}) })
}

package observe

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/dayline-project/dayline/agent/internal/browser"
	"github.com/dayline-project/dayline/agent/internal/privacy"
	"github.com/dayline-project/dayline/shared/episode"
)

// watch is the loop while a session is watched. All of it is one goroutine's; the connections have theirs and send.
type watch struct {
	o     *Observer
	ctx   context.Context
	rules privacy.Rules
	zone  *zone
	// names gives the name for people of a window's program.
	names func(Window) string

	timeline timeline
	front    front
	inputs   inputs
	locks    locks
	locked   bool
	asleep   bool
	capture  capture

	// display that answers, nil while none does. tried: it is known whether one does, and until then what others
	// tell has to wait, for a start goes by the idle time.
	display display
	tried   bool
	waiting []episode.Observation
	bus     bus
	// held are the observations not yet sent; last is the last time in the stream.
	held []held
	last time.Duration
	// told is the focus told last, levels are the capture's, of which numbers were told at countedAt.
	told      focus
	levels    []Level
	countedAt time.Duration
	// tabs are those that browsers' extensions tell of.
	tabs *browser.Tabs
	// pending is the window in front while its page's address is awaited, which is over when budget is due. aside: it is only
	// because its browser told of something else. unasked: its extension was not asked yet.
	pending Window
	awaits  awaited
	aside   bool
	unasked bool
	budget  *time.Timer

	// await: the next input has to be told.
	await bool
	// titles bounds the reading of titles; one that changed at titleAt is read later.
	titles   titles
	titleAt  time.Duration
	titleDue bool
	// settle is due when no window in front is to be believed, again when the idle time is to be asked once more,
	// title when a title that changes often is to be read.
	settle, again, title *time.Timer
}

// watch observes the session until it is no longer wished; the error is the context's.
func (o *Observer) watch(ctx context.Context, rules privacy.Rules) error {
	ctx, cancel := context.WithCancel(ctx)
	var actors sync.WaitGroup
	defer actors.Wait()
	defer cancel()

	signals := make(chan signal, 16)
	events := make(chan shown, 64)
	_, wayland := desktopKind()
	tabs := browser.NewTabs()
	w := &watch{
		o: o, ctx: ctx, rules: rules, zone: systemZone(), names: systemNames(),
		capture: capture{wayland: wayland, rules: rules, addresses: o.addresses, tabs: tabs}, tabs: tabs,
		bus:    o.system.newBus(o.config, o.Now, signals),
		settle: stopped(), again: stopped(), title: stopped(), budget: stopped(), last: o.Now(), told: nothingTold,
	}
	defer w.settle.Stop()
	defer w.again.Stop()
	defer w.title.Stop()
	defer w.budget.Stop()
	defer o.addresses.readings.Forget()
	defer func() { o.stays.end(o.Now()) }()
	w.timeline.begin(w.read())
	actors.Go(func() { w.bus.run(ctx) })
	actors.Go(func() { o.keepDisplay(ctx, events) })
	actors.Go(func() { _ = o.ear.Run(ctx) })

	poll := time.NewTicker(o.config.PollEvery)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-o.wake:
			if !w.obey(o.takeWishes()) {
				return nil
			}
		case e := <-events:
			w.shown(e, events)
		case s := <-signals:
			w.shownBefore(events)
			w.signalled(s)
		case told := <-o.ear.Told():
			w.shownBefore(events)
			w.heard(told)
		case <-poll.C:
			w.poll(events)
		case <-w.settle.C:
			w.shownBefore(events)
			w.settled()
		case <-w.again.C:
			w.shownBefore(events)
			w.awaitInput()
		case <-w.title.C:
			w.shownBefore(events)
			if w.titleDue {
				w.readTitle(w.titleAt)
			}
		case a := <-o.addresses.answers():
			w.answered(a)
		case <-w.budget.C:
			w.unanswered()
		}
	}
}

// shownBefore takes what the desktop showed before something else is taken, which would be told as of now: a computer that
// stood still has both to tell at once.
func (w *watch) shownBefore(events <-chan shown) {
	select {
	case e := <-events:
		w.shown(e, events)
	default:
	}
}

func stopped() *time.Timer {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return timer
}

// keepDisplay opens the display and passes on what it shows, again and again.
func (o *Observer) keepDisplay(ctx context.Context, events chan<- shown) {
	again := backoff{first: 250 * time.Millisecond, most: PollEvery}
	tell := func(e shown) bool {
		select {
		case events <- e:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for failed := false; ; {
		opened, err := o.system.openDisplay(ctx, o.config.Display, o.Now)
		if err != nil {
			if !failed && ctx.Err() == nil {
				o.config.Log.Warn("desktop does not open", "error", err)
			}
			failed = true
			tell(shown{at: o.Now(), kind: shownAbsent})
		} else {
			again.reset()
			failed = false
			stop := context.AfterFunc(ctx, opened.close)
			for e, ok := (shown{at: o.Now(), kind: shownOpened, display: opened}), true; ok && tell(e); {
				e, ok = opened.next()
			}
			tell(shown{at: o.Now(), kind: shownAbsent})
			stop()
			opened.close()
		}
		if !again.wait(ctx) {
			return
		}
	}
}

// obey does what is wished; false: watch no longer.
func (w *watch) obey(wished wishes) bool {
	if wished.release {
		w.bus.release()
	}
	w.waiting = append(w.waiting, wished.told...)
	if w.tried {
		w.tellWaiting()
	}
	if wished.watch != nil {
		if !wished.watch.on {
			w.tellWaiting()
			w.expire()
			return false
		}
		w.newRules(wished.watch.rules)
	}
	if wished.unkept != nil {
		w.o.stays.keep(!*wished.unkept, w.o.Now())
	}
	if wished.await != nil && *wished.await != w.await {
		w.await = *wished.await
		if w.await {
			w.awaitInput()
		} else {
			w.forgetInput()
		}
	}
	return true
}

// try notes that it is known whether a display answers.
func (w *watch) try() {
	if !w.tried {
		w.tried = true
		w.tellLevels()
		w.tellWaiting()
	}
}

// tellWaiting tells what others told. Of what is shown from then on, as in a pause or under stricter settings, nothing is told as of
// before.
func (w *watch) tellWaiting() {
	if len(w.waiting) > 0 {
		w.leaveAddress()
	}
	started := false
	for _, told := range w.waiting {
		if told.Event == episode.EventStart {
			w.start(told)
			started = true
		} else {
			w.make(Observation{Observation: told})
		}
	}
	w.waiting = nil
	if started {
		w.tellFrontAgain()
	}
}

// start begins a session in the stream: after it comes what would be known had it been observed from the first on, the
// window in front last.
func (w *watch) start(told episode.Observation) {
	now := w.read()
	w.timeline.begin(now)
	told.Wall = now.wall
	if w.display == nil {
		// Nobody knows of an input, and a start without idle time would stand for one.
		told.Idle, told.HasIdle = 24*time.Hour, true
	}
	w.make(Observation{Observation: told})
	if w.locked {
		w.make(just(episode.EventLock))
	}
	if w.asleep {
		w.make(just(episode.EventSleep))
	}
}

func (w *watch) newRules(rules privacy.Rules) {
	if w.rules == rules {
		return
	}
	w.rules, w.capture.rules = rules, rules
	w.o.addresses.readings.Forget()
	w.tellLevels()
	w.tellFrontAgain()
}

// poll repairs what was missed and is told as such, so that what is under way can be stored.
func (w *watch) poll(events <-chan shown) {
	w.try()
	w.zone.refresh()
	w.pass(true)
	// The idle time comes with the window in front. What is shown and not yet taken was not missed, and has its own time.
	at := w.o.Now()
	window, ok := w.askFront()
	switch {
	case len(events) > 0:
		w.shownBefore(events)
	case ok:
		w.see(window, at)
		w.readAgain()
	}
	w.bus.refresh()
	if w.display != nil && w.display.missing() != w.capture.missing {
		w.capture.missing = w.display.missing()
		w.tellLevels()
	}
	m := just(episode.EventTick)
	m.At, m.Poll = w.o.Now(), true
	w.emit(m)
	w.tellNumbers()
}

// tellLevels tells of the capture as it is now.
func (w *watch) tellLevels() {
	if w.tried {
		w.levels, w.countedAt = w.counted(w.capture.levels()), w.o.Now()
		w.emit(Observation{Levels: w.levels, Missing: w.capture.lacks()})
	}
}

// tellNumbers tells of the capture if nothing but its numbers changed, from time to time.
func (w *watch) tellNumbers() {
	if w.o.Now()-w.countedAt >= numbersEvery && !slices.Equal(w.counted(w.capture.levels()), w.levels) {
		w.tellLevels()
	}
}

// numbersEvery is how often numbers are told that change all the time.
const numbersEvery = 5 * time.Minute

func just(e episode.Event) Observation {
	return Observation{Observation: episode.Observation{Event: e}}
}

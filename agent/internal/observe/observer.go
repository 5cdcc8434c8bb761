// Package observe turns what one login session shows — the window in front, the return of input, locks, sleep, the
// wall clock — into one stream of observations, in order and timed. What is shown comes by the system's events; a
// safety poll every 10 seconds repairs what was missed.
//
// Privacy comes first: a title that may not be told never reaches the stream, and while nothing is to be watched no
// connection to the desktop is open.
package observe

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/dayline-project/dayline/agent/internal/browser"
	"github.com/dayline-project/dayline/agent/internal/privacy"
	"github.com/dayline-project/dayline/shared/episode"
)

// PollEvery is how often what was missed is looked for (time.md).
const PollEvery = 10 * time.Second

var errNoAlarm = errors.New("observe: the desktop does not tell of the next input by itself")

// Config says which session is observed.
type Config struct {
	// Display is the X display, the environment's where empty.
	Display string
	// SessionID is logind's id of the session ($XDG_SESSION_ID), UID the person's number. On Windows and on a Mac the session
	// is this process's.
	SessionID string
	UID       int
	// OpenTree opens the accessibility interface that page addresses are read through, the system's where nil.
	OpenTree func() (browser.Tree, error)
	// Ear hears the browsers' extensions while the session is watched; nil hears none.
	Ear Ear
	// PollEvery is PollEvery where 0.
	PollEvery time.Duration
	Log       *slog.Logger
}

// Observation is one element of the stream.
type Observation struct {
	episode.Observation
	// Product is the name for people of the program that came in front, empty where none is known, and Bundle its
	// identifier on a Mac.
	Product, Bundle string
	// Poll: it is a safety poll's.
	Poll bool
	// Levels, where not nil, are the capture's from now on; Event may then be empty. Missing goes with them: the permissions
	// that lack, each with what to do about it, in people's words.
	Levels  []Level
	Missing []string
	// Again: the session goes on after a shutdown that did not come; a new start is due. Event is empty.
	Again bool
	// Ends, where not empty, is the word the session ends with, now: a helper that takes longer than 2 seconds to store
	// what is open is ended by the system. Event is empty.
	Ends episode.EndedBy
}

// Observer watches one login session. Its methods may be called by any goroutine and never wait.
type Observer struct {
	config Config
	system system
	ear    Ear
	began  time.Duration
	out    chan Observation
	// addresses and stays belong to Run's goroutine.
	addresses *addresses
	stays     stays

	mu     sync.Mutex
	wishes wishes
	wake   chan struct{}
}

// wishes are what others want, until the loop takes it.
type wishes struct {
	watch   *watching
	await   *bool
	unkept  *bool
	release bool
	told    []episode.Observation
}

type watching struct {
	on    bool
	rules privacy.Rules
}

// New gives an observer that watches nothing yet; its clock begins here.
func New(config Config) (*Observer, error) { return newObserver(config, ourSystem) }

func newObserver(config Config, system system) (*Observer, error) {
	if config.PollEvery == 0 {
		config.PollEvery = PollEvery
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.OpenTree == nil {
		config.OpenTree = func() (browser.Tree, error) { return openTree(config.Display) }
	}
	ear := config.Ear
	if ear == nil {
		ear = deaf{}
	}
	boot, _, err := system.readClocks()
	if err != nil {
		return nil, err
	}
	return &Observer{config: config, system: system, ear: ear, addresses: newAddresses(config.OpenTree), began: boot, out: make(chan Observation, 256), wake: make(chan struct{}, 1)}, nil
}

// Observations is the stream. Its At is the time since New and never decreases.
func (o *Observer) Observations() <-chan Observation { return o.out }

// Now is the time on the observations' clock.
func (o *Observer) Now() time.Duration {
	boot, _, err := o.system.readClocks()
	if err != nil {
		return 0
	}
	return boot - o.began
}

// Watch begins to observe, changes the rules, or ends observing: then nothing is read of the session at all.
func (o *Observer) Watch(on bool, rules privacy.Rules) {
	o.wish(func(w *wishes) { w.watch = &watching{on: on, rules: rules} })
}

// AwaitInput says whether the next input has to be told when it comes. Where it need not, the idle time on the
// observations tells of it.
func (o *Observer) AwaitInput(await bool) {
	o.wish(func(w *wishes) { w.await = &await })
}

// Unkept says whether nothing of what is shown is kept now, as in a pause and outside of a schedule. Then it is not counted
// either, nor is it told when a browser's extension was heard.
func (o *Observer) Unkept(unkept bool) {
	o.wish(func(w *wishes) { w.unkept = &unkept })
}

// Tell puts observations of somebody else's into the stream, at the time of the call's own place in it: At, Idle
// and, of a start, Wall are filled in. Nothing comes between those of one call, so that a pause told with a start
// holds before any window is seen. What waits to be told while nothing is watched is told all the same.
func (o *Observer) Tell(told ...episode.Observation) {
	o.wish(func(w *wishes) { w.told = append(w.told, told...) })
}

// Release lets the computer sleep or shut down, after what had to be stored was.
func (o *Observer) Release() {
	o.wish(func(w *wishes) { w.release = true })
}

func (o *Observer) wish(add func(*wishes)) {
	o.mu.Lock()
	add(&o.wishes)
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *Observer) takeWishes() wishes {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := o.wishes
	o.wishes = wishes{}
	return w
}

// Run observes until the context ends. It gives no error otherwise: what goes away is looked for again.
func (o *Observer) Run(ctx context.Context) error {
	defer close(o.out)
	if worker := o.addresses.worker; worker != nil {
		var actors sync.WaitGroup
		defer actors.Wait()
		actors.Go(func() { _ = worker.Run(ctx) })
	}
	for {
		w := o.takeWishes()
		if w.unkept != nil {
			o.stays.keep(!*w.unkept, o.Now())
		}
		if w.watch != nil && w.watch.on {
			// The rest of what was wished is the watch's.
			o.wish(func(later *wishes) {
				later.told = append(w.told, later.told...)
				if later.await == nil {
					later.await = w.await
				}
			})
			if err := o.watch(ctx, w.watch.rules); err != nil {
				return err
			}
			continue
		}
		for _, told := range w.told {
			told.At = o.Now()
			o.send(ctx, Observation{Observation: told})
		}
		select {
		case <-o.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (o *Observer) send(ctx context.Context, made Observation) {
	select {
	case o.out <- made:
	case <-ctx.Done():
	}
}

// Desktop is the kind of desktop this process runs on: x11, wayland, windows, macos.
func Desktop() string {
	kind, _ := desktopKind()
	return kind
}

package session

import (
	"bytes"
	"slices"
	"time"

	"github.com/dayline-project/dayline/agent/internal/observe"
	"github.com/dayline-project/dayline/agent/internal/privacy"
	"github.com/dayline-project/dayline/shared/episode"
)

// obey takes settings. Without any that are valid, or for a login that is not collected, nothing is captured
// (security.md 4).
func (h *Helper) obey(s *Settings) {
	settings, rules, ok := h.read(s)
	if !ok {
		h.stop()
		return
	}
	same := h.engine != nil && bytes.Equal(s.Episode, h.raw) && rules == h.rules
	h.raw, h.settings, h.rules, h.schedule = s.Episode, settings, rules, settings.Compile()
	if h.ending != "" || same {
		return
	}
	h.config.Observer.Watch(true, rules)
	if h.engine == nil {
		h.start()
		return
	}
	h.config.Observer.Tell(episode.Observation{Event: episode.EventSettings, Settings: settings})
}

// read gives the settings that are to be obeyed; ok is false where nothing may be captured.
func (h *Helper) read(s *Settings) (settings *episode.Settings, rules privacy.Rules, ok bool) {
	if !s.Collect {
		h.log.Info("nothing is collected", "reason", s.Reason)
		return nil, rules, false
	}
	settings, err := episode.ParseSettings(s.Episode)
	if err == nil {
		err = settings.CheckRanges()
	}
	if err != nil {
		h.fault("settings are not valid: nothing is captured")
		return nil, rules, false
	}
	if s.NamesOnly {
		settings.Privacy.Titles, settings.Privacy.URLs = false, episode.URLsNone
	}
	// An address that would not be told is not read either.
	readable := s.Accessibility && settings.Privacy.URLs != episode.URLsNone
	return settings, privacy.Rules{TitleOfUnknown: s.UnknownPrivate == "title", ReadAddresses: readable, NamesOnly: s.NamesOnly}, true
}

// start begins a session of the engine, and the service's pause after it.
func (h *Helper) start() {
	h.engine = episode.New(h.settings)
	told := []episode.Observation{{Event: episode.EventStart, User: h.login}}
	if h.paused {
		told = append(told, episode.Observation{Event: episode.EventPause})
	}
	h.config.Observer.Tell(told...)
}

// stop ends collecting because new settings forbid it: what is open is cut by them, as at the end of all schedules,
// and the desktop is let go at once.
func (h *Helper) stop() {
	h.config.Observer.Watch(false, privacy.Rules{})
	if h.begun {
		at := h.config.Observer.Now()
		never := *h.settings
		never.Schedule = episode.Schedule{}
		h.feed(observe.Observation{Observation: episode.Observation{At: at, Event: episode.EventSettings, Settings: &never}})
		h.feed(observe.Observation{Observation: episode.Observation{At: at, Event: episode.EventEnd}})
		h.checkpoint(at, -1, always)
	}
	h.engine, h.begun, h.await = nil, false, false
	h.due.Stop()
}

func (h *Helper) pause(paused bool) {
	if paused == h.paused {
		return
	}
	h.paused = paused
	if h.engine == nil {
		return
	}
	event := episode.EventResume
	if paused {
		event = episode.EventPause
	}
	h.config.Observer.Tell(episode.Observation{Event: event})
}

// observed takes the next element of the stream.
func (h *Helper) observed(o observe.Observation) {
	if o.Levels != nil {
		h.levels, h.missing = o.Levels, o.Missing
		h.tellCapture()
	}
	if o.Ends != "" {
		h.end(o.Ends, endFor)
	}
	if o.Again && h.engine != nil && !h.begun {
		h.start()
	}
	if o.Event == "" || h.engine == nil {
		return
	}
	if o.Event == episode.EventStart {
		if h.begun {
			return
		}
		h.begun = true
	}
	if !h.begun {
		return
	}
	h.feed(o)
	switch o.Event {
	case episode.EventSleep, episode.EventShutdown:
		h.checkpoint(o.At, idleOf(o), always)
		h.settling.Reset(settleFor)
		h.settle()
	}
	switch o.Event {
	case episode.EventLogoff, episode.EventShutdown, episode.EventEnd:
		h.over()
		return
	}
	if o.Poll {
		h.checkpoint(o.At, idleOf(o), whenDue)
		if h.engine.EmptiedTitles() != h.emptied {
			h.tellCapture()
		}
	} else {
		h.checkpoint(o.At, idleOf(o), whenNew)
	}
	h.plan(o)
}

// over notes that the engine's session is over: because the helper ends, or because the computer shuts down.
func (h *Helper) over() {
	h.begun, h.ended = false, h.ending != ""
	h.due.Stop()
	if h.await {
		h.await = false
		h.config.Observer.AwaitInput(false)
	}
}

// feed gives the engine an observation and hands over what it closed.
func (h *Helper) feed(o observe.Observation) {
	closed, err := h.engine.Observe(&o.Observation)
	if err != nil {
		h.fault("an observation was refused: " + string(o.Event))
		return
	}
	for _, e := range closed {
		is := h.named[e.App]
		h.send(h.kept.add(Closed{Product: is.product, Bundle: is.bundle, Episode: e}))
	}
	if o.Event == episode.EventFocus {
		h.name(o)
	}
	if h.kept.lost > 0 {
		h.fault("closed episodes were lost: the service was away too long")
	}
}

// named is what a program is called beside its own name.
type named struct{ product, bundle string }

// maxNamed bounds the programs remembered.
const maxNamed = 500

// name remembers what the program in front is called. What it closed was told by then: on a Mac two programs may have
// one name.
func (h *Helper) name(o observe.Observation) {
	if len(h.named) >= maxNamed {
		clear(h.named)
	}
	h.named[o.App] = named{o.Product, o.Bundle}
}

// plan sets the timer of the engine's next deadline, and whether the next input has to be told when it comes: where it
// would open an episode. While one is active the idle time that comes with the observations is enough.
func (h *Helper) plan(o observe.Observation) {
	if at, ok := h.engine.Due(); ok {
		h.due.Reset(max(0, at-h.config.Observer.Now()))
	} else {
		h.due.Stop()
	}
	state := h.engine.State()
	kept := !h.paused && h.schedule.Scheduled(time.Now())
	if kept == h.unkept {
		h.unkept = !kept
		h.config.Observer.Unkept(h.unkept)
	}
	await := (state == episode.Passive || state == episode.Inactive) && kept
	if await != h.await {
		h.await = await
		h.config.Observer.AwaitInput(await)
	}
}

// settle lets the computer sleep once the service has all there is.
func (h *Helper) settle() {
	if len(h.kept.closed) == 0 || !h.welcomed {
		h.settling.Stop()
		h.config.Observer.Release()
	}
}

func idleOf(o observe.Observation) time.Duration {
	if !o.HasIdle {
		return -1
	}
	return o.Idle
}

// dueness says when a checkpoint is sent.
type dueness int

const (
	// whenDue: an active or passive episode each time, a locked one every ten minutes, none once.
	whenDue dueness = iota
	always
	// whenNew: another episode is going on than the last told, or it has an identity now. It is told and not kept:
	// reports show what goes on, and a crash is covered by the next poll.
	whenNew
)

// ongoing is what tells one open episode from the next.
type ongoing struct {
	state    episode.State
	startMS  int64
	identity episode.Identity
}

// checkpoint tells the service what is open, so that a crash loses no more than since then (time.md).
func (h *Helper) checkpoint(at, idle time.Duration, when dueness) {
	open, ok := h.engine.Open(at)
	state := open.State
	if !ok {
		state = episode.Inactive
	}
	same := state == h.openState
	told := ongoing{state: state}
	if ok {
		told.startMS, told.identity = open.Start.UnixMilli(), open.Identity
	}
	switch {
	case when == always:
	case when == whenNew && told == h.lastTold:
		return
	case when == whenNew:
	case !ok && same:
		return
	case state == episode.Locked && same && at-h.keptAt < lockedEvery:
		return
	}
	if !h.welcomed {
		return
	}
	h.lastTold = told
	c := &Checkpoint{IdleMS: -1, Keep: ok && when != whenNew}
	if when != whenNew {
		h.openState, h.keptAt = state, at
	}
	if ok {
		is := h.named[open.App]
		c.Open, c.Product, c.Bundle = &open, is.product, is.bundle
	}
	if idle >= 0 {
		c.IdleMS = idle.Milliseconds()
	}
	h.send(&Message{Checkpoint: c})
}

// maxFaults bounds the errors told.
const maxFaults = 16

// fault notes an error of our own, to be told with the capture: words of ours only, never a title or an address.
func (h *Helper) fault(words string) {
	if slices.Contains(h.faults, words) || len(h.faults) == maxFaults {
		return
	}
	h.log.Warn("session fault", "what", words)
	h.faults = append(h.faults, words)
	h.tellCapture()
}

func (h *Helper) tellCapture() {
	if h.levels == nil && h.faults == nil {
		return
	}
	c := &Capture{Errors: append([]string(nil), h.faults...), Missing: h.missing}
	for _, l := range h.levels {
		c.Subjects = append(c.Subjects, CaptureLevel(l))
	}
	if h.engine != nil {
		h.emptied = h.engine.EmptiedTitles()
		c.EmptiedTitles = h.emptied
	}
	h.send(&Message{Capture: c})
}

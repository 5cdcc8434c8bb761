package episode

import "time"

// Engine turns the observations of one login session after another into episodes, by the rules of time.md; the numbers
// in its comments are theirs. It is not safe for concurrent use.
type Engine struct {
	// rules now in force; they outlive sessions.
	rules *Rules
	// now is the engine's time: that of the last observation, or of the last timer fired before it.
	now time.Duration
	// previousAt is the time of the last observation, heeded or not.
	previousAt time.Duration
	session
	closed  []Episode
	emptied int64
}

// session is all state that is fresh at each start.
type session struct {
	running bool
	user    string
	clock   clock

	// L: the last real input, or the end of the last always active stretch (rule 11).
	lastInput      time.Duration
	knowsLastInput bool
	// awaitsInput from lock or sleep to the first real input: a window that is always active is no input then.
	awaitsInput bool
	// idleAfter is the last start, lock, unlock, sleep or wake: what idle tells of earlier times does not count.
	idleAfter time.Duration

	// What rule 7 watches.
	locked, asleep bool
	reason         Reason
	// What rule 8 watches.
	tracked, scheduled             bool
	pausedByPerson, pausedByPolicy bool
	// edge is the next instant at which scheduled time begins or ends.
	edge time.Duration

	front front
	open  open
}

// Inactive is what State says while nothing is recorded; no episode has it.
const Inactive State = "inactive"

// New gives an engine under these settings, before any session.
func New(settings *Settings) *Engine { return &Engine{rules: settings.Compile()} }

// Observe takes the next observation and gives the episodes that ended by it, or before it, in the order in which they
// ended. The slice is the engine's and valid until the next call. A refused observation is a *FieldError and changes
// nothing.
func (e *Engine) Observe(o *Observation) ([]Episode, error) {
	at := wholeMilliseconds(o.At)
	if err := e.check(o, at); err != nil {
		return nil, err
	}
	e.closed = e.closed[:0]
	if e.running {
		e.tellIdle(o, at)
		e.fireUntil(at) // rule 13: timers due at or before an observation fire before it
	}
	e.now, e.previousAt = at, at
	e.heed(o, at)
	e.fireUntil(at) // what is due at once: settle 0
	return e.closed, nil
}

func (e *Engine) check(o *Observation, at time.Duration) error {
	switch {
	case at < e.previousAt:
		return &FieldError{Field: "at", Reason: "before the previous observation"}
	case o.Event == EventStart && e.running:
		return &FieldError{Field: "event", Reason: "start while a session is running"}
	case o.Event == EventSettings && o.Settings == nil:
		return &FieldError{Field: "settings", Reason: missing}
	case (o.Event == EventStart || o.Event == EventClock) && o.Wall.IsZero():
		return &FieldError{Field: "wall", Reason: missing}
	}
	return nil
}

// heed does what the observation itself says; up to a start only settings are heeded (a clock's word is overruled by
// the start's).
func (e *Engine) heed(o *Observation, at time.Duration) {
	switch {
	case o.Event == EventStart:
		e.start(o, at)
		return
	case o.Event == EventSettings:
		e.takeSettings(o.Settings.Compile(), at)
		return
	case !e.running:
		return
	}
	switch o.Event {
	case EventInput:
		e.input(at)
	case EventFocus:
		e.focus(o, at)
	case EventLock:
		e.lock(&e.locked, ReasonLock, at)
	case EventSleep:
		e.lock(&e.asleep, ReasonSleep, at)
	case EventUnlock:
		e.unlock(&e.locked, ByUnlock, at)
	case EventWake:
		e.unlock(&e.asleep, ByWake, at)
	case EventPause:
		e.pause(o.By, at)
	case EventResume:
		e.resume(o.By, at)
	case EventClock:
		e.setClock(o.Wall, at)
	case EventLogoff, EventShutdown, EventEnd: // rule 10
		e.close(at, EndedBy(o.Event))
		e.running = false
	}
}

func (e *Engine) start(o *Observation, at time.Duration) {
	e.session = session{
		running:        true,
		user:           o.User,
		clock:          newClock(at, o.Wall),
		lastInput:      at,
		knowsLastInput: true,
		idleAfter:      at,
		tracked:        e.rules.Tracks(o.User),
	}
	if o.HasIdle {
		e.lastInput = at - wholeMilliseconds(o.Idle)
	}
	e.look(at)
}

// tellIdle lets what idle tells stand for an input before the observation.
func (e *Engine) tellIdle(o *Observation, at time.Duration) {
	if !o.HasIdle {
		return
	}
	input := at - wholeMilliseconds(o.Idle)
	if input <= e.idleAfter || e.knowsLastInput && input <= e.lastInput {
		return
	}
	input = max(input, e.previousAt)
	e.fireUntil(input)
	e.now = input
	e.input(input)
}

// input is rule 4.
func (e *Engine) input(at time.Duration) {
	if e.locked || e.asleep {
		return
	}
	e.lastInput, e.knowsLastInput, e.awaitsInput = at, true, false
	if e.open.state == Passive {
		e.close(at, ByInput)
	}
	if e.open.state == "" && e.collects() && e.front.known {
		e.openActive(at)
	}
}

// inputAt is L as it stands at an instant: while the window in front is always active, it is now (rule 11).
func (e *Engine) inputAt(at time.Duration) (time.Duration, bool) {
	if e.isAlwaysActive() {
		return at, true
	}
	return e.lastInput, e.knowsLastInput
}

// isAlwaysActive tells whether L is now.
func (e *Engine) isAlwaysActive() bool {
	return e.front.alwaysActive && !e.locked && !e.asleep && !e.awaitsInput
}

// focus takes the window now in front (rule 5); whether it counts is for the timers to say.
func (e *Engine) focus(o *Observation, at time.Duration) {
	seen := Focus{App: o.App, Title: o.Title, URL: o.URL, Private: o.Private}
	address := siteOf(seen)
	id, emptied := e.rules.reduce(seen, address)
	e.emptied += emptied

	was := e.isAlwaysActive()
	first := !e.front.known
	newPage := e.front.turnTo(id, at, e.clock.at(at))
	e.front.app, e.front.site = seen.App, address.site
	e.front.alwaysActive = e.rules.isAlwaysActive(seen.App, address.site, seen.Private)
	e.open.see(&e.front, newPage)

	switch is := e.isAlwaysActive(); {
	case was && !is:
		e.lastInput, e.knowsLastInput = at, true
	case is && !was: // rule 11: it counts as input
		e.input(at)
	}
	if first {
		e.reopen(at)
	}
}

// lock is rule 7 for a lock and for sleep.
func (e *Engine) lock(cause *bool, reason Reason, at time.Duration) {
	e.idleAfter = at
	second := e.locked || e.asleep
	*cause = true
	if second {
		return
	}
	e.reason = reason
	e.knowsLastInput, e.awaitsInput = false, true
	e.close(at, EndedBy(reason))
	if e.collects() {
		e.openLocked(at)
	}
}

// unlock is rule 7 for an unlock and for waking.
func (e *Engine) unlock(cause *bool, by EndedBy, at time.Duration) {
	e.idleAfter = at
	*cause = false
	if !e.locked && !e.asleep && e.open.state == Locked {
		e.close(at, by)
	}
}

// State is Locked while the session is locked or the machine sleeps, collected or not; else Active or Passive while
// such an episode is open; else Inactive.
func (e *Engine) State() State {
	switch {
	case e.running && (e.locked || e.asleep):
		return Locked
	case e.open.state != "":
		return e.open.state
	}
	return Inactive
}

// Open is the open episode as it would stand if it ended at an instant, without EndedBy: its identity found as it
// would be, its credited length by rule 6. ok is false while none is open.
func (e *Engine) Open(at time.Duration) (Episode, bool) {
	if e.open.state == "" {
		return Episode{}, false
	}
	return e.open.endedAt(wholeMilliseconds(at), &e.front), true
}

// LastInput is the time of the last input, as of the last observation; ok is false while none is known.
func (e *Engine) LastInput() (at time.Duration, ok bool) {
	if !e.running {
		return 0, false
	}
	return e.inputAt(e.now)
}

// EmptiedTitles counts the titles and addresses emptied because redaction would have taken too long, or because its
// patterns do not compile.
func (e *Engine) EmptiedTitles() int64 { return e.emptied }

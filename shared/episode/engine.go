package episode

import "time"

// Engine turns the observations of one login session after another into episodes. It is not safe for concurrent use.
type Engine struct{}

// Inactive is what State says while nothing is recorded; no episode has it.
const Inactive State = "inactive"

// New gives an engine under these settings, before any session.
func New(settings *Settings) *Engine { return &Engine{} }

// Observe takes the next observation and gives the episodes that ended by it, or before it, in the order in which they
// ended. The slice is the engine's and valid until the next call. A refused observation is a *FieldError and changes
// nothing.
func (e *Engine) Observe(o *Observation) ([]Episode, error) { return nil, nil }

// Due is the next instant at which a timer fires (place, page, idle, passive limit, schedule); a tick observed then, or
// later, lets it. ok is false while none is set.
func (e *Engine) Due() (at time.Duration, ok bool) { return 0, false }

// Open is the open episode as it would stand if it ended at an instant, without EndedBy: its identity found as it
// would be, its credited length by rule 6. ok is false while none is open.
func (e *Engine) Open(at time.Duration) (Episode, bool) { return Episode{}, false }

// State is Locked while the session is locked or the machine sleeps, collected or not; else Active or Passive while
// such an episode is open; else Inactive.
func (e *Engine) State() State { return Inactive }

// LastInput is the time of the last input, as of the last observation; ok is false while none is known.
func (e *Engine) LastInput() (at time.Duration, ok bool) { return 0, false }

// EmptiedTitles counts the titles emptied because redaction would have taken too long (or its patterns do not compile).
func (e *Engine) EmptiedTitles() int64 { return 0 }

package episode

import (
	"slices"
	"time"
)

// collects tells whether collection is allowed now (rule 8).
func (e *Engine) collects() bool {
	return e.tracked && e.scheduled && !e.pausedByPerson && !e.pausedByPolicy
}

// reopen opens what is to be recorded when collection is allowed again, or when the session's first focus came
// (rules 1 and 8).
func (e *Engine) reopen(at time.Duration) {
	if e.open.state != "" || !e.collects() {
		return
	}
	if e.locked || e.asleep {
		e.openLocked(at)
		return
	}
	input, known := e.inputAt(at)
	if e.front.known && known && at-input < e.rules.passiveStart {
		e.openActive(at)
	}
}

func (e *Engine) pause(by Pauser, at time.Duration) {
	*e.pausedBy(by) = true
	e.close(at, ByPause)
}

// resume: collection is on again when neither pauses.
func (e *Engine) resume(by Pauser, at time.Duration) {
	did := e.collects()
	*e.pausedBy(by) = false
	if !did {
		e.reopen(at)
	}
}

func (e *Engine) pausedBy(by Pauser) *bool {
	if by == Policy {
		return &e.pausedByPolicy
	}
	return &e.pausedByPerson
}

// takeSettings is rule 8 for new settings. S, P, C and settle need no word here: each open episode keeps its rules.
func (e *Engine) takeSettings(rules *Rules, at time.Duration) {
	redact := !slices.Equal(rules.privacy.Redact, e.rules.privacy.Redact)
	e.rules = rules
	if !e.running {
		return
	}
	did, wasAlwaysActive := e.collects(), e.isAlwaysActive()
	e.tracked = rules.Tracks(e.user)
	e.look(at)
	if did && !e.collects() {
		e.close(at, BySettings)
	}
	f := &e.front
	wasInPlace := e.open.hasPlace && f.samePlace(&e.open.identity)
	e.narrow(redact, at)
	// What begins to match is no input; what ceases to match was one until now (rule 11).
	f.alwaysActive = f.known && rules.isAlwaysActive(f.app, f.site, f.Private)
	e.open.see(f, !wasInPlace)
	if wasAlwaysActive && !e.isAlwaysActive() {
		e.lastInput, e.knowsLastInput = at, true
	}
	if !did {
		e.reopen(at)
	}
}

// narrow cuts the open episode if the privacy settings now allow less of its identity, and reduces the window in front;
// new patterns redact what is there once more (rule 8).
func (e *Engine) narrow(redact bool, at time.Duration) {
	narrowed := func(id identity) identity {
		id, _ = e.rules.narrow(id, redact)
		return id
	}
	o := &e.open
	if o.state != "" {
		found := o.found(&e.front)
		less := narrowed(found)
		if !found.samePlace(&less) || !found.samePage(&less) {
			e.cut(at, BySettings)
		}
		o.identity, o.last = narrowed(o.identity), narrowed(o.last)
	}
	e.front.identity = narrowed(e.front.identity)
}

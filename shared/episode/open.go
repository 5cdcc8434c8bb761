package episode

import "time"

// front is the window in front.
type front struct {
	// known: any focus came since start.
	known bool
	// identity after the privacy settings.
	identity
	// app and site as observed, which rule 11 goes by.
	app, site    string
	alwaysActive bool
	// When its place and its page came, or began to settle anew, and what the wall clock showed then.
	placeSince, pageSince time.Duration
	placeWall, pageWall   time.Time
}

// turnTo dates what is new of a focus: a place that comes (back) dates its page too (rule 5).
func (f *front) turnTo(id identity, at time.Duration, wall time.Time) (newPage bool) {
	newPlace := !f.known || !f.samePlace(&id)
	newPage = newPlace || !f.samePage(&id)
	if newPlace {
		f.placeSince, f.placeWall = at, wall
	}
	if newPage {
		f.pageSince, f.pageWall = at, wall
	}
	f.known, f.identity = true, id
	return newPage
}

// settleAnew begins the settling of what is in front again.
func (f *front) settleAnew(at time.Duration, wall time.Time) {
	f.placeSince, f.placeWall = at, wall
	f.pageSince, f.pageWall = at, wall
}

// open is the episode going on; its state is empty while there is none.
type open struct {
	state State
	start time.Duration
	wall  time.Time
	// rules whose S, P, C and settle it keeps, and the revision in force when it opened.
	rules    *Rules
	revision string
	reason   Reason
	// limit ends a passive episode.
	limit time.Duration

	// identity, as far as it was found (rule 5).
	identity
	hasPlace, hasPage bool
	// last window in front in its place, and whether it was always active (rule 6); beforePage: whether the one was
	// that was there before the page now in front came.
	last             identity
	lastAlwaysActive bool
	beforePage       bool
}

// see notes the window that came in front, where it belongs to the episode's place.
func (o *open) see(f *front, newPage bool) {
	if !o.hasPlace || !f.samePlace(&o.identity) {
		return
	}
	if newPage {
		o.beforePage = o.lastAlwaysActive
	}
	o.last, o.lastAlwaysActive = f.identity, f.alwaysActive
}

// takePlace gives the episode the place in front; its page is still to be found.
func (o *open) takePlace(f *front) {
	o.identity = f.withPage(&identity{})
	o.hasPlace = true
	o.last, o.lastAlwaysActive = f.identity, f.alwaysActive
}

// takePage gives the episode the page in front of its place.
func (o *open) takePage(f *front) {
	o.identity = o.withPage(&f.identity)
	o.hasPage = true
}

// found is the identity the episode would have if it ended now: what it did not find yet is the last in front.
func (o *open) found(f *front) identity {
	switch {
	case o.state == Locked:
		return identity{}
	case !o.hasPlace:
		return f.identity
	case !o.hasPage:
		return o.withPage(&o.last)
	}
	return o.identity
}

// isWithoutLimit is rule 6's exception.
func (o *open) isWithoutLimit(f *front) bool {
	if !o.hasPlace {
		return f.alwaysActive
	}
	return o.lastAlwaysActive
}

// endedAt is the episode as it stands when it ends at an instant, without EndedBy.
func (o *open) endedAt(at time.Duration, f *front) Episode {
	episode := Episode{
		State:    o.state,
		Start:    o.wall,
		For:      at - o.start,
		Identity: o.found(f).Identity,
		Reason:   o.reason,
		Revision: o.revision,
	}
	if limit := o.rules.activeLimit; o.state == Active && episode.For > limit && !o.isWithoutLimit(f) { // rule 6
		episode.For, episode.ObservedFor = limit, episode.For
	}
	return episode
}

// close ends the open episode, if any. One of no length is not written (rule 13).
func (e *Engine) close(at time.Duration, by EndedBy) {
	if e.open.state != "" && at > e.open.start {
		episode := e.open.endedAt(at, &e.front)
		episode.EndedBy = by
		e.closed = append(e.closed, episode)
	}
	e.open = open{}
}

// cut ends the open episode, if any, and lets it go on as a new one: state, identity as far as found, idle and passive
// deadlines unchanged; a focus that was settling starts to settle anew (rules 8 and 9).
func (e *Engine) cut(at time.Duration, by EndedBy) {
	rest := e.open
	if rest.state == "" {
		return
	}
	e.close(at, by)
	rest.start, rest.wall, rest.revision = at, e.clock.at(at), e.rules.revision
	e.open = rest
	e.front.settleAnew(at, rest.wall)
}

// openActive opens an active episode from nothing: its identity is still to be found (rule 5).
func (e *Engine) openActive(at time.Duration) {
	e.open = open{
		state: Active, start: at, wall: e.clock.at(at),
		rules: e.rules, revision: e.rules.revision, limit: forever,
	}
}

// openByFocus opens the active episode that follows another by focus: it has the place in front, and is dated from
// when that place, or its page, came (rule 5).
func (e *Engine) openByFocus(since time.Duration, wall time.Time) {
	e.openActive(since)
	e.open.wall = wall
	e.open.takePlace(&e.front)
}

// openLocked is rule 7; the reason is the first cause of the whole stretch.
func (e *Engine) openLocked(at time.Duration) {
	e.open = open{
		state: Locked, start: at, wall: e.clock.at(at),
		rules: e.rules, revision: e.rules.revision, limit: forever, reason: e.reason,
	}
}

// openPassive lets a passive episode follow the active one that just ended, with its identity and its settings
// (rule 2). The revision is the one in force: what that forbids, the identity lost when it came.
func (e *Engine) openPassive(at time.Duration, active *open, id identity) {
	if active.rules.passiveStop == 0 {
		return
	}
	e.open = open{
		state: Passive, start: at, wall: e.clock.at(at),
		rules: active.rules, revision: e.rules.revision, limit: after(at, active.rules.passiveStop),
		identity: id, hasPlace: true, hasPage: true,
	}
}

package episode_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/dayline-project/dayline/shared/episode"
)

// model is a second, naive reading of time.md that shares no code with the engine: it steps through every second,
// keeps the whole history of focus, and asks each rule at each step. Times are whole seconds.
type model struct {
	set     *episode.Settings
	now     int // the second the model stands at
	prev    int // the last observation
	session *modelSession
	lines   []string
}

type modelSession struct {
	user            string
	told            int // when the wall clock was told
	wall            time.Time
	input           int // last real input
	inputKnown      bool
	untilInput      bool // locked or asleep before, no real input since
	border          int  // last start, lock, unlock, sleep, wake
	locked, asleep  bool
	cause           string
	paused          map[episode.Pauser]bool
	tracked, inTime bool
	history         []modelFocus
	open            *modelEpisode
}

type modelFocus struct {
	at   int
	wall time.Time
	raw  modelWindow // as observed
	id   modelWindow // as allowed
	// always: matches always_active, or did when it was last in front.
	always bool
	// The focuses of the history with which its place and its page came.
	placeFrom, pageFrom int
}

type modelEpisode struct {
	state, cause    string
	at              int
	wall            time.Time
	s, p, c, settle int // seconds; -1 indefinitely
	limitAt         int
	id              modelWindow
	hasPlace        bool
	hasPage         bool
	anew            int // settling counts from here at the earliest
	anewAfter       int // so many focuses of the history came before that
	revision        string
}

func (m *model) collects() bool {
	s := m.session
	return s.tracked && s.inTime && !s.paused[episode.Person] && !s.paused[episode.Policy]
}

func (m *model) front() *modelFocus {
	if h := m.session.history; len(h) > 0 {
		return &h[len(h)-1]
	}
	return nil
}

func (m *model) inputIsNow() bool {
	s, f := m.session, m.front()
	return f != nil && f.always && !s.locked && !s.asleep && !s.untilInput
}

func samePlace(a, b modelWindow) bool { return a.place() == b.place() }

// lastInPlace is the last focus, before an index, with the place of the open episode.
func (m *model) lastInPlace(before int) *modelFocus {
	for i := before - 1; i >= 0; i-- {
		if f := &m.session.history[i]; samePlace(f.id, m.session.open.id) {
			return f
		}
	}
	return nil
}

// identity the open episode would have if it ended now.
func (m *model) identity() modelWindow {
	o, all := m.session.open, len(m.session.history)
	switch {
	case o.state == "locked":
		return modelWindow{}
	case !o.hasPlace:
		return m.front().id
	case !o.hasPage:
		id := m.lastInPlace(all).id
		return id
	}
	return o.id
}

func (m *model) end(at int, by string) {
	m.endSeeing(at, by, len(m.session.history))
}

// endSeeing ends the open episode as one that saw only the first focuses of the history.
func (m *model) endSeeing(at int, by string, seen int) {
	o := m.session.open
	if o == nil {
		return
	}
	id := m.identity()
	length, observed := at-o.at, 0
	if o.state == "active" && o.c >= 0 && length > o.c {
		last := &m.session.history[len(m.session.history)-1]
		if o.hasPlace {
			last = m.lastInPlace(seen)
		}
		if !last.always {
			length, observed = o.c, length
		}
	}
	if at > o.at {
		m.lines = append(m.lines, fmt.Sprintf("%s %s %d ~%s %s~ %s %s %v by=%s obs=%d cause=%s rev=%s", o.state,
			o.wall.Format(time.RFC3339), length, id.app, id.title, id.site, id.url(), id.private, by, observed, o.cause, o.revision))
	}
	m.session.open = nil
}

func (m *model) begin(state string, at int) *modelEpisode {
	s := m.session
	s.open = &modelEpisode{
		state: state, at: at, wall: s.wallAt(at), anew: at, limitAt: -1, revision: m.set.Revision,
		s: seconds(m.set.Passive.Start), p: seconds(m.set.Passive.Stop), c: seconds(m.set.Active.Limit),
		settle: seconds(m.set.Settle),
	}
	if state == "locked" {
		s.open.cause = s.cause
	}
	return s.open
}

// goOn cuts the open episode (rules 8 and 9).
func (m *model) goOn(by string) {
	rest := *m.session.open
	m.end(m.now, by)
	rest.at, rest.anew, rest.wall = m.now, m.now, m.session.wallAt(m.now)
	rest.revision = m.set.Revision
	rest.anewAfter = len(m.session.history)
	m.session.open = &rest
}

func (m *model) allowedAgain() {
	s := m.session
	switch {
	case s.open != nil || !m.collects():
	case s.locked || s.asleep:
		m.begin("locked", m.now)
	case m.front() == nil:
	case m.inputIsNow() && seconds(m.set.Passive.Start) > 0, s.inputKnown && m.now-s.input < seconds(m.set.Passive.Start):
		m.begin("active", m.now)
	}
}

func (m *model) realInput() {
	s := m.session
	if s.locked || s.asleep {
		return
	}
	s.input, s.inputKnown, s.untilInput = m.now, true, false
	if s.open != nil && s.open.state == "passive" {
		m.end(m.now, "input")
	}
	if s.open == nil && m.collects() && m.front() != nil {
		m.begin("active", m.now)
	}
}

// fire does the first thing that is due now, if any.
func (m *model) fire() bool {
	s := m.session
	o := s.open
	if o != nil && o.state == "active" {
		f := m.front()
		away := !o.hasPlace || !samePlace(f.id, o.id)
		otherPage := !away && (!o.hasPage || o.id.page() != f.id.page())
		switch {
		case away && m.now-max(s.history[f.placeFrom].at, o.anew) >= o.settle:
			if !o.hasPlace {
				o.hasPlace, o.id = true, f.id
			} else {
				m.follow(f.placeFrom)
			}
			return true
		case otherPage && m.now-max(s.history[f.pageFrom].at, o.anew) >= o.settle:
			if !o.hasPage {
				o.hasPage, o.id = true, f.id
			} else {
				m.follow(f.pageFrom)
				s.open.hasPage = true
			}
			return true
		case !m.inputIsNow() && m.now-s.input >= o.s:
			id := m.identity()
			m.end(m.now, "idle")
			if o.p != 0 {
				next := *o
				next.state, next.at, next.wall, next.id = "passive", m.now, s.wallAt(m.now), id
				next.revision = m.set.Revision
				next.hasPlace, next.hasPage, next.limitAt = true, true, m.now+o.p
				if o.p < 0 {
					next.limitAt = -1
				}
				s.open = &next
			}
			return true
		}
	}
	if o != nil && o.state == "passive" && o.limitAt >= 0 && m.now >= o.limitAt {
		m.end(m.now, "limit")
		return true
	}
	if in := m.inSchedule(s.wallAt(m.now)); in != s.inTime {
		s.inTime = in
		if !in {
			m.end(m.now, "schedule")
		} else {
			m.allowedAgain()
		}
		return true
	}
	return false
}

// follow lets the focus of an index, which settled, end the open episode and open the next, both then.
func (m *model) follow(index int) {
	f, o := m.session.history[index], m.session.open
	at, wall := f.at, f.wall
	if index < o.anewAfter {
		at, wall = o.anew, o.wall
	}
	m.endSeeing(at, "focus", index)
	next := m.begin("active", at)
	next.wall, next.id, next.hasPlace = wall, m.front().id, true
}

func (m *model) runTo(at int) {
	for {
		for m.session != nil && m.fire() {
		}
		if m.now >= at {
			return
		}
		m.now++
	}
}

func (m *model) observe(o *episode.Observation, w modelWindow) {
	at := int(o.At / time.Second)
	s := m.session
	if s != nil && o.HasIdle {
		input := at - int(o.Idle/time.Second)
		if (!s.inputKnown || input > s.input) && input > s.border {
			m.runTo(max(input, m.prev))
			m.realInput()
		}
	}
	m.runTo(at)
	m.prev = at
	if s == nil && o.Event != episode.EventStart && o.Event != episode.EventSettings {
		return
	}
	switch o.Event {
	case episode.EventStart:
		s = &modelSession{user: o.User, told: at, wall: o.Wall, input: at, inputKnown: true, border: at,
			paused: map[episode.Pauser]bool{}, tracked: m.isTracked(o.User), inTime: m.inSchedule(o.Wall)}
		if o.HasIdle {
			s.input = at - int(o.Idle/time.Second)
		}
		m.session = s
	case episode.EventInput:
		m.realInput()
	case episode.EventFocus:
		m.focus(w)
	case episode.EventLock, episode.EventSleep:
		s.border = at
		if !s.locked && !s.asleep {
			m.end(at, string(o.Event))
			s.cause, s.inputKnown, s.untilInput = string(o.Event), false, true
			if m.collects() {
				m.begin("locked", at)
			}
		}
		s.locked = s.locked || o.Event == episode.EventLock
		s.asleep = s.asleep || o.Event == episode.EventSleep
	case episode.EventUnlock, episode.EventWake:
		s.border = at
		was := s.locked || s.asleep
		s.locked = s.locked && o.Event != episode.EventUnlock
		s.asleep = s.asleep && o.Event != episode.EventWake
		if was && !s.locked && !s.asleep {
			m.end(at, string(o.Event))
		}
	case episode.EventPause:
		s.paused[o.By] = true
		m.end(at, "pause")
	case episode.EventResume:
		was := m.collects()
		s.paused[o.By] = false
		if !was && m.collects() {
			m.allowedAgain()
		}
	case episode.EventSettings:
		m.settings(o.Settings)
	case episode.EventClock:
		m.clock(o.Wall)
	case episode.EventLogoff, episode.EventShutdown, episode.EventEnd:
		m.end(at, string(o.Event))
		m.session = nil
	}
	m.runTo(at)
}

func (m *model) focus(w modelWindow) {
	s := m.session
	id := m.allow(w, true)
	was := m.inputIsNow()
	wasMatch := m.front() != nil && m.front().always
	last := len(s.history)
	next := modelFocus{at: m.now, wall: s.wallAt(m.now), raw: w, id: id, always: m.matches(w), placeFrom: last, pageFrom: last}
	f := m.front()
	if f != nil && samePlace(f.id, id) {
		next.placeFrom = f.placeFrom
		if f.id.page() == id.page() {
			next.pageFrom = f.pageFrom
		}
	}
	s.history = append(s.history, next)
	if was && !m.inputIsNow() {
		s.input, s.inputKnown = m.now, true
	}
	if next.always && !wasMatch && !s.untilInput {
		m.realInput()
	}
	if last == 0 {
		m.allowedAgain()
	}
}

func (m *model) settings(set *episode.Settings) {
	s := m.session
	old := m.set
	if s == nil {
		m.set = set
		return
	}
	redact := !slices.Equal(old.Privacy.Redact, set.Privacy.Redact)
	was, wasNow := m.collects(), m.inputIsNow()
	m.set = set
	s.tracked, s.inTime = m.isTracked(s.user), m.inSchedule(s.wallAt(m.now))
	if was && !m.collects() {
		m.end(m.now, "settings")
	}
	if o := s.open; o != nil {
		id := m.identity()
		less := m.allow(id, redact)
		if id.place() != less.place() || id.page() != less.page() {
			m.goOn("settings")
		}
		o, before := s.open, s.open.id
		for i := range s.history {
			if samePlace(s.history[i].id, before) && i < len(s.history)-1 {
				s.history[i].id = m.allow(s.history[i].id, redact)
			}
		}
		o.id = m.allow(o.id, redact)
	}
	if f := m.front(); f != nil {
		f.id = m.allow(f.id, redact)
		f.always = m.matches(f.raw)
	}
	if wasNow && !m.inputIsNow() {
		s.input, s.inputKnown = m.now, true
	}
	if !was && m.collects() {
		m.allowedAgain()
	}
}

func (m *model) clock(wall time.Time) {
	s := m.session
	off := wall.Sub(s.wallAt(m.now))
	was := m.collects()
	s.told, s.wall = m.now, wall
	s.inTime = m.inSchedule(wall)
	jumped := off > 2*time.Second || off < -2*time.Second
	switch {
	case was && !m.collects() && jumped:
		m.end(m.now, "clock")
	case was && !m.collects():
		m.end(m.now, "schedule")
	case s.open != nil && jumped:
		m.goOn("clock")
	case !was && m.collects():
		m.allowedAgain()
	}
}

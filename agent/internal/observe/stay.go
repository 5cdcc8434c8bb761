package observe

import (
	"time"

	"github.com/dayline-project/dayline/shared/episode"
)

// maxStays bounds the programs whose time is counted.
const maxStays = 256

// stay is how long a program's windows were in front, without private ones, and how long of that with an address.
type stay struct{ front, address time.Duration }

// stays counts from the stream how long programs' windows were in front while somebody could see them.
type stays struct {
	apps map[string]stay
	// focus is the one in front since the moment since.
	focus                  episode.Observation
	since                  time.Duration
	locked, asleep, paused bool
	// unkept: nothing is kept of what is shown, since unkeptAt.
	unkept   bool
	unkeptAt time.Duration
}

// observe takes the next observation.
func (s *stays) observe(o episode.Observation) {
	switch o.Event {
	case episode.EventFocus:
		s.count(o.At)
		s.focus = o
	case episode.EventLock, episode.EventUnlock:
		s.count(o.At)
		s.locked = o.Event == episode.EventLock
	case episode.EventSleep, episode.EventWake:
		s.count(o.At)
		s.asleep = o.Event == episode.EventSleep
	case episode.EventPause, episode.EventResume:
		s.count(o.At)
		s.paused = o.Event == episode.EventPause
	}
}

// keep takes note whether what is shown is kept from a moment on.
func (s *stays) keep(kept bool, at time.Duration) {
	s.count(at)
	if s.unkept == kept {
		s.unkept, s.unkeptAt = !kept, at
	}
}

// toTell is the moment that may be told of what was heard at one: none at which nothing is kept.
func (s *stays) toTell(at time.Duration) time.Duration {
	if s.unkept {
		return s.unkeptAt
	}
	return at
}

// end takes note that nothing is watched from a moment on.
func (s *stays) end(at time.Duration) {
	s.count(at)
	*s = stays{apps: s.apps, unkept: s.unkept, unkeptAt: s.unkeptAt}
}

// of gives a program's until now.
func (s *stays) of(app string, now time.Duration) stay {
	s.count(now)
	return s.apps[app]
}

// count counts what was in front until a moment.
func (s *stays) count(until time.Duration) {
	passed := until - s.since
	s.since = max(s.since, until)
	app := s.focus.App
	counted, known := s.apps[app]
	if app == "" || s.focus.Private || s.locked || s.asleep || s.paused || s.unkept || passed <= 0 || !known && len(s.apps) == maxStays {
		return
	}
	counted.front += passed
	if s.focus.URL != "" {
		counted.address += passed
	}
	if s.apps == nil {
		s.apps = make(map[string]stay)
	}
	s.apps[app] = counted
}

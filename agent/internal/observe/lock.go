package observe

import (
	"time"

	"github.com/dayline-project/dayline/shared/episode"
)

// signal is what the system told of the login session, from the bus.
type signal struct {
	at   time.Duration
	kind signalKind
	on   bool
	// by is the word of signalEnds.
	by episode.EndedBy
}

type signalKind int

// The kinds of signals.
const (
	// signalAsked: somebody asked for the lock (on) or the unlock of the session.
	signalAsked signalKind = iota + 1
	// signalHint: a locker told that the session is locked or not.
	signalHint
	// signalConsole: the session has the console or lost it.
	signalConsole
	// signalSaver: a screen saver covers the screen or not.
	signalSaver
	// signalSleep and signalShutdown: the computer is about to (on), or it woke up or will not after all.
	signalSleep
	signalShutdown
	// signalEnds: the session ends now, which nothing takes back.
	signalEnds
	// signalLogin and signalSavers: lock and sleep are told by logind, and by screen savers, or are not.
	signalLogin
	signalSavers
)

const (
	// askedFor is how long a lock that was only asked for is believed whatever happens: a locker's own window comes
	// to the front in that time.
	askedFor = 3 * time.Second
	// atHand is how recent an input has to be for a change of focus to be a person's.
	atHand = 3 * time.Second
)

// locks puts together what is told of the session's lock. Lock signals are wishes, LockedHint is the state but set
// only by lockers that know logind, and screen savers tell for themselves (platforms: GNOME and KDE set the hint,
// i3lock and its like do not).
type locks struct {
	asked   bool
	askedAt time.Duration
	// confirmed: since it was asked for, a hint or a saver told of the lock.
	confirmed bool
	hint      bool
	saver     bool
	away      bool
}

// see takes a signal of the lock, the console or the saver.
func (l *locks) see(s signal) {
	switch s.kind {
	case signalAsked:
		l.asked, l.askedAt, l.confirmed = s.on, s.at, l.hint || l.saver
	case signalHint:
		l.hint = s.on
		l.confirm(s.on)
	case signalSaver:
		l.saver = s.on
		l.confirm(s.on)
	case signalConsole:
		l.away = !s.on
	}
}

func (l *locks) confirm(on bool) {
	if on {
		l.confirmed = true
	} else {
		l.asked = false
	}
}

// touched takes a change of focus with the time since the last input. A person who changes windows is not looking at
// a lock: one that was asked for and that nobody confirmed is over, for some lockers tell nobody that they ended.
func (l *locks) touched(at, idle time.Duration) {
	if l.asked && !l.confirmed && at-l.askedAt >= askedFor && idle >= 0 && idle <= atHand {
		l.asked = false
	}
}

// locked: is the session locked, or without the console, which counts as that (time.md)?
func (l *locks) locked() bool { return l.asked || l.hint || l.saver || l.away }

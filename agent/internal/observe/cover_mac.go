package observe

import (
	"slices"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

// curtains are the applications in front of a session that nobody can work in: the login window, which also shows the
// lock, and the screen saver.
var curtains = []string{"com.apple.loginwindow", "com.apple.ScreenSaver.Engine"}

func isCurtain(bundle string) bool { return slices.Contains(curtains, bundle) }

// cover puts together what macOS tells of whether somebody can work in the session: notices, which may get lost, and its
// state when that is looked at, which may be a moment behind them.
type cover struct {
	looked    bool
	graphical bool
	locked    claim
	curtain   claim
	away      claim
	dark      claim
	// saver: a notice told that a screen saver began, at saverAt; asleep: that the Mac was about to sleep, at asleepAt. No
	// look tells of either.
	saver, asleep     bool
	saverAt, asleepAt time.Duration
}

// claim is what was told last.
type claim struct {
	is bool
	// until is how long no look at the state counts against what a notice told.
	until time.Duration
	// alone: the state has not shown yet what the notice told.
	alone bool
}

const (
	// behindFor is how far the state may be behind the notices.
	behindFor = 2 * time.Second
	// startsFor is how long after the beginning of a screen saver, or of sleep, an input may still be of what began it.
	startsFor = 2 * time.Second
)

func (c *claim) hear(is bool, at time.Duration) {
	*c = claim{is: is, until: at + behindFor, alone: true}
}

// look takes the state, at a moment, with the last input's. A state that never showed what covers the session is believed
// against the notice of it once there was an input: the main display may be another when one sleeps, and the key of the
// lock stands in no header.
func (c *claim) look(is bool, at, input time.Duration) {
	if at < c.until || c.is && !is && c.alone && input <= c.until {
		return
	}
	c.is, c.alone = is, false
}

// hear takes a notice. That of a wish to log out or to shut down means nothing: applications may refuse it, and launchd
// ends us where they do not.
func (c *cover) hear(n mac.Notice, at time.Duration) {
	switch n.Kind {
	case mac.Activated:
		c.curtain.hear(isCurtain(n.App.Bundle), at)
	case mac.Locked, mac.Unlocked:
		c.locked.hear(n.Kind == mac.Locked, at)
		if n.Kind == mac.Unlocked {
			c.curtain.hear(false, at)
		}
	case mac.LeftConsole, mac.OnConsole:
		c.away.hear(n.Kind == mac.LeftConsole, at)
	case mac.DisplaysSlept, mac.DisplaysWoke:
		c.dark.hear(n.Kind == mac.DisplaysSlept, at)
	case mac.SaverStarted, mac.SaverStopped:
		c.saver, c.saverAt = n.Kind == mac.SaverStarted, at
	case mac.WillSleep, mac.DidWake:
		c.asleep, c.asleepAt = n.Kind == mac.WillSleep, at
	}
}

// sighting is the state at a moment: the session's dictionary, the bundle of what is in front, when the last input came.
type sighting struct {
	at        time.Duration
	session   mac.Session
	graphical bool
	front     string
	input     time.Duration
}

// look takes the state. An input ends a screen saver, and a sleep that did not come, whoever missed the notice of that.
func (c *cover) look(s sighting) {
	c.looked, c.graphical = true, s.graphical
	if s.graphical {
		c.locked.look(s.session.Locked, s.at, s.input)
		c.away.look(!s.session.OnConsole, s.at, s.input)
		c.dark.look(s.session.DisplayAsleep, s.at, s.input)
	}
	c.curtain.look(isCurtain(s.front), s.at, s.input)
	if c.saver && s.input > c.saverAt+startsFor {
		c.saver = false
	}
	if c.asleep && s.input > c.asleepAt+startsFor {
		c.asleep = false
	}
}

// coverage is what follows.
type coverage struct {
	// told: macOS tells of this session at all.
	told bool
	// locked by the lock or the login window, covered by a saver or a display that sleeps, away from the console, asleep.
	locked, saver, away, asleep bool
}

func (c *cover) coverage() coverage {
	return coverage{
		told: c.looked && c.graphical, locked: c.locked.is || c.curtain.is, saver: c.saver || c.dark.is, away: c.away.is, asleep: c.asleep,
	}
}

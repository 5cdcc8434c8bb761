// Package episode turns what one login session shows — focus, input, lock, sleep — into episodes of active, passive
// and locked time. It has no goroutine, no clock and no I/O: time arrives in the observations, and the same settings
// and observations always give the same episodes.
package episode

import "time"

// State is what an episode's time counts as.
type State string

// The states.
const (
	Active  State = "active"
	Passive State = "passive"
	Locked  State = "locked"
)

// EndedBy is the word for what closed an episode.
type EndedBy string

// The endings. Crash is never given by the engine: the live agent closes what a crash left open with it.
const (
	ByFocus    EndedBy = "focus"
	ByIdle     EndedBy = "idle"
	ByInput    EndedBy = "input"
	ByLimit    EndedBy = "limit"
	ByLock     EndedBy = "lock"
	BySleep    EndedBy = "sleep"
	ByUnlock   EndedBy = "unlock"
	ByWake     EndedBy = "wake"
	BySchedule EndedBy = "schedule"
	ByPause    EndedBy = "pause"
	BySettings EndedBy = "settings"
	ByClock    EndedBy = "clock"
	ByLogoff   EndedBy = "logoff"
	ByShutdown EndedBy = "shutdown"
	ByEnd      EndedBy = "end"
	ByCrash    EndedBy = "crash"
)

// Reason says why a session counted as locked.
type Reason string

// The reasons of locked time.
const (
	ReasonLock  Reason = "lock"
	ReasonSleep Reason = "sleep"
)

// Identity is what an episode's time was spent on, after the privacy settings: the place (app, site, private) and the
// page (title, url). It is empty for locked time.
type Identity struct {
	App     string
	Title   string
	Site    string
	URL     string
	Private bool
}

// Episode is one stretch of time with one identity and one state.
type Episode struct {
	State State
	// Start is the wall time at the beginning, with the computer's offset, in whole milliseconds.
	Start time.Time
	// For is the credited length, in whole milliseconds.
	For time.Duration
	Identity
	EndedBy EndedBy
	// ObservedFor is the real length where the limit shortened For (rule 6); otherwise 0.
	ObservedFor time.Duration
	// Reason is set for locked time.
	Reason Reason
	// Revision of the settings the episode was recorded under: those in force when it opened. What goes on after a cut
	// opened at the cut.
	Revision string
}

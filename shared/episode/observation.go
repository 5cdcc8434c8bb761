package episode

import "time"

// Event is what happened.
type Event string

// The events of a trace.
const (
	EventStart    Event = "start"
	EventInput    Event = "input"
	EventFocus    Event = "focus"
	EventLock     Event = "lock"
	EventUnlock   Event = "unlock"
	EventSleep    Event = "sleep"
	EventWake     Event = "wake"
	EventPause    Event = "pause"
	EventResume   Event = "resume"
	EventSettings Event = "settings"
	EventClock    Event = "clock"
	EventTick     Event = "tick"
	EventLogoff   Event = "logoff"
	EventShutdown Event = "shutdown"
	EventEnd      Event = "end"
)

// Pauser is who paused: collection is on again when neither does.
type Pauser string

// The two who pause.
const (
	Person Pauser = "person"
	Policy Pauser = "policy"
)

// Observation is one thing seen of a login session. Only At, Event, Idle and the fields of the event count.
type Observation struct {
	// At is the time since the trace began, on a clock that runs on through sleep and never jumps. It must not
	// decrease; the engine cuts it to whole milliseconds.
	At    time.Duration
	Event Event
	// Wall is what the wall clock shows, with its offset: start and clock.
	Wall time.Time
	// User is the login as it is shown, `DOMAIN\name`: start.
	User string
	// Idle is the time since the last input as the system told it, if HasIdle.
	Idle    time.Duration
	HasIdle bool
	// App, Title, URL and Private are the window now in front, all optional: focus.
	App, Title, URL string
	Private         bool
	// By is who pauses or resumes; empty is Person.
	By Pauser
	// Settings that arrived: settings.
	Settings *Settings
}

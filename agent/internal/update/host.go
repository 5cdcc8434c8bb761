package update

import "context"

// Host is what the service manager of a system does for updates; agent/internal/service has one for each.
type Host interface {
	// Target is what is exchanged: the program's file, on a Mac its bundle's folder.
	Target() string
	// Aside is where the watcher's program lies, or bundle: beside the target, so that it is on the same disk and as guarded.
	Aside() string
	// Able tells why the target cannot be exchanged here (ErrPackaged, a read-only disk).
	Able(ctx context.Context) error
	// Watch copies the running program aside, and has the service manager run that as the watcher, now and whenever the system
	// starts, until Unwatch. It is called by the service, and once more does nothing but have it run: what lies aside then is the
	// former program, and the one that calls may be the new.
	Watch(ctx context.Context) error
	// Unwatch takes that back, and removes what lies aside as far as the system lets go of it: the rest goes with the next call. It
	// is called by the watcher as its last act, and by the service at each start when there is nothing to watch.
	Unwatch(ctx context.Context) error
	// Stop ends the service, by force where it does not by itself; Start starts it. What is so already is no error.
	Stop(ctx context.Context) error
	Start(ctx context.Context) error
	// Ask asks the service that runs how it does; an error where none answers.
	Ask(ctx context.Context) (Report, error)
	// Reached tells whether the collector answers this program.
	Reached(ctx context.Context) bool
}

// Report is how a service does, as it says itself to whoever asks "update". Releases ask each other: its fields stay.
type Report struct {
	Version string `json:"version"`
	// Buffer is open.
	Buffer bool `json:"buffer"`
	// Sessions are the login sessions that should be observed; Observed those whose helper said hello.
	Sessions int `json:"sessions"`
	Observed int `json:"observed"`
	// Accepted: the collector accepted a request since the service was started.
	Accepted bool `json:"accepted"`
}

// blind tells whether no helper is where one should be.
func (r Report) blind() bool { return r.Sessions > 0 && r.Observed == 0 }

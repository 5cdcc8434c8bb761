package observe

import (
	"context"
	"time"
)

// system is what observing asks of an operating system: ourSystem is the one this runs on.
type system struct {
	// readClocks gives the time since the computer was started, and that time without what it slept.
	readClocks func() (boot, mono time.Duration, err error)
	// openDisplay opens a desktop by its name, where it has one; now is the time on the observations' clock.
	openDisplay func(ctx context.Context, name string, now func() time.Duration) (display, error)
	newBus      func(config Config, now func() time.Duration, signals chan<- signal) bus
}

// bus tells of the login session's lock, its console and its end, and of sleep.
type bus interface {
	// run tells until the context ends.
	run(ctx context.Context)
	// refresh has what may have been missed looked for; it does not wait.
	refresh()
	// release lets the computer sleep or shut down, which waits for us.
	release()
}

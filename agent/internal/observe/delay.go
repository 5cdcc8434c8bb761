package observe

import (
	"context"
	"sync"
	"time"
)

// delay keeps the system from what it is about to do, sleep or the end of the session, until what is open is stored: it
// waits while what it told us with has not returned.
type delay struct {
	mu sync.Mutex
	// held is closed to let the system go on, while it waits for us.
	held chan struct{}
}

// delayFor is how long the system waits at most: of sleep Windows grants 2 s (time.md).
const delayFor = 2 * time.Second

// hold has tell called and returns once release is, or it took too long.
func (d *delay) hold(ctx context.Context, tell func()) {
	held := make(chan struct{})
	d.mu.Lock()
	d.held = held
	d.mu.Unlock()
	tell()
	timer := time.NewTimer(delayFor)
	defer timer.Stop()
	select {
	case <-held:
	case <-timer.C:
		d.release()
	case <-ctx.Done():
	}
}

// release lets the system go on.
func (d *delay) release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.held != nil {
		close(d.held)
		d.held = nil
	}
}

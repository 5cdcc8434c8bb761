package observe

import (
	"context"
	"time"
)

// backoff is how long to wait before something that is gone is looked for again: twice as long each time.
type backoff struct {
	first, most, next time.Duration
}

// wait waits; false is told when the context ended first.
func (b *backoff) wait(ctx context.Context) bool {
	b.next = min(max(b.next*2, b.first), b.most)
	timer := time.NewTimer(b.next)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// reset begins anew, after something held.
func (b *backoff) reset() { b.next = 0 }

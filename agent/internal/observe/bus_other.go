//go:build !linux && !windows

package observe

import (
	"context"
	"time"
)

// bus is for systems that have one.
type bus struct {
	sessionID string
	uid       int
	now       func() time.Duration
	signals   chan<- signal
}

func (b *bus) run(ctx context.Context) { <-ctx.Done() }

func (b *bus) release() {}

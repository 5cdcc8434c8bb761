package desktop

import (
	"context"
	"fmt"
	"time"

	"github.com/dayline-project/dayline/test/process"
)

// pace is how long each window and title stays at least, for programs that look again after a while. It goes by in steps: a
// computer that stands still for a second has given nobody a second to look, and the most it takes away is one step.
const pace, step = 200 * time.Millisecond, 20 * time.Millisecond

// Watched says which processes look at the desktop. From then on every act ends when they have seen what it changed, however
// busy the computer is, and nothing else is changed before.
func (d *Desktop) Watched(by func() []int) { d.watchers = by }

// Seen waits until the processes that look at the desktop have seen all there is to see, and gives the moment.
func (d *Desktop) Seen(ctx context.Context) (time.Time, error) {
	if d.watchers == nil {
		return time.Now(), nil
	}
	if err := process.Rest(ctx, patience, d.carriers, d.watchers()); err != nil {
		return time.Time{}, fmt.Errorf("desktop: who looks at it has seen it: %w", err)
	}
	return time.Now(), nil
}

// hold lets what is in front stay for the pace before something changes it, and until it was seen.
func (d *Desktop) hold(ctx context.Context) error {
	for range pace / step {
		select {
		case <-time.After(step):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	_, err := d.Seen(ctx)
	return err
}

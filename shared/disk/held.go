package disk

import (
	"context"
	"time"
)

const (
	// heldFor is how long a virus scanner may keep a file that was written just now.
	heldFor   = 6 * time.Second
	heldAgain = 50 * time.Millisecond
)

// WhileHeld does something with a file, again for as long as somebody else holds that, but no longer than six seconds and ctx. Its
// error is the last of do's, as it is. It is on Windows, mostly, that files are held.
func WhileHeld(ctx context.Context, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, heldFor)
	defer cancel()
	ticker := time.NewTicker(heldAgain)
	defer ticker.Stop()
	for {
		err := do()
		if err == nil || !Held(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-ticker.C:
		}
	}
}

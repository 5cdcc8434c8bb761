package report

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dayline-project/dayline/collector"
)

const (
	// atOnce and answerFor bound what reports take of the machine (security.md §3).
	atOnce    = 4
	answerFor = 30 * time.Second
	// placeFor is how long a report waits for a place. Who turns pages leaves reports behind that nobody waits for any more, and
	// those end within moments.
	placeFor = 2 * time.Second
)

// errTooLong is the cause of a report's end when its time is up.
var errTooLong = errors.New("report: out of time")

// turn is the place and the time that an answer has.
type turn struct {
	ctx    context.Context
	places chan struct{}
	held   bool
	timer  *time.Timer
}

// answer gives a report its place, if there is one, and its time.
func (r *Reports) answer(ctx context.Context, give func(context.Context) error) error {
	return r.inTurn(ctx, func(t *turn) error { return give(t.ctx) })
}

func (r *Reports) takePlace(ctx context.Context) error {
	late := time.NewTimer(placeFor)
	defer late.Stop()
	select {
	case r.places <- struct{}{}:
		return nil
	case <-late.C:
		return collector.Refuse(collector.TooMany, "", "%d reports are being made; try again in a moment", atOnce)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Reports) inTurn(ctx context.Context, give func(*turn) error) error {
	if err := r.takePlace(ctx); err != nil {
		return err
	}
	timed, cancel := context.WithCancelCause(ctx)
	t := &turn{ctx: timed, places: r.places, held: true, timer: time.AfterFunc(answerFor, func() { cancel(errTooLong) })}
	defer func() {
		t.timer.Stop()
		cancel(nil)
		if t.held {
			<-t.places
		}
	}()
	err := give(t)
	if err != nil && errors.Is(context.Cause(timed), errTooLong) {
		return collector.Refuse(collector.TooLarge, "from", "the answer takes longer than %v; ask for fewer days", answerFor)
	}
	if err != nil && collector.CodeOf(err) == collector.Internal {
		return fmt.Errorf("report: %w", err)
	}
	return err
}

// away leaves the place to others while something is done that is not the machine's work, and goes on with a new one and
// as much time as at the start.
func (t *turn) away(do func() error) error {
	t.timer.Stop()
	<-t.places
	t.held = false
	if err := do(); err != nil {
		return err
	}
	select {
	case t.places <- struct{}{}:
		t.held = true
		t.timer.Reset(answerFor)
		return nil
	case <-t.ctx.Done():
		return t.ctx.Err()
	}
}

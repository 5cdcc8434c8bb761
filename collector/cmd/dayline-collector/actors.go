package main

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
)

// actor is a loop with a name.
type actor struct {
	name string
	run  func(ctx context.Context) error
}

// runAll runs all actors until the context ends or one of them fails. The outer ones, which take calls, end first, so
// that calls under way are finished by the inner ones they need.
func runAll(ctx context.Context, outer, inner []actor) error {
	innerCtx, stopInner := context.WithCancel(context.WithoutCancel(ctx))
	defer stopInner()
	outerCtx, stopOuter := context.WithCancel(ctx)
	defer stopOuter()
	var within errgroup.Group
	for _, a := range inner {
		within.Go(func() error {
			err := a.named(innerCtx)
			if innerCtx.Err() == nil {
				stopOuter() // without it no call can be answered
			}
			return err
		})
	}
	group, groupCtx := errgroup.WithContext(outerCtx)
	for _, a := range outer {
		group.Go(func() error { return a.named(groupCtx) })
	}
	err := group.Wait()
	stopInner()
	return errors.Join(err, within.Wait())
}

func (a actor) named(ctx context.Context) error {
	if err := a.run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", a.name, err)
	}
	return nil
}

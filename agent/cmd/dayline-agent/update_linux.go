package main

import (
	"context"

	"github.com/dayline-project/dayline/agent/internal/service"
)

// outsideActs are what the confined service has systemd do; nil where none is asked for.
func outsideActs(o *options) func() func(context.Context) error {
	place := o.Bool("place", false, "have systemd watch an update (the service asks for it)")
	remove := o.Bool("remove", false, "take that back, and what updates left")
	return func() func(context.Context) error {
		switch {
		case *place:
			return func(ctx context.Context) error { return service.PlaceWatcher(ctx, o.state) }
		case *remove:
			return func(ctx context.Context) error { return service.RemoveWatcher(ctx, o.state) }
		}
		return nil
	}
}

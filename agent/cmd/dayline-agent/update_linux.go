package main

import (
	"context"
	"errors"
	"io"

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

// watchManaged: systemd asks no more of a watcher than that it runs, and keeps its log.
func watchManaged(_ context.Context, _ string, stderr io.Writer) int {
	return fail(stderr, errors.New("--managed is for Windows and macOS"))
}

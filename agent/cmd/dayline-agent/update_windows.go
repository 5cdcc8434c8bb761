package main

import (
	"context"
	"io"
	"log/slog"

	"github.com/dayline-project/dayline/agent/internal/service"
)

// watchManaged is the watcher as Windows' service manager runs it.
func watchManaged(_ context.Context, state string, stderr io.Writer) int {
	return underManager(stderr, func(ctx context.Context, events slog.Handler, _ <-chan service.Notice) error {
		return watchLogged(ctx, state, events)
	})
}

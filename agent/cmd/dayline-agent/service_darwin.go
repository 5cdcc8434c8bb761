package main

import (
	"context"
	"io"
	"os/signal"
	"syscall"
)

// serveManaged is the service as launchd runs it.
func serveManaged(state string, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := serveLogged(ctx, state, logTo(stderr), nil); err != nil {
		return fail(stderr, err)
	}
	return done
}

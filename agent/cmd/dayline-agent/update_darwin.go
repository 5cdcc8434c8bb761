package main

import (
	"context"
	"io"
)

// watchManaged is the watcher as launchd runs it.
func watchManaged(ctx context.Context, state string, stderr io.Writer) int {
	if err := watchLogged(ctx, state, logTo(stderr)); err != nil {
		return fail(stderr, err)
	}
	return done
}

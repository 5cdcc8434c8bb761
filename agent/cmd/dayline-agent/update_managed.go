//go:build !linux

package main

import (
	"context"
	"log/slog"
	"path/filepath"

	"github.com/dayline-project/dayline/agent/internal/journal"
	updating "github.com/dayline-project/dayline/agent/internal/update"
)

// watchLog is where the watcher writes what it does, in the folder of updates: the service writes its log, too.
const watchLog = "watcher.log"

// watchLogged watches an update, and writes the log of that beside it, and to events.
func watchLogged(ctx context.Context, state string, events slog.Handler) error {
	file, err := journal.OpenFile(filepath.Join(state, updating.Folder, watchLog))
	if err != nil {
		slog.New(events).Warn("log will not be written", "error", err)
		return watchUpdate(ctx, state, events)
	}
	defer file.Close()
	return watchUpdate(ctx, state, slog.NewMultiHandler(logTo(file), events))
}

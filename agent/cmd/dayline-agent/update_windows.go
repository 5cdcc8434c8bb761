package main

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"

	"github.com/dayline-project/dayline/agent/internal/journal"
	"github.com/dayline-project/dayline/agent/internal/service"
	updating "github.com/dayline-project/dayline/agent/internal/update"
)

// watchLog is where the watcher writes what it does, in the folder of updates.
const watchLog = "watcher.log"

// watchManaged is the watcher as Windows' service manager runs it. It writes a log of its own: the service writes its, too.
func watchManaged(state string, stderr io.Writer) int {
	return underManager(stderr, func(ctx context.Context, events slog.Handler, _ <-chan service.Notice) error {
		file, err := journal.OpenFile(filepath.Join(state, updating.Folder, watchLog))
		if err != nil {
			slog.New(events).Warn("log will not be written", "error", err)
			return watchUpdate(ctx, state, events)
		}
		defer file.Close()
		return watchUpdate(ctx, state, slog.NewMultiHandler(logTo(file), events))
	})
}

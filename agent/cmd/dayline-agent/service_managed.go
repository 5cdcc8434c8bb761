package main

import (
	"context"
	"log/slog"
	"path/filepath"

	"github.com/dayline-project/dayline/agent/internal/journal"
	"github.com/dayline-project/dayline/agent/internal/service"
)

// Files in the state folder, where the service manager keeps nothing, or little, of what a service says.
const (
	logFile   = "agent.log"
	crashFile = "crashes.txt"
)

// serveLogged serves and writes the log into the state folder, and to events too, which keep what matters of it. A file
// that another program keeps to itself keeps nobody from serving.
func serveLogged(ctx context.Context, state string, events slog.Handler, notices <-chan service.Notice) error {
	if err := prepare(state, slog.New(events)); err != nil {
		return err
	}
	written := slog.DiscardHandler
	if file, err := journal.OpenFile(filepath.Join(state, logFile)); err != nil {
		slog.New(events).Warn("log will not be written", "error", err)
	} else {
		defer file.Close()
		written = logTo(file)
	}
	both := slog.NewMultiHandler(written, events)
	if err := journal.KeepCrashes(filepath.Join(state, crashFile)); err != nil {
		slog.New(both).Warn("crashes will not be kept", "error", err)
	}
	if err := service.Complete(); err != nil {
		slog.New(both).Info("installation not completed", "error", err)
	}
	err := serveIn(ctx, state, both, notices)
	if err != nil {
		slog.New(written).Error("service failed", "error", err)
	}
	return err
}

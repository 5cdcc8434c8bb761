package main

import (
	"context"
	"log/slog"

	"github.com/dayline-project/dayline/agent/internal/service"
	helper "github.com/dayline-project/dayline/agent/internal/session"
)

// ownLauncher lets the service start the helper of its own session, as it does in all when the system runs it.
func ownLauncher(log *slog.Logger) helper.Launcher { return helper.NewOwnLauncher(log) }

// runBoth runs the service, which runs the helper.
func runBoth(ctx context.Context, s *service.Service, _ string, _ *slog.Logger) error {
	return s.Run(ctx)
}

//go:build unix

package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/dayline-project/dayline/agent/internal/service"
	helper "github.com/dayline-project/dayline/agent/internal/session"
)

const (
	// A helper that ends is started again, ever more slowly while it does not stay.
	restartMin = time.Second
	restartMax = time.Minute
	// stayedFor is how long it has to live for the slowness to be forgotten.
	stayedFor = time.Minute
	// helperEndFor is what a helper has to end by itself once the service has gone.
	helperEndFor = 3 * time.Second
)

// ownLauncher gives none: the helper is started beside the service.
func ownLauncher(*slog.Logger) helper.Launcher { return nil }

// runBoth runs the service here and the helper as a child, until ctx ends or the service fails. The service is first to
// end: it asks the helper to close its episodes and takes them in.
func runBoth(ctx context.Context, s *service.Service, state string, log *slog.Logger) error {
	helping, stopHelper := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() { // ends with helping
		defer close(ended)
		keepHelper(helping, ctx, state, log)
	}()
	err := s.Run(ctx)
	stopHelper()
	<-ended
	return err
}

// keepHelper starts the helper and starts it again when it ends, until stopping; then it has a moment to end by itself.
func keepHelper(ctx, stopping context.Context, state string, log *slog.Logger) {
	// A helper dies with the thread that started it (run_linux.go).
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	wait := restartMin
	for stopping.Err() == nil {
		started := time.Now()
		err := helperOnce(ctx, state)
		if stopping.Err() != nil {
			return
		}
		if time.Since(started) > stayedFor {
			wait = restartMin
		}
		log.Warn("session helper ended", "error", err, "restart_in", wait)
		select {
		case <-stopping.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, restartMax)
	}
}

func helperOnce(ctx context.Context, state string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	helper := exec.CommandContext(ctx, self, "session", "--state", state)
	helper.Stderr = os.Stderr
	helper.Cancel = func() error { return helper.Process.Signal(os.Interrupt) }
	helper.WaitDelay = helperEndFor
	apart(helper)
	if err := helper.Run(); err != nil {
		return fmt.Errorf("session helper: %w", err)
	}
	return nil
}

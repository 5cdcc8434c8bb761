package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/dayline-project/dayline/agent/internal/enroll"
	"github.com/dayline-project/dayline/agent/internal/service"
	"github.com/dayline-project/dayline/shared/token"
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

// run is the service and one session in the foreground: ^C closes the open episodes and sends what is buffered.
func run(args []string, _, stderr io.Writer) int {
	o := newOptions("run", "", stderr)
	if _, status, ok := o.parse(args, 0); !ok {
		return status
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := logTo(stderr)
	if err := prepare(o.state, slog.New(log)); err != nil {
		return fail(stderr, err)
	}
	identity, err := identityForRun(ctx, o.state, stderr)
	if err != nil {
		return fail(stderr, err)
	}
	trusted, err := enroll.Trusted(o.state)
	if err != nil {
		return fail(stderr, err)
	}
	s, err := service.Open(service.Config{
		Folder: o.state, Socket: socketOf(o.state), Ceiling: ceiling(), Identity: identity, Trusted: trusted, Log: log, Level: &level,
	})
	if err != nil {
		return fail(stderr, err)
	}
	if err := runBoth(ctx, s, o.state, slog.New(log)); err != nil {
		return fail(stderr, err)
	}
	return done
}

// identityForRun loads the identity, or enrols by the string in the environment.
func identityForRun(ctx context.Context, state string, stderr io.Writer) (*enroll.Identity, error) {
	identity, err := enroll.Load(state)
	text := os.Getenv(enroll.EnvironmentName)
	if !errors.Is(err, enroll.ErrNotEnrolled) || text == "" {
		return identity, err
	}
	t, err := token.Parse(text)
	if err != nil {
		return nil, err
	}
	return enrolIn(ctx, state, t, false, stderr)
}

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
	// The secret of an enrolment is none of the helper's business.
	helper.Env = withoutSecret(os.Environ())
	apart(helper)
	if err := helper.Run(); err != nil {
		return fmt.Errorf("session helper: %w", err)
	}
	return nil
}

func withoutSecret(environment []string) []string {
	kept := make([]string, 0, len(environment))
	for _, variable := range environment {
		if len(variable) <= len(enroll.EnvironmentName) || variable[:len(enroll.EnvironmentName)+1] != enroll.EnvironmentName+"=" {
			kept = append(kept, variable)
		}
	}
	return kept
}

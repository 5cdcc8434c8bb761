package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/dayline-project/dayline/agent/internal/enroll"
	"github.com/dayline-project/dayline/agent/internal/service"
	helper "github.com/dayline-project/dayline/agent/internal/session"
	"github.com/dayline-project/dayline/shared/token"
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
		Launcher: helper.NewOwnLauncher(slog.New(log)),
	})
	if err != nil {
		return fail(stderr, err)
	}
	if err := s.Run(ctx); err != nil {
		return fail(stderr, err)
	}
	return done
}

// identityForRun loads the identity, or enrols by the string in the environment, which is no business of the helper's.
func identityForRun(ctx context.Context, state string, stderr io.Writer) (*enroll.Identity, error) {
	text := os.Getenv(enroll.EnvironmentName)
	if err := os.Unsetenv(enroll.EnvironmentName); err != nil {
		return nil, err
	}
	identity, err := enroll.Load(state)
	if !errors.Is(err, enroll.ErrNotEnrolled) || text == "" {
		return identity, err
	}
	t, err := token.Parse(text)
	if err != nil {
		return nil, err
	}
	return enrolIn(ctx, state, t, false, stderr)
}

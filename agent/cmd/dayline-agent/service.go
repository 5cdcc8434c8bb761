package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/dayline-project/dayline/agent/internal/enroll"
	"github.com/dayline-project/dayline/agent/internal/service"
	helper "github.com/dayline-project/dayline/agent/internal/session"
	updating "github.com/dayline-project/dayline/agent/internal/update"
	"github.com/dayline-project/dayline/agent/internal/uplink"
	"github.com/dayline-project/dayline/shared/token"
)

// leftAgainAfter is when what is left for an enrolled device is first looked for again; each time it is twice as long, up to an hour.
const leftAgainAfter = 10 * time.Second

// serve is the system service: it enrols by what an installer left, or waits for `enroll`, and then works.
func serve(args []string, _, stderr io.Writer) int {
	o := newOptions("service", "", stderr)
	managed := o.Bool("managed", false, "the service manager of Windows or macOS started it")
	if _, status, ok := o.parse(args, 0); !ok {
		return status
	}
	updating.NoteStart(o.state)
	if *managed {
		return serveManaged(o.state, stderr)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serveIn(ctx, o.state, logTo(stderr), nil); err != nil {
		return fail(stderr, err)
	}
	return done
}

// serveIn works until ctx ends, enrolled or not; notices are the service manager's, where it gives any.
func serveIn(ctx context.Context, state string, log slog.Handler, notices <-chan service.Notice) error {
	if err := prepare(state, slog.New(log)); err != nil {
		return err
	}
	for ctx.Err() == nil {
		identity, err := identityIn(state, slog.New(log))
		if err != nil {
			return err
		}
		config := service.Config{
			Folder: state, Socket: socketOf(state), Ceiling: ceiling(), Identity: identity, Log: log, Level: &level,
			Uninstall: uninstallInBackground, Updates: exchangeOf(state), Notices: notices, Launcher: helper.NewLauncher(slog.New(log)),
		}
		if identity == nil {
			err = serveAwaiting(ctx, config, awaiter(state, slog.New(log)))
		} else {
			err = serveEnrolled(ctx, config)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func serveEnrolled(ctx context.Context, config service.Config) error {
	var err error
	if config.Trusted, err = enroll.Trusted(config.Folder); err != nil {
		return err
	}
	s, err := service.Open(config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go keepNone(ctx, config.Folder, slog.New(config.Log)) // ends with ctx
	return s.Run(ctx)
}

// keepNone removes what is left for a device that is enrolled: it heeds no string. Some comes later, and an installer that starts
// the service holds its package until it has ended.
func keepNone(ctx context.Context, state string, log *slog.Logger) {
	for wait := leftAgainAfter; ; wait = min(2*wait, time.Hour) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
			removeLeft(state, log)
		}
	}
}

func removeLeft(state string, log *slog.Logger) {
	for _, carrier := range carriers(state) {
		if err := carrier.Remove(); err != nil {
			log.Info("enrolment string not removed yet", "error", err)
		}
	}
}

// serveAwaiting answers people, and captures nothing, until the device is enrolled or ctx ends.
func serveAwaiting(ctx context.Context, config service.Config, a *enroll.Awaiter) error {
	a.Log.Warn("not enrolled: nothing is collected yet")
	config.Enrolling = a.Words
	s, err := service.Open(config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	awaited := make(chan error, 1)
	go func() { // ends with ctx
		// Whoever starts helpers may not start one that ended again for half a minute, or until the next login.
		defer cancel(service.ErrAnew)
		awaited <- a.Run(ctx)
	}()
	err = s.Run(ctx)
	cancel(nil)
	return errors.Join(err, <-awaited)
}

func awaiter(state string, log *slog.Logger) *enroll.Awaiter {
	return &enroll.Awaiter{
		Folder: state, Carriers: carriers(state), Log: log,
		Enrol: func(ctx context.Context, t token.Token, say func(string)) error {
			_, err := enrolment(state, t, say).Run(ctx)
			return err
		},
	}
}

// prepare makes the state folder, and the socket's where it is another.
func prepare(state string, log *slog.Logger) error {
	if err := prepareState(state, log); err != nil {
		return err
	}
	return makeSocketFolder(state)
}

func prepareState(state string, log *slog.Logger) error {
	moved, err := service.Prepare(state)
	if moved != "" {
		log.Error("state folder was not ours and was moved aside")
	}
	return err
}

// identityIn loads the identity; nil where there is none. An enrolled device heeds no string that is left, and keeps none.
func identityIn(state string, log *slog.Logger) (*enroll.Identity, error) {
	identity, err := enroll.Load(state)
	if errors.Is(err, enroll.ErrNotEnrolled) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := identity.Reseal(); err != nil {
		log.Error("device key not sealed anew", "error", err)
	}
	removeLeft(state, log)
	return identity, nil
}

var _ uplink.Identity = (*enroll.Identity)(nil)

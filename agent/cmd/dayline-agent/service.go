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
	"github.com/dayline-project/dayline/agent/internal/uplink"
	"github.com/dayline-project/dayline/shared/token"
)

const (
	// enrolledEvery is how often a service that is not enrolled looks whether it is now.
	enrolledEvery = 2 * time.Second
	// managedEvery is how often it looks whether a management profile has come that enrols it.
	managedEvery = time.Minute
)

// serve is the system service: it enrols by the carrier an installer left, or waits for `enroll`, and then works.
func serve(args []string, _, stderr io.Writer) int {
	o := newOptions("service", "", stderr)
	managed := o.Bool("managed", false, "the service manager of Windows or macOS started it")
	if _, status, ok := o.parse(args, 0); !ok {
		return status
	}
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
	left, managed := leftString, managedString
	if state != defaultState() { // what is left is for the system's own service
		nothing := func() (string, error) { return "", enroll.ErrNoString }
		left, managed = nothing, nothing
	}
	for ctx.Err() == nil {
		tried, _ := managed()
		identity, err := identityIn(ctx, state, left, slog.New(log))
		if err != nil {
			return err
		}
		config := service.Config{
			Folder: state, Socket: socketOf(state), Ceiling: ceiling(), Identity: identity, Log: log, Level: &level,
			Uninstall: uninstallInBackground, Notices: notices, Launcher: helper.NewLauncher(slog.New(log)),
		}
		if identity != nil {
			if config.Trusted, err = enroll.Trusted(state); err != nil {
				return err
			}
		}
		if err := serveOnce(ctx, config, func() bool { return cameAnew(managed, tried) }); err != nil {
			return err
		}
	}
	return nil
}

// cameAnew tells whether there is a managed string that was not tried.
func cameAnew(managed func() (string, error), tried string) bool {
	text, err := managed()
	return err == nil && text != tried
}

// serveOnce works until ctx ends or, where the device is not enrolled, until it is or may be by what came.
func serveOnce(ctx context.Context, config service.Config, came func() bool) error {
	s, err := service.Open(config)
	if err != nil {
		return err
	}
	if config.Identity != nil {
		return s.Run(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // ends with ctx
		defer cancel()
		awaitEnrolment(ctx, config.Folder, came)
	}()
	return s.Run(ctx)
}

func awaitEnrolment(ctx context.Context, state string, came func() bool) {
	ticker, rare := time.NewTicker(enrolledEvery), time.NewTicker(managedEvery)
	defer ticker.Stop()
	defer rare.Stop()
	for {
		if _, err := enroll.Load(state); !errors.Is(err, enroll.ErrNotEnrolled) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-rare.C:
			if came() {
				return
			}
		}
	}
}

// prepare makes the state folder, and the socket's where it is another.
func prepare(state string, log *slog.Logger) error {
	moved, err := service.Prepare(state)
	if err != nil {
		return err
	}
	if moved != "" {
		log.Error("state folder was not ours and was moved aside")
	}
	return makeSocketFolder(state)
}

// identityIn loads the identity; without one it enrols by the string that was left; nil where there is neither.
func identityIn(ctx context.Context, state string, left func() (string, error), log *slog.Logger) (*enroll.Identity, error) {
	identity, err := enroll.Load(state)
	if err == nil {
		if err := identity.Reseal(); err != nil {
			log.Error("device key not sealed anew", "error", err)
		}
	}
	if !errors.Is(err, enroll.ErrNotEnrolled) {
		return identity, err
	}
	text, err := left()
	if errors.Is(err, enroll.ErrNoString) {
		log.Warn("not enrolled: nothing is collected; get an enrolment string and run: dayline-agent enroll STRING", "error", err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t, err := token.Parse(text)
	if err != nil {
		// The service goes on, so that status and doctor can say what is wrong.
		log.Error("enrolment file not usable", "error", err)
		return nil, nil
	}
	identity, err = enrolment(state, t, func(why string) { log.Warn("not enrolled yet", "reason", why) }).Run(ctx)
	if err != nil {
		log.Error("not enrolled", "error", err)
		return nil, nil
	}
	if err := os.Remove(carrier()); err != nil && carrier() != "" {
		log.Warn("enrolment file not removed", "error", err)
	}
	return identity, nil
}

var _ uplink.Identity = (*enroll.Identity)(nil)

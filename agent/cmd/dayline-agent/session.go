package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/dayline-project/dayline/agent/internal/browser/host"
	"github.com/dayline-project/dayline/agent/internal/observe"
	helper "github.com/dayline-project/dayline/agent/internal/session"
	"github.com/dayline-project/dayline/shared/episode"
)

// sessionMemory is what the garbage collector keeps the helper's heap under, so that a session stays small (target T2).
const sessionMemory = 8 << 20

// session is the helper of the login session it runs in, as the person whose session that is: 0 ended as asked, or left alone by
// the service, 1 failed or refused, 2 used wrongly.
func session(args []string, _, stderr io.Writer) int {
	o := newOptions("session", "", stderr)
	socket := o.String("socket", "", "the service's socket (default: that of the state folder)")
	pipe := o.Uint64("pipe", 0, "instead of a socket, the pipe to the service that was inherited from it")
	if _, status, ok := o.parse(args, 0); !ok {
		return status
	}
	debug.SetMemoryLimit(sessionMemory)
	shrink()
	ctx, stop := untilSessionEnds()
	defer stop()
	config := helper.Config{
		Dial: func(ctx context.Context) (net.Conn, error) {
			return helper.Dial(ctx, cmp.Or(*socket, socketOf(o.state)))
		},
		OSSession: observe.OSSession(), Display: os.Getenv("DISPLAY"), Desktop: observe.Desktop(),
		Log: slog.New(slog.NewTextHandler(stderr, nil)),
	}
	if *pipe != 0 {
		if err := inherit(&config, *pipe); err != nil {
			return fail(stderr, err)
		}
	}
	return withRunLoop(func() int {
		err := observeSession(ctx, config)
		if errors.Is(err, helper.ErrAlone) {
			config.Log.Info("session helper ends", "reason", err)
			return done
		}
		if err != nil {
			return fail(stderr, err)
		}
		return done
	})
}

// inherit has the helper use the one connection that the service started it with.
func inherit(config *helper.Config, pipe uint64) error {
	conn, err := helper.Inherit(pipe)
	if err != nil {
		return err
	}
	config.Inherited = true
	config.Dial = func(context.Context) (net.Conn, error) { return conn, nil }
	return nil
}

// untilSessionEnds is a context that SIGTERM ends, which is how a login session is ended, or an interrupt.
func untilSessionEnds() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	go func() {
		select {
		case s := <-signals:
			if s == os.Interrupt {
				cancel(helper.Ending{By: episode.ByEnd})
			} else {
				cancel(helper.Ending{By: episode.ByLogoff})
			}
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

// observeSession observes this process's login session until ctx ends.
func observeSession(ctx context.Context, config helper.Config) error {
	observer, err := observe.New(observe.Config{SessionID: config.OSSession, UID: os.Getuid(), Ear: host.NewEar("", config.Log), Log: config.Log})
	if err != nil {
		return err
	}
	config.Observer = observer
	return helper.NewHelper(config).Run(ctx)
}

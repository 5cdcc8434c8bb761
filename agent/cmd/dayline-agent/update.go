package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/dayline-project/dayline/agent/internal/health"
	"github.com/dayline-project/dayline/agent/internal/service"
	updating "github.com/dayline-project/dayline/agent/internal/update"
	"github.com/dayline-project/dayline/shared/release"
)

// update is what the service manager runs beside the service while the agent becomes another release of itself.
func update(args []string, _, stderr io.Writer) int {
	o := newOptions("update", "", stderr)
	watch := o.Bool("watch", false, "exchange the program, and watch what came (the system starts it; the collector says when)")
	managed := o.Bool("managed", false, "the service manager of Windows or macOS started it")
	outside := outsideActs(o)
	if _, status, ok := o.parse(args, 0); !ok {
		return status
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch act := outside(); {
	case act != nil:
		err = act(ctx)
	case *managed:
		return watchManaged(ctx, o.state, stderr)
	case *watch:
		err = watchUpdate(ctx, o.state, logTo(stderr))
	default:
		o.Usage()
		return usedWrongly
	}
	if err != nil {
		return fail(stderr, err)
	}
	return done
}

// watchUpdate exchanges the program and judges the new one, until that is settled or ctx ends.
func watchUpdate(ctx context.Context, state string, log slog.Handler) error {
	exchange, err := service.NewExchange(state, askerOf(state))
	if err != nil {
		return err
	}
	watcher := &updating.Watcher{
		Folder: state, Buffer: service.BufferIn(state), Host: exchange, System: health.OS(), Built: release.Built, Log: slog.New(log),
	}
	if err := watcher.Run(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// exchangeOf exchanges the program of the service whose state this is; nil where it cannot be told which that is.
func exchangeOf(state string) updating.Host {
	exchange, err := service.NewExchange(state, askerOf(state))
	if err != nil {
		return nil
	}
	return exchange
}

func askerOf(state string) func(ctx context.Context, what string, document any) error {
	return func(ctx context.Context, what string, document any) error {
		return askWithin(ctx, state, what, document)
	}
}

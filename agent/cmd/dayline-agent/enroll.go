package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/agent/internal/enroll"
	"github.com/dayline-project/dayline/agent/internal/health"
	"github.com/dayline-project/dayline/agent/internal/service"
	"github.com/dayline-project/dayline/shared/token"
)

// enrolDevice trades an enrolment string for a device identity. The string is checked before anything else happens.
func enrolDevice(args []string, stdout, stderr io.Writer) int {
	o := newOptions("enroll", "STRING | -", stderr)
	replace := o.Bool("replace", false, "leave the collector this device belongs to; what is buffered for it is discarded")
	given, status, ok := o.parse(args, 1)
	if !ok {
		return status
	}
	argument := ""
	if len(given) == 1 {
		argument = given[0]
	}
	text, err := enroll.Find(argument, os.Stdin, carrier())
	if err != nil {
		return fail(stderr, err)
	}
	t, err := token.Parse(text)
	if err != nil {
		return fail(stderr, err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	identity, err := enrolIn(ctx, o.state, t, *replace, stderr)
	if err != nil {
		return fail(stderr, err)
	}
	fmt.Fprintf(stdout, "enrolled as %s\n", identity.Device())
	return done
}

func enrolIn(ctx context.Context, state string, t token.Token, replace bool, stderr io.Writer) (*enroll.Identity, error) {
	if err := prepare(state, slog.New(logTo(stderr))); err != nil {
		return nil, err
	}
	if replace {
		if err := discard(state); err != nil {
			return nil, err
		}
	}
	say := func(why string) { fmt.Fprintf(stderr, "%s (^C to give up)\n", why) }
	return enrolment(state, t, say).Run(ctx)
}

// discard removes what belongs to the present collector; not under a running service, which would go on with it.
func discard(state string) error {
	b, err := buffer.Open(filepath.Join(state, "buffer.db"), buffer.DefaultLimits)
	if errors.Is(err, buffer.ErrLocked) {
		return errors.New("the service runs; stop it first (systemctl stop dayline-agent)")
	}
	if err != nil {
		return err
	}
	if err := b.Close(); err != nil {
		return err
	}
	return service.Discard(state)
}

func enrolment(state string, t token.Token, say func(string)) enroll.Enrolment {
	return enroll.Enrolment{Folder: state, Token: t, Facts: health.Facts(), Say: say}
}

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
	"github.com/dayline-project/dayline/agent/internal/disk"
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
	find := leftString
	if len(given) == 1 {
		find = func() (string, error) { return enroll.Find(given[0], os.Stdin, "") }
	}
	text, err := find()
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

// leftString is the enrolment string that an installer or a management profile left here.
func leftString() (string, error) {
	text, err := enroll.Find("", nil, carrier())
	if errors.Is(err, enroll.ErrNoString) {
		return managedString()
	}
	return text, err
}

func enrolIn(ctx context.Context, state string, t token.Token, replace bool, stderr io.Writer) (*enroll.Identity, error) {
	if err := prepare(state, slog.New(logTo(stderr))); err != nil {
		return nil, err
	}
	say := func(why string) { fmt.Fprintf(stderr, "%s (^C to give up)\n", why) }
	if replace {
		return replaceIn(ctx, state, t, say)
	}
	return enrolment(state, t, say).Run(ctx)
}

// replaceIn moves the device to another collector. Only when that one has said yes is what belongs to the present one
// discarded: a string that has expired costs nothing.
func replaceIn(ctx context.Context, state string, t token.Token, say func(string)) (*enroll.Identity, error) {
	if err := notRunning(state); err != nil {
		return nil, err
	}
	staged := filepath.Join(state, "replacing")
	if err := disk.RemoveAll(staged); err != nil {
		return nil, err
	}
	if err := os.Mkdir(staged, 0o700); err != nil {
		return nil, err
	}
	defer disk.RemoveAll(staged)
	if _, err := enrolment(staged, t, say).Run(ctx); err != nil {
		return nil, err
	}
	if err := notRunning(state); err != nil {
		return nil, err
	}
	if err := service.Discard(state); err != nil {
		return nil, err
	}
	if err := enroll.Move(staged, state); err != nil {
		return nil, err
	}
	return enroll.Load(state)
}

// notRunning makes sure that no service runs, which would go on with what is discarded.
func notRunning(state string) error {
	b, err := buffer.Open(filepath.Join(state, "buffer.db"), buffer.DefaultLimits)
	if errors.Is(err, buffer.ErrLocked) {
		return errors.New("the service runs; stop it first: dayline-agent stop")
	}
	if err != nil {
		return err
	}
	return b.Close()
}

func enrolment(state string, t token.Token, say func(string)) enroll.Enrolment {
	return enroll.Enrolment{Folder: state, Token: t, Facts: health.Facts(), Say: say}
}

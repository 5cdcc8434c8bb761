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
	"strings"
	"syscall"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/agent/internal/enroll"
	"github.com/dayline-project/dayline/agent/internal/health"
	"github.com/dayline-project/dayline/agent/internal/service"
	"github.com/dayline-project/dayline/shared/disk"
	"github.com/dayline-project/dayline/shared/token"
)

// enrolDevice trades an enrolment string for a device identity, or keeps it for the service to do so. The string is
// checked before anything else happens.
func enrolDevice(args []string, stdout, stderr io.Writer) int {
	o := newOptions("enroll", "[STRING | -]", stderr)
	replace := o.Bool("replace", false, "leave the collector this device belongs to; what is buffered for it is discarded")
	atStart := o.Bool("at-start", false, "only keep the string, for the service to enrol when it starts; an enrolled device stays as it is")
	file := o.String("file", "", "take the string from this `FILE`")
	pack := o.String("package", "", "take the string that this installer's `FILE` carries; - reads the file's path, which may tell the string, from standard input")
	given, status, ok := o.parse(args, 1)
	if !ok {
		return status
	}
	sources := len(given)
	for _, source := range []string{*file, *pack} {
		if source != "" {
			sources++
		}
	}
	if sources > 1 || *atStart && (sources == 0 || *replace) {
		o.Usage()
		return usedWrongly
	}
	find := func() (string, error) { return stringGiven(given, *file, *pack, o.state) }
	var told string
	var err error
	if *atStart {
		told, err = enrolAtStart(o.state, find, stderr)
	} else {
		told, err = enrolNow(o.state, find, *replace, stderr)
	}
	if err != nil {
		return fail(stderr, err)
	}
	fmt.Fprintln(stdout, told)
	return done
}

func enrolNow(state string, find func() (string, error), replace bool, stderr io.Writer) (told string, err error) {
	text, err := find()
	if err != nil {
		return "", err
	}
	t, err := token.Parse(text)
	if err != nil {
		return "", err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	identity, err := enrolIn(ctx, state, t, replace, stderr)
	if err != nil {
		return "", err
	}
	return "enrolled as " + identity.Device(), nil
}

// enrolAtStart is for installers: that there is no string, or nothing to do with one, keeps no program from being
// installed. A folder that somebody else made there says nothing of this device.
func enrolAtStart(state string, find func() (string, error), stderr io.Writer) (told string, err error) {
	if err := prepareState(state, slog.New(logTo(stderr))); err != nil {
		return "", err
	}
	enrolled, err := enroll.Enrolled(state)
	if err != nil {
		return "", err
	}
	if enrolled {
		return "this device is enrolled already; nothing was changed", nil
	}
	text, err := find()
	if errors.Is(err, enroll.ErrNoString) {
		return "there is no enrolment string in it; nothing was changed", nil
	}
	if err != nil {
		return "", err
	}
	t, err := token.Parse(text)
	if err != nil {
		return "", err
	}
	if err := enroll.Keep(state, t); err != nil {
		return "", err
	}
	return "the enrolment string is kept; the service enrols by it when it runs: dayline-agent status", nil
}

// stringGiven is the enrolment string of the command, or, where it names none, what was left for the service.
func stringGiven(given []string, file, pack, state string) (string, error) {
	switch {
	case file != "":
		return enroll.ReadFile(file)
	case pack == "-":
		path, err := enroll.Read(os.Stdin)
		if err != nil {
			return "", err
		}
		return enroll.ReadPackage(strings.TrimSuffix(path, "\n"))
	case pack != "":
		return enroll.ReadPackage(pack)
	case len(given) == 0:
		return leftString(state)
	case given[0] == "-":
		return enroll.Read(os.Stdin)
	}
	return given[0], nil
}

// leftString is the first enrolment string that was left for the service.
func leftString(state string) (string, error) {
	for _, carrier := range carriers(state) {
		if text, err := carrier.Find(); !errors.Is(err, enroll.ErrNoString) {
			return text, err
		}
	}
	return "", enroll.ErrNoString
}

// carriers are where an enrolment string may be left for the service of this state folder, in the order they are heeded;
// all but the first are for the system's own.
func carriers(state string) []enroll.Carrier {
	left := []enroll.Carrier{enroll.Left(state)}
	if state != defaultState() {
		return left
	}
	return append(left, systemCarriers()...)
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

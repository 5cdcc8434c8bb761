package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/dayline-project/dayline/agent/internal/observe"
	helper "github.com/dayline-project/dayline/agent/internal/session"
	"github.com/dayline-project/dayline/shared/episode"
)

const sessionUsage = `Usage: dayline-agent session --socket PATH

Observes the login session it runs in and hands what it sees to the service, over the service's socket. It is started
with the desktop, as the person whose session it is. It ends when the service says so, or is gone for a minute.
`

// sessionMemory is what the garbage collector keeps the helper's heap under, so that a session stays small (target T2).
const sessionMemory = 8 << 20

// runSession is the helper of one login session: 0 ended as asked, 1 failed, refused or left alone by the service, 2
// used wrongly.
func runSession(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("session", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, sessionUsage) }
	socket := flags.String("socket", "", "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case *socket == "" || flags.NArg() != 0:
		flags.Usage()
		return 2
	}
	debug.SetGCPercent(50)
	debug.SetMemoryLimit(sessionMemory)
	shrink()
	ctx, stop := untilSessionEnds()
	defer stop()
	if err := observeSession(ctx, *socket, slog.New(slog.NewTextHandler(stderr, nil))); err != nil {
		fmt.Fprintf(stderr, "dayline-agent: session: %v\n", err)
		return 1
	}
	return 0
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

// observeSession observes this process's login session until ctx ends, for the service at a socket.
func observeSession(ctx context.Context, socket string, log *slog.Logger) error {
	id := os.Getenv("XDG_SESSION_ID")
	observer, err := observe.New(observe.Config{SessionID: id, UID: os.Getuid()})
	if err != nil {
		return err
	}
	return helper.NewHelper(helper.Config{
		Dial: func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
		Observer: observer, OSSession: id, Display: os.Getenv("DISPLAY"), Desktop: observe.Desktop(), Log: log,
	}).Run(ctx)
}

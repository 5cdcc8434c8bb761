// Command sample is `make sample`: a collector with six weeks of an invented studio, to look at the pages with before one's own
// computers report. With a command, as in `make screenshots`, it runs that at the studio instead and ends. Everything it
// starts ends with it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/studio"
)

func main() {
	dir := flag.String("state", "", "the folder of the collector's files and data, new; empty: one that is removed at the end")
	web := flag.String("web", "127.0.0.1:8444", "where the pages are served; empty: a port of the kernel's choice")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := run(ctx, *dir, *web, flag.Args()); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "sample:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir, web string, command []string) error {
	if dir == "" {
		scratch, err := os.MkdirTemp("", "dayline-sample-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(scratch)
		dir = scratch
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	bin, err := rig.BuildTrusting()
	if err != nil {
		return err
	}
	s, err := studio.Open(ctx, bin.Binaries, dir, rig.Options{Web: web})
	if err != nil {
		return err
	}
	defer s.Collector.Stop()
	if err := s.Update(ctx, bin.Key); err != nil {
		return err
	}
	if len(command) > 0 {
		return use(ctx, s, command)
	}
	fmt.Printf("The studio is at %s\n\n", s.Collector.Pages())
	for _, role := range []string{"admin", "configurator", "manager", "viewer", "person"} {
		fmt.Printf("  %-13s %s\n", role, studio.Users[role])
	}
	fmt.Printf("\nThe password of each is %s\nThe files are in %s; ^C ends it.\n", studio.Password, s.Collector.Config)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.Collector.Process().Done():
			return fmt.Errorf("the collector ended: %w\n%s", s.Collector.Process().Err(), s.Collector.Process().Tail())
		case <-time.After(30 * time.Second):
			if err := s.Contact(ctx); err != nil {
				return err
			}
		}
	}
}

// use runs a command that is told of the studio.
func use(ctx context.Context, s *studio.Studio, command []string) error {
	told, err := studio.Told(s.Collector, studio.Users)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "DAYLINE_STUDIO="+told)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

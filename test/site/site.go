// Package site sets up, for a test, a collector and an agent's desktop of its own, and takes all of it down again.
package site

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/dayline-project/dayline/test/desktop"
	"github.com/dayline-project/dayline/test/process"
	"github.com/dayline-project/dayline/test/rig"
)

// Site is a collector and one agent of a test.
type Site struct {
	Bin       rig.Binaries
	Dir       string
	Collector *rig.Collector
	Agent     *rig.Agent
}

// New starts a collector; its settings are the text of account.yaml. Files of a failed test are kept.
func New(t *testing.T, o rig.Options) *Site {
	t.Helper()
	s := &Site{Bin: must(rig.Build())(t), Dir: Folder(t)}
	s.Collector = must(rig.NewCollector(s.Bin, s.Dir, o))(t)
	s.StartCollector(t)
	t.Cleanup(func() {
		if err := s.Collector.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the collector said: %s", s.Collector.Process().Tail())
		}
	})
	return s
}

// Folder is a scratch folder with a short path: sockets live in it.
func Folder(t *testing.T) string {
	t.Helper()
	dir := must(os.MkdirTemp("", "dl"))(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("files are kept in %s", dir)
		} else if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// StartCollector starts it, again if it was ended.
func (s *Site) StartCollector(t *testing.T) {
	t.Helper()
	if err := s.Collector.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Desktop brings up an empty desktop.
func (s *Site) Desktop(t *testing.T) *desktop.Desktop {
	t.Helper()
	d := must(desktop.Start(t.Context(), filepath.Join(s.Dir, "desk")))(t)
	t.Cleanup(d.Close)
	return d
}

// Enroll enrols an agent whose session has this environment. It is not started yet.
func (s *Site) Enroll(t *testing.T, env []string) {
	t.Helper()
	s.Agent = rig.NewAgent(s.Bin, filepath.Join(s.Dir, "agent"), env)
	if err := s.Agent.Enroll(t.Context(), must(s.Collector.Link(t.Context()))(t)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Agent.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the agent said: %s", s.Agent.Logs())
		}
	})
}

// Watch enrols an agent for the desktop, starts its service and its session, and waits until it captures.
func (s *Site) Watch(t *testing.T, d *desktop.Desktop) {
	t.Helper()
	s.Enroll(t, d.Env())
	if err := errors.Join(s.Agent.StartService(), s.Agent.StartSession()); err != nil {
		t.Fatal(err)
	}
	d.Watched(s.Agent.Looking)
	Eventually(t, time.Minute, "the agent captures", func() error {
		rows, err := s.Collector.Activity(t.Context())
		if err == nil && len(rows) == 0 {
			err = rig.ErrNoRows
		}
		return err
	})
}

// Eventually waits for a condition and ends the test with its last error if it does not come to hold.
func Eventually(t *testing.T, within time.Duration, what string, condition func() error) {
	t.Helper()
	if err := process.Wait(t.Context(), within, what, condition); err != nil {
		t.Fatal(err)
	}
}

// Pass lets real time pass, where what is tested is what happens while nothing does.
func Pass(t *testing.T, length time.Duration) {
	t.Helper()
	select {
	case <-time.After(length):
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}

// Contents is every byte of a file, or of all files below a folder whose names match a pattern, names included.
func Contents(t *testing.T, root, pattern string) []byte {
	t.Helper()
	var all []byte
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		if fits, err := filepath.Match(pattern, entry.Name()); !fits {
			return err
		}
		text, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		all = append(append(all, name...), text...)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return all
}

// Times is how often a fault is repeated: n by default, and as many times more as DAYLINE_SOAK says.
func Times(t *testing.T, n int) int {
	t.Helper()
	text := os.Getenv("DAYLINE_SOAK")
	if text == "" {
		return n
	}
	soak, err := strconv.Atoi(text)
	if err != nil || soak < 1 {
		t.Fatalf("DAYLINE_SOAK is %q: it has to be a number from 1", text)
	}
	return n * soak
}

// Doubled lists the rows that stand for the same time twice: what arrives twice overlaps itself.
func Doubled(rows []rig.Row) []string {
	var faults []string
	last := map[string]rig.Row{}
	for _, row := range rows {
		key := row.Device + row.Login + row.Session
		if before, found := last[key]; found && row.Start.Before(before.End().Add(-time.Millisecond)) {
			faults = append(faults, fmt.Sprintf("%s %q at %s overlaps %s %q", row.State, row.Title, row.Start.Format(time.TimeOnly), before.State, before.Title))
		}
		last[key] = row
	}
	return faults
}

func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

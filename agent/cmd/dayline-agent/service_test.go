package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dayline-project/dayline/agent/internal/service"
	helper "github.com/dayline-project/dayline/agent/internal/session"
	"github.com/dayline-project/dayline/agent/internal/uplink/uplinktest"
)

// The service answers from the start, says what keeps it from enrolling, and works once nothing does.
func TestTheServiceEnrolsByWhatWasLeft(t *testing.T) {
	c, state := uplinktest.Start(t), filepath.Join(t.TempDir(), "state")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serveIn(ctx, state, slog.DiscardHandler, nil) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	until := func(what string, told func(*service.Status) bool) {
		t.Helper()
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		var s service.Status
		for deadline := time.Now().Add(60 * time.Second); ; <-ticker.C {
			s = service.Status{}
			if err := ask(state, "status", &s); err == nil && told(&s) {
				return
			} else if time.Now().After(deadline) {
				t.Fatalf("never %s: %+v, %v", what, s, err)
			}
		}
	}
	until("not enrolled", func(s *service.Status) bool { return strings.Contains(s.Problem, "dayline-agent enroll STRING") })
	c.Stop()
	keep := func() {
		t.Helper()
		if status, stdout, stderr := invoke("enroll", "--at-start", "--state", state, c.Token().Encode()); status != done || !strings.Contains(stdout, "is kept") {
			t.Fatalf("status %d: %s %s", status, stdout, stderr)
		}
	}
	keep()
	until("trying", func(s *service.Status) bool {
		return strings.HasPrefix(s.Problem, "enrolling with 127.0.0.1:") && strings.Contains(s.Problem, "does not answer") && strings.Contains(s.Problem, "trying again")
	})
	var checks []service.Check
	if err := ask(state, "doctor", &checks); err != nil || len(checks) != 1 || checks[0].OK || !strings.Contains(checks[0].Found, "enrolling with") {
		t.Errorf("doctor says %+v, %v", checks, err)
	}
	conn, err := helper.Dial(t.Context(), socketOf(state))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := helper.Write(conn, &helper.Message{Hello: &helper.Hello{Protocol: helper.Protocol, Run: "00000000000000a1"}}); err != nil {
		t.Fatal(err)
	}
	c.Listen(c.Authority.Leaf(t, "127.0.0.1", time.Now(), time.Now().Add(time.Hour)))
	for m, err := helper.Read(conn); err == nil; m, err = helper.Read(conn) {
		if m.Stop != nil {
			t.Error("a helper was asked to stop, which nobody may start again soon")
		}
	}
	until("enrolled", func(s *service.Status) bool { return s.Enrolled && s.Problem == "" })
	if _, err := os.Stat(filepath.Join(state, "enroll")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the string that was used is still there: %v", err)
	}
}

// What is left for a device that is enrolled goes, however late it came.
func TestAnEnrolledDeviceKeepsNoString(t *testing.T) {
	state := t.TempDir()
	left := filepath.Join(state, "enroll")
	synctest.Test(t, func(t *testing.T) {
		go keepNone(t.Context(), state, slog.New(slog.DiscardHandler))
		for range 3 {
			if err := os.WriteFile(left, []byte("dl1"), 0o600); err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Hour + time.Second)
			if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("it is still there: %v", err)
			}
		}
	})
}

func TestAManagedServiceWritesItsLog(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	if err := prepare(state, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(state, "identity.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	defer debug.SetCrashOutput(nil, debug.CrashOptions{}) // it holds a file open
	if err := serveLogged(t.Context(), state, slog.DiscardHandler, nil); err == nil {
		t.Fatal("serves with a damaged identity")
	}
	if raw, err := os.ReadFile(filepath.Join(state, logFile)); err != nil || !strings.Contains(string(raw), "service failed") {
		t.Errorf("the log says %q, %v", raw, err)
	}
	if _, err := os.Stat(filepath.Join(state, crashFile)); err != nil {
		t.Errorf("crashes: %v", err)
	}
}

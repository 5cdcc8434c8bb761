package main

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dayline-project/dayline/agent/internal/enroll"
	"github.com/dayline-project/dayline/agent/internal/uplink/uplinktest"
)

func TestTheServiceEnrolsByWhatWasLeft(t *testing.T) {
	c, state := uplinktest.Start(t), t.TempDir()
	var told bytes.Buffer
	log := slog.New(slog.NewTextHandler(&told, nil))
	for _, test := range []struct {
		left  string
		err   error
		words string
	}{
		{"", enroll.ErrNoString, "not enrolled: nothing is collected"},
		{"dl1abc", nil, "too short"},
	} {
		left := func() (string, error) { return test.left, test.err }
		if identity, err := identityIn(t.Context(), state, left, log); identity != nil || err != nil || !strings.Contains(told.String(), test.words) {
			t.Errorf("by %q: %v, %v; told %s", test.left, identity, err, told.String())
		}
	}
	left := func() (string, error) { return c.Token().Encode(), nil }
	if identity, err := identityIn(t.Context(), state, left, log); err != nil || identity.Device() == "" {
		t.Fatalf("not enrolled: %v", err)
	}
	used := func() (string, error) { return "", errors.New("asked for what nobody needs") }
	if _, err := identityIn(t.Context(), state, used, log); err != nil {
		t.Error(err)
	}
}

// A profile may come after the program, and be replaced where its string was of no use.
func TestAManagedStringIsLookedForEachMinute(t *testing.T) {
	state := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		managed := func() (string, error) {
			switch time.Since(began).Round(time.Second) {
			case time.Minute:
				return "", enroll.ErrNoString
			case 2 * time.Minute:
				return "dl1used", nil
			}
			return "dl1new", nil
		}
		awaitEnrolment(t.Context(), state, func() bool { return cameAnew(managed, "dl1used") })
		if text, _ := managed(); text != "dl1new" || time.Since(began) != 3*time.Minute {
			t.Errorf("tries %q after %s", text, time.Since(began))
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

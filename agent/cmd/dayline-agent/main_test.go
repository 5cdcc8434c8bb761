package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/agent/internal/browser/host"
	"github.com/dayline-project/dayline/agent/internal/enroll"
	"github.com/dayline-project/dayline/agent/internal/service"
	"github.com/dayline-project/dayline/agent/internal/uplink/uplinktest"
	"github.com/dayline-project/dayline/shared/token"
)

// TestMain is the program where `run` or a browser started it.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "session" || host.Called(os.Args[1:]) {
		main()
	}
	os.Exit(m.Run())
}

func invoke(args ...string) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	status = dispatch(args, &out, &err)
	return status, out.String(), err.String()
}

func TestExitStatusAndWords(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	for _, test := range []struct {
		args   string
		status int
		words  string
	}{
		{"", usedWrongly, "Usage"},
		{"help", done, "Usage"},
		{"frobnicate", usedWrongly, `there is no command "frobnicate"`},
		{"version", done, "0."},
		{"version 2", usedWrongly, "Usage"},
		{"status --no-such-flag", usedWrongly, "no-such-flag"},
		{"status more --state " + state, usedWrongly, "Usage"},
		{"status --state " + state, failed, "not running"},
		{"doctor --state " + state, failed, "dayline-agent start"},
		{"doctor --state " + state, failed, "ok   releases                 this build trusts no keys"},
		{"start now", usedWrongly, "Usage"},
		{"pause --state " + state, failed, "as administrator: dayline-agent start"},
		{"my-day --state " + state, failed, "does not run"},
		{"enroll --state " + state + " dl1abc", failed, "too short"},
		{"enroll --state " + state + " https://example.com", failed, `must begin with "dl1"`},
		{"enroll --at-start --state " + state, usedWrongly, "Usage"},
		{"enroll --at-start --replace dl1abc --state " + state, usedWrongly, "Usage"},
		{"enroll --file a --package b --state " + state, usedWrongly, "Usage"},
		{"enroll --file " + state + " --state " + state, failed, "read the enrolment file"},
		{"enroll --at-start dl1abc --state " + state, failed, "too short"},
		{"run --state " + state, failed, "not enrolled; get an enrolment string and run: dayline-agent enroll"},
	} {
		t.Run(test.args, func(t *testing.T) {
			status, stdout, stderr := invoke(strings.Fields(test.args)...)
			if status != test.status || !strings.Contains(stdout+stderr, test.words) {
				t.Errorf("status %d, want %d; stdout %q, stderr %q", status, test.status, stdout, stderr)
			}
		})
	}
}

func TestStatusWithoutAServiceIsStillJSON(t *testing.T) {
	_, stdout, _ := invoke("status", "--json", "--state", t.TempDir())
	var s service.Status
	if err := json.Unmarshal([]byte(stdout), &s); err != nil || s.Running || s.Version == "" || s.Problem == "" {
		t.Errorf("%v: %s", err, stdout)
	}
}

// One wrong character is told before anything is asked of anybody, and changes nothing.
func TestAWrongCharacterIsToldFirst(t *testing.T) {
	c := uplinktest.Start(t)
	before := c.Bytes()
	state := filepath.Join(t.TempDir(), "state")
	text := []byte(c.Token().Encode())
	text[40] ^= 1 // within the alphabet: a letter becomes another
	if text[40] < 'a' || text[40] > 'z' {
		text[40] = 'q'
	}
	status, _, stderr := invoke("enroll", "--state", state, string(text))
	if status != failed || !strings.Contains(stderr, "position 41") {
		t.Errorf("status %d: %s", status, stderr)
	}
	if c.Bytes() != before {
		t.Error("the collector was asked")
	}
	if _, err := os.Stat(state); err == nil {
		t.Error("the state folder was made")
	}
}

func TestEnrolAndReplace(t *testing.T) {
	first, second := uplinktest.Start(t), uplinktest.Start(t)
	state := filepath.Join(t.TempDir(), "state")
	if status, stdout, stderr := invoke("enroll", "--state", state, first.Token().Encode()); status != done || !strings.Contains(stdout, "enrolled as d-") {
		t.Fatalf("status %d: %s %s", status, stdout, stderr)
	}
	if status, _, stderr := invoke("enroll", "--state", state, second.Token().Encode()); status != failed || !strings.Contains(stderr, "--replace") {
		t.Fatalf("an enrolled device took another string: %d %s", status, stderr)
	}
	left := filepath.Join(state, "settings")
	if err := os.WriteFile(left, []byte("of the first"), 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(t.TempDir(), "identity.json")
	if err := os.WriteFile(damaged, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := invoke("run", "--state", filepath.Dir(damaged)); status != failed || !strings.Contains(stderr, "enrol again with --replace") {
		t.Errorf("a damaged identity: %d %s", status, stderr)
	}
	s, err := service.Open(service.Config{Folder: state, Socket: socketOf(state), Log: slog.NewTextHandler(io.Discard, nil), Level: &level})
	if err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := invoke("enroll", "--replace", "--state", state, second.Token().Encode()); status != failed || !strings.Contains(stderr, "stop it first") {
		t.Fatalf("replaced under a running service: %d %s", status, stderr)
	}
	ctx, cancel := contextCancelled(t)
	defer cancel()
	if err := s.Run(ctx); err != nil {
		t.Fatal(err)
	}
	second.EnrollErr = uplinktest.Refusal("expired", "secret", "expired")
	if status, _, stderr := invoke("enroll", "--replace", "--state", state, second.Token().Encode()); status != failed || !strings.Contains(stderr, "expired") {
		t.Fatalf("status %d: %s", status, stderr)
	}
	if trusted, err := enroll.Trusted(state); err != nil || trusted.Sets()[0].Addresses[0] != first.Address {
		t.Fatalf("after a refusal it trusts %v, %v", trusted, err)
	}
	if _, err := os.Stat(left); err != nil {
		t.Fatal("after a refusal the settings are gone")
	}
	second.EnrollErr = nil
	if status, _, stderr := invoke("enroll", "--replace", "--state", state, second.Token().Encode()); status != done {
		t.Fatalf("status %d: %s", status, stderr)
	}
	trusted, err := enroll.Trusted(state)
	if err != nil || !slices.Equal(trusted.Sets()[0].Addresses, []string{second.Address}) {
		t.Errorf("trusts %v, %v", trusted, err)
	}
	if raw, err := os.ReadFile(left); err == nil {
		t.Errorf("settings of the first collector are left: %s", raw)
	}
}

// An installer is not failed by a package that nobody stamped, nor by a device that is enrolled.
func TestAStringIsKeptForTheStart(t *testing.T) {
	c, state := uplinktest.Start(t), filepath.Join(t.TempDir(), "state")
	bare, stamped := filepath.Join(t.TempDir(), "bare.msi"), filepath.Join(t.TempDir(), "Dayline ("+c.Token().Encode()+") (1).msi")
	for _, path := range []string{bare, stamped} {
		if err := os.WriteFile(path, token.Reservation(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := c.Bytes()
	for _, test := range []struct{ path, words string }{{bare, "no enrolment string in it"}, {stamped, "is kept"}} {
		if status, stdout, stderr := invoke("enroll", "--at-start", "--package", test.path, "--state", state); status != done || !strings.Contains(stdout, test.words) || stderr != "" {
			t.Fatalf("status %d: %s %s", status, stdout, stderr)
		}
	}
	if c.Bytes() != before {
		t.Error("the collector was asked")
	}
	if status, stdout, stderr := invoke("enroll", "--state", state); status != done || !strings.Contains(stdout, "enrolled as d-") {
		t.Fatalf("by what was left: %d %s %s", status, stdout, stderr)
	}
	if status, stdout, stderr := invoke("enroll", "--at-start", "--package", stamped, "--state", state); status != done || !strings.Contains(stdout, "nothing was changed") {
		t.Errorf("once enrolled: %d %s %s", status, stdout, stderr)
	}
}

// Whoever may make a folder where the state is to lie keeps no device from being enrolled.
func TestAFolderOfSomebodyElseIsNoEnrolment(t *testing.T) {
	c := uplinktest.Start(t)
	state, theirs := filepath.Join(t.TempDir(), "state"), t.TempDir()
	if err := errors.Join(os.WriteFile(filepath.Join(theirs, "identity.json"), nil, 0o600), os.Symlink(theirs, state)); err != nil {
		t.Fatal(err)
	}
	if status, stdout, stderr := invoke("enroll", "--at-start", "--state", state, c.Token().Encode()); status != done || !strings.Contains(stdout, "is kept") {
		t.Errorf("status %d: %s %s", status, stdout, stderr)
	}
	if left, err := os.ReadDir(theirs); err != nil || len(left) != 1 {
		t.Errorf("in their folder: %v, %v", left, err)
	}
}

func TestTheSecretStaysOutOfTheHelper(t *testing.T) {
	t.Setenv(enroll.EnvironmentName, "dl1secret")
	if _, err := identityForRun(t.Context(), t.TempDir(), io.Discard); err == nil {
		t.Error("enrolled by nonsense")
	}
	if _, there := os.LookupEnv(enroll.EnvironmentName); there {
		t.Error("a helper would inherit it")
	}
}

func contextCancelled(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx, cancel
}

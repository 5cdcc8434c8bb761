//go:build unix

package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/service"
	"github.com/dayline-project/dayline/agent/internal/uplink/uplinktest"
)

func TestRunIsServiceAndSessionUntilItIsInterrupted(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	if status, _, stderr := invoke("enroll", "--state", state, uplinktest.Start(t).Token().Encode()); status != done {
		t.Fatalf("status %d: %s", status, stderr)
	}
	ended := make(chan int, 1)
	var stderr bytes.Buffer
	go func() { ended <- run([]string{"--state", state}, nil, &stderr) }()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	sessions := func() int {
		var s service.Status
		if err := ask(state, "status", &s); err != nil && !errors.Is(err, errNotRunning) {
			t.Fatal(err)
		}
		if len(s.Logins) == 0 {
			return 0
		}
		return s.Logins[0].Sessions
	}
	for deadline := time.Now().Add(20 * time.Second); sessions() != 1; <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatal("no session is observed")
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h := startHost(t, append(append([]string{self}, ofFirefox(t)...), "--state", state)...)
	if shown := h.status(); !shown.Running || shown.Login != ownLogin(t.Context()) || shown.Login == "" {
		t.Errorf("the popup shows %+v", shown)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if status := <-ended; status != done {
		t.Errorf("status %d: %s", status, stderr.String())
	}
	if sessions() != 0 {
		t.Error("it still answers")
	}
}

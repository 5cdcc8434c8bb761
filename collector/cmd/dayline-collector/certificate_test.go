package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dayline-project/dayline/collector/api/apitest"
	"github.com/dayline-project/dayline/collector/config"
)

// A collector that is renamed serves agents by its old name until they have learnt the new one.
func TestRenamingTheCollector(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, dir, data, smallFloor)
	p := serve(t, dir)
	a := p.enroll()
	a.HTTP.CloseIdleConnections()
	p.stop()
	text := fmt.Sprintf("listen: {agents: \"127.0.0.1:0\", web: \"127.0.0.1:0\"}\npublic_url: https://renamed.test:8443\ndata_dir: %s\n%s", data, smallFloor)
	if err := os.WriteFile(filepath.Join(dir, config.CollectorFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	again := serve(t, dir)
	back := again.back(a)
	defer back.HTTP.CloseIdleConnections()
	answer, err := back.Sync(t.Context())
	if err != nil || len(answer.Trust.Pins) != 2 || answer.Trust.Addresses[0] != "renamed.test:8443" {
		t.Fatalf("trust %v, %v", answer.GetTrust(), err)
	}
	moved := apitest.NewAgent(t, "https://"+again.address("agents"), apitest.PinnedClient(t, "renamed.test", answer.Trust.Pins[1]))
	defer moved.HTTP.CloseIdleConnections()
	moved.Key, moved.Credential = a.Key, a.Credential
	again.signIn(moved)
	if fresh := again.enrollNamed("renamed.test"); fresh == nil {
		t.Fatal("a new agent cannot enrol by the new name")
	}
}

// The floor on a file system of its own, where that can be had; the api room tests the rest of it anywhere.
func TestDiskFloorOnASmallDisk(t *testing.T) {
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=96m"); err != nil {
		t.Logf("no file system of our own (%v): the floor is tested by its setting alone", err)
		return
	}
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) })
	dir := t.TempDir()
	write(t, dir, filepath.Join(disk, "data"), "storage: {memory: 256MB, floor: 16MB}\n")
	p := serve(t, dir)
	a := p.enroll()
	defer a.HTTP.CloseIdleConnections()
	if _, err := a.Sync(t.Context(), a.Record(5*time.Minute, "before")); err != nil {
		t.Fatal(err)
	}
	ballast := filepath.Join(disk, "ballast")
	var free unix.Statfs_t
	if err := unix.Statfs(disk, &free); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(ballast, make([]byte, int64(free.Bavail)*free.Bsize-8<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	// Free space is looked at once a second, so that it may still be let in at first: sent again, it is a repeat.
	waiting := a.Record(4*time.Minute, "while full")
	waitFor(t, "a sync is refused", func() bool { _, err := a.Send(t.Context(), a.Request(waiting)); return err != nil })
	p.must("device", "list")
	p.must("audit", "verify")
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "syncs go on", func() bool { _, err := a.Send(t.Context(), a.Request(waiting)); return err == nil })
	if list := rows(t, p.must(append([]string{"report", "activity", "--format", "json"}, span()...)...)); len(list) != 2 {
		t.Errorf("%d episodes", len(list))
	}
}

// waitFor asks again and again until it is so.
func waitFor(t *testing.T, what string, so func() bool) {
	t.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.After(10 * time.Second); !so(); {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("never: %s", what)
		}
	}
}

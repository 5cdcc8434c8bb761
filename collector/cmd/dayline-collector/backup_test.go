package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector/api/apitest"
	"github.com/dayline-project/dayline/collector/backup"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/duckdb"
	"github.com/dayline-project/dayline/shared/stream"
)

// feed syncs until told to stop, and gives how many episodes were acknowledged.
func feed(ctx context.Context, t *testing.T, a *apitest.Agent) (acknowledged int) {
	for ctx.Err() == nil {
		batch := make([]stream.Record, 20)
		for n := range batch {
			batch[n] = a.Record(10*time.Minute, "load")
		}
		if _, err := a.Sync(t.Context(), batch...); err != nil {
			t.Error(err)
			return acknowledged
		}
		acknowledged += len(batch)
	}
	return acknowledged
}

func TestBackupUnderLoadRestoredElsewhere(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, dir, data, smallFloor)
	p := serve(t, dir)
	var agents []*apitest.Agent
	for range 3 {
		agents = append(agents, p.enroll())
	}
	deleted := p.enroll()
	if _, err := deleted.Sync(t.Context(), deleted.Record(5*time.Minute, "canary-of-the-deleted")); err != nil {
		t.Fatal(err)
	}

	ctx, enough := context.WithCancel(t.Context())
	var feeding sync.WaitGroup
	total := make([]int, len(agents))
	for n, a := range agents {
		feeding.Go(func() { total[n] = feed(ctx, t, a) })
	}
	copied := filepath.Join(t.TempDir(), "backup")
	p.must("backup", copied)
	p.must("device", "delete", deleted.Credential.Device)
	later := filepath.Join(t.TempDir(), "later")
	p.must("backup", later)
	enough()
	feeding.Wait()
	if code, _, words := p.command("backup", copied); code != exitFailed || !strings.Contains(words, "not empty") {
		t.Errorf("a backup over a backup: %d %q", code, words)
	}
	if text := p.must("backup", "verify", copied); !strings.Contains(text, "verifies") {
		t.Errorf("backup verify: %q", text)
	}
	for _, a := range append(slices.Clone(agents), deleted) {
		a.HTTP.CloseIdleConnections()
	}
	p.stop()

	// Restored on another machine: other folders, the configuration from the backup save for where the data is.
	elsewhere, fresh := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, elsewhere, fresh, smallFloor)
	if code, _, words := command(elsewhere, "restore", copied); code != 0 {
		t.Fatalf("restore: %d %s", code, words)
	}
	if code, _, words := command(elsewhere, "restore", copied); code != exitFailed || !strings.Contains(words, "not empty") {
		t.Errorf("a restore over data: %d %q", code, words)
	}
	again := serve(t, elsewhere)
	for n, a := range agents {
		back := again.back(a)
		// What was sent after the backup is a recorded loss; the stream goes on behind it.
		if _, err := back.Sync(t.Context(), back.Record(time.Minute, "after the restore")); err != nil {
			t.Errorf("agent %d of %d episodes: %v", n, total[n], err)
		}
		back.HTTP.CloseIdleConnections()
	}
	activity := rows(t, again.must(append([]string{"report", "activity", "--format", "json"}, span()...)...))
	after := 0
	for _, row := range activity {
		if row["title"] == "after the restore" {
			after++
		}
	}
	if after != len(agents) {
		t.Errorf("%d of %d agents went on", after, len(agents))
	}
	if text := again.must("audit", "verify"); !strings.Contains(text, "verify") {
		t.Errorf("audit: %q", text)
	}
	if text := again.must("audit", "list", "--format", "csv"); !strings.Contains(text, "restore,"+copied) {
		t.Errorf("the restore is not in the audit log: %s", text)
	}
	again.stop()
}

func TestRestoreKeepsDeletedDeleted(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, dir, data, smallFloor)
	p := serve(t, dir)
	a := p.enroll()
	if _, err := a.Sync(t.Context(), a.Record(5*time.Minute, "canary")); err != nil {
		t.Fatal(err)
	}
	backups := filepath.Join(t.TempDir(), "backup")
	p.must("backup", backups)
	p.must("device", "delete", a.Credential.Device)
	a.HTTP.CloseIdleConnections()
	p.stop()

	// The registry of after the deletion beside episodes of before it: as a backup is that was made meanwhile.
	for _, name := range []string{"registry.db", "registry.key"} {
		content, err := os.ReadFile(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(backups, "data", name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	elsewhere := t.TempDir()
	write(t, elsewhere, filepath.Join(t.TempDir(), "data"), smallFloor)
	code, _, words := command(elsewhere, "backup", "verify", backups)
	if code != exitFailed || !strings.Contains(words, "registry.db was changed") {
		t.Errorf("a changed backup verifies: %d %q", code, words)
	}
	if code, _, _ := command(elsewhere, "restore", backups); code != exitFailed {
		t.Error("a changed backup was restored")
	}
	rehash(t, backups)
	code, _, words = command(elsewhere, "restore", backups)
	if code != 0 || !strings.Contains(words, "1 episodes that had been deleted") {
		t.Errorf("restore: %d %q", code, words)
	}
	again := serve(t, elsewhere)
	if list := rows(t, again.must(append([]string{"report", "activity", "--format", "json"}, span()...)...)); len(list) != 0 {
		t.Errorf("deleted episodes are back: %v", list)
	}
	again.stop()
}

// rehash writes a manifest that fits what the folder holds.
func rehash(t *testing.T, dir string) {
	t.Helper()
	file := filepath.Join(dir, "manifest.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var m backup.Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	for n := range m.Files {
		content, err := os.ReadFile(filepath.Join(dir, m.Files[n].Path))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		m.Files[n].Bytes, m.Files[n].SHA256 = int64(len(content)), hex.EncodeToString(sum[:])
	}
	if text, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A backup of before bundles is brought up to date in the folder it is restored to, and stays as it is itself.
func TestABackupOfTheFirstVersionIsRestored(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, filepath.Join(t.TempDir(), "data"), smallFloor)
	p := serve(t, dir)
	a := p.enroll()
	if _, err := a.Sync(t.Context(), a.Record(5*time.Minute, "Letter")); err != nil {
		t.Fatal(err)
	}
	a.HTTP.CloseIdleConnections()
	old := filepath.Join(t.TempDir(), "backup")
	p.must("backup", old)
	p.stop()
	db, err := sql.Open("duckdb", filepath.Join(old, "data", duckdb.FileName))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), `ALTER TABLE activity DROP COLUMN bundle; UPDATE schema_version SET version = 1`)
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	rehash(t, old)
	elsewhere := t.TempDir()
	write(t, elsewhere, filepath.Join(t.TempDir(), "data"), smallFloor)
	if code, _, words := command(elsewhere, "restore", old); code != 0 {
		t.Fatalf("restore: %d %q", code, words)
	}
	again := serve(t, elsewhere)
	if list := rows(t, again.must(append([]string{"report", "activity", "--format", "json"}, span()...)...)); len(list) != 1 || list[0]["title"] != "Letter" || list[0]["bundle"] != "" {
		t.Errorf("%v", list)
	}
	again.stop()
	if code, _, words := command(elsewhere, "backup", "verify", old); code != 0 {
		t.Errorf("the backup was changed: %d %q", code, words)
	}
}

func TestRestoreBringsTheConfigurationWhereThereIsNone(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, dir, data, smallFloor)
	p := serve(t, dir)
	copied := filepath.Join(t.TempDir(), "backup")
	p.must("backup", copied)
	p.stop()
	if err := os.RemoveAll(data); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "etc")
	if code, _, words := command(empty, "restore", copied); code != 0 {
		t.Fatalf("restore: %d %q", code, words)
	}
	for _, name := range config.Files {
		if _, err := os.Stat(filepath.Join(empty, name)); err != nil {
			t.Error(err)
		}
	}
	serve(t, empty).stop()
	// A restore that was cut off is not served.
	if err := os.WriteFile(filepath.Join(data, "restore.unfinished"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, words := command(empty, "serve"); code != exitFailed || !strings.Contains(words, "cut off") {
		t.Errorf("an unfinished restore is served: %d %q", code, words)
	}
	if code, _, words := command(empty, "backup", "verify", t.TempDir()); code != exitFailed || !strings.Contains(words, "no backup") {
		t.Errorf("an empty folder verifies: %d %q", code, words)
	}
}

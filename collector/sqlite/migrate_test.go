package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// scripts are this program's and more that come after them.
func scripts(t *testing.T, more map[string]string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	own, err := migrations.ReadDir("migrations")
	for _, one := range own {
		text, failed := migrations.ReadFile("migrations/" + one.Name())
		files[one.Name()], err = &fstest.MapFile{Data: text}, errors.Join(err, failed)
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range more {
		files[name] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + text)}
	}
	return files
}

// written makes a registry with one device.
func written(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	registry, err := Open(t.Context(), dir)
	if err == nil {
		err = registry.AddDevice(t.Context(), collector.Device{ID: "d-1", PublicKey: make([]byte, 32), Name: "PC"})
	}
	if err == nil {
		err = registry.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestMigration(t *testing.T) {
	dir := written(t)
	file := filepath.Join(dir, File)
	newer := scripts(t, map[string]string{"90001_more.sql": "ALTER TABLE devices ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue';"})
	if err := migrateWith(t.Context(), file, newer); err != nil {
		t.Fatal(err)
	}
	var colour string
	db, err := open(file, 1, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := db.QueryRow("SELECT colour FROM devices WHERE id = 'd-1'").Scan(&colour); err != nil || colour != "blue" {
		t.Fatal(colour, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	if _, err := Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "newer program") {
		t.Fatalf("data newer than the program: %v", err)
	}
	// The copy from before the migration opens with the older program.
	if err := os.Rename(filepath.Join(dir, "registry.before-90001.db"), file); err != nil {
		t.Fatal(err)
	}
	registry, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer registry.Close()
	if device, err := registry.Device(t.Context(), "d-1"); err != nil || device.Name != "PC" {
		t.Fatal(device, err)
	}
}

func TestMigrationWholeOrNotAtAll(t *testing.T) {
	dir := written(t)
	file := filepath.Join(dir, File)
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	broken := scripts(t, map[string]string{
		"90001_good.sql": "CREATE TABLE extra (id TEXT);",
		"90002_bad.sql":  "CREATE TABLE more (id TEXT); INSERT INTO nowhere VALUES (1);",
	})
	if err := migrateWith(t.Context(), file, broken); err == nil {
		t.Fatal("a broken migration went through")
	}
	after, err := os.ReadFile(file)
	if err != nil || string(before) != string(after) {
		t.Fatalf("the file was changed (%v)", err)
	}
	registry, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer registry.Close()
	if _, err := registry.Device(t.Context(), "d-1"); err != nil {
		t.Fatal(err)
	}
}

func TestHalfMadeIsMadeAnew(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, File+".making"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	registry, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	registry.Close()
}

func TestNotADatabase(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, File), []byte(strings.Repeat("not a database", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if registry, err := Open(t.Context(), dir); err == nil {
		registry.Close()
		t.Fatal("opened all the same")
	}
}

// TestPragmas asks each connection of both pools.
func TestPragmas(t *testing.T) {
	registry, err := Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer registry.Close()
	for range readers {
		conn, err := registry.reader.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		for pragma, want := range map[string]string{
			"journal_mode": "wal", "synchronous": "2", "secure_delete": "1", "foreign_keys": "1", "query_only": "1", "busy_timeout": "10000",
		} {
			var got string
			if err := conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s is %s (%v), want %s", pragma, got, err, want)
			}
		}
	}
	for pragma, want := range map[string]string{"synchronous": "2", "secure_delete": "1", "foreign_keys": "1", "query_only": "0"} {
		var got string
		if err := registry.writer.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("writer: %s is %s (%v), want %s", pragma, got, err, want)
		}
	}
}

// TestFull bounds the file's pages, which SQLite reports as it does a full disk.
func TestFull(t *testing.T) {
	registry, err := Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer registry.Close()
	var pages int
	if err := registry.writer.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limit := func(pages int) {
		if _, err := registry.writer.Exec(fmt.Sprint("PRAGMA max_page_count = ", pages)); err != nil {
			t.Fatal(err)
		}
	}
	limit(pages + 1)
	big := bytes.Repeat([]byte("x"), 100_000)
	if err := registry.PutDocument(t.Context(), "d-1", "r-1", big, time.Now()); collector.CodeOf(err) != collector.NoSpace {
		t.Fatalf("got %v, want no_space", err)
	}
	limit(pages + 1000)
	if _, err := registry.Document(t.Context(), "r-1"); collector.CodeOf(err) != collector.NotFound {
		t.Fatalf("half stored: %v", err)
	}
	if err := registry.PutDocument(t.Context(), "d-1", "r-1", big, time.Now()); err != nil {
		t.Fatal(err)
	}
}

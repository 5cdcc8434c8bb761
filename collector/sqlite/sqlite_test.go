package sqlite_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/sqlite"
	"github.com/dayline-project/dayline/collector/sqlite/registrytest"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func open(t testing.TB, dir string) *sqlite.Registry {
	t.Helper()
	registry, err := sqlite.Open(context.WithoutCancel(t.Context()), dir)
	check(t, err)
	return registry
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestConformance(t *testing.T) {
	registrytest.Run(t, func(t *testing.T, dir string) collector.Registry { return open(t, dir) })
}

func TestHostilePaths(t *testing.T) {
	for _, name := range []string{"a b", "50%20", "what?mode=memory", "#1", "ü&_pragma=x", "'"} {
		dir := filepath.Join(t.TempDir(), name)
		registry := open(t, dir)
		check(t, registry.Audit(t.Context(), collector.AuditEntry{At: noon, Action: "x"}))
		check(t, registry.Close())
		files, err := filepath.Glob(filepath.Join(filepath.Dir(dir), "*"))
		check(t, err)
		if len(files) != 1 {
			t.Errorf("%q: made %q", name, files)
		}
		if _, err := os.Stat(filepath.Join(dir, sqlite.File)); err != nil {
			t.Error(err)
		}
	}
}

func TestFilesAreOurs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	registry := open(t, dir)
	defer registry.Close()
	check(t, registry.PutSecret(t.Context(), "ca", []byte("x")))
	copied := filepath.Join(t.TempDir(), "copy")
	check(t, os.Mkdir(copied, 0o700))
	check(t, registry.BackupTo(t.Context(), filepath.Join(copied, sqlite.File)))
	for _, in := range []string{dir, copied} {
		check(t, filepath.WalkDir(in, func(path string, entry fs.DirEntry, err error) error {
			check(t, err)
			info, err := entry.Info()
			if err == nil && info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has mode %v", entry.Name(), info.Mode())
			}
			return err
		}))
	}
}

// everything gives all bytes of all files of a folder.
func everything(t *testing.T, dir string) []byte {
	t.Helper()
	var all []byte
	check(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		all = append(all, content...)
		return err
	}))
	return all
}

func TestNothingSecretOnDisk(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	registry := open(t, dir)
	defer registry.Close()
	linkSecret := []byte("canary-link-secret-0123456789abcdef")
	check(t, registry.CreateLink(ctx, collector.Link{
		ID: "l-1", OS: "linux", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour), MaxDevices: 5,
	}, sha256.Sum256(linkSecret)))
	sealed := bytes.Repeat([]byte("canary-of-a-key!"), 4)
	check(t, registry.PutSecret(ctx, "ca", sealed))
	check(t, registry.PutSecret(ctx, "ca", append(sealed, '2')))
	check(t, registry.SetTOTP(ctx, "ada@example.com", "canary-of-an-application"))
	check(t, registry.Audit(ctx, collector.AuditEntry{At: noon, Actor: "canary-of-a-person", Action: "x", Detail: "canary-of-a-person"}))
	if !bytes.Contains(everything(t, dir), []byte("canary-of-a-person")) {
		t.Fatal("the payload is not where it is looked for")
	}
	check(t, registry.EraseAudit(ctx, 1))
	for _, canary := range []string{string(linkSecret), "canary-of-a-key!", "canary-of-a-person", "canary-of-an-application"} {
		if bytes.Contains(everything(t, dir), []byte(canary)) {
			t.Errorf("%s is on the disk", canary)
		}
	}
	copied := t.TempDir()
	check(t, registry.BackupTo(ctx, filepath.Join(copied, sqlite.File)))
	for _, canary := range []string{string(linkSecret), "canary-of-a-key!", "canary-of-a-person", "canary-of-an-application"} {
		if bytes.Contains(everything(t, copied), []byte(canary)) {
			t.Errorf("%s is in the backup", canary)
		}
	}
}

func TestKeyFile(t *testing.T) {
	for name, spoil := range map[string]func(file string) error{
		"missing":  os.Remove,
		"short":    func(file string) error { return os.Truncate(file, 31) },
		"anothers": func(file string) error { return os.WriteFile(file, make([]byte, 32), 0o600) },
	} {
		dir := t.TempDir()
		registry := open(t, dir)
		check(t, registry.PutSecret(t.Context(), "ca", []byte("x")))
		check(t, registry.Close())
		check(t, spoil(filepath.Join(dir, sqlite.KeyFile)))
		if registry, err := sqlite.Open(t.Context(), dir); err == nil {
			registry.Close()
			t.Errorf("%s: opened all the same", name)
		}
	}
}

// raw opens the closed registry's file past the package.
func raw(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, sqlite.File))
	check(t, err)
	return db
}

func TestAuditTampering(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	registry := open(t, dir)
	for n := range 6 {
		check(t, registry.Audit(ctx, collector.AuditEntry{At: noon, Actor: "ada@example.com", Action: "link.create", Subject: fmt.Sprint(n)}))
	}
	check(t, registry.EraseAudit(ctx, 3))
	check(t, registry.Close())
	var attacks []string
	for _, sequence := range []int{1, 3, 6} {
		for _, column := range []string{"salt", "payload", "inner", "hash"} {
			if sequence == 3 && (column == "salt" || column == "payload") {
				continue
			}
			db := raw(t, dir)
			var length int
			check(t, db.QueryRow(fmt.Sprintf("SELECT length(%s) FROM audit WHERE sequence = %d", column, sequence)).Scan(&length))
			check(t, db.Close())
			for i := range length {
				attacks = append(attacks, fmt.Sprintf(`UPDATE audit SET %[1]s = cast(substr(%[1]s, 1, %[2]d) ||
					iif(substr(%[1]s, %[2]d + 1, 1) = x'00', x'01', x'00') || substr(%[1]s, %[2]d + 2) AS BLOB) WHERE sequence = %[3]d`, column, i, sequence))
			}
		}
		attacks = append(attacks,
			fmt.Sprintf("UPDATE audit SET at_ms = at_ms + 1 WHERE sequence = %d", sequence),
			fmt.Sprintf("UPDATE audit SET sequence = 99 WHERE sequence = %d", sequence),
			fmt.Sprintf("UPDATE audit SET inner = x'00' WHERE sequence = %d", sequence))
	}
	attacks = append(attacks,
		"DELETE FROM audit WHERE sequence = 1", "DELETE FROM audit WHERE sequence = 4",
		"UPDATE audit SET salt = NULL WHERE sequence = 2", "UPDATE audit SET payload = NULL WHERE sequence = 2",
		"UPDATE audit SET payload = x'01', salt = zeroblob(16) WHERE sequence = 3",
		"INSERT INTO audit SELECT 7, at_ms, salt, payload, inner, hash FROM audit WHERE sequence = 6")

	// One registry looks on while another hand changes the file; each attack is undone before the next.
	registry = open(t, dir)
	defer registry.Close()
	db := raw(t, dir)
	defer db.Close()
	_, err := db.Exec("CREATE TABLE saved AS SELECT * FROM audit")
	check(t, err)
	for _, attack := range attacks {
		result, err := db.Exec(attack)
		check(t, err)
		if changed, _ := result.RowsAffected(); changed == 0 {
			t.Fatalf("%s: changed nothing", attack)
		}
		if _, problem, err := registry.VerifyAudit(ctx); err != nil || problem == "" {
			t.Errorf("%s: not found (%v)", attack, err)
		}
		_, err = db.Exec("DELETE FROM audit; INSERT INTO audit SELECT * FROM saved")
		check(t, err)
	}
	if entries, problem, err := registry.VerifyAudit(ctx); err != nil || problem != "" || entries != 6 {
		t.Fatalf("untouched: %d, %q, %v", entries, problem, err)
	}
}

// TestAuditBytes holds the chain to bytes worked out by hand: entries written years ago must still verify.
func TestAuditBytes(t *testing.T) {
	entry := collector.AuditEntry{Actor: "a", Action: "bc", Subject: "", Detail: "{}"}
	payload := collector.AuditPayload(&entry)
	if want := "\x01\x00\x00\x00\x01a\x00\x00\x00\x02bc\x00\x00\x00\x00\x00\x00\x00\x02{}"; string(payload) != want {
		t.Fatalf("payload %q", payload)
	}
	salt := bytes.Repeat([]byte{7}, 16)
	inner := sha256.Sum256(append(append([]byte{}, salt...), payload...))
	if collector.AuditInnerHash(salt, payload) != inner {
		t.Fatal("inner hash")
	}
	at := time.UnixMilli(0x0102030405)
	want := sha256.Sum256(append([]byte(strings.Repeat("\x00", 32)+"\x00\x00\x00\x00\x00\x00\x00\x01"+"\x00\x00\x00\x01\x02\x03\x04\x05"), inner[:]...))
	if collector.AuditHash([32]byte{}, 1, at, inner) != want {
		t.Fatal("hash")
	}
}

// TestKill kills a writing process again and again: what it had reported as stored is there, and the chain holds.
func TestKill(t *testing.T) {
	rounds := 3
	if soak, err := strconv.Atoi(os.Getenv("DAYLINE_SOAK")); err == nil {
		rounds *= soak
	}
	dir := t.TempDir()
	var reported uint64
	for range rounds {
		writer := exec.Command(os.Args[0], "-test.run=^TestWriterProcess$")
		writer.Env = append(os.Environ(), "DAYLINE_TEST_WRITE="+dir)
		output, err := writer.StdoutPipe()
		check(t, err)
		check(t, writer.Start())
		lines := bufio.NewScanner(output)
		for n := 0; n < 20 && lines.Scan(); n++ {
			if _, err := fmt.Sscanf(lines.Text(), "stored %d", &reported); err != nil {
				t.Fatalf("the writer says %q", lines.Text())
			}
		}
		check(t, writer.Process.Kill())
		for lines.Scan() {
			fmt.Sscanf(lines.Text(), "stored %d", &reported)
		}
		writer.Wait()
		registry := open(t, dir)
		entries, problem, err := registry.VerifyAudit(t.Context())
		check(t, err)
		check(t, registry.Close())
		if problem != "" || entries < reported || entries > reported+1 {
			t.Fatalf("%d reported, %d stored, problem %q", reported, entries, problem)
		}
		reported = entries
	}
	if reported < uint64(20*rounds) {
		t.Fatalf("only %d were stored", reported)
	}
}

// TestWriterProcess is no test by itself: TestKill runs it as a process of its own.
func TestWriterProcess(t *testing.T) {
	dir := os.Getenv("DAYLINE_TEST_WRITE")
	if dir == "" {
		return
	}
	registry := open(t, dir)
	for {
		check(t, registry.Audit(t.Context(), collector.AuditEntry{At: noon, Actor: "writer", Action: "test"}))
		head, err := registry.AuditHead(t.Context())
		check(t, err)
		fmt.Printf("stored %d\n", head.Sequence)
	}
}

func TestReadersDoNotWaitForAWriter(t *testing.T) {
	registry := open(t, t.TempDir())
	defer registry.Close()
	ctx := t.Context()
	check(t, registry.AddDevice(ctx, collector.Device{ID: "d-1", PublicKey: make([]byte, 32)}))
	_, err := registry.Secret(ctx, "slow", func() ([]byte, error) {
		// The write lock is held here.
		var reading sync.WaitGroup
		for range 8 {
			reading.Go(func() {
				if _, err := registry.Device(ctx, "d-1"); err != nil {
					t.Error(err)
				}
			})
		}
		reading.Wait()
		return []byte("x"), nil
	})
	check(t, err)
}

func BenchmarkContacts(b *testing.B) {
	registry := open(b, b.TempDir())
	defer registry.Close()
	const devices = 10_000
	contacts := make([]collector.Contact, devices)
	for i := range contacts {
		key := sha256.Sum256(fmt.Append(nil, i))
		id := fmt.Sprintf("d-%016x", key[:8])
		check(b, registry.AddDevice(b.Context(), collector.Device{ID: id, PublicKey: key[:]}))
		contacts[i].Device = id
	}
	at := noon
	for b.Loop() {
		at = at.Add(time.Minute)
		for i := range contacts {
			contacts[i].At, contacts[i].LastEpisodeAt = at, at
		}
		check(b, registry.Contacts(b.Context(), contacts))
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/devices, "µs/contact")
}

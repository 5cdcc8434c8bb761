package duckdb

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/storetest"
)

func TestUpkeepConformance(t *testing.T) {
	storetest.RunUpkeep(t, func(t *testing.T) storetest.Kept { return open(t, t.TempDir()) })
}

const canary = "canary"

// canaries stores a thousand rows, each with a title and an address of its own and a checkpoint in between.
func canaries(t *testing.T, store *Store, device string) {
	t.Helper()
	for part := range 4 {
		var rows []collector.Row
		for n := range 250 {
			at := time.Duration(part*250+n) * time.Second
			rows = append(rows, storetest.As(storetest.Row(uint64(part*250+n+1), "09:00:00", time.Second, "browser"), func(r *collector.Row) {
				r.Start = r.Start.Add(at)
				r.Title = fmt.Sprintf("%s title %x %s", canary, n*7919, device)
				r.Site, r.URL = canary+".example.com", fmt.Sprintf("https://%s.example.com/%x/%s", canary, n*7919, device)
			}))
		}
		mustAppend(t, store, storetest.Upload(device, byte(part), rows...))
		if part%2 == 0 {
			if _, err := store.file.db.ExecContext(t.Context(), "CHECKPOINT"); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// filesWith names the files below a directory that hold a text in their bytes.
func filesWith(t *testing.T, dir, text string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(text)) {
			names = append(names, entry.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestWhatWasDeletedIsInNoByte(t *testing.T) {
	for name, forget := range map[string]func(*Store) (int64, error){
		"delete": func(s *Store) (int64, error) {
			return s.Delete(t.Context(), "d-1", "", storetest.Monday.AddDate(1, 0, 0))
		},
		"drop days": func(s *Store) (int64, error) { return s.DropDays(t.Context(), storetest.Day+1) },
		"strip":     func(s *Store) (int64, error) { return s.Strip(t.Context(), storetest.Day+1, true, true) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			store := open(t, dir)
			canaries(t, store, "d-1")
			mustAppend(t, store, storetest.Upload("d-2", 9, storetest.RowOn(storetest.Monday.AddDate(0, 0, 2), 1, "09:00:00", time.Minute, "kept-in-sight")))
			if changed, err := forget(store); err != nil || changed != 1000 {
				t.Fatalf("%d %v", changed, err)
			}
			if len(filesWith(t, dir, canary)) == 0 {
				t.Error("the control finds nothing: the bytes of what is deleted are expected until the file is rewritten")
			}
			if err := store.Rewrite(t.Context()); err != nil {
				t.Fatal(err)
			}
			if names := filesWith(t, dir, canary); len(names) != 0 {
				t.Errorf("still in %v", names)
			}
			mustAppend(t, store, storetest.Upload("d-2", 9, storetest.Row(2, "09:00:00", time.Minute, "new")))
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			if names := filesWith(t, dir, canary); len(names) != 0 {
				t.Errorf("after closing in %v", names)
			}
			if len(filesWith(t, dir, "kept-in-sight")) == 0 {
				t.Error("what is kept is not found: the search proves nothing")
			}
		})
	}
}

func TestEntriesThatStandTwiceBecomeOne(t *testing.T) {
	store := open(t, t.TempDir())
	store.written.activities.size, store.written.titles.size = 2, 2
	var rows []collector.Row
	for n := range 60 {
		rows = append(rows, storetest.As(storetest.Row(uint64(n+1), fmt.Sprintf("09:%02d:00", n), time.Minute, fmt.Sprintf("a%d", n%5)),
			func(r *collector.Row) { r.Title, r.URL, r.Private = fmt.Sprintf("t%d", n%7), fmt.Sprint(n%3), n%2 == 0 }))
	}
	mustAppend(t, store, storetest.Upload("d-1", 1, rows...))
	before := everything(t, store)
	if err := store.Rewrite(t.Context()); err != nil {
		t.Fatal(err)
	}
	for table, want := range map[string]int{"activity": 30, "title": 8} {
		var got int
		if err := store.file.db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&got); err != nil || got != want {
			t.Errorf("%s has %d entries, want %d (%v)", table, got, want, err)
		}
	}
	if after := everything(t, store); after != before {
		t.Errorf("%s became %s", before, after)
	}
	// None of the numbers that are gone is used again.
	mustAppend(t, store, storetest.Upload("d-1", 2, rows...))
	if after := everything(t, store); len(after) != 2*len(before) {
		t.Errorf("%d bytes of text instead of %d", len(after), 2*len(before))
	}
}

// everything tells all that is stored, in order.
func everything(t *testing.T, store *Store) (told string) {
	t.Helper()
	rows, err := store.file.db.QueryContext(t.Context(), `SELECT concat_ws(' ', e.finish, a.app, a.url, a.private, t.text)
		FROM episode e JOIN activity a ON a.id = e.activity JOIN title t ON t.id = e.title ORDER BY e.finish, e.segment`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			t.Fatal(err)
		}
		told += one + "\n"
	}
	return told
}

func TestRewritingWhileOthersGoOn(t *testing.T) {
	store := open(t, t.TempDir())
	canaries(t, store, "d-9")
	ctx, stop := context.WithCancel(t.Context())
	var others sync.WaitGroup
	appended := 0
	others.Go(func() {
		for n := 1; ctx.Err() == nil && n < 1400; n++ {
			if err := store.Append(t.Context(), []collector.Upload{upload(n)}); err != nil {
				t.Error(err)
				return
			}
			appended = n
		}
	})
	others.Go(func() {
		for ctx.Err() == nil {
			if _, err := store.Usage(t.Context()); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 5 {
		if err := store.Rewrite(t.Context()); err != nil {
			t.Error(err)
		}
	}
	stop()
	others.Wait()
	if usage, err := store.Usage(t.Context()); err != nil || usage.Episodes != int64(1000+appended) {
		t.Errorf("%d episodes instead of %d (%v)", usage.Episodes, 1000+appended, err)
	}
}

// mustCopy leaves a whole copy beside the file.
func mustCopy(t *testing.T, store *Store) {
	t.Helper()
	c, err := store.copyFrom(t.Context(), store.file)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.catchUp(t.Context(), store.file), c.to.close()); err != nil {
		t.Fatal(err)
	}
}

// What is found at the start after a rewrite was cut short at each of its steps.
func TestRewriteCutShort(t *testing.T) {
	for name, leave := range map[string]func(t *testing.T, store *Store){
		"while copying": func(t *testing.T, store *Store) {
			for _, name := range []string{store.rewritePath(), store.rewritePath() + ".wal", filepath.Join(store.path()+".tmp", "spilled")} {
				if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, []byte("half a file, of "+canary), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		},
		"before the exchange": func(t *testing.T, store *Store) {
			mustCopy(t, store)
		},
		"after the rename": func(t *testing.T, store *Store) {
			mustCopy(t, store)
			if err := os.Rename(store.rewritePath(), store.path()); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			store := open(t, dir)
			mustAppend(t, store, upload(1), upload(2))
			before := everything(t, store)
			if name == "after the rename" {
				leave(t, store)
			}
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			if name != "after the rename" {
				again := open(t, dir)
				leave(t, again)
				if err := again.Close(); err != nil {
					t.Fatal(err)
				}
			}
			store = open(t, dir)
			if after := everything(t, store); after != before {
				t.Errorf("%q became %q", before, after)
			}
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range entries {
				if entry.Name() != FileName && entry.Name() != FileName+".wal" {
					t.Errorf("%s is left", entry.Name())
				}
			}
		})
	}
}

// While a second file is written, no connection of either reaches another file, nor the other one.
func TestNothingElseIsReachableWhileRewriting(t *testing.T) {
	store := open(t, t.TempDir())
	mustAppend(t, store, upload(1))
	c, err := store.copyFrom(t.Context(), store.file)
	if err != nil {
		t.Fatal(err)
	}
	for other, file := range map[string]*file{store.rewritePath(): store.file, store.path(): c.to} {
		for _, statement := range []string{
			`ATTACH '` + other + `' AS other`, `ATTACH 'other.db'`, `SELECT * FROM read_blob('` + other + `')`,
			`COPY episode TO '` + other + `.csv'`, `SELECT * FROM read_csv('/etc/passwd')`, `SET allowed_paths = ['/etc/passwd']`, `SET enable_external_access = true`,
		} {
			if _, err := file.db.ExecContext(t.Context(), statement); err == nil {
				t.Errorf("%s was allowed", statement)
			}
		}
	}
	if err := c.to.close(); err != nil {
		t.Error(err)
	}
}

// testdata/version1 is what a collector of the first version left when it was killed: two episodes in the file, and one
// with the log.
func TestFileOfTheFirstVersionGoesOn(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{FileName, FileName + ".wal"} {
		unpack(t, filepath.Join("testdata", "version1", name+".gz"), filepath.Join(dir, name))
	}
	store := open(t, dir)
	told := func() (told []string) {
		for _, row := range storetest.Stored(t, store) {
			told = append(told, strings.Join([]string{row.App, row.Product, row.Bundle, row.Title, row.Url}, "|"))
		}
		return told
	}
	want := []string{
		"browser|A Browser||A page|https://example.com/a", "editor||||", "terminal|A Browser||A page|https://example.com/a",
	}
	if diff := cmp.Diff(want, told()); diff != "" {
		t.Fatal(diff)
	}
	onMac := storetest.As(storetest.Row(5, "09:04:00", time.Minute, "browser"), func(r *collector.Row) {
		r.Product, r.Bundle, r.Title, r.Site, r.URL = "A Browser", "org.example.Browser", "A page", "example.com", "https://example.com/a"
	})
	mustAppend(t, store, storetest.Upload("d-1", 1, storetest.Row(4, "09:03:00", time.Minute, "editor"), onMac))
	want = append(want, "editor||||", "browser|A Browser|org.example.Browser|A page|https://example.com/a")
	for range 2 {
		if diff := cmp.Diff(want, told()); diff != "" {
			t.Error(diff)
		}
		if usage, err := store.Usage(t.Context()); err != nil || usage.Episodes != 5 || usage.Days[storetest.Day] != 5 || len(usage.Owners) != 1 {
			t.Errorf("%+v %v", usage, err)
		}
		if err := store.Rewrite(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		store = open(t, dir)
	}
	if stripped, err := store.Strip(t.Context(), storetest.Day+1, false, true); err != nil || stripped != 3 {
		t.Errorf("%d stripped (%v)", stripped, err)
	}
	for i := range want {
		want[i] = strings.TrimSuffix(want[i], "https://example.com/a")
	}
	if diff := cmp.Diff(want, told()); diff != "" {
		t.Error(diff)
	}
}

// A collector that is killed while it brings the file up to date begins anew.
func TestFileIsBroughtUpToDateWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	unpack(t, filepath.Join("testdata", "version1", FileName+".gz"), filepath.Join(dir, FileName))
	db, err := sql.Open("duckdb", filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	if err := advance(t.Context(), db, second+"; SELECT * FROM nothing"); err == nil {
		t.Fatal("a step that fails passed")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	store := open(t, dir)
	mustAppend(t, store, upload(1))
	if rows := storetest.Stored(t, store); len(rows) != 3 {
		t.Errorf("%v", rows)
	}
}

func unpack(t *testing.T, from, to string) {
	t.Helper()
	packed, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	r, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

package duckdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/storetest"
	"github.com/dayline-project/dayline/shared/stream"
)

func open(t testing.TB, dir string) *Store {
	t.Helper()
	store, err := Open(t.Context(), dir, Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.QuestionStore { return open(t, t.TempDir()) })
}

// upload n holds one episode, n minutes after midnight.
func upload(n int) collector.Upload {
	at := fmt.Sprintf("%02d:%02d:00", n/60, n%60)
	return storetest.Upload("d-1", 1, storetest.Row(uint64(n), at, time.Minute, fmt.Sprintf("a%d", n)))
}

// monday asks for storetest.Monday of ana on d-1.
func monday() *collector.Query {
	return &collector.Query{
		FromDay: storetest.Day, ToDay: storetest.Day, People: make([]collector.Person, 1),
		Owners: map[collector.Owner]collector.Share{{Device: "d-1", LoginKey: storetest.Row(1, "00:00:00", 1, "").LoginKey}: {}},
	}
}

func mustAppend(t testing.TB, store *Store, uploads ...collector.Upload) {
	t.Helper()
	if err := store.Append(t.Context(), uploads); err != nil {
		t.Fatal(err)
	}
}

func TestEverythingIsThereAfterReopening(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	mustAppend(t, store, upload(1), upload(2))
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := store.Append(t.Context(), []collector.Upload{upload(3)}); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
	store = open(t, dir)
	mustAppend(t, store, upload(3))
	if rows := storetest.Stored(t, store); len(rows) != 3 || rows[2].App != "a3" {
		t.Errorf("%v", rows)
	}
	// The dictionaries went on counting, and knew what they had.
	for table, want := range map[string]int{"segment": 1, "login": 1, "stream": 1, "activity": 3} {
		var got int
		if err := store.file.db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&got); err != nil || got != want {
			t.Errorf("%s has %d entries, want %d (%v)", table, got, want, err)
		}
	}
}

func TestForgottenEntriesAreWrittenAgain(t *testing.T) {
	store := open(t, t.TempDir())
	store.written.activities.size, store.written.titles.size = 2, 2
	var rows []collector.Row
	for n := range 40 {
		rows = append(rows, storetest.As(storetest.Row(uint64(n+1), fmt.Sprintf("09:%02d:00", n), time.Minute, fmt.Sprintf("a%d", n%5)),
			func(r *collector.Row) { r.Title = strings.Repeat(fmt.Sprintf("t%d", n%7), 1+n%3*100) }))
	}
	mustAppend(t, store, storetest.Upload("d-1", 1, rows...))
	for i, row := range storetest.Stored(t, store) {
		if row.App != rows[i].App || row.Title != rows[i].Title {
			t.Errorf("row %d: %s %s", i, row.App, row.Title)
		}
	}
	sums, err := store.Sum(t.Context(), monday(), collector.Want{Subjects: true})
	if err != nil || len(sums.Subjects) != 5 || sums.Subjects[0].Active != 8*time.Minute {
		t.Errorf("%v %v", sums, err)
	}
	titles, err := store.Titles(t.Context(), monday(), 2)
	if err != nil || len(titles) != 2 || titles[0].Active < titles[1].Active || titles[0].People != 1 {
		t.Errorf("%v %v", titles, err)
	}
}

func TestLongStream(t *testing.T) {
	store := open(t, t.TempDir())
	var rows []collector.Row
	first := uint64(1<<40 - 5)
	for n := range uint64(10) {
		rows = append(rows, storetest.Row(first+n, fmt.Sprintf("09:00:%02d", n), time.Second, "a"))
	}
	mustAppend(t, store, storetest.Upload("d-1", 1, rows...))
	marks, err := store.Marks(t.Context(), collector.StreamKey{Device: "d-1", Stream: stream.ID{1}}, first+3, first+7)
	if err != nil || len(marks) != 5 {
		t.Fatalf("%v %v", marks, err)
	}
	for _, mark := range marks {
		if row := rows[mark.Sequence-first]; !mark.Start.Equal(row.Start) || mark.For != time.Second || mark.ClockCorrected {
			t.Errorf("%+v", mark)
		}
	}
}

func TestPruningKeepsTheNewest(t *testing.T) {
	store := open(t, t.TempDir())
	var uploads []collector.Upload
	for n := range 300 {
		one := upload(n + 1)
		one.Rows = nil
		uploads = append(uploads, one)
	}
	other := upload(1)
	other.Device, other.Rows = "d-2", nil
	mustAppend(t, store, append([]collector.Upload{other}, uploads...)...)
	store.written.nextBatch += batchesInAll - 100 // as if so many of other streams had come
	if err := store.prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	for device, want := range map[string]int{"d-1": 99, "d-2": 1} {
		batches, err := store.Batches(t.Context(), collector.StreamKey{Device: device, Stream: stream.ID{1}})
		if err != nil || len(batches) != want {
			t.Errorf("%s: %d batches, want %d (%v)", device, len(batches), want, err)
		}
	}
}

func TestUnreadableFileIsSetAside(t *testing.T) {
	for name, spoil := range map[string]func([]byte) []byte{
		"no database": func([]byte) []byte { return []byte(strings.Repeat("not a database ", 1000)) },
		"empty header": func(content []byte) []byte {
			clear(content[:12288])
			return content
		},
		"random metadata": func(content []byte) []byte {
			random := rand.New(rand.NewPCG(1, 1))
			for i := 12288; i < len(content); i++ {
				content[i] ^= byte(random.Uint32())
			}
			return content
		},
		"cut": func(content []byte) []byte { return content[:8000] },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			store := open(t, dir)
			mustAppend(t, store, upload(1))
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, FileName)
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			content = spoil(content)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			store = open(t, dir)
			mustAppend(t, store, upload(2))
			if rows := storetest.Stored(t, store); len(rows) != 1 || rows[0].App != "a2" {
				t.Errorf("%v", rows)
			}
			stats, err := store.Stats(t.Context())
			if err != nil || len(stats.SetAside) != 1 {
				t.Fatalf("%+v %v", stats, err)
			}
			if kept, err := os.ReadFile(filepath.Join(dir, stats.SetAside[0])); err != nil || !bytes.Equal(kept, content) {
				t.Errorf("what was set aside is not what was there (%v)", err)
			}
		})
	}
}

func TestNewerFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	if _, err := store.file.db.ExecContext(t.Context(), `INSERT INTO schema_version VALUES (?)`, schemaVersion+1); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir, Options{}); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("%v", err)
	}
	if aside, _ := filepath.Glob(filepath.Join(dir, "*unreadable*")); len(aside) != 0 {
		t.Errorf("set aside: %v", aside)
	}
}

func TestNothingElseIsReachable(t *testing.T) {
	store := open(t, t.TempDir())
	for _, statement := range []string{
		`SELECT * FROM read_csv('/etc/passwd')`, `COPY episode TO 'leak.csv'`, `ATTACH 'other.db'`,
		`INSTALL httpfs`, `LOAD httpfs`, `SET enable_external_access = true`, `SET memory_limit = '1TB'`,
	} {
		if _, err := store.file.db.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("%s was allowed", statement)
		}
	}
}

func TestPathThatWouldLoseTheSettingsIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a?b#c")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir, Options{}); err == nil || !strings.Contains(err.Error(), "must not contain") {
		t.Errorf("%v", err)
	}
}

func TestBackupWhileOthersGoOn(t *testing.T) {
	store := open(t, t.TempDir())
	mustAppend(t, store, upload(1))
	ctx, stop := context.WithCancel(t.Context())
	var others sync.WaitGroup
	written := make(chan int)
	others.Go(func() {
		defer close(written)
		for n := 2; ctx.Err() == nil && n < 1400; n++ {
			if err := store.Append(t.Context(), []collector.Upload{upload(n)}); err != nil {
				t.Error(err)
				return
			}
			select {
			case written <- n:
			default:
			}
		}
	})
	others.Go(func() {
		for ctx.Err() == nil {
			if _, err := store.Sum(t.Context(), monday(), collector.Want{Days: true, Gaps: true}); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 5 {
		acknowledged := <-written
		dir := t.TempDir()
		if err := store.BackupTo(t.Context(), filepath.Join(dir, FileName)); err != nil {
			t.Fatal(err)
		}
		copied := open(t, dir)
		rows := storetest.Stored(t, copied)
		batches, err := copied.Batches(t.Context(), collector.StreamKey{Device: "d-1", Stream: stream.ID{1}})
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) < acknowledged || batches[len(batches)-1].Last != uint64(len(rows)) {
			t.Errorf("%d episodes, %d acknowledged, head %d", len(rows), acknowledged, batches[len(batches)-1].Last)
		}
	}
	stop()
	for range written { //nolint:revive // lets the writer go
	}
	others.Wait()
	if err := store.BackupTo(t.Context(), filepath.Join(store.dir, FileName)); err == nil {
		t.Error("a backup replaced a file")
	}
}

func TestDeletedTextIsForgotten(t *testing.T) {
	store := open(t, t.TempDir())
	row := storetest.As(storetest.Row(1, "09:00:00", time.Minute, "app"), func(r *collector.Row) {
		r.Title, r.URL, r.Site = "canary title", "https://example.com/canary", "example.com"
	})
	mustAppend(t, store, storetest.Upload("d-1", 1, row))
	if deleted, err := store.Delete(t.Context(), "d-1", "", storetest.Monday.AddDate(0, 0, 1)); err != nil || deleted != 1 {
		t.Fatalf("%d %v", deleted, err)
	}
	for _, table := range []string{"episode", "segment", "login", "activity", "title WHERE id <> 0"} {
		var left int
		if err := store.file.db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&left); err != nil || left != 0 {
			t.Errorf("%s: %d left (%v)", table, left, err)
		}
	}
	if batches, err := store.Batches(t.Context(), collector.StreamKey{Device: "d-1", Stream: stream.ID{1}}); err != nil || len(batches) != 1 {
		t.Errorf("the stream's head is needed still: %v %v", batches, err)
	}
}

func TestQuestions(t *testing.T) {
	storetest.RunQuestions(t, func(t *testing.T) storetest.QuestionStore { return open(t, t.TempDir()) })
}

// Where nothing can overlap episodes are added up as they come; settling them all the same must change nothing.
func TestSweepingAllChangesNothing(t *testing.T) {
	store := open(t, t.TempDir())
	account := storetest.NewAccount(100)
	mustAppend(t, store, account.Uploads...)
	for range 20 {
		q := account.Query()
		var sums [2]collector.Sums
		for i := range sums {
			var err error
			store.sweepAll = i == 1
			if sums[i], err = store.Sum(t.Context(), q, collector.Want{Days: true, Gaps: true, Subjects: true}); err != nil {
				t.Fatal(err)
			}
			storetest.SortSums(&sums[i])
		}
		if diff := cmp.Diff(sums[0], sums[1]); diff != "" {
			t.Errorf("swept all +:\n%s", diff)
		}
	}
}

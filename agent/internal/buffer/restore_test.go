package buffer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/dayline-project/dayline/shared/stream"
)

// known is a collector that was there all the time: what it had under a sequence must come again as it was, and counts once.
type known struct {
	t      testing.TB
	titles map[string]string
	order  []string
}

func (k *known) drain(b *Buffer) {
	k.t.Helper()
	for {
		pending, err := b.Peek(7)
		if err != nil {
			k.t.Fatal(err)
		}
		if pending == nil {
			return
		}
		k.take(pending)
		if err := b.Delete(pending, pending.Last, nil); err != nil {
			k.t.Fatal(err)
		}
	}
}

func (k *known) take(pending *Pending) {
	k.t.Helper()
	opened, err := stream.Open(pending.Batch)
	if err != nil {
		k.t.Fatal(err)
	}
	for n, entry := range opened.Entries {
		place := fmt.Sprintf("%x/%d", opened.ID, opened.First+uint64(n))
		had, repeated := k.titles[place]
		if repeated && had != entry.Title {
			k.t.Errorf("%s is %q after %q", place, entry.Title, had)
		}
		if k.titles[place] = entry.Title; !repeated {
			k.order = append(k.order, entry.Title)
		}
	}
}

// updated is a buffer that was copied with episodes 0 to 9, of which 0 to 3 were sent, after which a later release of the agent sent
// 4 and 5 and stored 10 to 14, of which it sent none.
func updated(t *testing.T) (path, copied string, k *known) { return updatedIn(t, t.TempDir()) }

func updatedIn(t *testing.T, folder string) (path, copied string, k *known) {
	t.Helper()
	path, k = filepath.Join(folder, "buffer.db"), &known{t: t, titles: map[string]string{}}
	copied = path + ".before"
	send := func(b *Buffer, most int) {
		pending, err := b.Peek(most)
		if err != nil {
			t.Fatal(err)
		}
		k.take(pending)
		if err := b.Delete(pending, pending.Last, nil); err != nil {
			t.Fatal(err)
		}
	}
	b := reopen(t, path)
	appendAll(t, b, anna, 0, 10)
	send(b, 4)
	if err := b.Checkpoint("1000/anna", record(anna, 99), noon); err != nil {
		t.Fatal(err)
	}
	b.Close()
	if err := Copy(path, copied); err != nil {
		t.Fatal(err)
	}
	b = reopen(t, path)
	send(b, 2)
	appendAll(t, b, anna, 10, 15)
	b.Close()
	return path, copied, k
}

func TestABufferIsAsItWasAfterAReleaseThatSpoiltIt(t *testing.T) {
	overwrite := func(from, to int) func(string) error {
		return func(path string) error {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for n := from; n < min(to, len(text)); n++ {
				text[n] ^= 0x5a
			}
			return os.WriteFile(path, text, 0o600)
		}
	}
	// What it stored itself is gone with the file, save where its rows can be read.
	for name, c := range map[string]struct {
		spoil    func(path string) error
		restored bool
		want     []string
		last     uint64
		losses   int
	}{
		"not at all":          {func(string) error { return nil }, false, titles(0, 15), 15, 0},
		"overwritten":         {overwrite(0, 1<<20), true, titles(0, 10), 10, 1},
		"its pages":           {overwrite(3*4096, 1<<20), true, titles(0, 10), 10, 1},
		"cut off":             {func(path string) error { return os.Truncate(path, 5000) }, true, titles(0, 10), 10, 1},
		"empty":               {func(path string) error { return os.Truncate(path, 0) }, true, titles(0, 10), 10, 1},
		"removed":             {os.Remove, true, titles(0, 10), 10, 1},
		"its rows":            {spoilRows, true, titles(0, 15), 15, 0},
		"begun anew, unasked": {beginAnew, true, append(titles(0, 10), titles(15, 20)...), 20, 1},
	} {
		t.Run(name, func(t *testing.T) {
			path, copied, k := updated(t)
			if err := c.spoil(path); err != nil {
				t.Fatal(err)
			}
			for n := range 2 {
				restored, err := Restore(path, copied)
				if err != nil || restored != (c.restored && n == 0) {
					t.Fatalf("restored: %t, %v", restored, err)
				}
			}
			b := reopen(t, path)
			if bad := b.Stats().Lost; bad != 0 {
				t.Errorf("%d lost at opening", bad)
			}
			if spans, err := b.Spans(10); err != nil || len(spans) != c.losses {
				t.Errorf("losses: %v %v", spans, err)
			}
			// A helper that heard nothing repeats its last.
			if err := b.Append("1000/anna", c.last, record(anna, 1000), noon); err != nil {
				t.Fatal(err)
			}
			// What it had open was closed by the release that is gone.
			if err := b.EndRun("1000/anna", noon); err != nil {
				t.Fatal(err)
			}
			k.drain(b)
			equal(t, "sent", k.order, c.want)
		})
	}
}

// spoilRows damages the rows of the first stream, and leaves the file's structure and the second stream as they are.
func spoilRows(path string) error {
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Update(func(tx *bolt.Tx) error {
		rows := tx.Bucket(episodesBucket)
		return rows.ForEach(func(key, value []byte) error {
			if beUint32(key) != 1 {
				return nil
			}
			return rows.Put(append([]byte(nil), key...), []byte("what is this"))
		})
	})
}

// beginAnew has the later release take the file for damaged, and go on with another.
func beginAnew(path string) error {
	if err := os.Truncate(path, 5000); err != nil {
		return err
	}
	b, err := Open(path, DefaultLimits)
	if err != nil {
		return err
	}
	for n := 15; n < 20; n++ {
		if err := b.Append("1000/anna", uint64(n+1), record(anna, n), noon); err != nil {
			return err
		}
	}
	return b.Close()
}

func TestWhatWasSetAsideSinceTheCopyIsTold(t *testing.T) {
	path, copied, _ := updated(t)
	if err := os.WriteFile(asideName(path, time.Now().Add(-time.Hour)), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	equal(t, "before", AsideSince(path, copied), []string{})
	if err := beginAnew(path); err != nil {
		t.Fatal(err)
	}
	if since := AsideSince(path, copied); len(since) != 1 {
		t.Errorf("since: %v", since)
	}
}

func TestWithoutACopyNothingIsRestored(t *testing.T) {
	path := filepath.Join(t.TempDir(), "buffer.db")
	copied := path + ".before"
	if err := os.WriteFile(copied, []byte("of an earlier update"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Copy(path, copied); err != nil {
		t.Fatal(err)
	}
	if restored, err := Restore(path, copied); err != nil || restored {
		t.Errorf("restored: %t, %v", restored, err)
	}
}

// A service that is still there, or a copy that is damaged itself, leaves everything as it is.
func TestARestoreThatCannotBeDoesNothing(t *testing.T) {
	path, copied, _ := updated(t)
	b := reopen(t, path)
	if restored, err := Restore(path, copied); !errors.Is(err, ErrLocked) || restored {
		t.Errorf("restored: %t, %v", restored, err)
	}
	b.Close()
	if err := os.Truncate(copied, 5000); err != nil {
		t.Fatal(err)
	}
	if restored, err := Restore(path, copied); err != nil || restored {
		t.Errorf("restored: %t, %v", restored, err)
	}
	if b := reopen(t, path); b.Stats().Episodes != 9 {
		t.Errorf("%d episodes", b.Stats().Episodes)
	}
}

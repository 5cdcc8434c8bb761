package buffer

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A disk of 4 MiB. Where nothing may be mounted, the largest file the process may write stands for it.
func TestAFullDiskLosesNothing(t *testing.T) {
	folder := t.TempDir()
	err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=4m")
	if err == nil {
		t.Cleanup(func() {
			if err := unix.Unmount(folder, 0); err != nil {
				t.Error(err)
			}
		})
		fillDisk(t, filepath.Join(folder, "buffer.db"), func() {
			// Whatever else is on the disk takes the last of it.
			rest, err := os.Create(filepath.Join(folder, "rest"))
			if err != nil {
				t.Fatal(err)
			}
			defer rest.Close()
			for block := make([]byte, 4096); err == nil; {
				_, err = rest.Write(block)
			}
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
		})
		return
	}
	t.Logf("no tmpfs (%v): a limit on the size of files stands for the disk", err)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	less := limit
	less.Cur = 3 << 20
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &less); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
			t.Error(err)
		}
	})
	fillDisk(t, filepath.Join(folder, "buffer.db"), func() {})
}

// fillDisk appends until the disk is full; what was stored then stays, deletes commit, and appends go on.
func fillDisk(t *testing.T, path string, writeRest func()) {
	t.Helper()
	b, err := Open(path, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	stored := 0
	for ; stored < 100_000; stored++ {
		big := record(anna, stored)
		big.URL = "https://example.com/" + randomText(1500)
		if err = b.Append("1000/anna", uint64(stored+1), big, noon); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrDiskFull) {
		t.Fatalf("after %d: %v", stored, err)
	}
	writeRest()
	if err := b.Append("1000/anna", uint64(stored+1), record(anna, stored), noon); err != nil && !errors.Is(err, ErrDiskFull) {
		t.Fatalf("still full: %v", err)
	} else if err == nil {
		stored++
	}
	s := newSent(t)
	pending, err := b.Peek(stored / 2)
	if err != nil {
		t.Fatal(err)
	}
	s.take(pending)
	if err := b.Delete(pending, pending.Last, nil); err != nil {
		t.Fatalf("a full disk keeps the buffer from draining: %v", err)
	}
	if err := b.Append("1000/anna", uint64(stored+1), record(anna, stored), noon); err != nil {
		t.Fatalf("after draining: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if b, err = Open(path, DefaultLimits); err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	s.drain(b, 5000)
	equal(t, "sent", s.titles, titles(0, stored+1))
	if stats := b.Stats(); stats.Lost != 0 || len(stats.SetAside) != 0 {
		t.Errorf("stats %+v", stats)
	}
}

// Wherever there is no room to restore a buffer, both files stay as they are; with room it is restored.
func TestAFullDiskRestoresAllOrNothing(t *testing.T) {
	folder := t.TempDir()
	free := 0
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=24m"); err != nil {
		t.Logf("no tmpfs (%v): there is room at once", err)
		free = 24 << 20
	} else {
		t.Cleanup(func() {
			if err := unix.Unmount(folder, 0); err != nil {
				t.Error(err)
			}
		})
	}
	path, copied, k := updatedIn(t, folder)
	if err := beginAnew(path); err != nil {
		t.Fatal(err)
	}
	const stored = 1000 // which is more than the copy's pages hold
	b := reopen(t, path)
	for n := 20; n < stored; n++ {
		big := record(anna, n)
		big.URL = "https://example.com/" + randomText(1500)
		if err := b.Append("1000/anna", uint64(n+1), big, noon); err != nil {
			t.Fatal(err)
		}
	}
	b.Close()
	rest := filepath.Join(folder, "rest")
	for ; ; free += 256 << 10 {
		if err := os.WriteFile(rest, make([]byte, 24<<20), 0o600); err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		if info, err := os.Stat(rest); err != nil || os.Truncate(rest, max(info.Size()-int64(free), 0)) != nil {
			t.Fatal(err)
		}
		restored, err := Restore(path, copied)
		if err == nil && restored {
			break
		}
		if left, _ := filepath.Glob(path + ".restored*"); restored || !errors.Is(err, ErrDiskFull) || len(left) > 0 {
			t.Fatalf("%d bytes free: %t, %v, left: %q", free, restored, err, left)
		}
	}
	if err := os.Remove(rest); err != nil {
		t.Fatal(err)
	}
	b = reopen(t, path)
	defer b.Close()
	k.drain(b)
	equal(t, "sent", k.order, append(titles(0, 10), titles(15, stored)...))
}

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

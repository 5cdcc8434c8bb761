package site

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// SmallDisk mounts a disk of this size in memory and gives its folder. Mounting is root's; the tests' machine gives it.
func SmallDisk(t *testing.T, bytes int64) string {
	t.Helper()
	dir := filepath.Join(Folder(t), "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, "mode=0700,size="+strconv.FormatInt(bytes, 10)); err != nil {
		t.Fatalf("a small disk cannot be mounted (run as root, or in a container that may): %v", err)
	}
	// Detached: what still has it open keeps it until it ends.
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// Fill writes a file to a disk until only so many bytes are left, 0 to the last, and gives the file.
func Fill(t *testing.T, disk string, leave int64) string {
	t.Helper()
	file := filepath.Join(disk, "ballast")
	ballast, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer ballast.Close()
	for size := int64(1 << 20); size > 0; {
		var free syscall.Statfs_t
		if err := syscall.Statfs(disk, &free); err != nil {
			t.Fatal(err)
		}
		if left := int64(free.Bavail)*free.Bsize - leave; left < size && leave > 0 {
			return file
		}
		if _, err := ballast.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
	return file
}

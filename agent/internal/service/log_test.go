package service

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestALogIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.log")
	line := append(bytes.Repeat([]byte("x"), 1<<10-1), '\n')
	write := func(lines int) {
		t.Helper()
		log, err := OpenLog(path)
		if err != nil {
			t.Fatal(err)
		}
		for range lines {
			if n, err := log.Write(line); n != len(line) || err != nil {
				t.Fatal(n, err)
			}
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
	}
	size := func(path string) int64 {
		info, err := os.Stat(path)
		if err != nil {
			return -1
		}
		return info.Size()
	}
	const full = maxLogBytes >> 10
	write(full)
	if size(path) != maxLogBytes || size(olderLog(path)) != -1 {
		t.Errorf("a full log has %d bytes, the one before %d", size(path), size(olderLog(path)))
	}
	write(1)
	if size(path) != 1<<10 || size(olderLog(path)) != maxLogBytes {
		t.Errorf("the next log has %d bytes, the full one %d", size(path), size(olderLog(path)))
	}
	write(2 * full)
	if size(path) > maxLogBytes || size(olderLog(path)) > maxLogBytes {
		t.Errorf("%d and %d bytes", size(path), size(olderLog(path)))
	}
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenLog(path); err == nil {
		t.Error("a log nowhere")
	}
}

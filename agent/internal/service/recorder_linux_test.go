package service

import (
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/shared/stream"
)

// While the disk takes nothing, episodes wait in memory, in order; what memory cannot hold is told as a loss.
func TestEpisodesWaitForTheDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "buffer.db")
	b, err := buffer.Open(path, buffer.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var acknowledged []uint64
	r := &recorder{
		buffer: b, log: slog.New(slog.NewTextHandler(io.Discard, nil)), stored: func() {},
		acknowledge: func(_ string, number uint64) { acknowledged = append(acknowledged, number) },
	}
	login := stream.Login{Account: "anna", Name: `PC\anna`}
	store := func(number uint64) bool {
		t.Helper()
		record := &stream.Record{Login: login, Session: "00000000000000a1", Episode: one(fmt.Sprint(number), time.Second)}
		stored, err := r.record("1000/a", number, record)
		if err != nil {
			t.Fatal(err)
		}
		return stored
	}
	if !store(1) {
		t.Fatal("with room the first is not stored")
	}
	lift := fileLimit(t, 4096)
	for number := uint64(2); number <= maxWaiting+11; number++ {
		if store(number) {
			t.Fatalf("%d is said to be stored on a full disk", number)
		}
	}
	store(50) // sent again after a reconnection
	if !r.retry() || !r.holds("1000/a") || len(acknowledged) != 0 {
		t.Fatalf("on a full disk %v were acknowledged", acknowledged)
	}
	lift()
	r.lost[login] = lost{count: r.lost[login].count, from: time.Now(), to: time.Now()}
	for len(r.waiting) > 200 {
		r.waiting = slices.Delete(r.waiting, 100, 101) // each is a transaction: the borders are what is looked at
	}
	if r.retry() {
		t.Error("something still waits")
	}
	if len(acknowledged) != 200 || !slices.IsSorted(acknowledged) || acknowledged[0] != 12 || acknowledged[199] != maxWaiting+11 {
		t.Errorf("acknowledged %d: %v", len(acknowledged), acknowledged)
	}
	spans, err := b.Spans(10)
	if err != nil || len(spans) != 1 || spans[0].Reason != "disk full" || spans[0].Count != 10 {
		t.Errorf("losses %v, %v", spans, err)
	}
}

// fileLimit lets this process write no file longer than that, until lifted.
func fileLimit(t *testing.T, bytes uint64) (lift func()) {
	t.Helper()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	less := limit
	less.Cur = bytes
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &less); err != nil {
		t.Fatal(err)
	}
	lift = func() {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(lift)
	return lift
}

package duckdb

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/storetest"
	"github.com/dayline-project/dayline/shared/stream"
)

// The test binary is its own victim: with one of these set it is a process to be killed, or one with a small disk.
const (
	victimDir = "DAYLINE_TEST_VICTIM_DIR"
	smallDisk = "DAYLINE_TEST_SMALL_DISK"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		exit(appendForEver(dir))
	}
	if dir := os.Getenv(smallDisk); dir != "" {
		exit(fillDisk(dir))
	}
	os.Exit(m.Run())
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// soak multiplies repetition.
func soak() int {
	if n, err := strconv.Atoi(os.Getenv("DAYLINE_SOAK")); err == nil {
		return n
	}
	return 3
}

// appendForEver prints each number once its episode is acknowledged; the file is written anew all the while.
func appendForEver(dir string) error {
	store, err := Open(context.Background(), dir, Options{Threads: 1})
	if err != nil {
		return err
	}
	stats, err := store.Stats(context.Background())
	if err != nil {
		return err
	}
	go func() {
		for {
			if err := store.Rewrite(context.Background()); err != nil {
				exit(err)
			}
		}
	}()
	for n := int(stats.Episodes) + 1; ; n++ {
		one := upload(n % 1440)
		one.Rows[0].Sequence, one.First, one.Last = uint64(n), uint64(n), uint64(n)
		if err := store.Append(context.Background(), []collector.Upload{one}); err != nil {
			return err
		}
		if _, err := fmt.Println(n); err != nil {
			return err
		}
	}
}

func TestKilledWriterLosesNothing(t *testing.T) {
	dir := t.TempDir()
	for round := range soak() {
		victim := exec.CommandContext(t.Context(), os.Args[0])
		victim.Env = append(os.Environ(), victimDir+"="+dir)
		victim.Stderr = os.Stderr
		out, err := victim.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := victim.Start(); err != nil {
			t.Fatal(err)
		}
		acknowledged := 0
		lines := bufio.NewScanner(out)
		for count := 0; count < 10+7*(round%10) && lines.Scan(); count++ {
			if acknowledged, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatal(err)
			}
		}
		if err := victim.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it said before it died counts too
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				acknowledged = n
			}
		}
		_ = victim.Wait()
		store := open(t, dir)
		stats, err := store.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		batches, err := store.Batches(t.Context(), collector.StreamKey{Device: "d-1", Stream: stream.ID{1}})
		if err != nil {
			t.Fatal(err)
		}
		// One more than was acknowledged may be there: killed between the commit and its word.
		if stored := int(stats.Episodes); stored < acknowledged || stored > acknowledged+1 || batches[len(batches)-1].Last != uint64(stored) {
			t.Fatalf("%d acknowledged, %d stored, head %d", acknowledged, stored, batches[len(batches)-1].Last)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFullDisk runs fillDisk in a process that sees a disk of its own.
func TestFullDisk(t *testing.T) {
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), smallDisk+"="+t.TempDir())
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		child.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		child.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		child.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	if output, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
}

func fillDisk(dir string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_PRIVATE|syscall.MS_REC, ""); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=48m"); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	ctx := context.Background()
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 12<<20), 0o600); err != nil {
		return err
	}
	store, err := Open(ctx, dir, Options{Threads: 1, MemoryBytes: 128 << 20})
	if err != nil {
		return err
	}
	defer store.Close()
	stored, refused, err := fillUntilRefused(ctx, store)
	if err != nil {
		return err
	}
	if refused == 0 {
		return errors.New("the disk never filled")
	}
	for range 3 { // it stays refused, in the same words
		if err := store.Append(ctx, []collector.Upload{long(stored + 1)}); collector.CodeOf(err) != collector.NoSpace {
			return fmt.Errorf("full: %w", err)
		}
	}
	if err := store.Rewrite(ctx); collector.CodeOf(err) != collector.NoSpace {
		return fmt.Errorf("rewriting a full disk: %w", err)
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	for range 5 {
		if err := store.Append(ctx, []collector.Upload{long(stored + 1)}); err != nil {
			return fmt.Errorf("after space came back: %w", err)
		}
		stored++
	}
	if err := store.Close(); err != nil {
		return err
	}
	if store, err = Open(ctx, dir, Options{Threads: 1, MemoryBytes: 128 << 20}); err != nil {
		return err
	}
	stats, err := store.Stats(ctx)
	if err == nil && (stats.Episodes != int64(stored*rowsOfLong) || len(stats.SetAside) != 0) {
		err = fmt.Errorf("%d episodes stored, %d acknowledged, set aside: %v", stats.Episodes, stored*rowsOfLong, stats.SetAside)
	}
	return err
}

func fillUntilRefused(ctx context.Context, store *Store) (stored, refused int, err error) {
	for stored < 1000 {
		err := store.Append(ctx, []collector.Upload{long(stored + 1)})
		if collector.CodeOf(err) == collector.NoSpace {
			return stored, 1, nil
		}
		if err != nil {
			return stored, 0, fmt.Errorf("append %d: %w", stored, err)
		}
		stored++
	}
	return stored, 0, nil
}

const rowsOfLong = 500

// noise is text that does not compress.
func noise(n uint64) string {
	var text strings.Builder
	for part := range uint64(8) {
		fmt.Fprintf(&text, "%x", sha256.Sum256(binary.BigEndian.AppendUint64(nil, n<<3|part)))
	}
	return text.String()[:400]
}

// long is an upload that takes room.
func long(n int) collector.Upload {
	var rows []collector.Row
	for i := range rowsOfLong {
		sequence := uint64(n*rowsOfLong + i)
		rows = append(rows, storetest.As(storetest.Row(sequence, "09:00:00", time.Minute, "a"), func(r *collector.Row) {
			r.Title = fmt.Sprint(sequence) + noise(sequence)
		}))
	}
	return storetest.Upload("d-1", 1, rows...)
}

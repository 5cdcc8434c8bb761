package buffer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// rounds multiplies a test's repetitions in `make soak`.
func rounds(n int) int {
	times, err := strconv.Atoi(os.Getenv("DAYLINE_SOAK"))
	if err != nil || times < 1 {
		times = 1
	}
	return n * times
}

// appender is a child process that appends until it is killed, and says after each one that it is stored.
const appender = "DAYLINE_TEST_APPEND_TO"

func TestMain(m *testing.M) {
	if path := os.Getenv(appender); path != "" {
		if err := appendForEver(path); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func appendForEver(path string) error {
	b, err := Open(path, DefaultLimits)
	if err != nil {
		return err
	}
	first := int(b.Stats().Episodes)
	for n := first; ; n++ {
		if err := b.Checkpoint("1000/anna", record(anna, n), noon); err != nil {
			return err
		}
		if err := b.Append("1000/anna", uint64(n+1), record(anna, n), noon); err != nil {
			return err
		}
		fmt.Println(n + 1)
	}
}

// What the child was told is stored is there after a kill -9, in order and once; at most the one it was storing besides.
func TestKilledWhileAppending(t *testing.T) {
	path := filepath.Join(t.TempDir(), "buffer.db")
	stored := 0
	for range rounds(6) {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), appender+"="+path)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for more := 1 + rand.IntN(20); more > 0 && lines.Scan(); more-- {
			if stored, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatal(lines.Text())
			}
		}
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() {
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				stored = n
			}
		}
		_ = child.Wait() // killed
	}
	b := reopen(t, path)
	if aside := b.Stats().SetAside; len(aside) != 0 {
		t.Errorf("set aside: %v", aside)
	}
	s := newSent(t)
	s.drain(b, 1000)
	if n := len(s.titles); n != stored && n != stored+1 {
		t.Errorf("%d stored, %d there", stored, n)
	}
	equal(t, "sent", s.titles, titles(0, len(s.titles)))
}

// A buffer with any bytes damaged opens, and gives only records that were put in, in their order; what it no longer
// gives it tells.
func TestDamagedBytesCostAtMostWhatTheyHit(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "buffer.db")
	b := reopen(t, whole)
	for n := range 6 {
		if err := b.appendMany("1000/anna", uint64(n), 1, record(anna, n)); err != nil {
			t.Fatal(err)
		}
	}
	for n := 6; n < 300; n += 3 {
		if err := b.appendThree(n); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Checkpoint("1000/bert", record(bert, 1), noon); err != nil {
		t.Fatal(err)
	}
	b.Close()
	sound, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	want := titles(0, 300)
	aside, partly := 0, 0
	for round := range rounds(60) {
		broken := slices.Clone(sound)
		random := rand.New(rand.NewPCG(uint64(round), 7))
		switch round % 5 {
		case 0:
			broken[random.IntN(len(broken))] ^= byte(1 + random.IntN(255))
		case 4:
			// Inside a row: nothing of the structure is hit.
			at := random.IntN(len(broken))
			if found := bytes.Index(broken[at:], []byte("Card ")); found >= 0 {
				broken[at+found] ^= 1
			}
		case 1:
			at := random.IntN(len(broken))
			for i := at; i < min(at+1+random.IntN(4096), len(broken)); i++ {
				broken[i] = byte(random.Uint32())
			}
		case 2:
			broken = broken[:random.IntN(len(broken))]
		case 3:
			// A page that never reached the disk.
			page := os.Getpagesize()
			at := random.IntN(len(broken)/page) * page
			clear(broken[at : at+page])
		}
		path := filepath.Join(t.TempDir(), "buffer.db")
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := Open(path, DefaultLimits)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		s := newSent(t)
		s.drain(b, 100)
		last := -1
		for _, title := range s.titles {
			at := slices.Index(want, title)
			if at <= last {
				t.Fatalf("round %d: %q out of order or not ours", round, title)
			}
			last = at
		}
		switch {
		case len(b.Stats().SetAside) > 0:
			aside++
		case len(s.titles) < 300:
			// An older root that is whole is what a crash leaves: nothing tells it from one.
			partly++
		}
		if err := b.Append("1000/carl", 1, record(anna, 1), noon); err != nil {
			t.Fatalf("round %d: it does not go on: %v", round, err)
		}
		b.Close()
	}
	t.Logf("of %d: %d set aside, %d lost some rows", rounds(60), aside, partly)
	if aside == 0 || partly == 0 {
		t.Error("the damage did not reach what it should")
	}
}

func (b *Buffer) appendThree(n int) error {
	return errors.Join(
		b.Append("1000/anna", uint64(n+1), record(anna, n), noon),
		b.Append("1000/anna", uint64(n+2), record(anna, n+1), noon),
		b.Append("1000/anna", uint64(n+3), record(anna, n+2), noon),
	)
}

// While it runs, a file cut short under it is set aside too, and the next call works.
func TestAFileDamagedWhileOpenIsSetAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "buffer.db")
	b := reopen(t, path)
	appendAll(t, b, anna, 0, 100)
	if err := os.Truncate(path, 8192); err != nil {
		t.Fatal(err)
	}
	if err := b.Append("1000/anna", 101, record(anna, 100), noon); !errors.Is(err, ErrDamaged) {
		t.Fatalf("on a damaged file: %v", err)
	}
	if err := b.Append("1000/anna", 101, record(anna, 100), noon); err != nil {
		t.Fatal(err)
	}
	s := newSent(t)
	s.drain(b, 100)
	equal(t, "sent", s.titles, titles(100, 101))
	if aside := b.Stats().SetAside; len(aside) != 1 {
		t.Errorf("set aside: %v", aside)
	}
}

func TestOnlyTwoDamagedFilesAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "buffer.db")
	now := time.Now()
	for n := range 5 {
		if err := os.WriteFile(path, []byte{byte(n)}, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := moveAside(path, now.Add(time.Duration(n)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	kept := setAside(path)
	if len(kept) != 2 {
		t.Fatalf("kept %v", kept)
	}
	if raw, err := os.ReadFile(kept[1]); err != nil || raw[0] != 4 {
		t.Errorf("the newest is not among them: %v %v", raw, err)
	}
}

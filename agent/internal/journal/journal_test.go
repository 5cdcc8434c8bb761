package journal

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheFileIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.log")
	record := bytes.Repeat([]byte("x"), 99)
	record = append(record, '\n')
	var written int
	for range 3 { // as a service that is started again
		f, err := OpenFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f.limit = 1000
		for range 7 {
			if _, err := f.Write(record); err != nil {
				t.Fatal(err)
			}
			written += len(record)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	now, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	older, err := os.ReadFile(path + olderSuffix)
	if err != nil {
		t.Fatal(err)
	}
	if len(older) != 1000 || len(now) != written%1000 {
		t.Errorf("%d bytes and %d older ones of %d written", len(now), len(older), written)
	}
	if left, _ := filepath.Glob(path + "*"); len(left) != 2 {
		t.Errorf("files: %v", left)
	}
}

// A folder in the older one's place stands for what keeps a file from being renamed.
func TestTheBoundHoldsWhereTheFileCannotBeRenamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.log")
	if err := os.MkdirAll(filepath.Join(path+olderSuffix, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.limit = 10
	for _, record := range []string{"first\n", "second\n"} {
		if _, err := f.Write([]byte(record)); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "second\n" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestEventsAreWarningsAndErrors(t *testing.T) {
	type event struct {
		level slog.Level
		text  string
	}
	var events []event
	log := slog.New(newEvents(func(level slog.Level, text string) error {
		events = append(events, event{level, text})
		return nil
	})).With("room", "buffer")
	log.Info("service started")
	log.Warn("not enrolled")
	log.Error("buffer not trimmed", "error", "disk full")
	want := []event{
		{slog.LevelWarn, `msg="not enrolled" room=buffer`},
		{slog.LevelError, `msg="buffer not trimmed" room=buffer error="disk full"`},
	}
	if len(events) != 2 || events[0] != want[0] || events[1] != want[1] {
		t.Errorf("%+v", events)
	}
}

func TestAFaultThatComesAgainDoesNotFillTheEventLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var texts []string
		log := slog.New(newEvents(func(_ slog.Level, text string) error {
			texts = append(texts, text)
			return nil
		}))
		for range 3600 { // an hour
			log.Error("helper not started")
			time.Sleep(time.Second)
		}
		if most := eventBurst + int(time.Hour/eventEvery); len(texts) < eventBurst || len(texts) > most {
			t.Errorf("%d events in an hour, want at most %d", len(texts), most)
		}
		if last := texts[len(texts)-1]; !strings.Contains(last, "withheld_before=") {
			t.Errorf("what was left out is not told: %s", last)
		}
		time.Sleep(24 * time.Hour)
		texts = nil
		for range 2 * eventBurst {
			log.Error("another fault")
		}
		if len(texts) != eventBurst {
			t.Errorf("after a quiet day %d events at once", len(texts))
		}
	})
}

// crashing is the variable that has this test's program crash.
const crashing = "DAYLINE_TEST_CRASH"

func TestCrashesAreKeptAndTheirFileIsBounded(t *testing.T) {
	if path := os.Getenv(crashing); path != "" {
		if err := KeepCrashes(path); err != nil {
			t.Fatal(err)
		}
		go panic("out of luck")
		select {}
	}
	path := filepath.Join(t.TempDir(), "crashes.txt")
	crash := func() int {
		program := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
		program.Env = append(os.Environ(), crashing+"="+path)
		if err := program.Run(); err == nil {
			t.Fatal("it did not crash")
		}
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), "out of luck") {
			t.Fatalf("kept %q, %v", text, err)
		}
		return len(text)
	}
	first := crash()
	if both := crash(); both <= first {
		t.Errorf("the second crash took the first one's place: %d bytes after %d", both, first)
	}
	if err := os.Truncate(path, crashBytes+1); err != nil {
		t.Fatal(err)
	}
	if anew := crash(); anew > crashBytes {
		t.Errorf("%d bytes are kept", anew)
	}
}

package config_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector/config"
)

// told is what a watcher said: a set or problems.
type told struct {
	set      *config.Set
	problems []config.Problem
}

// watch runs a watcher over a folder until the test ends.
func watch(t *testing.T, dir string, w *config.Watcher) (<-chan told, *buffer) {
	t.Helper()
	set, problems := config.Load(dir)
	if set == nil {
		t.Fatal(problems)
	}
	news, log := make(chan told, 100), &buffer{}
	w.Dir, w.Running, w.Log = dir, set, slog.New(slog.NewTextHandler(log, nil))
	w.Applied = func(_ context.Context, set *config.Set) { news <- told{set: set} }
	w.Refused = func(_ context.Context, problems []config.Problem) { news <- told{problems: problems} }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
	return news, log
}

type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// rename replaces a file as editors do.
func rename(t *testing.T, dir, name, content string) {
	t.Helper()
	write(t, dir, name+".swp", content)
	if err := os.Rename(filepath.Join(dir, name+".swp"), filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

func settle(t *testing.T, news <-chan told, want time.Duration) {
	t.Helper()
	got := <-news
	if got.set == nil || time.Duration(*got.set.Account.Settle) != want {
		t.Fatalf("got %+v, want settle %v", got, want)
	}
}

func TestWatch(t *testing.T) {
	dir := folder(t, nil)
	news, log := watch(t, dir, &config.Watcher{Settle: 20 * time.Millisecond, Poll: time.Hour})
	// Written in place, the file is empty for a moment: that may be told before the edit is.
	write(t, dir, config.AccountFile, "settle: 3s\n")
	for got := range news {
		if got.set != nil {
			break
		}
	}
	rename(t, dir, config.AccountFile, "settle: 4s\n")
	settle(t, news, 4*time.Second)

	rename(t, dir, config.AccountFile, "settle: 40s\n")
	got := <-news
	if got.set != nil || got.problems[0].Key != "settle" {
		t.Fatalf("got %+v", got)
	}
	if !strings.Contains(log.String(), "key=settle") {
		t.Errorf("the log does not say why: %s", log)
	}
	if err := os.Remove(filepath.Join(dir, config.PeopleFile)); err != nil {
		t.Fatal(err)
	}
	if got = <-news; got.set != nil || len(got.problems) != 2 {
		t.Fatalf("got %+v", got)
	}
	// Two files mended one after the other, within the time an editor gets: one new set.
	rename(t, dir, config.PeopleFile, "groups: [{name: A}]\n")
	rename(t, dir, config.AccountFile, "settle: 5s\nschedule: {groups: [{group: A, use: always}]}\n")
	for got = range news {
		if got.set != nil {
			break
		}
	}
	if len(got.set.Account.Schedule.Groups) != 1 {
		t.Fatalf("got %+v", got)
	}
	rename(t, dir, config.CollectorFile, "log: {level: debug}\nlisten: {web: '127.0.0.1:1'}\n")
	if got = <-news; got.set == nil || got.set.Collector.Log.Level != "debug" {
		t.Fatalf("got %+v", got)
	}
	if text := log.String(); !strings.Contains(text, "hold from the next start") || !strings.Contains(text, "listen.web") || strings.Contains(text, "log.level") {
		t.Errorf("the log says %s", text)
	}
	// The same contents once more are no news.
	rename(t, dir, config.CollectorFile, "log: {level: debug}\nlisten: {web: '127.0.0.1:1'}\n")
	rename(t, dir, config.AccountFile, "settle: 6s\n")
	for got = range news {
		if got.set != nil && time.Duration(*got.set.Account.Settle) == 6*time.Second {
			break
		}
		t.Fatalf("got %+v", got)
	}
}

func TestWatchWithoutNotices(t *testing.T) {
	dir := folder(t, nil)
	// The folder itself is replaced: the notices of the old one tell nothing of the new.
	news, _ := watch(t, dir, &config.Watcher{Settle: time.Hour, Poll: 10 * time.Millisecond})
	other := folder(t, map[string]string{config.AccountFile: "settle: 7s\n"})
	if err := errors.Join(os.Rename(dir, dir+".old"), os.Rename(other, dir)); err != nil {
		t.Fatal(err)
	}
	for got := range news {
		// Between the two renames the files may have been missing.
		if got.set != nil {
			if time.Duration(*got.set.Account.Settle) != 7*time.Second {
				t.Fatalf("got %+v", got)
			}
			return
		}
	}
}

func TestWatchFindsWhatChangedBeforeIt(t *testing.T) {
	dir := folder(t, nil)
	running, problems := config.Load(dir)
	if running == nil {
		t.Fatal(problems)
	}
	rename(t, dir, config.AccountFile, "settle: 8s\n")
	news := make(chan told, 1)
	w := config.Watcher{
		Dir: dir, Running: running, Log: slog.New(slog.DiscardHandler), Poll: time.Hour,
		Applied: func(_ context.Context, set *config.Set) { news <- told{set: set} },
		Refused: func(context.Context, []config.Problem) { t.Error("refused") },
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go w.Run(ctx)
	settle(t, news, 8*time.Second)
}

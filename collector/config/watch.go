package config

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Waits of a Watcher that leaves them zero.
const (
	// defaultSettle lets an editor finish: it may write, rename and set modes one after the other.
	defaultSettle = 200 * time.Millisecond
	// defaultPoll finds edits whose notice was lost, or never comes, as on network file systems.
	defaultPoll = 10 * time.Second
)

// Watcher follows the edits of a folder. Each set of contents is told once, by Applied or Refused.
type Watcher struct {
	Dir string
	// Running is the set in force at the beginning.
	Running *Set
	// Applied gets a new set without errors; warnings are logged by whoever looks for them.
	Applied func(ctx context.Context, set *Set)
	// Refused gets what is wrong with an edit; the set in force stays.
	Refused func(ctx context.Context, problems []Problem)
	Log     *slog.Logger
	// Settle after a notice, and Poll without one; zero for the usual.
	Settle, Poll time.Duration

	// seen are the contents told last.
	seen map[string]string
}

// Run watches until the context ends. Without the system's notices (none left, or none on this file system) it goes on
// by polling.
func (w *Watcher) Run(ctx context.Context) error {
	if w.Settle == 0 {
		w.Settle = defaultSettle
	}
	if w.Poll == 0 {
		w.Poll = defaultPoll
	}
	w.seen = texts(w.Running.Content)
	notices, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("config: watch: %w", err)
	}
	defer notices.Close()
	// The folder, not the files: editors put a new file in the old one's place.
	if err := notices.Add(w.Dir); err != nil {
		w.Log.Warn("configuration folder is polled only", "error", err)
	}
	poll := time.NewTicker(w.Poll)
	defer poll.Stop()
	settled := time.NewTimer(0)
	defer settled.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-notices.Events:
			settled.Reset(w.Settle)
		case err := <-notices.Errors:
			w.Log.Warn("notices of configuration edits were lost", "error", err)
			settled.Reset(w.Settle)
		case <-settled.C:
			w.look(ctx)
		case <-poll.C:
			// The folder may have been replaced: watching it again is harmless.
			_ = notices.Add(w.Dir)
			w.look(ctx)
		}
	}
}

// look loads the files and tells what is new.
func (w *Watcher) look(ctx context.Context) {
	content, problems := readAll(w.Dir)
	now := texts(content)
	if maps.Equal(now, w.seen) {
		return
	}
	w.seen = now
	set, problems := check(content, problems)
	if set == nil {
		for _, problem := range problems {
			w.Log.Error("configuration refused", "file", problem.File, "line", problem.Line, "key", problem.Key, "reason", problem.Reason)
		}
		w.Refused(ctx, problems)
		return
	}
	if keys := NeedRestart(w.Running, set); len(keys) > 0 {
		w.Log.Warn("configuration keys hold from the next start", "file", CollectorFile, "keys", keys)
	}
	w.Log.Info("configuration applied")
	w.Applied(ctx, set)
}

func texts(content map[string][]byte) map[string]string {
	all := make(map[string]string, len(content))
	for name, bytes := range content {
		all[name] = string(bytes)
	}
	return all
}

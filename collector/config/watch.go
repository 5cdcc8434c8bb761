package config

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
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

// Watcher follows the edits of a folder. Each set of contents is told once, by Applied or Refused. An Editor's edits are
// told by Applied.
type Watcher struct {
	Dir string
	// Running is the set in force at the beginning.
	Running *Set
	// Judge finds what is wrong with a new set that only others know of, the registry for one; nil: nothing.
	Judge func(ctx context.Context, before, after *Set) []Problem
	// Record writes down a new set, and who made it: "file" for an edit of the files themselves; nil: nowhere.
	Record func(ctx context.Context, set *Set, actor string) error
	// Applied gets a new set without errors.
	Applied func(ctx context.Context, set *Set)
	// Refused gets what is wrong with an edit; the set in force stays.
	Refused func(ctx context.Context, problems []Problem)
	Log     *slog.Logger
	// Settle after a notice, and Poll without one; zero for the usual.
	Settle, Poll time.Duration

	// mu is held while files are looked at or edited.
	mu sync.Mutex
	// inForce is the set told last, seen the contents looked at last, and wrong what is wrong with those.
	inForce *Set
	seen    map[string]string
	wrong   []Problem
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
			w.lookNow(ctx)
		case <-poll.C:
			// The folder may have been replaced: watching it again is harmless.
			_ = notices.Add(w.Dir)
			w.lookNow(ctx)
		}
	}
}

func (w *Watcher) lookNow(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.look(ctx)
}

// look loads the files, tells what is new, and gives what is wrong with them; mu is held.
func (w *Watcher) look(ctx context.Context) []Problem {
	if w.inForce == nil {
		w.inForce, w.seen = w.Running, texts(w.Running.Content)
	}
	content, problems := readAll(w.Dir)
	now := texts(content)
	if maps.Equal(now, w.seen) {
		return w.wrong
	}
	w.seen = now
	set, problems := check(content, problems)
	if set != nil {
		problems = append(append(problems, set.After(w.inForce)...), w.judge(ctx, set)...)
	}
	for _, p := range problems {
		if p.Warning {
			w.Log.Warn("configuration has a doubtful entry", "file", p.File, "line", p.Line, "key", p.Key)
		}
	}
	if w.wrong = nil; refusal(problems) != nil {
		w.wrong = slices.DeleteFunc(problems, func(p Problem) bool { return p.Warning })
		for _, p := range w.wrong {
			w.Log.Error("configuration refused", "file", p.File, "line", p.Line, "key", p.Key, "reason", p.Reason)
		}
		w.Refused(ctx, w.wrong)
		return w.wrong
	}
	if err := w.record(ctx, set, "file"); err != nil {
		w.Log.Error("configuration applied but not recorded", "error", err)
	}
	w.put(ctx, set)
	return nil
}

// put puts a set in force.
func (w *Watcher) put(ctx context.Context, set *Set) {
	w.inForce, w.seen, w.wrong = set, texts(set.Content), nil
	if keys := NeedRestart(w.Running, set); len(keys) > 0 {
		w.Log.Warn("configuration keys hold from the next start", "file", CollectorFile, "keys", keys)
	}
	w.Log.Info("configuration applied")
	w.Applied(ctx, set)
}

func (w *Watcher) judge(ctx context.Context, set *Set) []Problem {
	if w.Judge == nil {
		return nil
	}
	return w.Judge(ctx, w.inForce, set)
}

func (w *Watcher) record(ctx context.Context, set *Set, actor string) error {
	if w.Record == nil {
		return nil
	}
	return w.Record(ctx, set, actor)
}

func texts(content map[string][]byte) map[string]string {
	all := make(map[string]string, len(content))
	for name, bytes := range content {
		all[name] = string(bytes)
	}
	return all
}

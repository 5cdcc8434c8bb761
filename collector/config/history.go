package config

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// Revised is a change, when it was put in force, and who made it: "file" for an edit of the file itself.
type Revised struct {
	Change
	At    time.Time
	Actor string
}

// History gives the wanted changes of a file, or of all where it is empty, newest first and at most limit. The collector keeps
// the newest revisions of each file (collector.MaxFileRevisions): what lies further back is in the audit log. A file's
// first revision is told as one change, whose key is empty.
func History(ctx context.Context, ledger Ledger, file string, wanted func(Change) bool, limit int) ([]Revised, error) {
	for some := 32; ; some *= 8 {
		revisions, err := ledger.FileRevisions(ctx, file, some)
		if err != nil {
			return nil, fmt.Errorf("config: history: %w", err)
		}
		all := len(revisions) < some
		if changes := compared(revisions, all, wanted, limit); all || len(changes) >= limit {
			return changes, nil
		}
	}
}

// compared gives what is wanted of what differs between revisions, newest first, and those before them; all: before the last
// there was none.
func compared(revisions []collector.FileRevision, all bool, wanted func(Change) bool, limit int) []Revised {
	before := make([]*collector.FileRevision, len(revisions))
	next := map[string]int{}
	for i, r := range revisions {
		if newer, is := next[r.File]; is {
			before[newer] = &revisions[i]
		}
		next[r.File] = i
	}
	var list []Revised
	for i, r := range revisions {
		if len(list) >= limit {
			continue
		}
		changed := []Change{{File: r.File, New: "the first that is known"}}
		if before[i] != nil {
			changed = changes(r.File, before[i].Content, r.Content)
			if len(changed) == 0 {
				changed = []Change{{File: r.File, New: "comments or spaces"}}
			}
		} else if !all {
			continue
		}
		for _, c := range changed {
			if len(list) < limit && wanted(c) {
				list = append(list, Revised{c, r.At, r.Actor})
			}
		}
	}
	return list
}

// LastChanges gives, of each of the keys of a file that ever changed, its newest change or that of what is below it, and the
// file's newest revision; empty where none is kept.
func LastChanges(ctx context.Context, ledger Ledger, file string, keys []string) (map[string]Revised, collector.FileRevision, error) {
	revisions, err := ledger.FileRevisions(ctx, file, 0)
	if err != nil {
		return nil, collector.FileRevision{}, fmt.Errorf("config: history: %w", err)
	}
	if len(revisions) == 0 {
		return nil, collector.FileRevision{}, nil
	}
	last := map[string]Revised{}
	for _, change := range compared(revisions, false, func(Change) bool { return true }, math.MaxInt) {
		for _, key := range keys {
			if _, later := last[key]; !later && below(change.Key, key) {
				last[key] = change
			}
		}
	}
	return last, revisions[0], nil
}

// below tells whether a key is another or lies below it.
func below(key, above string) bool {
	rest, found := strings.CutPrefix(key, above)
	return found && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

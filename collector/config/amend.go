package config

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// Conflict is a value that two people edit: as the one saw it, as the other left it, and as the one wants it. Empty is not
// set, and Before is empty too where what was seen is not kept any more.
type Conflict struct {
	Key, Before, Theirs, Yours string
	// At and Actor tell of its newest change; zero and empty where that is not kept.
	At    time.Time
	Actor string
}

// Amended is what became of edits: with Conflicts, nothing.
type Amended struct {
	Changes []Change
	// Warnings are about what holds all the same.
	Warnings []Problem
	// Revision of the file, now.
	Revision  string
	Conflicts []Conflict
}

// Past is what is kept of the files' past.
type Past interface {
	FileRevisions(ctx context.Context, file string, limit int) ([]collector.FileRevision, error)
}

var errContested = errors.New("config: what is edited was changed meanwhile")

// Amend is Apply of edits of one file by somebody who saw it at a revision (Set.Revision; empty: as it is now). Where what
// they edit was changed since, or what that is a part of, nothing is done and the conflicts show both; other changes do not
// matter. To take out what is not there is no mistake.
func (e *Editor) Amend(ctx context.Context, viewer collector.Viewer, file, revision string, edits []Edit) (Amended, error) {
	var done Amended
	after, changes, problems, err := e.apply(ctx, viewer, func(now *Set) ([]Edit, error) {
		done.Revision = now.Revision(file)
		if revision != "" && revision != done.Revision {
			var err error
			if done.Conflicts, err = e.conflicts(ctx, file, revision, now.Content[file], edits); err != nil {
				return nil, err
			}
		}
		if len(done.Conflicts) > 0 {
			return nil, errContested
		}
		var own []Edit
		for _, edit := range edits {
			edit.File = file
			if steps, err := parseKey(edit.Key); err != nil || !edit.Unset || find(now.Content[file], steps) != nil {
				own = append(own, edit)
			}
		}
		return own, nil
	})
	if errors.Is(err, errContested) {
		return done, nil
	}
	if err != nil {
		return Amended{}, err
	}
	return Amended{Changes: changes, Warnings: problems, Revision: after.Revision(file)}, nil
}

// conflicts finds the edits of what somebody else changed since a revision, and not to what the edit wants.
func (e *Editor) conflicts(ctx context.Context, file, revision string, now []byte, edits []Edit) ([]Conflict, error) {
	var past []collector.FileRevision
	if e.Past != nil {
		var err error
		if past, err = e.Past.FileRevisions(ctx, file, 0); err != nil {
			return nil, fmt.Errorf("config: conflicts: %w", err)
		}
	}
	var seen []byte
	i := slices.IndexFunc(past, func(r collector.FileRevision) bool { return r.SHA256 == revision })
	if i >= 0 {
		seen = past[i].Content
	}
	var found []Conflict
	for _, edit := range edits {
		steps, err := parseKey(edit.Key)
		if err != nil {
			return nil, err
		}
		var yours *node
		if !edit.Unset {
			if yours, err = edit.value(steps[len(steps)-1]); err != nil {
				return nil, err
			}
		}
		theirs := find(now, steps)
		if alike(theirs, yours) || i >= 0 && !parted(treeOf(seen), treeOf(now), steps, "") {
			continue
		}
		one := Conflict{Key: edit.Key, Before: source(find(seen, steps)), Theirs: source(theirs), Yours: source(yours)}
		for j := range max(0, len(past)-1) {
			if parted(treeOf(past[j+1].Content), treeOf(past[j].Content), steps, "") {
				one.At, one.Actor = past[j].At, past[j].Actor
				break
			}
		}
		found = append(found, one)
	}
	return found, nil
}

// parted tells whether two versions of a value differ where steps lead: in what is there, or on the way in what would make
// it another thing to edit: a single value, a list of which an item is meant by its place, an item that one version lacks. A
// value that is not there is nil.
func parted(old, now *node, steps []step, pattern string) bool {
	single := func(n *node) bool { return n != nil && n.kind == scalar }
	if len(steps) == 0 || steps[0].index >= 0 || single(old) || single(now) {
		return !alike(old, now)
	}
	s, either := steps[0], cmp.Or(old, now)
	if either == nil {
		return false
	}
	before, after := old.at(s, pattern), now.at(s, pattern)
	if s.item && (before == nil) != (after == nil) {
		return true
	}
	return parted(before, after, steps[1:], s.below(pattern, either))
}

func alike(a, b *node) bool { return a == b || a != nil && b != nil && equal(a, b) }

// treeOf gives the values of a file; nil where it cannot be read.
func treeOf(content []byte) *node {
	root, _, _ := parseTree(content)
	return root
}

// find gives the value that steps lead to; nil where it is not there.
func find(content []byte, steps []step) *node {
	n, pattern := treeOf(content), ""
	for _, s := range steps {
		below := n.at(s, pattern)
		if below == nil {
			return nil
		}
		pattern, n = s.below(pattern, n), below
	}
	return n
}

// at is where a step leads; nil where it leads nowhere.
func (n *node) at(s step, pattern string) *node {
	if n == nil {
		return nil
	}
	place, err := n.walkTo(s, pattern)
	if err != nil || place < 0 {
		return nil
	}
	return n.children[place].value
}

// source writes a value as a file could in one line, texts without their quotes; empty for nil.
func source(n *node) string {
	switch {
	case n == nil:
		return ""
	case n.kind == scalar:
		return n.text
	}
	return inline(n)
}

package config

import (
	"context"
	"fmt"
	"slices"

	"github.com/dayline-project/dayline/collector"
)

// Editor edits the files that a Watcher follows, one edit after the other.
type Editor struct {
	Watcher *Watcher
	// May refuses a change that a viewer may not make; before is in force. Nil: everyone may.
	May func(viewer collector.Viewer, before, after *Set) error
	// Past tells who changed what meanwhile; nil: nothing is kept.
	Past Past
}

// Apply makes edits, all or none: it writes the files, puts them in force, and writes down what changed with the viewer
// as who did it, before it returns. What somebody edited in the files meanwhile is put in force first; where that has
// errors it is left alone, and nothing is edited: Conflict. Edits that do not hold are refused as BadRequest, with
// everything that is wrong in problems; without an error, problems are warnings.
func (e *Editor) Apply(ctx context.Context, viewer collector.Viewer, edits []Edit) (changes []Change, problems []Problem, err error) {
	return e.Edit(ctx, viewer, func(*Set) ([]Edit, error) { return edits, nil })
}

// Edit is Apply of edits that are made for the set in force, which is nobody else's to edit meanwhile.
func (e *Editor) Edit(ctx context.Context, viewer collector.Viewer, edits func(*Set) ([]Edit, error)) (changes []Change, problems []Problem, err error) {
	_, changes, problems, err = e.apply(ctx, viewer, edits)
	return changes, problems, err
}

// apply also gives the set that is in force afterwards.
func (e *Editor) apply(ctx context.Context, viewer collector.Viewer, edits func(*Set) ([]Edit, error)) (after *Set, changes []Change, problems []Problem, err error) {
	w := e.Watcher
	ctx = context.WithoutCancel(ctx) // the files, what is in force and the audit log go together
	w.mu.Lock()
	defer w.mu.Unlock()
	if problems := w.look(ctx); len(problems) > 0 {
		return nil, nil, problems, collector.Refuse(collector.Conflict, "", "the files have an error, which has to be mended in the files: %s", problems[0])
	}
	before := w.inForce
	wanted, err := edits(before)
	if err != nil {
		return nil, nil, nil, err
	}
	if after, problems, err = propose(before, wanted); err != nil {
		return nil, nil, problems, err
	}
	problems = append(problems, w.judge(ctx, after)...)
	if err := refusal(problems); err != nil {
		return nil, nil, problems, err
	}
	if e.May != nil {
		if err := e.May(viewer, before, after); err != nil {
			return nil, nil, nil, err
		}
	}
	if changes = Changes(before, after); same(before.Content, after.Content) {
		return before, nil, problems, nil
	}
	recorded := false
	err = write(w.Dir, before.Content, after.Content, func() error {
		recorded = true
		return w.record(ctx, after, viewer.Actor())
	})
	if err != nil {
		if recorded {
			if undone := w.record(ctx, before, "collector"); undone != nil {
				err = fmt.Errorf("%w; and the history tells of it all the same: %w", err, undone)
			}
		}
		return nil, nil, nil, err
	}
	w.put(ctx, after)
	return after, changes, fresh(problems, append(w.judge(ctx, before), before.doubts...)), nil
}

// fresh are the problems that were not there before, wherever those stood.
func fresh(problems, before []Problem) []Problem {
	return slices.DeleteFunc(problems, func(p Problem) bool {
		return slices.ContainsFunc(before, func(old Problem) bool { return old.File == p.File && old.Reason == p.Reason })
	})
}

// Check finds what is wrong with files, were they put in place of those in force.
func (e *Editor) Check(ctx context.Context, content map[string][]byte) []Problem {
	w := e.Watcher
	w.mu.Lock()
	defer w.mu.Unlock()
	w.look(ctx)
	set, problems := Parse(content)
	if set == nil {
		return problems
	}
	return append(append(problems, set.After(w.inForce)...), w.judge(ctx, set)...)
}

// EditFiles edits the files of a folder that no collector follows. What changed is written down when one starts.
func EditFiles(dir string, edits []Edit) (changes []Change, problems []Problem, err error) {
	before, problems := Load(dir)
	if before == nil {
		return nil, problems, collector.Refuse(collector.Conflict, "", "the files have an error, which has to be mended first: %s", problems[0])
	}
	after, problems, err := propose(before, edits)
	if err != nil {
		return nil, problems, err
	}
	problems = append(problems, after.Unchecked()...)
	return Changes(before, after), problems, write(dir, before.Content, after.Content, func() error { return nil })
}

// propose gives the set after edits, checked by itself and against the one before.
func propose(before *Set, edits []Edit) (*Set, []Problem, error) {
	content, err := Apply(before.Content, edits)
	if err != nil {
		return nil, nil, err
	}
	after, problems := Parse(content)
	if after != nil {
		problems = append(problems, after.After(before)...)
	}
	return after, problems, refusal(problems)
}

// refusal gives the first problem that is more than a warning as an error.
func refusal(problems []Problem) error {
	i := slices.IndexFunc(problems, func(p Problem) bool { return !p.Warning })
	if i < 0 {
		return nil
	}
	p := problems[i]
	return collector.Refuse(collector.BadRequest, p.Key, "%s (%s:%d)", p.Reason, p.File, p.Line)
}

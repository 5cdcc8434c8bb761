package config_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

// past keeps revisions in memory, newest first.
type past []collector.FileRevision

func (p *past) FileRevisions(_ context.Context, file string, _ int) (of []collector.FileRevision, err error) {
	for _, r := range *p {
		if r.File == file {
			of = append(of, r)
		}
	}
	return of, nil
}

const amended = `passive: {start: 2m}
updates:
  linux: latest
overrides:
  - devices: [d-1]
    passive: {stop: 0m}
`

const amendedPeople = "groups:\n  - {name: Support, people: [p-1]}\npeople: [{id: p-1}, {id: p-2}]\n"

// openPast is a desk whose past is kept.
func openPast(t *testing.T) (*desk, *past) {
	d, kept := newDesk(t, map[string]string{config.AccountFile: amended, config.PeopleFile: amendedPeople}), &past{}
	keep := func(set *config.Set, actor string) {
		for _, file := range config.Files {
			if of, _ := kept.FileRevisions(t.Context(), file, 0); len(of) == 0 || of[0].SHA256 != set.Revision(file) {
				*kept = append(past{{File: file, Actor: actor, SHA256: set.Revision(file), Content: set.Content[file]}}, *kept...)
			}
		}
	}
	keep(d.editor.Watcher.Running, "file")
	d.editor.Past = kept
	d.editor.Watcher.Record = func(_ context.Context, set *config.Set, actor string) error {
		keep(set, actor)
		return nil
	}
	return d, kept
}

// TestAmend: two people edit the same file, the second by hand between the first one's look and edit.
func TestAmend(t *testing.T) {
	for name, test := range map[string]struct {
		file       string
		find, with string
		edit       config.Edit
		// conflict is what is told of it; empty: the edit is made.
		conflict string
	}{
		"another key":                   {config.AccountFile, "start: 2m", "stop: 3m", config.Edit{Key: "settle", Value: "1s"}, ""},
		"another key of the section":    {config.AccountFile, "start: 2m", "start: 2m, stop: 3m", config.Edit{Key: "passive.start", Value: "4m"}, ""},
		"the key":                       {config.AccountFile, "start: 2m", "start: 3m", config.Edit{Key: "passive.start", Value: "4m"}, "passive.start: 2m, 3m by file, 4m"},
		"the key, to the same":          {config.AccountFile, "start: 2m", "start: 3m", config.Edit{Key: "passive.start", Value: "3m"}, ""},
		"the key, which is taken out":   {config.AccountFile, "start: 2m", "stop: 3m", config.Edit{Key: "passive.start", Value: "4m"}, "passive.start: 2m,  by file, 4m"},
		"the key, to be taken out":      {config.AccountFile, "start: 2m", "start: 3m", config.Edit{Key: "passive.start", Unset: true}, "passive.start: 2m, 3m by file, "},
		"the key, taken out by both":    {config.AccountFile, "start: 2m", "stop: 3m", config.Edit{Key: "passive.start", Unset: true}, ""},
		"comments alone":                {config.AccountFile, "latest", "latest # always", config.Edit{Key: "updates.linux", Value: "paused"}, ""},
		"what is above":                 {config.AccountFile, "linux: latest", "linux: paused", config.Edit{Key: "updates.linux.pinned", Value: "1.4.2"}, "updates.linux.pinned: ,  by file, 1.4.2"},
		"what is below":                 {config.AccountFile, "stop: 0m", "stop: 1m", config.Edit{Key: "overrides", Value: "[]"}, "overrides: [{devices: [d-1], passive: {stop: 0m}}], [{devices: [d-1], passive: {stop: 1m}}] by file, []"},
		"places that mean others":       {config.AccountFile, "overrides:\n", "overrides:\n  - {devices: [d-2], passive: {stop: 0m}}\n", config.Edit{Key: "overrides[0].passive.stop", Value: "5m"}, "overrides[0].passive.stop: 0m, 0m by file, 5m"},
		"another member":                {config.PeopleFile, "[p-1]", "[p-2, p-1]", config.Edit{Key: "groups[Support].people[p-1]", Unset: true}, ""},
		"an item that is there no more": {config.PeopleFile, "groups:\n  - {name: Support, people: [p-1]}", "groups: []", config.Edit{Key: "groups[Support].people[p-2]"}, "groups[Support].people[p-2]: ,  by file, p-2"},
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := openPast(t)
			seen := d.editor.Watcher.Running.Revision(test.file)
			content := d.read(t, test.file)
			if !strings.Contains(content, test.find) {
				t.Fatal(content)
			}
			theirs := strings.Replace(content, test.find, test.with, 1)
			if err := os.WriteFile(filepath.Join(d.dir, test.file), []byte(theirs), 0o600); err != nil {
				t.Fatal(err)
			}
			done, err := d.editor.Amend(t.Context(), ada, test.file, seen, []config.Edit{test.edit})
			if err != nil {
				t.Fatal(err)
			}
			var told []string
			for _, c := range done.Conflicts {
				told = append(told, fmt.Sprintf("%s: %s, %s by %s, %s", c.Key, c.Before, c.Theirs, c.Actor, c.Yours))
			}
			if got := strings.Join(told, "\n"); got != test.conflict {
				t.Errorf("told %q\nwant %q", got, test.conflict)
			}
			now := d.read(t, test.file)
			if test.conflict != "" && (now != theirs || len(done.Changes) > 0) {
				t.Errorf("with a conflict something was changed: %v\n%s", done.Changes, now)
			}
			set, _ := config.Load(d.dir)
			if set == nil || done.Revision != set.Revision(test.file) {
				t.Errorf("the revision is not the file's")
			}
			if test.conflict == "" && !test.edit.Unset && set.Value(test.file, test.edit.Key) != test.edit.Value {
				t.Errorf("%s is %q", test.edit.Key, set.Value(test.file, test.edit.Key))
			}
		})
	}
}

// Where what was seen is not kept any more, whatever differs from an edit is in conflict with it, and nothing else.
func TestAmendWithoutItsPast(t *testing.T) {
	d, kept := openPast(t)
	edits := []config.Edit{{Key: "passive.start", Value: "2m"}, {Key: "settle", Value: "1s"}, {Key: "retention.days", Unset: true}}
	done, err := d.editor.Amend(t.Context(), ada, config.AccountFile, "gone", edits)
	if err != nil || len(done.Conflicts) != 1 || done.Conflicts[0].Key != "settle" || done.Conflicts[0].Before != "" || done.Conflicts[0].Yours != "1s" {
		t.Errorf("%+v, %v", done.Conflicts, err)
	}
	if len(*kept) != len(config.Files) {
		t.Error("something was written")
	}
	done, err = d.editor.Amend(t.Context(), ada, config.AccountFile, "", edits)
	if err != nil || len(done.Conflicts) > 0 || len(done.Changes) != 1 {
		t.Errorf("whatever it is: %+v, %v", done, err)
	}
	// All or none.
	before := d.read(t, config.AccountFile)
	_, err = d.editor.Amend(t.Context(), ada, config.AccountFile, done.Revision, []config.Edit{{Key: "settle", Value: "2s"}, {Key: "passive.start", Value: "1h"}})
	if collector.CodeOf(err) != collector.BadRequest || d.read(t, config.AccountFile) != before {
		t.Error(err)
	}
}

package config_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

// desk is a folder of files with an editor, and what became of edits.
type desk struct {
	dir     string
	editor  *config.Editor
	applied []*config.Set
	actors  []string
	refused int
	// judged is what the registry has to say, failing what writing down gives.
	judged  []config.Problem
	failing error
}

var ada = collector.Viewer{User: "ada@example.com", Role: collector.Admin}

func newDesk(t *testing.T, files map[string]string) *desk {
	t.Helper()
	d := &desk{dir: folder(t, files)}
	set, problems := config.Load(d.dir)
	if set == nil {
		t.Fatal(problems)
	}
	d.editor = &config.Editor{Watcher: &config.Watcher{
		Dir: d.dir, Running: set, Log: slog.New(slog.DiscardHandler), Settle: time.Millisecond, Poll: time.Hour,
		Applied: func(_ context.Context, set *config.Set) { d.applied = append(d.applied, set) },
		Refused: func(context.Context, []config.Problem) { d.refused++ },
		Judge:   func(context.Context, *config.Set, *config.Set) []config.Problem { return d.judged },
		Record: func(_ context.Context, _ *config.Set, actor string) error {
			d.actors = append(d.actors, actor)
			return d.failing
		},
	}}
	return d
}

func (d *desk) set(t *testing.T, edits ...config.Edit) ([]config.Change, []config.Problem, error) {
	t.Helper()
	return d.editor.Apply(t.Context(), ada, edits)
}

func (d *desk) read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(d.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestEditorApplies(t *testing.T) {
	d := newDesk(t, nil)
	changes, problems, err := d.set(t,
		config.Edit{Key: "passive.start", Value: "3m"},
		config.Edit{Key: "groups[Support]", Value: "{logins: ['CORP\\ana']}"},
		config.Edit{Key: "rules[site a.example]", Value: "{status: productive, exceptions: [{group: Support, status: undefined}]}"},
	)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	var told []string
	for _, c := range changes {
		told = append(told, fmt.Sprintf("%s %s: %s → %s", c.File, c.Key, c.Old, c.New))
	}
	want := []string{
		"account.yaml passive.start: 2m → 3m",
		`people.yaml groups[Support].logins[CORP\ana]:  → CORP\ana`,
		"people.yaml groups[Support].name:  → Support",
		"classification.yaml rules[site a.example].exceptions[Support].group:  → Support",
		"classification.yaml rules[site a.example].exceptions[Support].status:  → undefined",
		"classification.yaml rules[site a.example].site:  → a.example",
		"classification.yaml rules[site a.example].status:  → productive",
	}
	if !slices.Equal(told, want) {
		t.Errorf("told %q", told)
	}
	if len(d.applied) != 1 || time.Duration(*d.applied[0].Account.Passive.Start) != 3*time.Minute || !slices.Equal(d.actors, []string{ada.User}) {
		t.Errorf("applied %d, written down by %v", len(d.applied), d.actors)
	}
	if text := d.read(t, config.AccountFile); !strings.Contains(text, "start: 3m                # 1m–10m: idle") {
		t.Errorf("the file says %s", text)
	}
	if _, _, err := d.set(t, config.Edit{Key: "groups[Support]", Value: "{people: []}"}, config.Edit{Key: "groups[Support].people", Unset: true}); err != nil ||
		d.applied[1].People.Groups[0].Name != "Support" || d.applied[1].People.Groups[0].Logins != nil {
		t.Errorf("an item that is set anew: %+v (%v)", d.applied[1].People.Groups, err)
	}
	d.applied = d.applied[:1]
	if _, _, err := d.set(t, config.Edit{Key: "passive.start", Value: "3m"}); err != nil || len(d.applied) != 1 {
		t.Errorf("nothing changed, and it was applied %d times (%v)", len(d.applied), err)
	}
}

func TestEditorRefuses(t *testing.T) {
	d := newDesk(t, map[string]string{config.PeopleFile: "users: [{email: ada@example.com, role: admin}]\n"})
	unknown := config.Problem{File: config.PeopleFile, Line: 2, Key: "groups[0].people[0]", Reason: "unknown"}
	for _, test := range []struct {
		edit   config.Edit
		judged []config.Problem
		may    error
		want   string
	}{
		{config.Edit{Key: "retention.days", Value: "-1"}, nil, nil, "retention.days: -1 is not allowed; allowed: 0–36500 (account.yaml:"},
		{config.Edit{Key: "passive.strat", Value: "1m"}, nil, nil, "passive.strat: there is no such key; the nearest is passive.start"},
		{config.Edit{Key: "pasive.start", Value: "1m"}, nil, nil, `no file has a key "pasive"; the nearest is passive`},
		{config.Edit{Key: "users[ada@example.com].role", Value: "viewer"}, nil, nil, "users: none of them has the role admin"},
		{config.Edit{Key: "users[ada@example.com].role", Value: "boss"}, nil, nil, `users[0].role: "boss" is not allowed; allowed: admin, configurator, manager, viewer (people.yaml:`},
		{config.Edit{Key: "users[ada@example.com]", Unset: true}, nil, nil, "users: the last administrator is gone"},
		{config.Edit{Key: "overrides[0].settle", Unset: true}, nil, nil, "overrides[0].settle is not in account.yaml"},
		{config.Edit{Key: "overrides[3].settle", Value: "1s"}, nil, nil, "overrides has 0 items"},
		{config.Edit{Key: "settle.x", Value: "1"}, nil, nil, "has no keys"},
		{config.Edit{Key: "settle", Value: "{a: "}, nil, nil, "it is no value as YAML has them"},
		{config.Edit{Key: "settle", Value: "*a"}, nil, nil, "value"},
		{config.Edit{Key: "a..b", Value: "1"}, nil, nil, `"a..b" is not a key`},
		{config.Edit{Key: "users[x", Value: "1"}, nil, nil, `"users[x" is not a key`},
		{config.Edit{File: "other.yaml", Key: "settle", Value: "1s"}, nil, nil, "there is no configuration file"},
		{config.Edit{Key: "groups[A]", Value: "{name: B}"}, nil, nil, `"A" cannot be an item of groups`},
		{config.Edit{Key: "groups[A].people", Value: "[p-1]"}, []config.Problem{unknown}, nil, "groups[0].people[0]: unknown (people.yaml:2)"},
		{config.Edit{Key: "settle", Value: "1s"}, nil, errors.New("not yours"), "not yours"},
	} {
		d.judged = test.judged
		d.editor.May = func(collector.Viewer, *config.Set, *config.Set) error { return test.may }
		before := d.read(t, config.AccountFile) + d.read(t, config.PeopleFile)
		_, _, err := d.set(t, config.Edit{Key: "passive.stop", Value: "1m"}, test.edit)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %s", test.edit, err, test.want)
		}
		if d.read(t, config.AccountFile)+d.read(t, config.PeopleFile) != before || len(d.applied) > 0 || len(d.actors) > 0 {
			t.Fatalf("%+v left something behind", test.edit)
		}
	}
	if entries, _ := os.ReadDir(d.dir); len(entries) != len(config.Files) {
		t.Errorf("files left behind: %v", entries)
	}
}

func TestEditorAndSomebodyElse(t *testing.T) {
	d := newDesk(t, nil)
	// An edit by hand that nobody looked at yet is put in force first, as what it is.
	write(t, d.dir, config.AccountFile, "settle: 4s # mine\n")
	if _, _, err := d.set(t, config.Edit{Key: "passive.start", Value: "3m"}); err != nil {
		t.Fatal(err)
	}
	if text := d.read(t, config.AccountFile); text != "settle: 4s # mine\npassive:\n  start: 3m\n" || !slices.Equal(d.actors, []string{"file", ada.User}) || len(d.applied) != 2 {
		t.Errorf("%q, written down by %v", text, d.actors)
	}
	// One with an error is not written over, neither in its own file nor in another.
	write(t, d.dir, config.AccountFile, "settle: 40s\n")
	for _, key := range []string{"passive.start", "categories[Mail]"} {
		_, problems, err := d.set(t, config.Edit{Key: key, Value: "Mail"})
		if collector.CodeOf(err) != collector.Conflict || len(problems) != 1 || problems[0].Key != "settle" {
			t.Errorf("%v %v", err, problems)
		}
	}
	if d.read(t, config.AccountFile) != "settle: 40s\n" || d.refused != 1 {
		t.Errorf("told %d times", d.refused)
	}
	// What cannot be written down is not done.
	write(t, d.dir, config.AccountFile, "settle: 5s\n")
	d.failing = errors.New("disk full")
	if _, _, err := d.set(t, config.Edit{Key: "settle", Value: "6s"}); err == nil || d.read(t, config.AccountFile) != "settle: 5s\n" {
		t.Errorf("%v, and the file says %q", err, d.read(t, config.AccountFile))
	}
}

func TestEditorKeepsOwnerModeAndLink(t *testing.T) {
	d := newDesk(t, nil)
	elsewhere := filepath.Join(t.TempDir(), "real.yaml")
	if err := os.WriteFile(elsewhere, []byte("settle: 3s\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	account := filepath.Join(d.dir, config.AccountFile)
	if err := errors.Join(os.Remove(account), os.Symlink(elsewhere, account)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.set(t, config.Edit{Key: "settle", Value: "5s"}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(account)
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v (%v)", info.Mode(), err)
	}
	content, _ := os.ReadFile(elsewhere)
	if info, _ = os.Stat(elsewhere); string(content) != "settle: 5s\n" || info.Mode().Perm() != 0o640 {
		t.Errorf("%q, %v", content, info.Mode())
	}
	if entries, _ := os.ReadDir(filepath.Dir(elsewhere)); len(entries) != 1 {
		t.Errorf("left beside it: %v", entries)
	}
}

func TestEditorAndWatcherTellOnce(t *testing.T) {
	d := newDesk(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	d.editor.Watcher.Poll = time.Millisecond
	go func() { ended <- d.editor.Watcher.Run(ctx) }()
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			if _, _, err := d.set(t, config.Edit{Key: "always_active" + config.Item(fmt.Sprintf("app%d", n)), Value: ""}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	cancel()
	<-ended
	last := d.applied[len(d.applied)-1]
	if len(d.applied) != 8 || len(d.actors) != 8 || slices.Contains(d.actors, "file") || len(*last.Account.AlwaysActive) != 8 {
		t.Errorf("applied %d times, written down by %v", len(d.applied), d.actors)
	}
}

func TestEditFiles(t *testing.T) {
	dir := folder(t, nil)
	changes, problems, err := config.EditFiles(dir, []config.Edit{{Key: "groups[A].people", Value: "[p-1]"}})
	if err != nil || len(changes) != 2 || len(problems) != 1 || !problems[0].Warning {
		t.Fatal(changes, problems, err)
	}
	if _, _, err := config.EditFiles(dir, []config.Edit{{Key: "settle", Value: "1h"}}); err == nil {
		t.Fatal("accepted")
	}
	write(t, dir, config.AccountFile, "settle: 1h\n")
	if _, _, err := config.EditFiles(dir, []config.Edit{{Key: "settle", Value: "1s"}}); collector.CodeOf(err) != collector.Conflict {
		t.Fatal(err)
	}
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector/config"
)

// What commands set reaches the agent with its next sync, and what it forbids is dropped or blanked on arrival too.
func TestConfigurationByCommand(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, dir, data, smallFloor)
	p := serve(t, dir)
	a := p.enroll()
	defer a.HTTP.CloseIdleConnections()
	id := a.Credential.Device
	ago := time.Hour
	// stored gives the titles of what is stored of an episode recorded under the settings of now.
	stored := func(title string) (titles []any) {
		t.Helper()
		before := len(rows(t, p.must(append([]string{"report", "activity", "--format", "json"}, span()...)...)))
		revision := a.Revision
		if _, err := a.Sync(t.Context()); err != nil || a.Revision == revision {
			t.Fatalf("no new settings (%v)", err)
		}
		ago -= 2 * time.Minute
		if _, err := a.Sync(t.Context(), a.Record(ago, title)); err != nil {
			t.Fatal(err)
		}
		for _, row := range rows(t, p.must(append([]string{"report", "activity", "--format", "json"}, span()...)...))[before:] {
			titles = append(titles, row["title"])
		}
		return titles
	}
	p.must("config", "set", `groups[Field].logins[desk\ana]`, "")
	p.must("config", "set", "schedules.never", "{}")
	p.must("config", "set", "schedule.groups[Field]", "{use: never}")
	if titles := stored("outside the schedule of its group"); len(titles) != 0 {
		t.Errorf("stored %v", titles)
	}
	shown := p.must("config", "show", "--login", `DESK\ana`, "--format", "csv")
	for _, want := range []string{"schedule,never,account.yaml:", "(schedule.groups[0])", "tracked,true,default"} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is not in %s", want, shown)
		}
	}
	p.must("config", "unset", "schedule.groups[Field]")
	p.must("config", "set", "overrides[0]", fmt.Sprintf("{devices: [%s], privacy: {titles: false}}", id))
	if titles := stored("without titles by override"); len(titles) != 1 || titles[0] != "" {
		t.Errorf("stored %v", titles)
	}
	if shown := p.must("config", "show", "--device", "desk", "--format", "csv"); !strings.Contains(shown, "privacy.titles,false,account.yaml:") || !strings.Contains(shown, "(overrides[0])") {
		t.Errorf("shown %s", shown)
	}
	p.must("config", "set", `do_not_track[*\ana]`, "{}")
	if titles := stored("not tracked"); len(titles) != 0 {
		t.Errorf("stored %v", titles)
	}
	if shown := p.must("config", "show", "--device", id, "--login", `DESK\ana`, "--format", "csv"); !strings.Contains(shown, "tracked,false,people.yaml:") {
		t.Errorf("shown %s", shown)
	}
	history := rows(t, p.must("config", "history", "--format", "json", "--limit", "1"))
	if len(history) != 1 || history[0]["actor"] != "administrator (local)" || history[0]["key"] != `do_not_track[*\ana].domain` || history[0]["new"] != "*" {
		t.Errorf("history %v", history)
	}
	if strings.Contains(p.log.String(), "not recorded") || strings.Count(p.must("audit", "list", "--format", "csv"), "config.apply,account.yaml") != 5 {
		t.Error("edits were not written down once each")
	}
}

func TestConfigurationRefusedByCommand(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, dir, data, smallFloor)
	file := func(name string) string { return filepath.Join(dir, name) }
	// Without a collector the files themselves are edited.
	if code, _, words := command(dir, "config", "set", "passive.start", "3m"); code != 0 || !strings.Contains(words, "No collector runs") {
		t.Errorf("%d %s", code, words)
	}
	if code, _, words := command(dir, "--as", "ada@example.com", "config", "set", "passive.start", "4m"); code != exitFailed || !strings.Contains(words, "not running") {
		t.Errorf("%d %s", code, words)
	}
	p := serve(t, dir)
	before, err := os.ReadFile(file(config.PeopleFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		want string
		args []string
	}{
		{"retention.days: -1 is not allowed", []string{"set", "--", "retention.days", "-1"}},
		{`the collector knows no person "p-000000000000"`, []string{"set", "groups[Support].people", "[p-000000000000]"}},
		{"overrides[0] is not in account.yaml", []string{"unset", "overrides[0]"}},
		{"say on which device", []string{"show", "--login", `CORP\max`}},
		{"no device", []string{"show", "--device", "nothing"}},
		{"there is no configuration file", []string{"history", "--file", "x.yaml"}},
	} {
		if code, out, words := p.command(append([]string{"config"}, test.args...)...); code == 0 || out != "" || !strings.Contains(words, test.want) {
			t.Errorf("%v: %d %q %q", test.args, code, out, words)
		}
	}
	if after, err := os.ReadFile(file(config.PeopleFile)); err != nil || string(after) != string(before) {
		t.Errorf("people.yaml changed (%v): %s", err, after)
	}
	// The check asks the running collector, which knows who there is.
	if err := os.WriteFile(file(config.PeopleFile), []byte("groups:\n- name: Support\n  people: [p-000000000000]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, words := p.command("config", "check"); code != exitFailed || !strings.Contains(words, `people.yaml:3: groups[0].people[0]: the collector knows no person "p-000000000000"`) {
		t.Errorf("config check: %d %q", code, words)
	}
	p.await("configuration refused")
	if code, _, words := p.command("config", "set", "passive.start", "5m"); code != exitFailed || !strings.Contains(words, "mended in the files") {
		t.Errorf("an edit beside a broken file: %d %q", code, words)
	}
	p.stop()
	if code, _, words := command(dir, "config", "check"); code != 0 || !strings.Contains(words, "warning: groups[0].people[0]: no running collector") {
		t.Errorf("config check: %d %q", code, words)
	}
	// A start holds by the last good one.
	serve(t, dir).await("the last good one is in force")
}

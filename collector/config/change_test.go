package config_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/sqlite"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestRecord(t *testing.T) {
	ctx := t.Context()
	registry, err := sqlite.Open(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer registry.Close()
	record := func(files map[string]string) []collector.AuditEntry {
		t.Helper()
		head, err := registry.AuditHead(ctx)
		if err == nil {
			err = config.Record(ctx, registry, load(t, files), "file", noon)
		}
		if err != nil {
			t.Fatal(err)
		}
		entries, err := registry.AuditEntries(ctx, head.Sequence, 0)
		if err != nil {
			t.Fatal(err)
		}
		return entries
	}
	first := map[string]string{
		config.CollectorFile: "sign_in: {oidc: {issuer: 'https://a.example', client_id: x, client_secret_file: /old}}\n",
		config.AccountFile:   "settle: 3s # old\nprivacy: {redact: [one, two]}\n",
	}
	if entries := record(first); len(entries) != 4 || entries[1].Subject != config.AccountFile || entries[1].Action != "config.apply" {
		t.Fatalf("got %+v", entries)
	}
	if entries := record(first); len(entries) != 0 {
		t.Fatalf("nothing changed, and got %+v", entries)
	}
	second := map[string]string{
		config.CollectorFile: "sign_in: {oidc: {issuer: 'https://a.example', client_id: x, client_secret_file: /new}}\n",
		config.AccountFile:   "settle: 4s\nprivacy: {redact: [one]}\n",
	}
	entries := record(second)
	want := []string{
		`{"changes":[{"key":"sign_in.oidc.client_secret_file","old":"","new":"(changed)"}]}`,
		`{"changes":[{"key":"privacy.redact[two]","old":"two","new":""},{"key":"settle","old":"3s","new":"4s"}]}`,
	}
	if len(entries) != 2 || entries[0].Detail != want[0] || entries[1].Detail != want[1] {
		t.Fatalf("got %+v", entries)
	}
	revisions, err := registry.FileRevisions(ctx, "", 0)
	if err != nil || len(revisions) != 6 || string(revisions[0].Content) != second[config.AccountFile] {
		t.Fatalf("got %+v (%v)", revisions, err)
	}

	var many strings.Builder
	many.WriteString("rules:\n")
	for n := range 300 {
		fmt.Fprintf(&many, "- {app: a%d, status: productive}\n", n)
	}
	second[config.ClassificationFile] = many.String()
	var detail struct {
		Changes []config.Change `json:"changes"`
		More    int             `json:"more"`
	}
	if err := json.Unmarshal([]byte(record(second)[0].Detail), &detail); err != nil || len(detail.Changes) != 200 || detail.More < 400 {
		t.Fatalf("listed %d, more %d (%v)", len(detail.Changes), detail.More, err)
	}
}

func TestHistory(t *testing.T) {
	ctx := t.Context()
	registry, err := sqlite.Open(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer registry.Close()
	people := "groups:\n- {name: Support, people: [p-1]}\n- {name: Sales}\npeople: [{id: p-1, name: Ana}]\n"
	for n, step := range []struct{ account, people, actor string }{
		{"settle: 3s\n", people, "file"},
		{"settle: 4s\n", "groups:\n- {name: New}\n- {name: Support, people: [p-0, p-1]}\n- {name: Sales}\npeople: [{id: p-1, name: Ana}]\n", "ada@example.com"},
		{"settle: 4s # why\n", "groups:\n- {name: New}\n- {name: Sales}\n- {name: Support, people: [p-0, p-1]}\npeople: [{id: p-1, name: Anne}]\n", "file"},
	} {
		set := load(t, map[string]string{config.AccountFile: step.account, config.PeopleFile: step.people})
		if err := config.Record(ctx, registry, set, step.actor, noon.Add(time.Duration(n)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	wanted := func(config.Change) bool { return true }
	told := func(file string, limit int) (all []string) {
		list, err := config.History(ctx, registry, file, wanted, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			all = append(all, fmt.Sprintf("%d %s %s %s: %s → %s", c.At.Hour(), c.Actor, c.File, c.Key, c.Old, c.New))
		}
		return all
	}
	want := []string{
		"14 file people.yaml people[p-1].name: Ana → Anne",
		"14 file people.yaml groups: New, Support, Sales → New, Sales, Support",
		"14 file account.yaml :  → comments or spaces",
		"13 ada@example.com people.yaml groups[New].name:  → New",
		"13 ada@example.com people.yaml groups[Support].people[p-0]:  → p-0",
		"13 ada@example.com account.yaml settle: 3s → 4s",
		"12 file classification.yaml :  → the first that is known",
		"12 file people.yaml :  → the first that is known",
		"12 file account.yaml :  → the first that is known",
		"12 file collector.yaml :  → the first that is known",
	}
	if got := told("", 100); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	last, newest, err := config.LastChanges(ctx, registry, config.AccountFile, []string{"settle", "set", "passive.start"})
	if err != nil || len(last) != 1 || last["settle"].Actor != "ada@example.com" || last["settle"].At.Hour() != 13 || newest.Actor != "file" || newest.At.Hour() != 14 {
		t.Errorf("got %v, %s at %v (%v)", last, newest.Actor, newest.At, err)
	}
	last, _, err = config.LastChanges(ctx, registry, config.PeopleFile, []string{"groups", "people", "users"})
	if err != nil || len(last) != 2 || last["groups"].Key != "groups" || last["people"].Key != "people[p-1].name" {
		t.Errorf("got %v (%v)", last, err)
	}
	wanted = func(c config.Change) bool { return c.File == config.AccountFile }
	if got := told("", 2); !slices.Equal(got, []string{want[2], want[5]}) {
		t.Errorf("got %q", got)
	}
	if got := told(config.AccountFile, 2); !slices.Equal(got, []string{want[2], want[5]}) {
		t.Errorf("got %q", got)
	}
}

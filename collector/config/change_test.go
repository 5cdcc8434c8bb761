package config_test

import (
	"encoding/json"
	"fmt"
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
	revisions, err := registry.FileRevisions(ctx, 0)
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

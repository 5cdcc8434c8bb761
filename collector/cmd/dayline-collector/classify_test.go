package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/shared/stream"
)

// What was recorded before is pending; classified, it counts so in the next report, with the reason told.
func TestFromPendingToClassified(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, filepath.Join(t.TempDir(), "data"), smallFloor)
	p := serve(t, dir)
	a := p.enroll()
	defer a.HTTP.CloseIdleConnections()
	browse := a.Record(40*time.Minute, "Videos")
	browse.For, browse.App, browse.Site, browse.Product = 10*time.Minute, "chrome", "youtube.com", "Chrome"
	write := a.Record(20*time.Minute, "Letter")
	write.For, write.Bundle = 6*time.Minute, "org.example.Editor"
	short := a.Record(10*time.Minute, "Short")
	short.App = "short"
	for _, record := range []stream.Record{browse, write, short} {
		if _, err := a.Sync(t.Context(), record); err != nil {
			t.Fatal(err)
		}
	}
	pending := rows(t, p.must("classify", "pending", "--format", "json"))
	if len(pending) != 2 || pending[0]["site"] != "youtube.com" || pending[0]["category"] != "Video" || pending[0]["app"] != "" ||
		pending[0]["total_seconds"] != 600.0 || pending[1]["app"] != "editor" || pending[1]["people"] != 1.0 ||
		pending[1]["bundle"] != "org.example.Editor" {
		t.Fatalf("pending %v", pending)
	}

	p.must("classify", "set", "--site", "youtube.com", "--status", "unproductive")
	file := filepath.Join(t.TempDir(), "rules.csv")
	if err := os.WriteFile(file, []byte("\ufeffapp;status;category\r\norg.example.Editor;productive;Letters\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.must("classify", "import", file)
	if pending = rows(t, p.must("classify", "pending", "--format", "json")); len(pending) != 0 {
		t.Errorf("still pending: %v", pending)
	}
	apps := rows(t, p.must(append([]string{"report", "apps", "--format", "json"}, span()...)...))
	if apps[1]["app"] != "editor" || apps[1]["status"] != "productive" || apps[1]["category"] != "Letters" {
		t.Errorf("apps %v", apps)
	}

	told := rows(t, p.must("classify", "explain", "--url", "https://m.youtube.com/watch", "--app", "chrome", "--device", a.Credential.Device, "--format", "json"))
	if told[0]["status"] != "unproductive" || told[0]["category"] != "Video" || told[0]["category_source"] != "shipped list (site youtube.com)" ||
		!strings.Contains(told[0]["status_source"].(string), "(site youtube.com)") {
		t.Errorf("explained as %v", told)
	}
	told = rows(t, p.must("classify", "explain", "--app", "editor", "--bundle", "org.example.Editor", "--device", a.Credential.Device, "--format", "json"))
	if told[0]["status"] != "productive" || !strings.Contains(told[0]["status_source"].(string), "(app org.example.Editor)") {
		t.Errorf("explained as %v", told)
	}
	if text := p.must("classify", "explain", "--app", "EDITOR", "--device", a.Credential.Device); !strings.Contains(text, "default") {
		t.Errorf("on Linux EDITOR is editor: %s", text)
	}

	for words, args := range map[string][]string{
		`--status: "good" is none of`:            {"classify", "set", "--app", "x", "--status", "good"},
		`--group: there is no group "Nobody"`:    {"classify", "set", "--app", "x", "--status", "productive", "--group", "Nobody"},
		"give one of --app, --site and --url":    {"classify", "set", "--app", "x", "--site", "y", "--status", "productive"},
		"there is no person":                     {"classify", "explain", "--app", "x", "--person", "nobody"},
		"give an application, a site":            {"classify", "explain"},
		"csv: line 2, status":                    {"classify", "import", csvFile(t, "app,status\nx,good\n")},
		"csv: line 1: there is no column \"b\"":  {"classify", "import", csvFile(t, "app,b,status\nx,,good\n")},
		"has to have 1 to 1000000 bytes":         {"classify", "import", csvFile(t, "app,status\n"+strings.Repeat(" ", 1<<20))},
		`"Tip", "top" is not an http or https a`: {"classify", "set", "--url", `Tip", "top`, "--status", "productive"},
	} {
		before := p.must("classify", "export")
		code, out, got := p.command(args...)
		if code == 0 || out != "" || !strings.Contains(strings.ReplaceAll(got, `\`, ""), words) {
			t.Errorf("%v: %d %q; want %q", args[:3], code, got, words)
		}
		if after := p.must("classify", "export"); after != before {
			t.Errorf("%v changed the rules: %s", args[:3], after)
		}
	}

	exported := filepath.Join(t.TempDir(), "all.csv")
	p.must("classify", "export", exported)
	content, err := os.ReadFile(filepath.Join(dir, config.ClassificationFile))
	if err != nil {
		t.Fatal(err)
	}
	p.must("classify", "import", "--replace", exported)
	if again, err := os.ReadFile(filepath.Join(dir, config.ClassificationFile)); err != nil || string(again) != string(content) {
		t.Errorf("the same rules changed the file: %v\n%s", err, again)
	}
	if text := p.must("classify", "export", "--shipped"); strings.Count(text, ",undefined,") < 300 {
		t.Error("the shipped list has fewer than 300 entries")
	}
}

func csvFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "rules.csv")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

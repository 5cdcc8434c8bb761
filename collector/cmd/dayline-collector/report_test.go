package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Every report as people see it: a heading of its columns and the episode in it, in words where there is nothing, and no
// wider than a wide terminal.
func TestReportsFitATerminal(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, filepath.Join(dir, "data"), smallFloor)
	p := serve(t, dir)
	a := p.enroll()
	defer a.HTTP.CloseIdleConnections()
	if _, err := a.Sync(t.Context(), a.Record(5*time.Minute, "Plan"), a.Record(4*time.Minute, "Feed")); err != nil {
		t.Fatal(err)
	}
	first := rows(t, p.must(append([]string{"report", "activity", "--format", "json"}, span()...)...))[0]
	person, day := first["person"].(string), first["start"].(string)[:len(time.DateOnly)]
	for name, want := range map[string][]string{
		"dashboard": {"2 min 00 s of 1 people", "Days", "People", "Applications", "Categories", "editor"},
		"people":    {"NAME", "FIRST ACTIVITY", person},
		"apps":      {"APP", "SHARE", "100.0 %", "editor"},
		"titles":    {"TITLE", "Plan", "Feed", "50.0 %"},
		"hours":     {"ABSENCE", "2 min 00 s"},
		"activity":  {"START", "Plan", "Feed"},
	} {
		table := p.must(append([]string{"report", name}, span()...)...)
		for _, words := range want {
			if !strings.Contains(table, words) {
				t.Errorf("%s has no %q:\n%s", name, words, table)
			}
		}
		for _, line := range strings.Split(table, "\n") {
			if len([]rune(line)) > 140 {
				t.Errorf("%s is %d wide: %s", name, len([]rune(line)), line)
			}
		}
	}
	if table := p.must("report", "timeline", "--person", person, "--from", day); !strings.Contains(table, "Blocks") || !strings.Contains(table, "editor") {
		t.Errorf("timeline:\n%s", table)
	}
	for _, c := range []struct{ args, words string }{
		{"live", "Nobody is in a session now."},
		{"groups --range last_7_days", "There is no activity of a group in the last 7 days."},
		{"apps --from 2001-01-01 --to 2001-01-01 --app vi", "There is no activity on 2001-01-01 with vi."},
		{"activity --from 2001-01-01 --to 2001-02-01 --search x", "There is no activity from 2001-01-01 to 2001-02-01 with the text x."},
		{"timeline --from 2001-01-01 --person " + person, "There is no activity since 2001-01-01 of " + person + "."},
	} {
		code, out, words := p.command(append([]string{"report"}, strings.Fields(c.args)...)...)
		if code != 0 || out != "" || strings.TrimSpace(words) != c.words {
			t.Errorf("%s: %d %q %q", c.args, code, out, words)
		}
	}
}

func TestReportsGoToFilesAndPages(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, filepath.Join(dir, "data"), smallFloor)
	p := serve(t, dir)
	a := p.enroll()
	defer a.HTTP.CloseIdleConnections()
	if _, err := a.Sync(t.Context(), a.Record(5*time.Minute, "first"), a.Record(4*time.Minute, "second")); err != nil {
		t.Fatal(err)
	}
	for format, begins := range map[string]string{"table": "APP", "json": "[", "csv": "app,", "xlsx": "PK", "parquet": "PAR1"} {
		file := filepath.Join(dir, "apps."+format)
		p.must(append([]string{"report", "apps", "--format", format, "--output", file}, span()...)...)
		if content, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(content), begins) {
			t.Errorf("%s: %.20q %v", format, content, err)
		}
	}
	args := append([]string{"report", "activity", "--newest", "--limit", "1", "--format", "json"}, span()...)
	code, out, words := p.command(args...)
	_, cursor, found := strings.Cut(strings.TrimSpace(words), "--cursor ")
	if list := rows(t, out); code != 0 || len(list) != 1 || list[0]["title"] != "second" || !found {
		t.Fatalf("%d %v %q", code, list, words)
	}
	code, out, words = p.command(append(args, "--cursor", cursor)...)
	if list := rows(t, out); code != 0 || len(list) != 1 || list[0]["title"] != "first" || words != "" {
		t.Errorf("%d %v %q", code, list, words)
	}
	if code, _, words := p.command(append([]string{"report", "activity", "--cursor", cursor, "--person", "nobody"}, span()...)...); code == 0 || !strings.Contains(words, "--person") {
		t.Errorf("%d %q", code, words)
	}
	if code, _, words := p.command("report", "activity", "--limit", "5", "--format", "csv"); code != exitUsage || !strings.Contains(words, "--limit") {
		t.Errorf("%d %q", code, words)
	}
}

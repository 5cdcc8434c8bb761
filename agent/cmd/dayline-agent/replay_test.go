package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReplay(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good, bad := write("good.json", `{"settle":"0s"}`), write("bad.json", `{"settle":"soon"}`)
	const begin = `{"at":0,"event":"start","wall":"2026-03-02T09:00:00Z","user":"CORP\\ana"}` + "\n" +
		`{"at":0,"event":"focus","app":"a"}` + "\n" + `{"at":9.5,"event":"lock"}` + "\n"
	const line = `{"state":"active","start":"2026-03-02T09:00:00.000+00:00","seconds":9.5,"app":"a","ended_by":"lock"}` + "\n"
	whole, broken := write("whole.jsonl", begin), write("broken.jsonl", begin+`{"at":1,"event":"end"}`)

	for _, c := range []struct {
		args           []string
		status         int
		stdout, stderr string
	}{
		{[]string{"--settings", good, whole}, 0, line, ""},
		{[]string{"--settings", good, broken}, 1, line, "broken.jsonl: line 4: at: before the previous observation"},
		{[]string{"--settings", bad, whole}, 1, "", `bad.json: settle: "soon": want a length`},
		{[]string{"--settings", filepath.Join(dir, "none"), whole}, 1, "", "read settings: open "},
		{[]string{"--settings", good, filepath.Join(dir, "none")}, 1, "", "read trace: open "},
		{[]string{whole}, 2, "", "Usage: dayline-agent replay"},
		{[]string{"--settings", good}, 2, "", "Usage: dayline-agent replay"},
		{[]string{"--settings", good, whole, whole}, 2, "", "Usage: dayline-agent replay"},
		{[]string{"--colour", whole}, 2, "", "flag provided but not defined: -colour"},
	} {
		var stdout, stderr bytes.Buffer
		status := replay(c.args, &stdout, &stderr)
		if status != c.status || stdout.String() != c.stdout || !strings.Contains(stderr.String(), c.stderr) || c.stderr == "" && stderr.Len() > 0 {
			t.Errorf("%q: status %d\nstdout: %s\nstderr: %s", c.args, status, stdout.String(), stderr.String())
		}
	}
}

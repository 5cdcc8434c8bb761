package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/collector/shelf"
	"github.com/dayline-project/dayline/collector/shelf/shelftest"
)

// unpack writes files into a folder of their own.
func unpack(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What lies on the shelf and is not ours is told at the start and when asked for, is in every backup, and handed to nobody.
func TestAForeignExtensionIsHandedToNobody(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, dir, data, smallFloor)
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := shelf.OpenExtension(data, shelftest.Believed).Add(shelftest.Packed(t, "1.2.3", shelftest.Key())); err != nil {
		t.Fatal(err)
	}
	// This test's own build knows no key, and so no extension that is its own.
	p := serve(t, dir)
	p.await("browser extension not handed out")
	if code, out, words := p.command("extension", "show"); code != exitFailed || out != "" || !strings.Contains(words, "none is handed out: shelf: ") {
		t.Errorf("show: %d %q %q", code, out, words)
	}
	answer, err := http.Get("http://" + p.address("web") + "/extension/updates.xml")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusNotFound {
		t.Errorf("browsers get %d", answer.StatusCode)
	}
	copied := filepath.Join(t.TempDir(), "backup")
	p.must("backup", copied)
	p.must("extension", "remove")
	if code, _, words := p.command("extension", "remove"); code != exitFailed || !strings.Contains(words, "no extension to remove") {
		t.Errorf("removed twice: %d %q", code, words)
	}
	if out := p.must("extension", "show"); out != "" {
		t.Errorf("removed, and shown: %q", out)
	}
	p.stop()
	elsewhere, fresh := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, elsewhere, fresh, smallFloor)
	if code, _, words := command(elsewhere, "restore", copied); code != 0 {
		t.Fatalf("restore: %d %s", code, words)
	}
	if held, err := shelf.OpenExtension(fresh, shelftest.Believed).Held(); held == nil || err != nil {
		t.Errorf("the backup's extension: %v", err)
	}
}

func TestPoliciesForBrowsers(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, filepath.Join(t.TempDir(), "data"), "web_url: https://dayline.example.com\n"+smallFloor)
	p := serve(t, dir)
	code, out, words := p.command("extension", "policy", "--browser", "firefox", "--os", "linux")
	if code != 0 || !strings.Contains(out, "https://dayline.example.com/extension/") || !strings.Contains(words, "/policies.json") || !strings.Contains(words, "no extension is handed out there yet") {
		t.Errorf("%d %q %q", code, out, words)
	}
	to := filepath.Join(t.TempDir(), "new")
	name := strings.TrimSpace(p.must("extension", "policy", "--browser", "firefox", "--os", "linux", "--to", to))
	if written, err := os.ReadFile(name); err != nil || string(written) != out || filepath.Dir(name) != to {
		t.Errorf("%s: %v", name, err)
	}
	empty := t.TempDir()
	for _, c := range []struct {
		code int
		say  string
		args []string
	}{
		{exitUsage, "--browser", []string{"policy", "--os", "linux"}},
		{exitUsage, "--os", []string{"policy", "--browser", "chrome", "--os", "beos"}},
		{exitUsage, "no extension's key", []string{"policy", "--browser", "chrome", "--os", "linux"}},
		{exitFailed, "not empty", []string{"policy", "--browser", "firefox", "--os", "linux", "--to", to}},
		{exitFailed, "has no extension.json", []string{"add", empty}},
		{exitFailed, "is no folder", []string{"add", filepath.Join(empty, "typo")}},
		{exitFailed, "is no folder", []string{"add", name}},
		{exitFailed, "no extension's key", []string{"add", unpack(t, shelftest.Packed(t, "1.2.3", shelftest.Key()))}},
		{exitFailed, "none of an extension's files", []string{"add", folderInPlace(t)}},
	} {
		code, out, words := p.command(append([]string{"extension"}, c.args...)...)
		if code != c.code || !strings.Contains(words, c.say) || out != "" {
			t.Errorf("%v: %d %q %q", c.args, code, out, words)
		}
	}
}

// folderInPlace is a package of which one file is a folder.
func folderInPlace(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, shelf.ExtensionParts[0]), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// A build without keys tells on every way that no device updates itself.
func TestUpdatesWithoutKeys(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, dir, data, smallFloor)
	p := serve(t, dir)
	for _, c := range []struct {
		code int
		out  string
		say  string
		args []string
	}{
		{0, "", "Warning: no device updates itself: this collector was built without release keys", []string{"updates"}},
		{0, "[]\n", "Warning: no device updates itself", []string{"updates", "--days", "0", "--format", "json"}},
		{0, "", "No device failed.", []string{"updates", "--failures"}},
		{exitUsage, "", "must be one of \"0\",\"7\",\"30\",\"90\"", []string{"updates", "--days", "8"}},
		{exitFailed, "", "there is no roll-out: this collector was built without release keys", []string{"updates", "halt", "linux"}},
		{exitFailed, "", "there is no roll-out", []string{"updates", "go-on", "windows"}},
		{exitFailed, "", "there is no roll-out", []string{"updates", "raise", "macos", "50"}},
		{exitUsage, "", "must be one of", []string{"updates", "halt", "beos"}},
		{exitFailed, "", "there is no device \"PC-7\"", []string{"device", "update", "PC-7"}},
		{exitUsage, "", "can't be used together", []string{"device", "update", "PC-7", "--cancel", "--version", "1.2.3"}},
	} {
		code, out, words := p.command(c.args...)
		if code != c.code || !strings.Contains(words, c.say) || strings.TrimSpace(out) != strings.TrimSpace(c.out) {
			t.Errorf("%v: %d %q %q", c.args, code, out, words)
		}
	}
	p.must("config", "set", "updates.linux", "off")
	if code, _, words := p.command("updates", "halt", "linux"); code != exitFailed || !strings.Contains(words, "updates.linux is off") {
		t.Errorf("off: %d %q", code, words)
	}
}

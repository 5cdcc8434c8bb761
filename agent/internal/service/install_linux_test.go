package service

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAPathThatAUnitWouldReadAsTwoIsRefused(t *testing.T) {
	if err := plainPath("/opt/my agent/dayline-agent"); err == nil {
		t.Error("a path that a unit would read as two was taken")
	}
}

func TestWhereNoSystemdRunsInstallSaysSo(t *testing.T) {
	if managed() {
		t.Log("systemd runs here: nothing is installed by a test")
		return
	}
	if err := Install("/usr/bin/dayline-agent", func(string) {}); err != ErrNoServiceManager {
		t.Errorf("install: %v", err)
	}
}

// Who works on a desktop that systemd manages is observed at once, and no more once the agent goes; nobody else is bothered.
func TestHelpersOfSessionsThatAreThere(t *testing.T) {
	folder := t.TempDir()
	told := filepath.Join(folder, "told")
	script := `#!/bin/sh
echo "$*" >>` + told + `
case "$*" in
*list-units*) printf 'user@1000.service loaded active running User Manager for UID 1000\nuser@1001.service loaded active running User Manager for UID 1001\nuser@1002.service loaded active running User Manager for UID 1002\n' ;;
*1001@*is-active*) exit 3 ;;
*1002@*daemon-reload*) echo "Failed to connect to bus" >&2; exit 1 ;;
esac
`
	if err := os.WriteFile(filepath.Join(folder, "systemctl"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	var said []string
	inDesktops("restart", func(what string) { said = append(said, what) })
	text, err := os.ReadFile(told)
	if err != nil {
		t.Fatal(err)
	}
	var acts []string
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "dayline") {
			acts = append(acts, strings.TrimSpace(line))
		}
	}
	if want := []string{"--user --machine=1000@ --no-block restart dayline-session.service"}; !slices.Equal(acts, want) {
		t.Errorf("told %q", acts)
	}
	if len(said) != 1 || !strings.HasPrefix(said[0], "user 1002 is observed from the next login on: ") || !strings.Contains(said[0], "Failed to connect to bus") {
		t.Errorf("said %q", said)
	}
}

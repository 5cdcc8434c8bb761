package service

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// systemd itself reads the units: an unknown key or a value it would pass over is a failure.
func TestSystemdTakesTheUnits(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Fatal("this test needs systemd-analyze: install systemd")
	}
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, unit := range []struct{ name, text, mode string }{
		{"dayline-agent.service", systemUnit, "--system"}, {"dayline-session.service", userUnit, "--user"},
	} {
		path := filepath.Join(t.TempDir(), unit.name)
		if err := os.WriteFile(path, []byte(rendered(unit.text, executable)), 0o644); err != nil {
			t.Fatal(err)
		}
		command := exec.Command(analyze, unit.mode, "verify", "--man=no", "--generators=no", path)
		command.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir(), "SYSTEMD_LOG_LEVEL=warning")
		output, err := command.CombinedOutput()
		if err != nil || strings.Contains(string(output), unit.name) {
			t.Errorf("%s: %v\n%s", unit.name, err, output)
		}
	}
}

func TestTheServiceIsConfined(t *testing.T) {
	for _, line := range []string{
		"NoNewPrivileges=yes", "ProtectHome=yes", "PrivateTmp=yes", "ProtectSystem=strict", "StateDirectory=dayline-agent",
		"RuntimeDirectory=dayline", "Restart=always", "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER",
	} {
		if !strings.Contains(systemUnit, "\n"+line+"\n") {
			t.Errorf("the unit lacks %s", line)
		}
	}
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

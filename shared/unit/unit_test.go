package unit

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// written writes what starts a program that exists into a folder, and gives where the units are.
func written(t *testing.T) (service, session, watcher string) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, file := range append(Files(program, Vendor), Watching(program, folder)...) {
		if file.Target == "" {
			if err := os.WriteFile(filepath.Join(folder, path.Base(file.Path)), []byte(file.Content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return filepath.Join(folder, Service), filepath.Join(folder, Session), filepath.Join(folder, Watcher)
}

func analyze(t *testing.T, arguments ...string) string {
	t.Helper()
	command := exec.Command("systemd-analyze", arguments...)
	command.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir(), "SYSTEMD_LOG_LEVEL=warning")
	output, err := command.CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze (of the package systemd): %v\n%s", err, output)
	}
	return string(output)
}

// systemd itself reads the units: an unknown key or a value it would pass over is a failure.
func TestSystemdTakesTheUnits(t *testing.T) {
	service, session, watcher := written(t)
	for file, mode := range map[string]string{service: "--system", session: "--user", watcher: "--system"} {
		if said := analyze(t, mode, "verify", "--man=no", "--generators=no", file); strings.Contains(said, filepath.Base(file)) {
			t.Error(said)
		}
	}
}

// Where systemd presets all units, as at the first start of a copy of a disk, nothing that is ours changes.
func TestAFirstStartLeavesTheServiceEnabled(t *testing.T) {
	root := t.TempDir()
	presets := path.Join(Vendor, path.Dir(preset))
	for _, file := range append(Files(PackagedProgram, Vendor), File{Path: presets + "/99-default-disable.preset", Content: "disable *\n"}) {
		if err := os.MkdirAll(filepath.Join(root, path.Dir(file.Path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if file.Target == "" {
			if err := os.WriteFile(filepath.Join(root, file.Path), []byte(file.Content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if output, err := exec.Command("systemctl", "--root="+root, "preset-all").CombinedOutput(); err != nil {
		t.Fatalf("systemctl (of the package systemd): %v\n%s", err, output)
	}
	enabled := Enabled(Vendor)
	if target, err := os.Readlink(filepath.Join(root, enabled.Path)); err != nil || target != enabled.Target {
		t.Errorf("the service is enabled by %q: %v", target, err)
	}
}

// mostExposed is what systemd may say of the service at the worst; 10 is one that is not confined at all.
const mostExposed = 2.6

func TestTheServiceIsConfined(t *testing.T) {
	service, _, watcher := written(t)
	for _, unit := range []string{service, watcher} {
		said := analyze(t, "security", "--offline=true", "--no-pager", unit)
		level := regexp.MustCompile(`Overall exposure level for .*: ([0-9.]+) `).FindStringSubmatch(said)
		if level == nil {
			t.Fatalf("systemd judges nothing: %s", said)
		}
		if exposed, err := strconv.ParseFloat(level[1], 64); err != nil || exposed > mostExposed {
			t.Errorf("%s is exposed by %s, more than %v:\n%s", unit, level[1], mostExposed, said)
		}
	}
	for _, line := range []string{"Restart=always", "StateDirectory=dayline-agent", "StateDirectoryMode=0700", "RuntimeDirectory=dayline"} {
		if !strings.Contains(serviceUnit, "\n"+line+"\n") {
			t.Errorf("the unit lacks %s", line)
		}
	}
}

// On a desktop that systemd does not manage, a helper that ended with the service comes back, and one that failed does not.
func TestAnAutostartedHelperComesBack(t *testing.T) {
	folder := t.TempDir()
	calls := filepath.Join(folder, "calls")
	for name, script := range map[string]string{
		"dayline-agent": `echo "$*" >>` + calls + `; [ "$(wc -l <` + calls + `)" -lt 3 ]`,
		"sleep":         `echo "sleep $*" >>` + calls + `.slept`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	for _, file := range Files(filepath.Join(folder, "dayline-agent"), Vendor) {
		if file.Path != Autostart {
			continue
		}
		line := regexp.MustCompile(`(?m)^Exec=sh -c (".*")$`).FindStringSubmatch(file.Content)
		if line == nil {
			t.Fatalf("it is started by %s", file.Content)
		}
		command, err := strconv.Unquote(line[1])
		if err != nil {
			t.Fatal(err)
		}
		if said, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil || len(said) > 0 {
			t.Errorf("%v: %s", err, said)
		}
	}
	if told, err := os.ReadFile(calls); err != nil || string(told) != strings.Repeat("session\n", 3) {
		t.Errorf("%q, %v", told, err)
	}
	if slept, err := os.ReadFile(calls + ".slept"); err != nil || string(slept) != strings.Repeat("sleep 5\n", 2) {
		t.Errorf("%q, %v", slept, err)
	}
}

// The watcher outlives what it judges: it comes back, with the system too, until it takes itself away, and stopping the service does not
// stop it.
func TestAWatcherOutlivesTheService(t *testing.T) {
	files := Watching("/opt/dayline/.dayline-agent-watcher", "/var/lib/dayline-agent")
	if len(files) != 2 || files[1].Target != files[0].Path || !strings.HasPrefix(files[1].Path, Local+"/system/multi-user.target.wants/") {
		t.Errorf("it is placed as %+v", files)
	}
	for _, line := range []string{
		"ExecStart=/opt/dayline/.dayline-agent-watcher update --watch --state /var/lib/dayline-agent", "Restart=on-failure", "StartLimitIntervalSec=0",
		"ReadWritePaths=/opt/dayline /var/lib/dayline-agent /etc/systemd/system", "KillMode=mixed",
	} {
		if !strings.Contains(files[0].Content, "\n"+line+"\n") {
			t.Errorf("the unit lacks %s", line)
		}
	}
	for _, tie := range []string{"PartOf=", "BindsTo=", "Requires=", "Conflicts="} {
		if strings.Contains(files[0].Content, tie) {
			t.Errorf("the unit has %s", tie)
		}
	}
}

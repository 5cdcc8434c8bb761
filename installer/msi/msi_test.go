package msi

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/installer/exe"
	"github.com/dayline-project/dayline/installer/product"
	"github.com/dayline-project/dayline/shared/release"
)

// packed is a package whose executable is no program: what wixl makes of it is the same.
func packed(t *testing.T, text, arch, executable string) Package {
	t.Helper()
	v, err := release.ParseVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	built := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return Package{Agent: exe.Agent{Version: v, Built: built, Arch: arch}, Executable: []byte(executable)}
}

func build(t *testing.T, p Package) []byte {
	t.Helper()
	whole, err := p.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// told is what msiinfo, which shares no code with us, says of a package.
func told(t *testing.T, whole []byte, arguments ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.msi")
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("msiinfo", append([]string{arguments[0], path}, arguments[1:]...)...)
	command.Env = append(os.Environ(), "TZ=UTC")
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("msiinfo %v: %v: %s", arguments, err, output)
	}
	return strings.ReplaceAll(string(output), "\r", "")
}

func TestTables(t *testing.T) {
	whole := build(t, packed(t, "1.2.3-rc.4", "amd64", "one"))
	for table, lines := range map[string][]string{
		"Property": {"ALLUSERS\t1", "ProductVersion\t1.2.3", "ProductName\tDayline agent", "Manufacturer\t" + product.Publisher, "ARPPRODUCTICON\tdayline.ico",
			"ARPHELPLINK\thttps://github.com/dayline-project/dayline", "UpgradeCode\t{9E4A019C-0970-4337-A978-1F97823F9573}",
			"SecureCustomProperties\tOLDERFOUND;NEWERFOUND;KEEPDATA;ENROLL;ENROLL_FILE;IMAGE", "MsiHiddenProperties\tENROLL",
			"MSIRESTARTMANAGERCONTROL\tDisable", "REBOOT\tReallySuppress"},
		// The version lets a repair keep a newer file; 256 is a component of 64 bits.
		"File":      {"Executable\tAgent\tdayline.exe|dayline-agent.exe\t3\t1.2.3.40005\t1033\t512\t1"},
		"Component": {"Agent\t{B4DEF283-CAF3-4C3E-9CBD-C95F7CA4E6B3}\tINSTALLDIR\t256\t\tExecutable"},
		"Directory": {"INSTALLDIR\tProgramFiles64Folder\tDayline"},
		// 16 a process of its own, 2 at boot, 32768 without which nothing is installed; 163 started by an install, stopped by both, removed by an uninstall, 1 waited for.
		"ServiceInstall": {"Service\tdayline-agent\tDayline agent\t16\t2\t32768\t\t\t\t\tservice --managed\tAgent\tDayline agent: measures the working day on this computer, visibly"},
		// 170: stopped and removed by both. It stands before the other, and is stopped before.
		"ServiceControl": {"ControlWatcher\tdayline-agent-update\t170\t\t1\tAgent\nControl\tdayline-agent\t163\t\t1\tAgent"},
		// 2: by an uninstall.
		"RemoveFile": {"Watcher\tAgent\twatcher.exe|dayline-agent-watcher.exe*\tINSTALLDIR\t2", "Former\tAgent\tformer.*|.dayline-agent.exe.*\tINSTALLDIR\t2"},
		"Shortcut":   {"MyDay\tProgramMenuFolder\tmyday|My day (Dayline)\tAgent\t[#Executable]\tmy-day --wait\tWhat Dayline recorded of you, and who looked at it"},
		// 256: from this version on; 258: detected only.
		"Upgrade":     {"{9E4A019C-0970-4337-A978-1F97823F9573}\t0.0.0\t1.2.4\t\t256\t\tOLDERFOUND", "{9E4A019C-0970-4337-A978-1F97823F9573}\t1.2.4\t\t\t258\t\tNEWERFOUND"},
		"Environment": {"Path\t=-*Path\t[~];[INSTALLDIR]\tAgent"},
		// 3154: an installed file, run by the system in the transaction, its failure passed over; 11346: and its command line is in no log.
		"CustomAction": {"KeepString\t11346\tExecutable\tenroll --at-start \"[ENROLL]\"\t", "KeepStringOfFile\t3154\tExecutable\tenroll --at-start --file \"[ENROLL_FILE]\"\t",
			"KeepStringOfPackage\t3154\tExecutable\tenroll --at-start --package \"[OriginalDatabase]\"\t", "KeepStringOfCopy\t3154\tExecutable\tenroll --at-start --package \"[DATABASE]\"\t",
			"RemoveTraces\t3154\tExecutable\tuninstall\t", "RemoveTracesButData\t3154\tExecutable\tuninstall --keep-data\t"},
		"LaunchCondition": {"Installed OR NOT NEWERFOUND\tA newer version of the Dayline agent is installed on this computer. To go back to version 1.2.3-rc.4, remove it first."},
		// The order is all: an upgrade removes within the transaction; what the agent made goes after the service and before the file.
		"InstallExecuteSequence": {"FindRelatedProducts\t\t25", "ReplaceExecutable\tOLDERFOUND\t30", "CostInitialize\t\t800", "InstallInitialize\t\t1500",
			"RemoveExistingProducts\t\t1501", "ProcessComponents\t\t1600", "StopServices\tVersionNT\t1900", "DeleteServices\tVersionNT\t2000",
			"RemoveTraces\tREMOVE=\"ALL\" AND NOT UPGRADINGPRODUCTCODE AND NOT KEEPDATA\t3401",
			"RemoveTracesButData\tREMOVE=\"ALL\" AND NOT UPGRADINGPRODUCTCODE AND KEEPDATA\t3402",
			"RemoveEnvironmentStrings\t\t3300", "RemoveFiles\t\t3500", "InstallFiles\t\t4000", "WriteEnvironmentStrings\t\t5200", "InstallServices\tVersionNT\t5800",
			"KeepString\tENROLL AND NOT ENROLL >< Quote AND NOT Installed\t5851", "KeepStringOfFile\tENROLL_FILE AND NOT ENROLL_FILE >< Quote AND NOT ENROLL AND NOT Installed\t5852", "KeepStringOfPackage\tNOT ENROLL AND NOT ENROLL_FILE AND NOT Installed\t5853",
			"KeepStringOfCopy\tNOT ENROLL AND NOT ENROLL_FILE AND NOT Installed\t5854",
			"StartServices\tVersionNT AND (Installed OR NOT IMAGE)\t5900", "InstallFinalize\t\t6600"},
	} {
		rows := told(t, whole, "export", table)
		for _, line := range lines {
			if !strings.Contains(rows, "\n"+line) {
				t.Errorf("%s lacks %q:\n%s", table, line, rows)
			}
		}
	}
	if tables := told(t, whole, "tables"); strings.Contains(tables, "MsiFileHash") {
		t.Error("a file with a version has a hash too")
	}
}

func TestSummary(t *testing.T) {
	for arch, template := range map[string]string{"amd64": "x64;1033", "arm64": "Arm64;1033"} {
		summary := told(t, build(t, packed(t, "1.2.3", arch, "one")), "suminfo")
		for _, line := range []string{"Template: " + template, "Created: Sun Mar  1 12:00:00 2026", "Last saved: Sun Mar  1 12:00:00 2026", "Version: 500 (1f4)", "Source: 2 (2)"} {
			if !strings.Contains(summary, line+"\n") {
				t.Errorf("%s lacks %q:\n%s", arch, line, summary)
			}
		}
	}
}

// Who builds the same sources again gets the same bytes, whatever the clock and the time zone say.
func TestReproducible(t *testing.T) {
	first := build(t, packed(t, "1.2.3", "amd64", "one"))
	t.Setenv("TZ", "Asia/Kolkata")
	if !bytes.Equal(first, build(t, packed(t, "1.2.3", "amd64", "one"))) {
		t.Error("built twice it is not the same")
	}
}

// What installs something else has another package code, and another product code even under the same version, so that
// it upgrades.
func TestCodesComeFromTheContents(t *testing.T) {
	seen := map[string]string{}
	code := regexp.MustCompile(`(?m)^(?:ProductCode\t|Revision number \(UUID\): )(\{[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}\})$`)
	for name, p := range map[string]Package{
		"one": packed(t, "1.2.3", "amd64", "one"), "another file": packed(t, "1.2.3", "amd64", "two"),
		"another version": packed(t, "1.2.3-rc.1", "amd64", "one"),
	} {
		whole := build(t, p)
		found := code.FindAllStringSubmatch(told(t, whole, "suminfo")+told(t, whole, "export", "Property"), -1)
		if len(found) != 2 {
			t.Fatalf("%s: codes %v", name, found)
		}
		for _, f := range found {
			if other, ok := seen[f[1]]; ok {
				t.Errorf("%s has a code of %s", name, other)
			}
			seen[f[1]] = name
		}
	}
}

func TestWhatCannotBeBuiltIsTold(t *testing.T) {
	if _, err := packed(t, "1.2.3", "386", "one").Build(t.Context()); err == nil || !strings.Contains(err.Error(), "386") {
		t.Errorf("told %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := packed(t, "1.2.3", "amd64", "one").Build(t.Context()); err == nil || !strings.Contains(err.Error(), "wixl is missing") {
		t.Errorf("told %v", err)
	}
}

func TestAToolThatWarnsIsNotBelieved(t *testing.T) {
	if err := run(context.Background(), t.TempDir(), "sh", "-c", "echo dropped >&2"); err == nil || !strings.Contains(err.Error(), "dropped") {
		t.Errorf("told %v", err)
	}
}

// A file that is none of wixl's is refused, however it is damaged.
func TestADamagedSummaryIsRefused(t *testing.T) {
	p := packed(t, "1.2.3", "arm64", "one")
	whole := build(t, p)
	at := bytes.Index(whole, formatID) - formatIDAt
	for name, damaged := range map[string][]byte{
		"nothing": nil, "cut off": whole[:at+60], "only the id": formatID, "twice": append(bytes.Clone(whole), whole...),
	} {
		if err := p.stamp(damaged); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	for i := range 200 {
		damaged := bytes.Clone(whole)
		damaged[at+formatIDAt+len(formatID)+i] ^= 0xff
		_ = p.stamp(damaged) // refused or not, it stays within the file
	}
}

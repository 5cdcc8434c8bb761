package installer

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector/stamp"
	"github.com/dayline-project/dayline/installer/macho"
	"github.com/dayline-project/dayline/installer/pkg"
	"github.com/dayline-project/dayline/shared/codesign"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/test/linux"
	"github.com/dayline-project/dayline/test/rig"
)

// A Mac's Installer, as far as a package sees of it: it runs what comes before, puts in place what is installed, and runs what
// comes after, with the package's path, the folder, the volume and the system's.
const macInstaller = `work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
7z x -y -txar -o"$work" "$0" >"$work/unpacked"
mkdir "$work/scripts" && cd "$work/scripts" && gunzip <"$work/dayline.pkg/Scripts" | cpio --extract --quiet
./preinstall "$0" /Library/Dayline / /
mkdir -p /Library/Dayline && cd /Library/Dayline && gunzip <"$work/dayline.pkg/Payload" | cpio --extract --quiet --unconditional --make-directories
cd / && "$work/scripts/postinstall" "$0" /Library/Dayline / /
`

// plistBuddy reads the property list that these packages have.
const plistBuddy = `#!/bin/sh
[ "$1 $2" = "-c Print :CFBundleVersion" ] && sed -n 's/^CFBundleVersion=//p' "$3" | grep .
`

// macProgram is the bundle's: what installs itself on Macs alone is only noted, all else is the agent's.
const macProgram = `#!/bin/sh
printf '%s\n' "${DAYLINE_IMAGE:+image }$*" >>/run/called
[ "$1" = install ] || exec /run/bin/dayline-agent "$@"
`

// launchctl, where there is nothing of ours to be ended, complains.
const launchctl = `#!/bin/sh
printf 'launchctl %s\n' "$*" >>/run/called
exit 3
`

// newMac is a computer with what a package for Macs asks of the system, on which the agent keeps its state where it does on
// Linux.
func newMac(t *testing.T) *linux.Machine {
	t.Helper()
	m := linux.New(t)
	agent := must(m.Put(must(rig.Build())(t).Agent(), "/run/bin"))(t)
	mustDo(t, os.Chmod(m.Path(agent), 0o755))
	mustDo(t, os.MkdirAll(m.Path("/usr/libexec"), 0o755))
	mustDo(t, os.WriteFile(m.Path("/usr/libexec/PlistBuddy"), []byte(plistBuddy), 0o755))
	mustDo(t, os.WriteFile(m.Path("/usr/bin/launchctl"), []byte(launchctl), 0o755))
	return m
}

// macPackage is one of a version, signed or not, as the collector hands it out with a string; name is that of its file, in which
// % is the string where the package carries none.
func macPackage(t *testing.T, m *linux.Machine, version string, signer *macho.Signer, name, text string) (place string) {
	t.Helper()
	v := must(release.ParseVersion(version))(t)
	bundle := codesign.Files{"Contents/Info.plist": []byte("CFBundleVersion=" + v.FileText() + "\n"), "Contents/MacOS/dayline-agent": []byte(macProgram)}
	whole := must(pkg.Package{Version: v, Built: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Bundle: bundle, Signer: signer}.Build())(t)
	opened := must(stamp.Open(release.Pkg, bytes.NewReader(whole), int64(len(whole))))(t)
	if text != "" {
		whole = must(io.ReadAll(must(opened.With(text))(t)))(t)
	}
	if opened.Carrier() == stamp.Name {
		name = strings.ReplaceAll(name, "%", text)
	}
	place = path.Join("/tmp", name)
	mustDo(t, os.WriteFile(m.Path(place), whole, 0o600))
	return place
}

const kept = "/var/lib/dayline-agent/enroll"

// Renamed nine ways it still enrols, stamped or signed.
func TestAPackageForMacsIsRenamed(t *testing.T) {
	t.Parallel()
	m := newMac(t)
	file := must(macho.NewCertificate("Example Ltd", "correct horse", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))(t)
	for by, signer := range map[string]*macho.Signer{"inside": nil, "name": must(macho.OpenPackageSigner(file, "correct horse"))(t)} {
		for _, name := range []string{
			"Dayline-%.pkg", "Dayline-% (1).pkg", "Dayline-%(2) (1).pkg", "Dayline-% copy 3.pkg", "Kopie von Dayline-%.pkg", "[Dayline] %.pkg",
			"Dayline-%-2.pkg", "it's \"$(false)\" `false` Dayline-%.pkg", "Dayline-%.pkg.download",
		} {
			text := enrolling()
			said, err := m.Run(t.Context(), nil, "sh", "-ec", macInstaller, macPackage(t, m, "1.2.3", signer, name, text))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(said, text) {
				t.Errorf("by its %s, as %s: the log has the string: %s", by, name, said)
			}
			if got := shell(t, m, nil, "stat -c '%a %U' "+kept+"; cat "+kept); got != "600 root\n"+text+"\n" {
				t.Errorf("by its %s, as %s: kept %q; said %s", by, name, got, said)
			}
			if calls := must(m.Called())(t); strings.Contains(strings.Join(calls, " "), text) || calls[len(calls)-1] != "install" {
				t.Errorf("by its %s, as %s: the program was called %q", by, name, calls)
			}
			shell(t, m, nil, "rm -r /var/lib/dayline-agent /Library /tmp/*")
		}
	}
}

// Each way a package can go: without a string, over the same version, a newer and an older one, into an image.
func TestAPackageForMacsOverAnother(t *testing.T) {
	t.Parallel()
	m := newMac(t)
	install := func(version string, env ...string) (said string, err error) {
		place := macPackage(t, m, version, nil, fmt.Sprintf("dayline-agent-%s.pkg", version), "")
		said, err = m.Run(t.Context(), env, "sh", "-ec", macInstaller, place)
		return said, err
	}
	runs := func(version string) {
		t.Helper()
		v := must(release.ParseVersion(version))(t)
		says(t, m, "CFBundleVersion="+v.FileText()+"\n755 root root\n", "cat /Library/Dayline/Dayline.app/Contents/Info.plist; stat -c '%a %U %G' /Library/Dayline/Dayline.app/Contents/MacOS/dayline-agent")
	}
	for _, version := range []string{"1.2.3-rc.9", "1.2.3-rc.9", "1.2.3-rc.10", "1.2.3", "1.10.0"} {
		said, err := install(version)
		if err != nil || !strings.Contains(said, "there is no enrolment string in it") {
			t.Errorf("%s: %v: %s", version, err, said)
		}
		runs(version)
	}
	// Before it is installed, and before anything of it is: what watches an update would exchange it.
	if calls := must(m.Called())(t); calls[0] != "launchctl bootout system/org.dayline.agent.update" || calls[len(calls)-1] != "install" {
		t.Errorf("called %q", calls)
	}
	for _, version := range []string{"1.9.0", "1.10.0-rc.1", "0.99.99"} {
		if said, err := install(version); err == nil || !strings.Contains(said, "Dayline 1.10.0.50000 is installed, which is newer than "+must(release.ParseVersion(version))(t).FileText()) ||
			!strings.Contains(said, "dayline-agent uninstall --keep-data") {
			t.Errorf("%s over 1.10.0: %v: %s", version, err, said)
		}
		runs("1.10.0")
	}
	if calls := must(m.Called())(t); len(calls) != 0 {
		t.Errorf("a refused package called %q", calls)
	}
	// What cannot be read keeps nothing from being installed over it.
	shell(t, m, nil, "echo nothing >/Library/Dayline/Dayline.app/Contents/Info.plist")
	if _, err := install("1.2.3", "DAYLINE_IMAGE=1"); err != nil {
		t.Error(err)
	}
	if calls := must(m.Called())(t); !slices.Contains(calls, "image install") {
		t.Errorf("for an image the program was called %q", calls)
	}
	// The state folder is the agent's, which makes it its own before it looks for a string there.
	if left := must(m.Left())(t); slices.ContainsFunc(left, func(name string) bool {
		return !strings.HasPrefix(name, "/Library") && !strings.HasPrefix(name, "/usr/libexec") && name != "/usr/bin/launchctl" && name != "/var/lib/dayline-agent"
	}) {
		t.Errorf("beside the application and the state there is %q", left)
	}
}

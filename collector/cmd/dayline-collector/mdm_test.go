package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"howett.net/plist"

	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/token"
)

const requirement = `identifier "org.dayline.agent" and certificate leaf = H"0123456789abcdef0123456789abcdef01234567"`

// enrollmentOf reads the string as a Mac gets it.
func enrollmentOf(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var profile struct {
		PayloadContent []struct {
			PayloadContent map[string]struct {
				Forced []struct {
					Settings struct{ EnrollmentString string } `plist:"mcx_preference_settings"`
				}
			}
		}
	}
	if _, err := plist.Unmarshal(content, &profile); err != nil {
		t.Fatal(err)
	}
	return profile.PayloadContent[0].PayloadContent["org.dayline.agent"].Forced[0].Settings.EnrollmentString
}

// A Mac enrols by the string of its profile, and says that its permission is missing; the profile for it was beside.
func TestProfilesForMacs(t *testing.T) {
	config := t.TempDir()
	write(t, config, filepath.Join(t.TempDir(), "data"), smallFloor)
	p := serve(t, config)
	dir := filepath.Join(t.TempDir(), "profiles")
	printed := p.must("mdm", dir, "--organization", "Example", "--requirement", "# designated => "+requirement+"\n", "--expires", "2h", "--max", "3")
	files := strings.Fields(printed)
	if len(files) != 4 {
		t.Fatal(printed)
	}
	for _, name := range append(files, dir) {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "dayline-accessibility.mobileconfig")); err != nil || !strings.Contains(string(text), "<string>"+requirement+"</string>") {
		t.Errorf("%s, %v", text, err)
	}
	given := enrollmentOf(t, filepath.Join(dir, "dayline-enrollment.mobileconfig"))
	link, err := token.Parse(given)
	if err != nil {
		t.Fatal(err)
	}
	a := p.agent("127.0.0.1", link.Pin[:])
	a.Facts.Name, a.Facts.Os = "mac", "macos"
	if err := a.Enroll(t.Context(), link.Secret); err != nil {
		t.Fatal(err)
	}
	p.signIn(a)
	m := a.Request()
	m.Health = &agentv1.Health{MissingPermissions: []string{"accessibility: allow it\x1b[2J"}, Capture: []*agentv1.Capture{{
		Subject: "chromium\x1b[2J", Level: "title_only", Reason: "not all told", ExtensionVersion: "1.2.0", ExtensionMs: 60_000, FrontSeconds: 7200, AddressSeconds: 7199,
	}}}
	if _, err := a.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	p.stop()
	p = serve(t, config) // what devices say is written down at the latest when it ends
	if out := p.must("device", "list", "--flag", "permission"); !strings.Contains(out, "mac") || !strings.Contains(out, "permission") {
		t.Error(out)
	}
	out := p.must("device", "show", "mac")
	for _, want := range []string{
		"missing: accessibility: allow it[2J", "\nchromium[2J: title only: not all told\n",
		"  extension 1.2.0, last heard 1970-01-01T00:01:00Z\n", "  an address for 99 % of 2h0m0s in front\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
	if _, out, words := p.command("device", "list", "--flag", "blind"); strings.Contains(out, "mac") {
		t.Error(out, words)
	}
	fromFile := filepath.Join(t.TempDir(), "string")
	if err := os.WriteFile(fromFile, []byte(given+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(t.TempDir(), "again")
	p.must("mdm", again, "--organization", "Example", "--requirement", requirement, "--enrollment-string-file", fromFile)
	for _, name := range files {
		first, _ := os.ReadFile(name)
		second, err := os.ReadFile(filepath.Join(again, filepath.Base(name)))
		if err != nil || string(first) != string(second) {
			t.Errorf("%s: another one of the same: %v", name, err)
		}
	}
}

// Who may write into the folder could have the string written where they read it.
func TestNobodysFileIsWrittenTo(t *testing.T) {
	dir := t.TempDir()
	theirs, link := filepath.Join(dir, "theirs"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(theirs, nil, 0o644), os.Symlink(filepath.Join(dir, "elsewhere"), link)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{theirs, link} {
		if err := writeNew(name, []byte("secret")); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: %v", name, err)
		}
		if text, _ := os.ReadFile(name); len(text) > 0 {
			t.Errorf("%s holds %q", name, text)
		}
	}
}

// No refusal costs a link, or leaves a file.
func TestWhatGivesNoProfiles(t *testing.T) {
	config := t.TempDir()
	write(t, config, filepath.Join(t.TempDir(), "data"), smallFloor)
	p := serve(t, config)
	full, empty := t.TempDir(), filepath.Join(t.TempDir(), "new")
	if err := os.WriteFile(filepath.Join(full, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	zip := filepath.Join(t.TempDir(), "Dayline.zip")
	if err := os.WriteFile(zip, []byte("PK"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code int
		say  string
		args []string
	}{
		{exitUsage, "--app FILE or --requirement", nil},
		{exitUsage, "can't be used together", []string{"--app", zip, "--requirement", requirement}},
		{exitUsage, "can't be used together", []string{"--requirement", requirement, "--no-enrollment", "--enrollment-string-file", "-"}},
		{exitUsage, "single build", []string{"--requirement", `designated => cdhash H"0123456789abcdef0123456789abcdef01234567"`}},
		{exitUsage, "enrolment string", []string{"--requirement", requirement, "--enrollment-string-file", "-"}},
		{exitFailed, "no such file", []string{"--requirement", requirement, "--enrollment-string-file", full + "/none"}},
		{exitUsage, "here none is", []string{"--requirement", requirement, "--no-enrollment", "--max", "3"}},
		{exitUsage, "--extension: ", []string{"--requirement", requirement, "--extension", "http://dayline.example.com"}},
		{exitUsage, "no extension's key", []string{"--requirement", requirement, "--extension", "https://dayline.example.com"}},
		{exitUsage, "negative", []string{"--requirement", requirement, "--max=-3"}},
		{exitFailed, "Dayline.zip: zip", []string{"--app", zip}},
		{exitFailed, "no such file", []string{"--app", full + "/none"}},
		{exitFailed, "neither a Dayline.app", []string{"--app", full + "/mine"}},
		{exitFailed, "neither a Dayline.app", []string{"--app", full}},
	} {
		code, out, words := typing("nonsense", config, append([]string{"mdm", empty, "--organization", "Example"}, c.args...)...)
		if code != c.code || !strings.Contains(words, c.say) || out != "" {
			t.Errorf("%v: %d %q %q", c.args, code, out, words)
		}
	}
	if code, _, words := p.command("mdm", "/proc/none", "--organization", "Example", "--requirement", requirement); code != exitFailed || !strings.Contains(words, "/proc/none") {
		t.Errorf("a folder that cannot be made: %d %q", code, words)
	}
	if code, out, words := p.command("mdm", full, "--organization", "Example", "--requirement", requirement); code != exitFailed || !strings.Contains(words, "not empty") || out != "" {
		t.Errorf("%d %q %q", code, out, words)
	}
	if _, err := os.Stat(empty); !os.IsNotExist(err) {
		t.Errorf("a folder is left: %v", err)
	}
	if out := p.must("link", "list", "--format", "csv"); strings.Count(out, "\n") != 1 {
		t.Errorf("a refusal made a link: %s", out)
	}
}

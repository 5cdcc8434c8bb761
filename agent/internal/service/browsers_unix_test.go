//go:build unix

package service

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/dayline-project/dayline/shared/extension"
)

// scratch is a computer without a file, whose browsers read below a folder. Tests are linked without the extension's key, so that
// Firefox alone is introduced; test/installer has the rest.
type scratch struct {
	browsers
	t    *testing.T
	said []string
}

func newScratch(t *testing.T, system string) *scratch {
	return &scratch{browsers: browsers{system: system, root: t.TempDir()}, t: t}
}

func (s *scratch) say(what string) { s.said = append(s.said, what) }

func (s *scratch) must(err error) {
	s.t.Helper()
	if err != nil && err.Error() != extension.ErrNoKey.Error() {
		s.t.Fatal(err)
	}
}

func (s *scratch) write(place, content string) {
	s.t.Helper()
	s.must(os.MkdirAll(filepath.Dir(s.at(place)), 0o755))
	s.must(os.WriteFile(s.at(place), []byte(content), 0o644))
}

// left are all files, and folders without any, but those that are the system's.
func (s *scratch) left() []string {
	var left []string
	s.must(filepath.WalkDir(s.root, func(path string, entry fs.DirEntry, err error) error {
		if within, _ := os.ReadDir(path); err == nil && len(within) == 0 {
			left = append(left, strings.TrimPrefix(path, s.root))
		}
		return err
	}))
	return slices.DeleteFunc(left, func(place string) bool { return place == "" || slices.Contains(systemFolders, place) })
}

const (
	firefoxHost   = "/usr/lib/mozilla/native-messaging-hosts/org.dayline.host.json"
	firefoxHost64 = "/usr/lib64/mozilla/native-messaging-hosts/org.dayline.host.json"
	macHost       = "/Library/Application Support/Mozilla/NativeMessagingHosts/org.dayline.host.json"
	policies      = "/etc/firefox/policies/policies.json"
	here          = "/usr/local/bin/dayline-agent"
)

func TestBrowsersAreIntroducedAndLeftAsTheyWere(t *testing.T) {
	// An administrator's files are often nobody else's to read, unless they are made so.
	keepFromOthers := func(during func() error) error {
		defer syscall.Umask(syscall.Umask(0o077))
		return during()
	}
	for _, test := range []struct {
		system  string
		present string
		want    []string
	}{
		{extension.Linux, "/etc/hosts", []string{firefoxHost}},
		{extension.Linux, "/usr/lib64/ld-linux-x86-64.so.2", []string{firefoxHost}},
		{extension.Linux, "/usr/lib64/libc.so.6", []string{firefoxHost, firefoxHost64}},
		{extension.MacOS, "/Library/Application Support/Mozilla/NativeMessagingHosts/org.other.json", []string{macHost}},
	} {
		s := newScratch(t, test.system)
		s.write(test.present, "theirs")
		for range 2 { // over an older one too
			if err := keepFromOthers(func() error { return s.introduce(here) }); err == nil || err.Error() != extension.ErrNoKey.Error() {
				t.Errorf("%s: a build without a key says %v", test.system, err)
			}
		}
		if left := s.left(); !slices.Equal(slices.Sorted(slices.Values(append(test.want, test.present))), left) {
			t.Errorf("%s: wrote %v", test.system, left)
		}
		for _, place := range test.want {
			for path := s.at(place); path != s.root; path = filepath.Dir(path) {
				if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 && info.Mode() != fs.ModeDir|0o755 {
					t.Errorf("%s: browsers cannot read %s: %v, %v", test.system, path, info.Mode(), err)
				}
			}
		}
		s.must(s.dismiss(here))
		if left := s.left(); !slices.Equal(left, []string{test.present}) {
			t.Errorf("%s: left %v", test.system, left)
		}
		s.must(s.dismiss(here))
	}
}

func TestPoliciesOfOthersStay(t *testing.T) {
	source, err := extension.SourceOf("https://collector.example")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		place, content string
		refused        bool
	}{
		"none":                      {"/etc/hostname", "a", false},
		"ours of before":            {policies, `{"policies":{"ExtensionSettings":{"extension@dayline.org":{"installation_mode":"allowed"}}}}`, false},
		"another's":                 {policies, `{"policies":{"DisableTelemetry":true}}`, true},
		"another's with ours":       {policies, `{"policies":{"ExtensionSettings":{"extension@dayline.org":{},"*":{}}}}`, true},
		"nothing that can be read":  {policies, `{`, true},
		"Chromium's, for Firefox's": {"/etc/chromium/policies/managed/x.json", `{"ExtensionSettings":{}}`, false},
	} {
		s := newScratch(t, extension.Linux)
		s.write(test.place, test.content)
		s.must(s.force(source, s.say))
		text, _ := os.ReadFile(s.at(policies))
		if written := strings.Contains(string(text), "https://collector.example/extension/dayline-extension.xpi"); written == test.refused {
			t.Errorf("%s: the file says %s", name, text)
		}
		if test.refused != (len(s.said) == 1 && strings.Contains(s.said[0], "Firefox: "+policies+" is another's") && strings.Contains(s.said[0], "--browser firefox --os linux")) {
			t.Errorf("%s: said %q", name, s.said)
		}
		s.must(s.dismiss(here))
		text, err := os.ReadFile(s.at(test.place))
		if ours := name == "ours of before"; ours != errors.Is(err, fs.ErrNotExist) || !ours && string(text) != test.content {
			t.Errorf("%s: left %q, %v", name, text, err)
		}
		if len(s.left()) > 1 {
			t.Errorf("%s: left %v", name, s.left())
		}
	}
}

// Two files that say the same policy put one of them out of force, whichever it is.
func TestAPolicyBesideOursIsSeen(t *testing.T) {
	const ours, theirs = "/etc/chromium/policies/managed/dayline.json", "/etc/chromium/policies/managed/company.json"
	s := newScratch(t, extension.Linux)
	s.write(theirs, `{"HomepageLocation":"https://company.example"}`)
	s.write("/etc/chromium/policies/managed/damaged.json", `{`)
	if other := s.anothers(ours); other != "" {
		t.Errorf("%s is said to be in the way", other)
	}
	s.write(theirs, `{"ExtensionSettings":{"*":{"installation_mode":"blocked"}}}`)
	if other := s.anothers(ours); other != theirs {
		t.Errorf("%q is in the way", other)
	}
}

func TestOnAMacManagementForces(t *testing.T) {
	s := newScratch(t, extension.MacOS)
	s.must(s.force(extension.Source{Base: "https://collector.example/extension"}, s.say))
	if len(s.said) != 1 || !strings.Contains(s.said[0], "management profiles") || len(s.left()) != 0 {
		t.Errorf("said %q, wrote %v", s.said, s.left())
	}
}

func TestDoctorLooksAtBrowsers(t *testing.T) {
	s := newScratch(t, extension.Linux)
	if s.installed(extension.Firefox) {
		t.Error("a browser on a computer without files")
	}
	s.write("/usr/bin/firefox-esr", "")
	if !s.installed(extension.Firefox) || s.installed(extension.Chromium) {
		t.Error("the browser that is there is not found, or another is")
	}
	look := func(ok bool, found string) {
		t.Helper()
		c := hostCheck(extension.Firefox, s.system, here, s.found(extension.Firefox))
		if c.OK != ok || !strings.Contains(c.Found, found) || ok == (c.Fix == introduceAgain) || c.Name != "host of Firefox" {
			t.Errorf("%+v", c)
		}
	}
	look(false, "does not know the agent")
	s.must(s.introduce(here))
	look(true, "knows the agent")
	s.must(s.introduce("/opt/old/dayline-agent"))
	look(false, "another program: /opt/old/dayline-agent")
	s.write(firefoxHost, `{"path":"`+here+`"}`)
	look(false, "another version")
	s.write(firefoxHost, `{`)
	look(false, "does not know the agent")
	if c := hostCheck(extension.Edge, s.system, here, s.found(extension.Edge)); c.OK || c.Found != extension.ErrNoKey.Error() || !strings.Contains(c.Fix, "key") {
		t.Errorf("a build without a key: %+v", c)
	}
}

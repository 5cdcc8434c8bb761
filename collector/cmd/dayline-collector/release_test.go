package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/collector/shelf"
	"github.com/dayline-project/dayline/collector/shelf/shelftest"
	"github.com/dayline-project/dayline/shared/release"
)

// What an administrator does with releases, and that a backup has them.
func TestReleases(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, dir, data, smallFloor)
	p := serve(t, dir)
	say := func(args ...string) string {
		code, out, words := p.command(args...)
		if code != 0 || out != "" {
			t.Errorf("%v: %d %q", args, code, out)
		}
		return words
	}
	if words := say("release", "list"); !strings.Contains(words, "linux: no release for linux is on the shelf: `dayline-collector release add FILE…`") {
		t.Errorf("an empty shelf: %q", words)
	}
	first := unpack(t, shelftest.Released(t, "1.2.3", release.Windows, release.Linux))
	const rpm = "dayline-agent-1.2.3-linux-amd64.rpm"
	if words := say("release", "add", filepath.Join(first, rpm)); !strings.Contains(words, "Release 1.2.3 is on the shelf; packages: 1.") {
		t.Errorf("one package: %q", words)
	}
	if words := say("release", "add", filepath.Join(first, release.ManifestName)); !strings.Contains(words, "packages: 4.") {
		t.Errorf("all that lies beside a manifest: %q", words)
	}
	say("release", "add", unpack(t, shelftest.Released(t, "1.3.0", release.Linux)))
	say("release", "add", unpack(t, shelftest.Released(t, "1.3.1", release.Windows)))
	p.must("config", "set", "updates.windows", "{pinned: 1.2.3}")
	if code, out, words := p.command("release", "list"); code != 0 || strings.Count(out, "dayline-agent-") != 8 ||
		!strings.Contains(words, "Nobody vouches for releases here") || !strings.Contains(words, "windows: links hand out 1.2.3\nmacos: no release for macos") || !strings.Contains(words, "linux: links hand out 1.3.0\n") {
		t.Errorf("%d %s%s", code, out, words)
	}
	if listed := rows(t, p.must("release", "list", "--format", "json")); listed[0]["os"] != "windows" || listed[0]["carrier"] != "inside" {
		t.Errorf("to programs: %v", listed[0])
	}
	empty := t.TempDir()
	for _, c := range []struct {
		code int
		say  string
		args []string
	}{
		{exitUsage, "<FILE>", []string{"add"}},
		{exitFailed, "no " + empty + "/release.json", []string{"add", empty}},
		{exitFailed, "no " + empty + "/release.json", []string{"add", filepath.Join(empty, rpm)}},
		{exitFailed, "other.deb is left out: ", []string{"add", filepath.Join(first, release.ManifestName), filepath.Join(empty, "other.deb")}},
		{exitFailed, "no such file", []string{"add", filepath.Join(first, release.ManifestName), filepath.Join(empty, rpm)}},
		{exitFailed, "with other packages", []string{"add", unpack(t, shelftest.Released(t, "1.2.3", release.Linux))}},
		{exitFailed, "is not on the shelf", []string{"remove", "9.9.9"}},
		{exitUsage, "is none of 1.2.3", []string{"remove", "newest"}},
	} {
		if code, out, words := p.command(append([]string{"release"}, c.args...)...); code != c.code || !strings.Contains(words, c.say) || out != "" {
			t.Errorf("%v: %d %q %q", c.args, code, out, words)
		}
	}
	if code, _, words := p.command("--as", "nobody@example.com", "release", "add", first); code != exitFailed || !strings.HasPrefix(words, "dayline-collector: email: there is no user") {
		t.Errorf("as nobody: %d %q", code, words)
	}
	copied := filepath.Join(t.TempDir(), "backup")
	p.must("backup", copied)
	say("release", "remove", "1.3.1")
	p.stop()
	if code, _, words := command(dir, "release", "add", first); code != exitFailed || !strings.HasPrefix(words, "dayline-collector: the collector is not running") {
		t.Errorf("without a collector: %d %q", code, words)
	}
	elsewhere, fresh := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, elsewhere, fresh, smallFloor)
	if code, _, words := command(elsewhere, "restore", copied); code != 0 {
		t.Fatalf("restore: %d %s", code, words)
	}
	restored, err := shelf.OpenReleases(fresh, release.Trusted{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	chosen, err := restored.Choose(release.Windows, "")
	if err != nil || chosen.Version.String() != "1.3.1" || len(restored.List()) != 3 {
		t.Fatalf("the backup's releases: %v: %v", chosen, err)
	}
	if _, err := chosen.Package(release.Windows, release.ARM64, release.MSI); err != nil {
		t.Errorf("a package of the backup's: %v", err)
	}
}

// What goes to the collector, of what is named: what is signed, and its signatures beside it, then the packages.
func TestWhatOfAReleaseIsSent(t *testing.T) {
	key := shelftest.Signer(t)
	keys := unpack(t, shelftest.Signed(t, shelftest.Keys(t, shelftest.Trust(2, key)), key))
	files := shelftest.Signed(t, shelftest.Released(t, "1.2.3", release.Linux), key)
	const amd64, arm64 = "dayline-agent-1.2.3-linux-amd64.rpm", "dayline-agent-1.2.3-linux-arm64.rpm"
	files["dayline.zip"] = []byte("another")
	packed := unpack(t, files)
	if err := os.WriteFile(filepath.Join(keys, "release.key"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		names []string
		want  string
	}{
		{[]string{packed}, "release.json release.json.sig " + amd64 + " " + arm64},
		{[]string{filepath.Join(packed, arm64)}, "release.json release.json.sig " + arm64},
		{[]string{filepath.Join(packed, arm64), filepath.Join(packed, "dayline.zip"), filepath.Join(packed, "release.json.sig")}, "release.json release.json.sig " + arm64},
		{[]string{keys}, "trusted-2.json trusted-2.json.sig"},
		{[]string{filepath.Join(keys, "trusted-2.json"), packed}, "release.json release.json.sig trusted-2.json trusted-2.json.sig " + amd64 + " " + arm64},
	} {
		letters, packages, err := releaseFiles(&invocation{streams: streams{&bytes.Buffer{}, &bytes.Buffer{}, strings.NewReader("")}}, c.names)
		var got []string
		for _, name := range append(letters, packages...) {
			got = append(got, filepath.Base(name))
		}
		slices.Sort(got[:len(letters)])
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%v: %v: %v", c.names, got, err)
		}
	}
}

// Nothing that was damaged keeps a collector from starting.
func TestADamagedReleaseIsToldAtTheStart(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, dir, data, smallFloor)
	broken := filepath.Join(data, shelf.ReleasesFolder, "1.2.3")
	if err := os.MkdirAll(broken, 0o700); err != nil {
		t.Fatal(err)
	}
	p := serve(t, dir)
	p.await("release not handed out")
	if _, _, words := p.command("release", "list"); !strings.Contains(words, "Warning: release 1.2.3 is not handed out") {
		t.Errorf("list: %q", words)
	}
	p.must("release", "remove", "1.2.3")
	if _, err := os.Stat(broken); err == nil {
		t.Error("what was removed is there")
	}
}

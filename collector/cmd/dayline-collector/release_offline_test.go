package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/collector/shelf/shelftest"
	"github.com/dayline-project/dayline/shared/release"
)

// offline runs a subcommand of a computer that has no collector and no configuration.
type offline struct {
	*testing.T
	folder string
}

func (o offline) run(args ...string) (code int, out, words string) {
	o.Helper()
	return command(filepath.Join(o.folder, "nowhere"), append([]string{"release"}, args...)...)
}

// must gives what a subcommand that succeeds says to people.
func (o offline) must(args ...string) string {
	o.Helper()
	code, _, words := o.run(args...)
	if code != 0 {
		o.Fatalf("%v: %d %s", args, code, words)
	}
	return words
}

// refuses checks how a subcommand ends, and that it left every file as it was.
func (o offline) refuses(code int, words string, args ...string) {
	o.Helper()
	before := o.files()
	if got, out, said := o.run(args...); got != code || out != "" || !strings.Contains(said, words) {
		o.Errorf("%v: %d %q %q, not %q", args, got, out, said, words)
	}
	if after := o.files(); after != before {
		o.Errorf("%v: it changed files", args)
	}
}

// files are all that there is, with their content.
func (o offline) files() string {
	o.Helper()
	var all strings.Builder
	names, err := filepath.Glob(filepath.Join(o.folder, "*"))
	if err != nil {
		o.Fatal(err)
	}
	for _, name := range names {
		all.WriteString(name + "\n" + string(o.read(name)))
	}
	return all.String()
}

func (o offline) read(name string) []byte {
	o.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		o.Fatal(err)
	}
	return text
}

func (o offline) trusted(name string) release.Trusted {
	o.Helper()
	trusted, err := release.ParseTrusted(o.read(name))
	if err != nil {
		o.Fatal(err)
	}
	return trusted
}

func TestReleaseKeysAreMadeAndFollowed(t *testing.T) {
	o := offline{t, t.TempDir()}
	in := func(name string) string { return filepath.Join(o.folder, name) }
	code, out, words := o.run("keygen", "--out", in("a.pem"))
	if code != 0 || out != "make installers RELEASE_KEYS="+in("trusted.json")+"\n" || !strings.Contains(words, "off the server") {
		t.Fatalf("%d %q %q", code, out, words)
	}
	if info, err := os.Stat(in("a.pem")); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v: %v", info.Mode(), err)
	}
	first := o.trusted(in("trusted.json"))
	if !strings.Contains(words, first.IDs()[0]) {
		t.Error(words)
	}
	o.refuses(exitFailed, "is ever replaced", "keygen", "--out", in("a.pem"))
	o.refuses(exitFailed, "trusted.json exists", "keygen", "--out", in("b.pem"))
	o.refuses(exitUsage, "belong together", "keygen", "--out", in("b.pem"), "--by", in("a.pem"))
	o.refuses(exitUsage, "belong together", "keygen", "--out", in("b.pem"), "--drop", first.IDs()[0])

	next := []string{"keygen", "--out", in("b.pem"), "--trusted", in("trusted.json"), "--by", in("a.pem")}
	if _, out, _ := o.run(next...); out != "make installers RELEASE_KEYS="+in("trusted-2.json")+"\n" {
		t.Error(out)
	}
	second, err := first.Next(o.read(in("trusted-2.json")), o.read(in("trusted-2.json.sig")))
	if err != nil || len(second.Keys) != 2 || !second.Keys[0].Equal(first.Keys[0]) {
		t.Errorf("%v: %v", second, err)
	}
	// The first key was stolen: the other one drops it.
	third := []string{"keygen", "--out", in("c.pem"), "--trusted", in("trusted-2.json"), "--drop", second.IDs()[0], "--by"}
	o.refuses(exitFailed, "holds no key", append(third, in("trusted.json"))...)
	o.refuses(exitUsage, "trusts no key", append(third, in("b.pem"), "--drop", "0123456789abcdef")...)
	o.must(append(third, in("b.pem"))...)
	if got, err := second.Next(o.read(in("trusted-3.json")), o.read(in("trusted-3.json.sig"))); err != nil || len(got.Keys) != 2 || !got.Keys[0].Equal(second.Keys[1]) {
		t.Errorf("%v: %v", got, err)
	}
	fourth := []string{"keygen", "--out", in("z.pem"), "--trusted", in("trusted-3.json"), "--by"}
	o.refuses(exitFailed, "is none of them", append(fourth, in("a.pem"))...)
	for _, more := range []string{"d.pem", "e.pem"} {
		o.must("keygen", "--out", in(more), "--trusted", in(release.TrustedName(int(more[0]-'a'))), "--by", in("b.pem"))
	}
	o.refuses(exitUsage, "trusts 4 keys already", "keygen", "--out", in("f.pem"), "--trusted", in("trusted-5.json"), "--by", in("b.pem"))
	if err := os.Chmod(in("b.pem"), 0o640); err != nil {
		t.Fatal(err)
	}
	o.refuses(exitFailed, "chmod 600", append(fourth, in("b.pem"))...)
}

func TestAReleaseIsSigned(t *testing.T) {
	o := offline{t, unpack(t, shelftest.Released(t, "1.2.3", release.Linux))}
	in := func(name string) string { return filepath.Join(o.folder, name) }
	o.must("keygen", "--out", in("a.pem"))
	o.must("keygen", "--out", in("b.pem"), "--trusted", in("trusted.json"), "--by", in("a.pem"))
	trusted, name := o.trusted(in("trusted-2.json")), in(release.ManifestName)
	for _, key := range []string{"a.pem", "b.pem", "a.pem"} {
		words := o.must("sign", o.folder, "--key", in(key))
		if _, err := trusted.VerifyManifest(o.read(name), o.read(name+".sig")); err != nil || !strings.Contains(words, "Release 1.2.3 is signed by ") {
			t.Errorf("signed by %s: %s %v", key, words, err)
		}
	}
	for _, key := range trusted.Keys { // both are there, once
		alone := release.Trusted{Version: 1, Keys: trusted.Keys[:0:0]}
		alone.Keys = append(alone.Keys, key)
		if _, err := alone.VerifyManifest(o.read(name), o.read(name+".sig")); err != nil {
			t.Error(err)
		}
	}
	if both, err := release.ParseSignatures(o.read(name + ".sig")); err != nil || len(both) != 2 {
		t.Errorf("%v: %v", both, err)
	}
	sign := []string{"sign", o.folder, "--key", in("a.pem")}
	for _, spoil := range []struct {
		words, name string
		with        func([]byte) []byte
	}{
		{"is not what release.json lists", "dayline-agent-1.2.3-linux-amd64.rpm", func(b []byte) []byte { b[len(b)/2] ^= 1; return b }},
		{"is not what release.json lists", "dayline-agent-1.2.3-linux-amd64.rpm", func(b []byte) []byte { return b[1:] }},
		{"is not what release.json lists", "dayline-agent-1.2.3-linux-amd64.rpm", func(b []byte) []byte { return append(b, 0) }},
		{"no such file", "dayline-agent-1.2.3-linux-amd64.rpm", nil},
		{"product: ", release.ManifestName, func([]byte) []byte { return []byte("{}") }},
		{"no such file", release.ManifestName, nil},
		{"release.json.sig: signatures: ", release.ManifestName + ".sig", func([]byte) []byte { return []byte("{}") }},
		{"holds no key", "a.pem", func([]byte) []byte { return []byte("hello") }},
		{"asn1", "a.pem", func(b []byte) []byte { return bytes.Replace(b, []byte("MC"), []byte("AA"), 1) }},
		{"no such file", "a.pem", nil},
	} {
		before := o.read(in(spoil.name))
		if spoil.with == nil {
			os.Remove(in(spoil.name))
		} else if err := os.WriteFile(in(spoil.name), spoil.with(bytes.Clone(before)), 0o600); err != nil {
			t.Fatal(err)
		}
		o.refuses(exitFailed, spoil.words, sign...)
		if err := os.WriteFile(in(spoil.name), before, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o.must(sign...)
	o.refuses(exitUsage, "--key", "sign", o.folder)
}

func TestAChannelIsIssued(t *testing.T) {
	o := offline{t, t.TempDir()}
	in := func(name string) string { return filepath.Join(o.folder, name) }
	o.must("keygen", "--out", in("a.pem"))
	o.must("keygen", "--out", in("b.pem"), "--trusted", in("trusted.json"), "--by", in("a.pem"))
	trusted, name := o.trusted(in("trusted-2.json")), in(release.ChannelName)
	issued := func(version int, want string) {
		t.Helper()
		c, err := trusted.VerifyChannel(o.read(name), o.read(name+".sig"))
		if err != nil || c.Version != version || describe(c) != want || c.ExpiresAt.Sub(c.IssuedAt) != release.ChannelLasts {
			t.Errorf("%v: version %d: %s", err, c.Version, describe(c))
		}
	}
	withdraw := []string{"withdraw", "1.3.0", "--in", o.folder, "--key", in("a.pem")}
	o.refuses(exitFailed, "makes the first", withdraw...)
	o.refuses(exitFailed, "makes the first", append(withdraw, "--newest", "linux=1.2.9")...)
	by := []string{"channel", o.folder, "--key", in("a.pem")}
	o.refuses(exitUsage, "systems: there is none", by...)
	o.refuses(exitUsage, `no "beos"`, append(by, "--newest", "beos=1.3.0")...)
	o.refuses(exitUsage, "--newest", append(by, "--newest", "1.3.0")...)
	o.refuses(exitUsage, "the channel has no macos", append(by, "--newest", "linux=1.3.0", "--floor", "macos=1.2.0")...)
	if words := o.must(append(by, "--newest", "linux=1.3.0", "--newest", "windows=1.2.3", "--floor", "linux=1.2.0")...); !strings.Contains(words, "It is the first") {
		t.Error(words)
	}
	issued(1, "linux 1.3.0 (not below 1.2.0); windows 1.2.3")
	// Without a change it counts for longer.
	if words := o.must(by...); strings.Contains(words, "the first") {
		t.Error(words)
	}
	issued(2, "linux 1.3.0 (not below 1.2.0); windows 1.2.3")
	o.refuses(exitUsage, "--newest OS=VERSION says", withdraw...)
	o.refuses(exitUsage, "--newest OS=VERSION says", append(by, "--floor", "windows=1.2.4")...)
	o.must(append(withdraw, "--newest", "linux=1.2.9")...)
	issued(3, "linux 1.2.9 (not below 1.2.0); windows 1.2.3; withdrawn 1.3.0")
	// Another key has to know the one that signed the one before.
	other := []string{"withdraw", "1.2.1", "1.2.2", "--in", o.folder, "--key", in("b.pem")}
	o.refuses(exitFailed, "say --trusted FILE", other...)
	o.refuses(exitFailed, "a.pem: trusted keys: ", append(other, "--trusted", in("a.pem"))...)
	o.must(append(other, "--trusted", in("trusted.json"))...)
	issued(4, "linux 1.2.9 (not below 1.2.0); windows 1.2.3; withdrawn 1.2.1, 1.2.2, 1.3.0")
	o.must("channel", o.folder, "--key", in("a.pem"), "--key", in("b.pem"))
	if both, err := release.ParseSignatures(o.read(name + ".sig")); err != nil || len(both) != 2 {
		t.Errorf("%v: %v", both, err)
	}
	// A channel by later keys follows whatever those before them signed; those before do not go on from it.
	o.must("keygen", "--out", in("c.pem"), "--trusted", in("trusted-2.json"), "--by", in("b.pem"), "--drop", trusted.IDs()[0])
	trusted = o.trusted(in("trusted-3.json"))
	o.must("channel", o.folder, "--key", in("c.pem"), "--trusted", in("trusted-2.json"), "--trusted", in("trusted-3.json"))
	issued(2*release.ChannelsOfKeys, "linux 1.2.9 (not below 1.2.0); windows 1.2.3; withdrawn 1.2.1, 1.2.2, 1.3.0")
	o.refuses(exitFailed, "may issue", "channel", o.folder, "--key", in("c.pem"), "--trusted", in("trusted-2.json"))
	by[3] = in("c.pem")
	o.must(by...)
	issued(2*release.ChannelsOfKeys+1, "linux 1.2.9 (not below 1.2.0); windows 1.2.3; withdrawn 1.2.1, 1.2.2, 1.3.0")
	// What somebody changed meanwhile is not signed.
	before := o.read(name)
	if err := os.WriteFile(name, bytes.Replace(before, []byte("1.2.0"), []byte("1.1.0"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	o.refuses(exitFailed, "is not of these bytes", by...)
	if err := os.Remove(name + ".sig"); err != nil {
		t.Fatal(err)
	}
	o.refuses(exitFailed, "no such file", by...)
}

package shelf

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/shelf/shelftest"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
)

const manifestSignature = release.ManifestName + release.SignatureEnding

var issued = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func openTrusting(t *testing.T, dir string, trusted release.Trusted) *Releases {
	t.Helper()
	r, err := OpenReleases(dir, trusted, func(int64) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func addSigned(t *testing.T, r *Releases, files map[string][]byte) Added {
	t.Helper()
	added, err := r.Add(shelftest.Sent(files))
	if err != nil {
		t.Fatal(err)
	}
	return added
}

// refused adds what must change nothing.
func refused(t *testing.T, r *Releases, dir, want string, files map[string][]byte) {
	t.Helper()
	before, by := tree(t, dir), r.Vouched()
	if _, err := r.Add(shelftest.Sent(files)); collector.CodeOf(err) != collector.BadRequest || !strings.Contains(err.Error(), want) {
		t.Errorf("%q: %v", want, err)
	}
	if diff := cmp.Diff(before, tree(t, dir)) + cmp.Diff(by.Trusted, r.Vouched().Trusted) + cmp.Diff(by.Channel, r.Vouched().Channel); diff != "" {
		t.Errorf("%q: it changed %s", want, diff)
	}
}

func both(all ...map[string][]byte) map[string][]byte {
	files := map[string][]byte{}
	for _, some := range all {
		maps.Copy(files, some)
	}
	return files
}

// What an administrator's token can send, whoever stole it.
func TestOnlyWhatATrustedKeySignedIsTaken(t *testing.T) {
	dir, key, other := t.TempDir(), shelftest.Signer(t), shelftest.Signer(t)
	r := openTrusting(t, dir, shelftest.Trust(1, key))
	plain := shelftest.Released(t, "1.2.3", release.Linux)
	good := shelftest.Signed(t, plain, key)
	refused(t, r, dir, "there is no signature beside it", plain)
	refused(t, r, dir, "is none of them", shelftest.Signed(t, plain, other))
	refused(t, r, dir, "not of these bytes", both(good, map[string][]byte{
		manifestSignature: shelftest.Signed(t, shelftest.Released(t, "1.2.4", release.Linux), key)[manifestSignature],
	}))
	asChannel, err := release.Signatures(nil).With(token.ChannelStatement(plain[release.ManifestName]), key).Encode()
	if err != nil {
		t.Fatal(err)
	}
	refused(t, r, dir, "not of these bytes", both(plain, map[string][]byte{manifestSignature: asChannel}))
	for _, name := range []string{release.ManifestName, manifestSignature} {
		for at, b := range good[name] {
			changed := slices.Clone(good[name])
			changed[at] = b ^ 1
			if _, err := r.Add(shelftest.Sent(both(good, map[string][]byte{name: changed}))); err == nil && !sameSignature(t, changed, good[name]) {
				t.Fatalf("%s: taken with byte %d changed", name, at)
			} else if err == nil {
				if err := r.Remove("1.2.3"); err != nil {
					t.Fatal(err)
				}
			}
		}
		refused(t, r, dir, "no trusted key signed it", both(good, map[string][]byte{name: good[name][:len(good[name])/2]}))
	}
	rpm := "dayline-agent-1.2.3-linux-amd64.rpm"
	refused(t, r, dir, "its SHA-256 is", both(good, map[string][]byte{rpm: append([]byte{good[rpm][0], good[rpm][1] ^ 1}, good[rpm][2:]...)}))
	if len(r.List()) > 0 {
		t.Fatal("something of it is on the shelf")
	}
	addSigned(t, r, shelftest.Signed(t, plain, other, key)) // one that is trusted is enough
	if chosen, err := r.Choose(release.Linux, ""); err != nil || chosen.Version.String() != "1.2.3" {
		t.Errorf("%v: %v", chosen, err)
	}
}

// sameSignature tells whether a changed file says the same: of the last letter of base64, some bits mean nothing.
func sameSignature(t *testing.T, changed, good []byte) bool {
	t.Helper()
	a, err := release.ParseSignatures(changed)
	b, err2 := release.ParseSignatures(good)
	return err == nil && err2 == nil && cmp.Equal(a, b)
}

// What whoever took over the collector can do to its disk.
func TestWhatIsSignedByNobodyOnDiskIsNotHandedOut(t *testing.T) {
	key, other := shelftest.Signer(t), shelftest.Signer(t)
	const rpm = "dayline-agent-1.2.3-linux-amd64.rpm"
	for name, tamper := range map[string]func(at func(...string) string) error{
		"another package, and its hash": func(at func(...string) string) error {
			text, err := os.ReadFile(at("1.2.3", release.ManifestName))
			if err != nil {
				return err
			}
			manifest, err := release.ParseManifest(text)
			if err != nil {
				return err
			}
			evil := []byte("\xed\xab\xee\xdbevil")
			sum := sha256.Sum256(evil)
			i := slices.IndexFunc(manifest.Packages, func(p release.Package) bool { return p.Name == rpm })
			manifest.Packages[i].Size, manifest.Packages[i].SHA256 = int64(len(evil)), hex.EncodeToString(sum[:])
			if text, err = manifest.Encode(); err != nil {
				return err
			}
			files := shelftest.Signed(t, map[string][]byte{release.ManifestName: text, rpm: evil}, other)
			for name, content := range files {
				if err := os.WriteFile(at("1.2.3", name), content, 0o600); err != nil {
					return err
				}
			}
			return nil
		},
		"no signature":       func(at func(...string) string) error { return os.Remove(at("1.2.3", manifestSignature)) },
		"under another name": func(at func(...string) string) error { return os.Rename(at("1.2.3"), at("9.9.9")) },
		"a channel of their own": func(at func(...string) string) error {
			return os.WriteFile(at("channel-1.json"), shelftest.Channel(t, 1, issued, "1.2.3", "1.0.0")[release.ChannelName], 0o600)
		},
		"a later channel of their own": func(at func(...string) string) error {
			return os.WriteFile(at("channel-2.json"), shelftest.Channel(t, 2, issued, "1.2.3", "")[release.ChannelName], 0o600)
		},
		"keys of their own": func(at func(...string) string) error {
			for name, text := range shelftest.Signed(t, shelftest.Keys(t, shelftest.Trust(2, other)), other) {
				if err := os.WriteFile(at(name), text, 0o600); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		dir := t.TempDir()
		r := openTrusting(t, dir, shelftest.Trust(1, key))
		addSigned(t, r, shelftest.Signed(t, both(shelftest.Released(t, "1.2.3", release.Linux), shelftest.Channel(t, 1, issued, "1.2.3", "")), key))
		if _, err := r.Choose(release.Linux, "1.2.3"); err != nil {
			t.Fatal(err)
		}
		at := func(names ...string) string { return filepath.Join(append([]string{dir, ReleasesFolder}, names...)...) }
		if err := tamper(at); err != nil {
			t.Fatal(err)
		}
		r = openTrusting(t, dir, shelftest.Trust(1, key))
		for _, pinned := range []string{"", "1.2.3", "9.9.9"} {
			if chosen, err := r.Choose(release.Linux, pinned); collector.CodeOf(err) != collector.NotFound {
				t.Errorf("%s: %v is handed out: %v", name, chosen, err)
			}
		}
		for _, one := range r.List() {
			for _, p := range one.Packages {
				if held, err := one.Package(p.OS, p.Arch, p.Kind); err == nil {
					t.Errorf("%s: %s is handed out", name, held.Name)
				}
			}
		}
	}
}

func TestWhatWasWithdrawnIsHandedToNobody(t *testing.T) {
	dir, key := t.TempDir(), shelftest.Signer(t)
	r := openTrusting(t, dir, shelftest.Trust(1, key))
	for _, version := range []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0"} {
		addSigned(t, r, shelftest.Signed(t, shelftest.Released(t, version, release.Linux, release.Windows), key))
	}
	if added := addSigned(t, r, shelftest.Signed(t, shelftest.Channel(t, 1, issued, "1.2.0", "1.1.0", "1.3.0"), key)); added.Channel == nil || added.Release != nil {
		t.Errorf("%v", added)
	}
	for _, r := range []*Releases{r, openTrusting(t, dir, shelftest.Trust(1, key))} {
		for _, c := range []struct{ system, pinned, want string }{
			{release.Linux, "", "1.2.0"},
			{release.Linux, "1.1.0", "1.1.0"},
			{release.Linux, "1.0.0", "below the oldest version that may be installed for linux, 1.1.0): pin another"},
			{release.Linux, "1.3.0", "updates.linux is pinned to what is not handed out (1.3.0: it was withdrawn): pin another"},
			{release.Windows, "1.0.0", "1.0.0"}, // it has no floor
			{release.Windows, "1.3.0", "1.3.0: it was withdrawn"},
		} {
			if chosen, err := r.Choose(c.system, c.pinned); err == nil && chosen.Version.String() != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, pinned %q: %v, %v", c.system, c.pinned, chosen, err)
			}
		}
		// Nor by its name, as a command of an older link asks for it.
		if _, err := r.List()[0].Package(release.Linux, release.AMD64, release.RPM); collector.CodeOf(err) != collector.NotFound || !strings.Contains(err.Error(), "1.3.0: it was withdrawn") {
			t.Errorf("%v", err)
		}
	}
	addSigned(t, r, shelftest.Signed(t, shelftest.Channel(t, 2, issued, "1.4.0", "1.4.0"), key))
	if _, err := r.Choose(release.Linux, ""); err == nil || !strings.Contains(err.Error(), "no release for linux on the shelf is handed out (1.3.0: it is below") {
		t.Errorf("where all are below the floor: %v", err)
	}
}

func TestAChannelIsReplacedByALaterOneOnly(t *testing.T) {
	dir, key, other := t.TempDir(), shelftest.Signer(t), shelftest.Signer(t)
	r := openTrusting(t, dir, shelftest.Trust(1, key))
	channel := func(version int, withdrawn ...string) map[string][]byte {
		return shelftest.Channel(t, version, issued, "1.2.3", "", withdrawn...)
	}
	refused(t, r, dir, "there is no signature beside it", channel(1))
	refused(t, r, dir, "is none of them", shelftest.Signed(t, channel(1), other))
	third := shelftest.Signed(t, channel(3, "1.0.0"), key)
	for _, files := range []map[string][]byte{shelftest.Signed(t, channel(2), key), third} {
		if added := addSigned(t, r, files); added.Channel == nil {
			t.Error("it is not there")
		}
	}
	if added := addSigned(t, r, third); added.Channel != nil {
		t.Error("what was there is new")
	}
	refused(t, r, dir, "version 2 is not newer than 3", shelftest.Signed(t, channel(2), key))
	refused(t, r, dir, "version 3 is not newer than 3", shelftest.Signed(t, channel(3), key))
	elsewhere := map[string][]byte{release.ChannelName: []byte(strings.Replace(string(channel(4)[release.ChannelName]), release.Product, "another", 1))}
	refused(t, r, dir, `product: "another"`, shelftest.Signed(t, elsewhere, key))
	spoilt := both(shelftest.Signed(t, channel(4), key))
	for at := range spoilt[release.ChannelName] {
		changed := slices.Clone(spoilt[release.ChannelName])
		changed[at] ^= 1
		if _, err := r.Add(shelftest.Sent(both(spoilt, map[string][]byte{release.ChannelName: changed}))); err == nil {
			t.Fatalf("taken with byte %d changed", at)
		}
	}
	// A release that is refused takes no channel along.
	refused(t, r, dir, "there is no signature beside it", both(shelftest.Released(t, "1.2.3", release.Linux), shelftest.Signed(t, channel(4), key)))
	files := slices.Sorted(maps.Keys(tree(t, dir)))
	if diff := cmp.Diff([]string{"releases/channel-3.json", "releases/channel-3.json.sig"}, files); diff != "" {
		t.Error(diff)
	}
	// One that was damaged is put right by itself, not by an older one.
	for _, name := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("[]"), 0o600); err != nil {
			t.Fatal(err)
		}
		r = openTrusting(t, dir, shelftest.Trust(1, key))
		if r.Vouched().Problem == nil || r.Vouched().Channel != nil {
			t.Errorf("%s: it counts", name)
		}
		refused(t, r, dir, "version 2 is not newer than 3", shelftest.Signed(t, channel(2), key))
		if addSigned(t, r, third); r.Vouched().Problem != nil || r.Vouched().Channel.Version != 3 {
			t.Errorf("%s: %v", name, r.Vouched())
		}
	}
}

// Whoever stole a key signs the highest version that it can, and is overtaken by the first one of the keys that follow.
func TestChannelsOfLaterKeysFollow(t *testing.T) {
	dir, stolen, other := t.TempDir(), shelftest.Signer(t), shelftest.Signer(t)
	built := shelftest.Trust(1, stolen, other)
	r := openTrusting(t, dir, built)
	channel := func(version int) map[string][]byte { return shelftest.Channel(t, version, issued, "1.2.3", "") }
	addSigned(t, r, shelftest.Signed(t, channel(release.ChannelsOfKeys-1), stolen))
	for _, version := range []int{release.ChannelsOfKeys, 1 << 62} {
		refused(t, r, dir, "may issue", shelftest.Signed(t, channel(version), stolen))
	}
	next := shelftest.Trust(2, other)
	addSigned(t, r, shelftest.Signed(t, both(shelftest.Keys(t, next), channel(next.FirstChannel())), other))
	for _, r := range []*Releases{r, openTrusting(t, dir, built)} {
		if by := r.Vouched(); by.Problem != nil || by.Trusted.Version != 2 || by.Channel.Version != next.FirstChannel() {
			t.Errorf("%v", by)
		}
	}
}

func TestKeysFollowFromThoseOfTheBuild(t *testing.T) {
	dir, first, second, third := t.TempDir(), shelftest.Signer(t), shelftest.Signer(t), shelftest.Signer(t)
	built := shelftest.Trust(1, first)
	r := openTrusting(t, dir, built)
	addSigned(t, r, shelftest.Signed(t, shelftest.Released(t, "1.0.0", release.Linux), first))
	addSigned(t, r, shelftest.Signed(t, shelftest.Released(t, "1.1.0", release.Linux), first, second))
	next := shelftest.Signed(t, shelftest.Keys(t, shelftest.Trust(2, second)), first)
	last := shelftest.Signed(t, shelftest.Keys(t, shelftest.Trust(3, third, second)), second)
	refused(t, r, dir, "is none of them", shelftest.Signed(t, shelftest.Keys(t, shelftest.Trust(2, second)), second))
	refused(t, r, dir, "trusted-3.json: trusted-2.json, which it follows, is missing", last)
	refused(t, r, dir, "trusted-2.json, which it follows", both(last, shelftest.Signed(t, shelftest.Released(t, "1.2.0", release.Linux), third)))
	if added := addSigned(t, r, both(next, last, shelftest.Signed(t, shelftest.Released(t, "1.2.0", release.Linux), third))); added.Trusted != 3 || added.Release == nil {
		t.Errorf("%v", added)
	}
	// Whoever stole the first key is not heard any more.
	if added := addSigned(t, r, shelftest.Signed(t, shelftest.Keys(t, shelftest.Trust(2, first)), first)); added.Trusted != 0 {
		t.Errorf("a list that was replaced is back: %v", added)
	}
	refused(t, r, dir, "is none of them", shelftest.Signed(t, shelftest.Released(t, "1.3.0", release.Linux), first))
	for _, r := range []*Releases{r, openTrusting(t, dir, built), openTrusting(t, dir, shelftest.Trust(3, third, second))} {
		there := map[string]bool{}
		for _, one := range r.List() {
			there[one.Version.String()] = one.Problem == nil
		}
		if diff := cmp.Diff(map[string]bool{"1.0.0": false, "1.1.0": true, "1.2.0": true}, there); diff != "" || r.Vouched().Trusted.Version != 3 {
			t.Errorf("by version %d: %s", r.Vouched().Trusted.Version, diff)
		}
	}
	// What is signed anew needs no packages.
	again := shelftest.Signed(t, shelftest.Released(t, "1.0.0", release.Linux), first, third)
	if _, err := r.Add(inOrder(again, release.ManifestName, manifestSignature)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Choose(release.Linux, "1.0.0"); err != nil {
		t.Error(err)
	}
}

// A collector that was built without keys, and the one with keys that takes its place.
// An agent of an earlier build is handed what leads from its keys to those of a collector that has later ones from the start.
func TestEarlierKeysLeadToThoseOfTheBuild(t *testing.T) {
	dir := t.TempDir()
	first, second, third := shelftest.Signer(t), shelftest.Signer(t), shelftest.Signer(t)
	r := openTrusting(t, dir, shelftest.Trust(3, third))
	next := shelftest.Signed(t, shelftest.Keys(t, shelftest.Trust(2, second)), first)
	last := shelftest.Signed(t, shelftest.Keys(t, shelftest.Trust(3, third)), second)
	refused(t, r, dir, "trusted-3.json, which follows it, is missing", next)
	refused(t, r, dir, "not the keys of version 3 that this build trusts", shelftest.Signed(t, shelftest.Keys(t, shelftest.Trust(3, first)), second))
	refused(t, r, dir, "no trusted key signed it", both(last, shelftest.Signed(t, shelftest.Keys(t, shelftest.Trust(2, first)), first)))
	handed := func(r *Releases, files ...map[string][]byte) {
		t.Helper()
		for name, content := range both(files...) {
			if got := fetched(r, "GET", name); got.Body.String() != string(content) {
				t.Errorf("%s: %d, %q", name, got.Code, got.Body)
			}
		}
	}
	refused(t, r, dir, "trusted-3.json: signatures: ", shelftest.Keys(t, shelftest.Trust(3, third)))
	addSigned(t, r, last)
	handed(r, last)
	if got := fetched(r, "GET", "trusted-2.json"); got.Code != 404 {
		t.Errorf("%d, %q", got.Code, got.Body)
	}
	if added := addSigned(t, r, both(next, last)); added.Trusted != 3 {
		t.Errorf("%+v", added)
	}
	handed(r, next, last)
	if added := addSigned(t, r, both(next, last)); added.Trusted != 0 {
		t.Errorf("once more: %+v", added)
	}
	// A later build hands the same out.
	r = openTrusting(t, dir, shelftest.Trust(3, third))
	handed(r, next, last)
	if by := r.Vouched(); by.Problem != nil || by.Trusted.Version != 3 {
		t.Errorf("%+v", by)
	}
	// What leads elsewhere keeps nothing else from being handed out.
	if err := os.WriteFile(filepath.Join(dir, ReleasesFolder, "trusted-3.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	r = openTrusting(t, dir, shelftest.Trust(3, third))
	if by := r.Vouched(); by.Problem != nil || fetched(r, "GET", "trusted-3.json").Code != 404 {
		t.Errorf("%+v", by)
	}
	addSigned(t, r, last)
	handed(r, next, last)
}

func TestWithoutKeysAnyReleaseIsTaken(t *testing.T) {
	dir, key := t.TempDir(), shelftest.Signer(t)
	r := openTrusting(t, dir, release.Trusted{})
	addSigned(t, r, shelftest.Released(t, "1.0.0", release.Linux))
	addSigned(t, r, shelftest.Signed(t, shelftest.Released(t, "1.1.0", release.Linux), key))
	refused(t, r, dir, "built without release keys", shelftest.Signed(t, shelftest.Channel(t, 1, issued, "1.1.0", ""), key))
	refused(t, r, dir, "built without release keys", shelftest.Keys(t, shelftest.Trust(1, key)))
	for _, version := range []string{"1.0.0", "1.1.0"} {
		if _, err := r.Choose(release.Linux, version); err != nil {
			t.Error(err)
		}
	}
	r = openTrusting(t, dir, shelftest.Trust(1, key))
	if _, err := r.Choose(release.Linux, "1.1.0"); err != nil {
		t.Error(err)
	}
	if _, err := r.Choose(release.Linux, "1.0.0"); collector.CodeOf(err) != collector.NotFound || !strings.Contains(err.Error(), "no trusted key signed it") {
		t.Error(err)
	}
}

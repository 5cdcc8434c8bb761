package shelf

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/shelf/shelftest"
	"github.com/dayline-project/dayline/collector/stamp"
	"github.com/dayline-project/dayline/shared/release"
)

func openReleases(t *testing.T, dir string) *Releases {
	t.Helper()
	r, err := OpenReleases(dir, release.Trusted{}, func(int64) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sent gives files as they arrive: the manifest, then the packages by name.
func sent(files map[string][]byte) Next {
	names := slices.SortedFunc(maps.Keys(files), func(a, b string) int {
		if a == release.ManifestName || b == release.ManifestName {
			return strings.Compare(b, a)
		}
		return strings.Compare(a, b)
	})
	return inOrder(files, names...)
}

func inOrder(files map[string][]byte, names ...string) Next {
	return func() (string, io.Reader, error) {
		if len(names) == 0 {
			return "", nil, io.EOF
		}
		name := names[0]
		names = names[1:]
		return name, strings.NewReader(string(files[name])), nil
	}
}

func addTo(t *testing.T, r *Releases, files map[string][]byte) *Release {
	t.Helper()
	added, err := r.Add(sent(files))
	if err != nil {
		t.Fatal(err)
	}
	return added.Release
}

// tree lists the files below a folder, with what is in them.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(name)
		found[strings.TrimPrefix(name, dir+"/")] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func text(t *testing.T, r io.Reader) string {
	t.Helper()
	read, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(read)
}

func TestWhatIsAddedIsHandedOut(t *testing.T) {
	dir := t.TempDir()
	r := openReleases(t, dir)
	files := shelftest.Released(t, "1.2.3", release.Windows, release.Linux)
	addTo(t, r, files)
	for _, r := range []*Releases{r, openReleases(t, dir)} { // and when it is opened again
		chosen, err := r.Choose(release.Windows, "")
		if err != nil || len(chosen.Packages) != 4 || chosen.Manifest.Version != "1.2.3" {
			t.Fatalf("%v: %v", chosen, err)
		}
		for _, p := range chosen.Packages {
			held, err := chosen.Package(p.OS, p.Arch, p.Kind)
			if err != nil {
				t.Fatal(err)
			}
			if got := text(t, io.NewSectionReader(held, 0, held.Size)); got != string(files[p.Name]) {
				t.Errorf("%s has other bytes", p.Name)
			}
			if again, _ := chosen.Package(p.OS, p.Arch, p.Kind); again != held {
				t.Errorf("%s is opened for each who asks", p.Name)
			}
		}
		msi, err := chosen.Package(release.Windows, release.AMD64, release.MSI)
		if err != nil || msi.Stamp.Carrier() != stamp.Inside {
			t.Errorf("%v: %v", msi, err)
		}
		if _, err := chosen.Package(release.Linux, release.AMD64, release.Deb); collector.CodeOf(err) != collector.NotFound || !strings.Contains(err.Error(), "release add") {
			t.Errorf("a package that it has none of: %v", err)
		}
	}
}

func TestWhichReleaseASystemGets(t *testing.T) {
	r := openReleases(t, t.TempDir())
	if _, err := r.Choose(release.Linux, ""); collector.CodeOf(err) != collector.NotFound || !strings.Contains(err.Error(), "release add") {
		t.Errorf("of an empty shelf: %v", err)
	}
	addTo(t, r, shelftest.Released(t, "1.10.0-rc.1", release.Linux))
	choose := func(system, pinned string) string {
		chosen, err := r.Choose(system, pinned)
		if err != nil {
			return err.Error()
		}
		return chosen.Version.String()
	}
	if got := choose(release.Linux, ""); got != "1.10.0-rc.1" {
		t.Errorf("where there is nothing but a pre-release: %s", got)
	}
	for _, version := range []string{"1.9.0", "1.2.3"} {
		addTo(t, r, shelftest.Released(t, version, release.Linux))
	}
	addTo(t, r, shelftest.Released(t, "1.8.0", release.Windows))
	for _, c := range []struct{ system, pinned, want string }{
		{release.Linux, "", "1.9.0"},
		{release.Windows, "", "1.8.0"}, // newer ones have nothing for it
		{release.MacOS, "", "no release for macos is on the shelf: "},
		{release.Linux, "1.2.3", "1.2.3"},
		{release.Linux, "1.10.0-rc.1", "1.10.0-rc.1"},
		{release.Linux, "1.8.0", "updates.linux is pinned to 1.8.0, which is not on the shelf for linux (there: 1.10.0-rc.1, 1.9.0, 1.2.3): "},
		{release.MacOS, "1.9.0", "updates.macos is pinned to 1.9.0, which is not on the shelf for macos (there: none): "},
	} {
		got := choose(c.system, c.pinned)
		if want, words := strings.CutSuffix(c.want, ": "); !words && got != want || words && (!strings.HasPrefix(got, c.want) || !strings.Contains(got, "release add")) {
			t.Errorf("%s, pinned %q: %s, not %s", c.system, c.pinned, got, c.want)
		}
	}
	var order []string
	for _, one := range r.List() {
		order = append(order, one.Version.String())
	}
	if got := strings.Join(order, " "); got != "1.10.0-rc.1 1.9.0 1.8.0 1.2.3" {
		t.Errorf("listed: %s", got)
	}
}

func TestAReleaseIsAddedWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	r := openReleases(t, dir)
	addTo(t, r, shelftest.Released(t, "1.2.3", release.Linux))
	before := tree(t, dir)
	files := shelftest.Released(t, "1.2.4", release.Linux, release.Windows)
	const rpm, msi = "dayline-agent-1.2.4-linux-amd64.rpm", "dayline-agent-1.2.4-windows-amd64.msi"
	with := func(change func(map[string][]byte)) map[string][]byte {
		changed := maps.Clone(files)
		change(changed)
		return changed
	}
	for want, next := range map[string]Next{
		"has to come first":       inOrder(files, rpm, release.ManifestName),
		"which lists a release's": inOrder(files),
		"there are no packages":   inOrder(files, release.ManifestName),
		"is there twice":          inOrder(files, release.ManifestName, rpm, rpm),
		"none of the packages":    inOrder(files, release.ManifestName, rpm, "../"+msi),
		"which has":               sent(with(func(f map[string][]byte) { f[msi] = append(slices.Clone(f[msi]), 0) })),
		"lists, which":            sent(with(func(f map[string][]byte) { f[msi] = f[msi][1:] })),
		"its SHA-256 is":          sent(with(func(f map[string][]byte) { f[msi] = slices.Clone(f[msi]); f[msi][100] ^= 1 })),
		"product":                 sent(with(func(f map[string][]byte) { f[release.ManifestName] = []byte("{}") })),
		"unexpected EOF":          sent(with(func(f map[string][]byte) { f[release.ManifestName] = []byte("{") })),
	} {
		if _, err := r.Add(next); collector.CodeOf(err) != collector.BadRequest || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
	broken := errors.New("the network is gone")
	whole := sent(files)
	if _, err := r.Add(func() (string, io.Reader, error) {
		name, content, err := whole()
		if name == msi {
			content = io.MultiReader(io.LimitReader(content, 100), &failing{broken})
		}
		return name, content, err
	}); !errors.Is(err, broken) {
		t.Errorf("cut off: %v", err)
	}
	full := collector.Refuse(collector.NoSpace, "", "full")
	r.room = func(bytes int64) error {
		if bytes != int64(len(files[rpm])) {
			t.Errorf("room for %d bytes is asked for", bytes)
		}
		return full
	}
	if _, err := r.Add(inOrder(files, release.ManifestName, rpm)); !errors.Is(err, full) {
		t.Errorf("without room: %v", err)
	}
	if diff := cmp.Diff(before, tree(t, dir)); diff != "" || len(r.List()) != 1 {
		t.Errorf("what was refused left something behind: %s", diff)
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

func TestPackagesOfOneReleaseComeOneByOne(t *testing.T) {
	r := openReleases(t, t.TempDir())
	files := shelftest.Released(t, "1.2.3", release.Linux, release.Windows)
	names := slices.Sorted(maps.Keys(files)) // the manifest is the last
	for i, name := range names[:4] {
		added, err := r.Add(inOrder(files, release.ManifestName, name))
		if err != nil || len(added.Release.Packages) != i+1 {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if chosen, err := r.Choose(release.Windows, ""); err != nil || len(chosen.Packages) != 4 || len(r.List()) != 1 {
		t.Errorf("%v: %v", chosen, err)
	}
	addTo(t, r, files) // once more changes nothing
	if _, err := r.Add(sent(shelftest.Released(t, "1.2.3", release.Linux))); collector.CodeOf(err) != collector.Conflict || !strings.Contains(err.Error(), "release remove 1.2.3") {
		t.Errorf("another release of this version: %v", err)
	}
}

func TestTheShelfHoldsSoMany(t *testing.T) {
	r := openReleases(t, t.TempDir())
	for minor := range maxReleases {
		addTo(t, r, shelftest.Released(t, fmt.Sprintf("1.%d.0", minor), release.Linux))
	}
	next := shelftest.Released(t, "2.0.0", release.Linux)
	if _, err := r.Add(sent(next)); collector.CodeOf(err) != collector.Conflict || !strings.Contains(err.Error(), "release remove") {
		t.Errorf("one more: %v", err)
	}
	if err := r.Remove("1.0.0"); err != nil {
		t.Fatal(err)
	}
	addTo(t, r, next)
}

func TestARemovedReleaseIsReadToItsEnd(t *testing.T) {
	dir := t.TempDir()
	r := openReleases(t, dir)
	files := shelftest.Released(t, "1.2.3", release.Linux)
	held, err := addTo(t, r, files).Package(release.Linux, release.ARM64, release.RPM)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Remove("1.2.3"); err != nil {
		t.Fatal(err)
	}
	if got := text(t, io.NewSectionReader(held, 0, held.Size)); got != string(files[held.Name]) {
		t.Error("a download that goes on ends as another file")
	}
	if left := tree(t, dir); len(left) > 0 || len(r.List()) > 0 {
		t.Errorf("left behind: %v", slices.Collect(maps.Keys(left)))
	}
	for version, code := range map[string]collector.Code{"1.2.3": collector.NotFound, "..": collector.BadRequest, "": collector.BadRequest} {
		if err := r.Remove(version); collector.CodeOf(err) != code {
			t.Errorf("%q: %v", version, err)
		}
	}
}

// Only one changes the shelf at a time; who wants it too is told at once.
func TestTwoDoNotAddAtOnce(t *testing.T) {
	r := openReleases(t, t.TempDir())
	whole := sent(shelftest.Released(t, "1.2.3", release.Linux))
	if _, err := r.Add(func() (string, io.Reader, error) {
		_, meanwhile := r.Add(sent(shelftest.Released(t, "1.2.4", release.Linux)))
		if collector.CodeOf(meanwhile) != collector.Conflict || collector.CodeOf(r.Remove("1.2.3")) != collector.Conflict {
			t.Errorf("meanwhile: %v", meanwhile)
		}
		return whole()
	}); err != nil {
		t.Fatal(err)
	}
}

// What a disk or a person did to the folder is told and handed to nobody, and left where it is.
func TestADamagedReleaseIsNotHandedOut(t *testing.T) {
	dir := t.TempDir()
	r := openReleases(t, dir)
	for _, version := range []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0"} {
		addTo(t, r, shelftest.Released(t, version, release.Linux))
	}
	at := func(names ...string) string { return filepath.Join(append([]string{dir, ReleasesFolder}, names...)...) }
	rpm := at("1.0.0", "dayline-agent-1.0.0-linux-amd64.rpm")
	for _, err := range []error{
		os.WriteFile(rpm, []byte("another file"), 0o600),
		os.WriteFile(at("1.1.0", release.ManifestName), []byte("{"), 0o600),
		os.Remove(at("1.2.0", release.ManifestName)),
		os.Rename(at("1.3.0"), at("1.4.0")),
		os.Mkdir(at("notes"), 0o700),
		os.Mkdir(at(incoming+"123"), 0o700),
		os.WriteFile(at(incoming+"123", "half"), nil, 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	r = openReleases(t, dir)
	problems := map[string]bool{}
	for _, one := range r.List() {
		problems[one.Version.String()] = one.Problem != nil
	}
	if diff := cmp.Diff(map[string]bool{"1.0.0": false, "1.1.0": true, "1.2.0": true, "1.4.0": true}, problems); diff != "" {
		t.Error(diff)
	}
	chosen, err := r.Choose(release.Linux, "")
	if err != nil || chosen.Version.String() != "1.0.0" {
		t.Fatalf("%v: %v", chosen, err)
	}
	if held, err := chosen.Package(release.Linux, release.AMD64, release.RPM); held != nil || err == nil || !strings.Contains(err.Error(), "not the file") {
		t.Errorf("another file is handed out: %v", err)
	}
	if held, err := chosen.Package(release.Linux, release.ARM64, release.RPM); held == nil || err != nil {
		t.Errorf("the one beside it is not: %v", err)
	}
	if _, err := r.Choose(release.Linux, "1.1.0"); collector.CodeOf(err) != collector.NotFound || !strings.Contains(err.Error(), "release remove 1.1.0") {
		t.Errorf("pinned to what is damaged: %v", err)
	}
	if _, err := os.Stat(at("notes")); err != nil {
		t.Errorf("an administrator's own folder: %v", err)
	}
	if _, err := os.Stat(at(incoming + "123")); err == nil {
		t.Error("what a killed collector was given is still there")
	}
	// An administrator can put it right.
	for _, version := range []string{"1.0.0", "1.1.0"} {
		if err := r.Remove(version); err != nil {
			t.Fatal(err)
		}
		addTo(t, r, shelftest.Released(t, version, release.Linux))
	}
	if chosen, err := r.Choose(release.Linux, ""); err != nil || chosen.Version.String() != "1.1.0" {
		t.Errorf("put right: %v", err)
	}
}

package pkg

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	other "github.com/sassoftware/relic/v7/lib/fruit/xar"

	"github.com/dayline-project/dayline/installer/app"
	"github.com/dayline-project/dayline/installer/macho"
	"github.com/dayline-project/dayline/shared/codesign"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
)

var built = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var bundle = codesign.Files{
	"Contents/Info.plist":                   []byte("information"),
	"Contents/MacOS/dayline-agent":          bytes.Repeat([]byte("program\x00"), 1000),
	"Contents/Resources/Dayline.icns":       []byte("drawn"),
	"Contents/_CodeSignature/CodeResources": nil,
}

func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func build(t *testing.T, version string, signer *macho.Signer) []byte {
	t.Helper()
	p := Package{Version: must(release.ParseVersion(version))(t), Built: built, Bundle: bundle, Signer: signer}
	whole := must(p.Build())(t)
	if !bytes.Equal(whole, must(p.Build())(t)) {
		t.Error("built twice it is not the same")
	}
	return whole
}

// run has a program of the system's do something in a folder, and gives what it said.
func run(t *testing.T, folder string, input []byte, program string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, args...)
	command.Dir, command.Stdin = folder, bytes.NewReader(input)
	said, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v: %s", program, args, err, said)
	}
	return string(said)
}

// unpack has 7-Zip unpack a package into a folder, and cpio what installs and what runs, below payload and scripts.
func unpack(t *testing.T, whole []byte) (folder string) {
	t.Helper()
	folder = t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "dayline-agent.pkg"), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, folder, nil, "7z", "x", "-y", "-txar", "dayline-agent.pkg")
	for packed, into := range map[string]string{"Payload": "payload", "Scripts": "scripts"} {
		content := unzipped(t, filepath.Join(folder, component, packed))
		if err := os.Mkdir(filepath.Join(folder, into), 0o755); err != nil {
			t.Fatal(err)
		}
		run(t, filepath.Join(folder, into), content, "cpio", "--extract", "--quiet", "--make-directories", "--preserve-modification-time", "--no-preserve-owner")
	}
	return folder
}

func unzipped(t *testing.T, path string) []byte {
	t.Helper()
	packed := must(os.ReadFile(path))(t)
	return must(io.ReadAll(must(gzip.NewReader(bytes.NewReader(packed)))(t)))(t)
}

func TestWhatAPackageInstalls(t *testing.T) {
	folder := unpack(t, build(t, "1.2.3-rc.4", nil))
	var names []string
	for _, m := range app.Members(bundle) {
		names = append(names, m.Path)
		path := filepath.Join(folder, "payload", m.Path)
		info := must(os.Stat(path))(t)
		if info.Mode() != m.Mode || m.Mode.IsRegular() && !info.ModTime().Equal(built) {
			t.Errorf("%s is %v, of %s", m.Path, info.Mode(), info.ModTime())
		}
		if m.Mode.IsRegular() && !bytes.Equal(must(os.ReadFile(path))(t), m.Content) {
			t.Errorf("%s has another content", m.Path)
		}
	}
	// Whose it is tells the archive alone: only root could unpack it so.
	listed := run(t, folder, unzipped(t, filepath.Join(folder, component, "Payload")), "cpio", "--list", "--verbose", "--numeric-uid-gid", "--quiet")
	if got := strings.Count(listed, " 0        0 "); got != len(names)+1 {
		t.Errorf("root has %d of %d files: %s", got, len(names)+1, listed)
	}

	bill := must(os.ReadFile(filepath.Join(folder, component, "Bom")))(t)
	paths := readBom(t, bill)
	if len(paths) != len(names)+1 {
		t.Errorf("the bill lists %v", paths)
	}
	for _, p := range paths {
		info := must(os.Stat(filepath.Join(folder, "payload", p.name)))(t)
		want := fmt.Sprintf("%s %#o 0 0 %d", p.name, unixMode(info.Mode()), built.Unix())
		if info.Mode().IsRegular() {
			// cksum tells the checksum, the size and the name.
			sum := strings.Fields(run(t, filepath.Join(folder, "payload"), nil, "cksum", p.name))
			want += " " + sum[1] + " " + sum[0]
		}
		if got := p.String(); got != want {
			t.Errorf("the bill says %q of %q", got, want)
		}
	}
}

func TestWhatInstallerIsTold(t *testing.T) {
	folder := unpack(t, build(t, "1.2.3-rc.4", nil))
	type bundled struct {
		Path    string `xml:"path,attr"`
		ID      string `xml:"id,attr"`
		Short   string `xml:"CFBundleShortVersionString,attr"`
		Version string `xml:"CFBundleVersion,attr"`
	}
	var info struct {
		XMLName    xml.Name `xml:"pkg-info"`
		Identifier string   `xml:"identifier,attr"`
		Version    string   `xml:"version,attr"`
		Location   string   `xml:"install-location,attr"`
		Auth       string   `xml:"auth,attr"`
		Payload    struct {
			Files     int `xml:"numberOfFiles,attr"`
			Kilobytes int `xml:"installKBytes,attr"`
		} `xml:"payload"`
		Bundle  bundled `xml:"bundle"`
		Scripts struct {
			Before struct {
				File string `xml:"file,attr"`
			} `xml:"preinstall"`
			After struct {
				File string `xml:"file,attr"`
			} `xml:"postinstall"`
		} `xml:"scripts"`
	}
	if err := xml.Unmarshal(must(os.ReadFile(filepath.Join(folder, component, "PackageInfo")))(t), &info); err != nil {
		t.Fatal(err)
	}
	if info.Identifier != "org.dayline.agent" || info.Version != "1.2.3.40005" || info.Location != "/Library/Dayline" || info.Auth != "root" ||
		info.Payload.Files != 10 || info.Payload.Kilobytes != 10 || info.Bundle != (bundled{"./Dayline.app", "org.dayline.agent", "1.2.3", "1.2.3.40005"}) {
		t.Errorf("%+v", info)
	}
	for name, mode := range map[string]fs.FileMode{info.Scripts.Before.File: 0o755, info.Scripts.After.File: 0o755, "enroll": 0o600} {
		if about := must(os.Stat(filepath.Join(folder, "scripts", name)))(t); about.Mode() != mode {
			t.Errorf("%s is %v", name, about.Mode())
		}
	}
	if room := must(os.ReadFile(filepath.Join(folder, "scripts", "enroll")))(t); !bytes.Equal(room, token.Reservation()) {
		t.Errorf("no room for a string: %q", room)
	}
	var told struct {
		XMLName xml.Name `xml:"installer-gui-script"`
		Options struct {
			Root  string `xml:"rootVolumeOnly,attr"`
			Archs string `xml:"hostArchitectures,attr"`
		} `xml:"options"`
		Conclusion struct {
			File string `xml:"file,attr"`
		} `xml:"conclusion"`
		System struct {
			Min string `xml:"min,attr"`
		} `xml:"volume-check>allowed-os-versions>os-version"`
		Packages []struct {
			ID     string  `xml:"id,attr"`
			Holds  string  `xml:",chardata"`
			Bundle bundled `xml:"bundle-version>bundle"`
		} `xml:"pkg-ref"`
	}
	if err := xml.Unmarshal(must(os.ReadFile(filepath.Join(folder, "Distribution")))(t), &told); err != nil {
		t.Fatal(err)
	}
	for _, language := range []string{"en", "de"} {
		if text := string(must(os.ReadFile(filepath.Join(folder, "Resources", language+".lproj", told.Conclusion.File)))(t)); !strings.Contains(text, `lang="`+language+`"`) ||
			!strings.Contains(text, "/Library/Dayline/Dayline.app") || !strings.Contains(text, "dayline-agent my-day") {
			t.Errorf("in %s it ends with %s", language, text)
		}
	}
	if told.Options.Root != "true" || told.Options.Archs != "x86_64,arm64" || told.System.Min != macho.MinimumMacOS || len(told.Packages) != 2 ||
		told.Packages[0].Holds != "#"+component || told.Packages[1].Bundle != (bundled{"Dayline.app", "org.dayline.agent", "1.2.3", "1.2.3.40005"}) {
		t.Errorf("%+v", told)
	}
}

// Installer's window says why an older version is refused, before anything runs.
func TestInstallersWindowRefusesAnOlderVersion(t *testing.T) {
	folder := unpack(t, build(t, "1.2.3", nil))
	var told struct {
		Check struct {
			Script string `xml:"script,attr"`
		} `xml:"installation-check"`
		Script string `xml:"script"`
	}
	if err := xml.Unmarshal(must(os.ReadFile(filepath.Join(folder, "Distribution")))(t), &told); err != nil {
		t.Fatal(err)
	}
	// What Installer offers to scripts.
	const installer = `const asked = [], my = { result: {} }, system = {
	files: { plistAtPath: path => (asked.push(path), INFO) },
	compareVersions: (a, b) => Math.sign(a.localeCompare(b, 'en', { numeric: true })),
};
SCRIPT
console.log(CHECK, my.result.type, my.result.message, ...asked);`
	const at = "/Library/Dayline/Dayline.app/Contents/Info.plist"
	for info, want := range map[string]string{
		`null`:                                "true undefined undefined",
		`{}`:                                  "true undefined undefined",
		`{ CFBundleVersion: '1.2.3.40010' }`:  "true undefined undefined",
		`{ CFBundleVersion: '1.2.3.50000' }`:  "true undefined undefined",
		`{ CFBundleVersion: '1.10.0.50000' }`: "false Fatal To go back to 1.2.3, remove 1.10.0.50000 first: sudo dayline-agent uninstall --keep-data",
	} {
		program := strings.NewReplacer("INFO", info, "SCRIPT", told.Script, "CHECK", told.Check.Script).Replace(installer)
		if got := run(t, folder, nil, "node", "--eval", program); got != want+" "+at+"\n" {
			t.Errorf("with %s: %s", info, got)
		}
	}
}

// listedPath is what a bill says of one path.
type listedPath struct {
	name                             string
	folder                           bool
	mode                             uint16
	owner, group, at, size, checksum uint32
}

func (p listedPath) String() string {
	text := fmt.Sprintf("%s %#o %d %d %d", p.name, p.mode, p.owner, p.group, p.at)
	if !p.folder {
		text += fmt.Sprintf(" %d %d", p.size, p.checksum)
	}
	return text
}

// readBom reads a bill by its own index, as lsbom does, and checks that the keys are in order.
func readBom(t *testing.T, bill []byte) (paths []listedPath) {
	t.Helper()
	number := func(at uint32) uint32 { return binary.BigEndian.Uint32(bill[at:]) }
	if string(bill[:8]) != "BOMStore" || number(8) != 1 {
		t.Fatalf("it begins %q", bill[:12])
	}
	index, names := number(16), number(24)
	block := func(n uint32) []byte { return bill[number(index+4+8*n):][:number(index+8+8*n)] }
	if number(index) != number(12)+1 || number(20)+index != uint32(len(bill)) {
		t.Errorf("the index of %d blocks lists %d", number(12), number(index))
	}
	blocks := map[string]uint32{}
	for at, left := names+4, number(names); left > 0; left-- {
		size := uint32(bill[at+4])
		blocks[string(bill[at+5:][:size])] = number(at)
		at += 5 + size
	}
	u32 := func(b []byte, at int) uint32 { return binary.BigEndian.Uint32(b[at:]) }
	tree := block(blocks["Paths"])
	page := block(u32(tree, 8))
	if string(tree[:4]) != "tree" || int(u32(tree, 12)) != len(page) || page[1] != 1 || uint32(page[3]) != u32(tree, 16) {
		t.Errorf("the paths' tree is %x", tree)
	}
	known, last := map[uint32]string{0: "."}, ""
	for i := range int(page[3]) {
		id, key := block(u32(page, 12+8*i)), block(u32(page, 16+8*i))
		about, parent, name := block(u32(id, 4)), u32(key, 0), string(bytes.TrimRight(key[4:], "\x00"))
		if order := fmt.Sprintf("%08x %s", parent, name); order < last {
			t.Errorf("%s comes after %s", order, last)
		} else {
			last = order
		}
		path := filepath.Join(known[parent], name)
		known[u32(id, 0)] = path
		paths = append(paths, listedPath{path, about[0] == 2, binary.BigEndian.Uint16(about[4:]), u32(about, 6), u32(about, 10), u32(about, 14), u32(about, 18), u32(about, 23)})
	}
	for _, name := range []string{"HLIndex", "Size64"} {
		if empty := block(blocks[name]); string(empty[:4]) != "tree" || u32(empty, 16) != 0 {
			t.Errorf("%s is %x", name, empty)
		}
	}
	if about := block(blocks["BomInfo"]); int(u32(about, 4)) != len(paths)+1 {
		t.Errorf("it counts %d paths", u32(about, 4))
	}
	return paths
}

func TestASignedPackage(t *testing.T) {
	file := must(macho.NewCertificate("Example Ltd", "correct horse", built.AddDate(-1, 0, 0)))(t)
	signer := must(macho.OpenPackageSigner(file, "correct horse"))(t)
	whole := build(t, "1.2.3", signer)
	unpack(t, whole)
	x := must(other.Open(bytes.NewReader(whole), int64(len(whole))))(t)
	signature := must(x.Verify(false))(t)
	if !signature.Signature.Certificate.Equal(signer.Chain()[0]) || !slices.ContainsFunc(x.Certificates, signer.Chain()[0].Equal) {
		t.Error("somebody else signed it")
	}
	// Older systems look at the plain one.
	key := signer.Chain()[0].PublicKey.(*rsa.PublicKey)
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA1, x.TOCHash, x.ClassicSignature); err != nil || len(x.TOCHash) != sha1.Size {
		t.Error(err)
	}
	changed := bytes.Clone(whole)
	changed[len(changed)-1] ^= 1
	if x, err := other.Open(bytes.NewReader(changed), int64(len(changed))); err != nil {
		t.Error(err)
	} else if _, err := x.Verify(false); err == nil {
		t.Error("it may be changed")
	}
}

// A bill of more than one page is never written.
func TestTooManyFiles(t *testing.T) {
	many := codesign.Files{}
	for i := range bomPaths {
		many[fmt.Sprintf("Contents/%d", i)] = nil
	}
	p := Package{Version: must(release.ParseVersion("1.2.3"))(t), Built: built, Bundle: many}
	if _, err := p.Build(); err == nil || err.Error() != "pkg: more files than one page lists" {
		t.Error(err)
	}
}

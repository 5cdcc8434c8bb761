package app

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"image/png"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"howett.net/plist"

	"github.com/dayline-project/dayline/installer/macho"
	"github.com/dayline-project/dayline/shared/codesign"
	"github.com/dayline-project/dayline/shared/release"
)

const password = "correct horse"

var built = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var ownSigner = sync.OnceValues(func() (*macho.Signer, error) {
	file, err := macho.NewCertificate("Example Ltd", password, built.AddDate(-1, 0, 0))
	if err != nil {
		return nil, err
	}
	return macho.OpenSigner(file, password)
})

// A small program stands for the agent: linked once for each processor.
var linked = sync.OnceValues(func() (programs [2][]byte, err error) {
	folder, err := os.MkdirTemp("", "dayline-app-")
	if err != nil {
		return programs, err
	}
	defer os.RemoveAll(folder)
	source, program := filepath.Join(folder, "main.go"), filepath.Join(folder, "program")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		return programs, err
	}
	for i, arch := range []string{"amd64", "arm64"} {
		command := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, source)
		command.Env = append(os.Environ(), "GOOS=darwin", "GOARCH="+arch, "CGO_ENABLED=0")
		if output, err := command.CombinedOutput(); err != nil {
			return programs, &exec.Error{Name: string(output), Err: err}
		}
		if programs[i], err = os.ReadFile(program); err != nil {
			return programs, err
		}
	}
	return programs, nil
})

func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// made are the bundles built before; drawing the icon takes longest.
var made = map[string]struct {
	files codesign.Files
	id    codesign.Identity
}{}

// bundle is the application of a version, signed with a certificate or ad hoc.
func bundle(t *testing.T, version string, signed bool) (codesign.Files, codesign.Identity) {
	t.Helper()
	key := version
	a := App{Version: must(release.ParseVersion(version))(t), Built: built}
	if signed {
		a.Signer = must(ownSigner())(t)
		key += " signed"
	}
	programs := must(linked())(t)
	b, found := made[key]
	if !found {
		var err error
		if b.files, b.id, err = a.Build(programs[0], programs[1]); err != nil {
			t.Fatal(err)
		}
		made[key] = b
	}
	return b.files, b.id
}

func TestTheBundlesFiles(t *testing.T) {
	files, id := bundle(t, "1.2.3-rc.4", true)
	names := []string{"Contents/Info.plist", "Contents/MacOS/dayline-agent", "Contents/Resources/Dayline.icns", "Contents/_CodeSignature/CodeResources"}
	if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, names) {
		t.Errorf("it has %q", got)
	}
	if id.AdHoc || id.Identifier != Identifier || !strings.HasPrefix(id.Requirement, `identifier "org.dayline.agent" and certificate leaf = H"`) {
		t.Errorf("%+v", id)
	}
	var info map[string]any
	if _, err := plist.Unmarshal(files[names[0]], &info); err != nil {
		t.Fatal(err)
	}
	if wanted := map[string]any{"CFBundleIdentifier": "org.dayline.agent", "CFBundleName": "Dayline", "CFBundleExecutable": "dayline-agent", "CFBundlePackageType": "APPL",
		"CFBundleInfoDictionaryVersion": "6.0", "CFBundleShortVersionString": "1.2.3", "CFBundleVersion": "1.2.3.40005", "CFBundleIconFile": "Dayline.icns",
		"LSMinimumSystemVersion": "12.0", "LSUIElement": true}; !reflect.DeepEqual(info, wanted) {
		t.Errorf("Info.plist says %v", info)
	}
	var resources map[string]map[string]any
	if _, err := plist.Unmarshal(files[names[3]], &resources); err != nil {
		t.Fatal(err)
	}
	first, second := sha1.Sum(files[names[2]]), sha256.Sum256(files[names[2]])
	if got := resources["files"]; len(got) != 1 || !reflect.DeepEqual(got["Resources/Dayline.icns"], first[:]) {
		t.Errorf("files are %v", got)
	}
	if got := resources["files2"]; len(got) != 1 || !reflect.DeepEqual(got["Resources/Dayline.icns"], map[string]any{"hash2": second[:]}) {
		t.Errorf("files2 are %v", got)
	}
	if len(resources) != 4 || len(resources["rules"]) != 5 || len(resources["rules2"]) != 13 || !reflect.DeepEqual(resources["rules2"]["^Info\\.plist$"], map[string]any{"omit": true, "weight": 20.0}) {
		t.Errorf("the rules are %v", resources)
	}
}

// Permissions last from one version to the next with a certificate of one's own, and do not without.
func TestAnIdentityLasts(t *testing.T) {
	for _, signed := range []bool{true, false} {
		_, older := bundle(t, "1.2.3", signed)
		_, newer := bundle(t, "1.2.4", signed)
		if (older.Requirement == newer.Requirement) != signed {
			t.Errorf("signed %t: %s, then %s", signed, older.Requirement, newer.Requirement)
		}
	}
}

func TestAnyFileChangedIsFound(t *testing.T) {
	files, _ := bundle(t, "1.2.3", true)
	for name, content := range files {
		for _, at := range []int{0, len(content) / 2, len(content) - 1} {
			changed := maps.Clone(files)
			changed[name] = bytes.Clone(content)
			changed[name][at] ^= 1
			if _, err := codesign.CheckBundle(changed); err == nil {
				t.Errorf("byte %d of %s may be changed", at, name)
			}
		}
	}
}

// What is no good is never written.
func TestABrokenBundleIsRefused(t *testing.T) {
	programs := must(linked())(t)
	a := App{Version: must(release.ParseVersion("1.2.3"))(t), Built: built}
	newer := bytes.Replace(programs[1], []byte("\x32\x00\x00\x00\x18\x00\x00\x00\x01\x00\x00\x00\x00\x00\x0c\x00"), []byte("\x32\x00\x00\x00\x18\x00\x00\x00\x01\x00\x00\x00\x00\x00\x0d\x00"), 1)
	for said, arm64 := range map[string][]byte{"version 13.0": newer, "duplicate architecture": programs[0], "no program": nil} {
		if _, _, err := a.Build(programs[0], arm64); err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%q: %v", said, err)
		}
	}
}

func TestTheIconHasEverySize(t *testing.T) {
	drawn := must(drawIcon())(t)
	if string(drawn[:4]) != "icns" || int(binary.BigEndian.Uint32(drawn[4:])) != len(drawn) {
		t.Fatalf("it begins %x", drawn[:8])
	}
	for i, rest := 0, drawn[8:]; len(rest) > 0 || i < len(iconTypes); i++ {
		size := binary.BigEndian.Uint32(rest[4:])
		image := must(png.Decode(bytes.NewReader(rest[8:size])))(t)
		if wanted := iconTypes[i]; string(rest[:4]) != wanted.kind || image.Bounds().Dx() != wanted.size || image.Bounds().Dy() != wanted.size {
			t.Errorf("%s is %v", rest[:4], image.Bounds())
		}
		rest = rest[size:]
	}
}

// listed is what an archive says of one file or folder.
type listed struct {
	mode    fs.FileMode
	content string
}

func wanted(files codesign.Files) map[string]listed {
	all := map[string]listed{}
	for _, folder := range []string{"", "/Contents", "/Contents/MacOS", "/Contents/Resources", "/Contents/_CodeSignature"} {
		all[Name+folder] = listed{mode: 0o755 | fs.ModeDir}
	}
	for name, content := range files {
		mode := fs.FileMode(0o644)
		if path.Base(name) == Executable {
			mode = 0o755
		}
		all[path.Join(Name, name)] = listed{mode, string(content)}
	}
	return all
}

func TestTheTarball(t *testing.T) {
	files, _ := bundle(t, "1.2.3", true)
	whole := must(TarGz(files, built))(t)
	if !bytes.Equal(whole, must(TarGz(files, built))(t)) {
		t.Error("packed twice it is not the same")
	}
	archive := tar.NewReader(must(gzip.NewReader(bytes.NewReader(whole)))(t))
	got := map[string]listed{}
	for {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Gid != 0 || header.Uname != "root" || header.Gname != "wheel" || !header.ModTime.Equal(built) {
			t.Errorf("%+v", header)
		}
		if folder := path.Dir(path.Clean(header.Name)); folder != "." && got[folder].mode == 0 {
			t.Errorf("%s comes before its folder", header.Name)
		}
		got[path.Clean(header.Name)] = listed{header.FileInfo().Mode(), string(must(io.ReadAll(archive))(t))}
	}
	if !maps.Equal(got, wanted(files)) {
		t.Errorf("it has %q", slices.Sorted(maps.Keys(got)))
	}
}

func TestTheZip(t *testing.T) {
	files, _ := bundle(t, "1.2.3", true)
	whole := must(Zip(files, built))(t)
	if !bytes.Equal(whole, must(Zip(files, built))(t)) {
		t.Error("packed twice it is not the same")
	}
	got := map[string]listed{}
	for _, f := range must(zip.NewReader(bytes.NewReader(whole), int64(len(whole))))(t).File {
		content := must(io.ReadAll(must(f.Open())(t)))(t)
		got[path.Clean(f.Name)] = listed{f.Mode(), string(content)}
		if !f.Modified.Equal(built) {
			t.Errorf("%s is of %s", f.Name, f.Modified)
		}
	}
	if !maps.Equal(got, wanted(files)) {
		t.Errorf("it has %q", slices.Sorted(maps.Keys(got)))
	}
}

// What unpacks it on a computer leaves a bundle that is found right.
func TestUnpackedItIsWhole(t *testing.T) {
	files, id := bundle(t, "1.2.3", true)
	folder := t.TempDir()
	archive := filepath.Join(folder, "dayline.tar.gz")
	if err := os.WriteFile(archive, must(TarGz(files, built))(t), 0o600); err != nil {
		t.Fatal(err)
	}
	if output, err := exec.Command("tar", "-xzf", archive, "-C", folder).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	loaded := must(codesign.Load(os.DirFS(filepath.Join(folder, Name))))(t)
	if again, err := codesign.CheckBundle(loaded); err != nil || again.Requirement != id.Requirement {
		t.Errorf("%+v, %v", again, err)
	}
}

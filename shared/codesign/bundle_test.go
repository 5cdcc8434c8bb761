//go:build linux

package codesign

import (
	"bytes"
	"crypto/sha256"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"howett.net/plist"
)

const resourceName = "Contents/Resources/Dayline.icns"

// bundle is one that relic signed.
func bundle(t testing.TB, identifier string) Files {
	t.Helper()
	files := Files{resourceName: []byte("drawn"), "Contents/PkgInfo": []byte("APPL????")}
	hash := sha256.Sum256(files[resourceName])
	for name, value := range map[string]any{
		InfoPlist:     map[string]any{"CFBundleIdentifier": id, "CFBundleExecutable": "agent"},
		CodeResources: map[string]any{"files2": map[string]any{"Resources/Dayline.icns": map[string]any{"hash2": hash[:]}, "Resources/de.lproj/x": map[string]any{"hash2": hash[:], "optional": true}}},
	} {
		text, err := plist.Marshal(value, plist.XMLFormat)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = text
	}
	files[Executables+"agent"] = signed(t, tiny(ARM64), identifier, files[InfoPlist], files[CodeResources])
	return files
}

func TestABundleIsChecked(t *testing.T) {
	files := bundle(t, id)
	got, err := CheckBundle(files)
	if err != nil || got.Identifier != id || got.AdHoc {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, c := range []struct {
		said   string
		change func(Files)
	}{
		{"Dayline.icns was changed", func(f Files) { f[resourceName] = []byte("drawN") }},
		{"Dayline.icns is missing", func(f Files) { delete(f, resourceName) }},
		{"more was added", func(f Files) { f["Contents/Resources/more"] = nil }},
		{"other was added", func(f Files) { f[Executables+"other"] = f[Executables+"agent"] }},
		{"Info.plist is not what", func(f Files) { f[InfoPlist] = bytes.Replace(f[InfoPlist], []byte("</plist>"), []byte("</plist> "), 1) }},
		{"CodeResources is not what", func(f Files) { f[CodeResources] = append(bytes.Clone(f[CodeResources]), '\n') }},
		{"Info.plist: it is missing", func(f Files) { delete(f, InfoPlist) }},
		{"CodeResources is missing", func(f Files) { delete(f, CodeResources) }},
		{"agent is missing", func(f Files) { delete(f, Executables+"agent") }},
		{"names no executable", func(f Files) { f[InfoPlist] = bytes.Replace(f[InfoPlist], []byte(">agent<"), []byte(">../agent<"), 1) }},
		{"Info.plist", func(f Files) { f[InfoPlist] = []byte("<plist") }},
		{"signed as", func(f Files) { maps.Copy(f, bundle(t, "org.example")) }},
	} {
		changed := maps.Clone(files)
		c.change(changed)
		if _, err := CheckBundle(changed); err == nil || !strings.Contains(err.Error(), c.said) {
			t.Errorf("%q: %v", c.said, err)
		}
	}
}

func TestABundleIsLoaded(t *testing.T) {
	files, folder := bundle(t, id), t.TempDir()
	for name, content := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	loaded, err := Load(os.DirFS(folder))
	if err != nil || !maps.EqualFunc(files, loaded, bytes.Equal) {
		t.Errorf("%d of %d files, %v", len(loaded), len(files), err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(folder, "Contents", "elsewhere")); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(os.DirFS(folder)); err == nil || !strings.Contains(err.Error(), "elsewhere is no file") {
		t.Error(err)
	}
	if _, err := Load(os.DirFS(t.TempDir())); err == nil {
		t.Error("an empty folder is a bundle")
	}
}

func TestPropertyListsThatAreTraps(t *testing.T) {
	for said, list := range map[string]string{
		// A text of 2^63 characters, whose length in bytes is 0.
		"no property list": "bplist00\x6f\x13\x80" + strings.Repeat("\x00", 7) + "\x08" + strings.Repeat("\x00", 6) + "\x01\x01" +
			strings.Repeat("\x00", 7) + "\x01" + strings.Repeat("\x00", 15) + "\x12",
		"too long": strings.Repeat("<array>", mostPlist/7+1),
	} {
		if err := parse([]byte(list), new(information)); err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%q: %v", said, err)
		}
	}
	if err := parse([]byte(strings.Repeat("<array>", mostPlist/7)), new(information)); err == nil {
		t.Error("as deep as it is long: taken")
	}
}

func FuzzBundle(f *testing.F) {
	files := bundle(f, id)
	f.Add(files[InfoPlist], files[CodeResources])
	f.Fuzz(func(t *testing.T, information, resources []byte) {
		_, _ = CheckBundle(Files{InfoPlist: information, CodeResources: resources, Executables + "agent": files[Executables+"agent"]})
		_ = checkResources(Files{CodeResources: resources}, "")
	})
}

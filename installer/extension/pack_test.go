package extension

import (
	"archive/zip"
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dayline-project/dayline/shared/extension"
	"github.com/dayline-project/dayline/shared/release"
)

var built = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// newKey is one key for all tests, since making one takes a while.
var newKey = sync.OnceValues(func() (*rsa.PrivateKey, error) {
	dir, err := os.MkdirTemp("", "dayline-key-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	return NewKey(filepath.Join(dir, "key.pem"))
})

// ours is the extension as it is built, and what it is packed by.
func ours(t *testing.T, version string) (Files, Packing) {
	t.Helper()
	v, err := release.ParseVersion(version)
	if err != nil {
		t.Fatal(err)
	}
	files, err := Build(v)
	if err != nil {
		t.Fatal(err)
	}
	key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	return files, Packing{Version: v, Built: built, Key: key}
}

func TestWhatIsPackedIsVerified(t *testing.T) {
	files, by := ours(t, "1.2.3-rc.1")
	dir := t.TempDir()
	paths, err := files.Pack(dir, by)
	if err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 4 || len(paths) != 4 {
		t.Errorf("it left %v, %v and told %q", entries, err, paths)
	}
	p, err := extension.OpenUnder(os.DirFS(dir), &by.Key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	id, err := extension.IDOf(&by.Key.PublicKey)
	if err != nil || p.ID != id || p.Version != "1.2.3.40002" || p.VersionName != "1.2.3-rc.1" || !p.IssuedAt.Equal(built) || p.MozillaSigned {
		t.Errorf("%+v, %v", p.Manifest, err)
	}
	again := t.TempDir()
	if _, err := files.Pack(again, by); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		one, _ := os.ReadFile(path)
		two, _ := os.ReadFile(filepath.Join(again, filepath.Base(path)))
		if len(one) == 0 || !bytes.Equal(one, two) {
			t.Errorf("%s packed twice is not the same", filepath.Base(path))
		}
	}
}

// The whole extension is a few kilobytes that anybody can read.
func TestTheExtensionIsSmall(t *testing.T) {
	files, _ := ours(t, "1.2.3")
	size := 0
	for name, content := range files {
		if !strings.HasPrefix(name, "icons/") {
			size += len(content)
		}
	}
	if size > 15<<10 || size < 1<<10 {
		t.Errorf("it has %d bytes without icons", size)
	}
	scripts := string(files["background.js"]) + string(files["popup.js"])
	for _, never := range []string{"eval(", "import(", "innerHTML", "fetch(", "XMLHttpRequest", "WebSocket", "console.", "scripting", "history", "storage.local", "http://", "https://"} {
		if strings.Contains(scripts, never) {
			t.Errorf("its scripts hold %s", never)
		}
	}
}

func TestBrowsersAreAskedForThreePermissions(t *testing.T) {
	files, _ := ours(t, "1.2.3")
	var manifest map[string]any
	if err := json.Unmarshal(files[extension.BrowsersManifest], &manifest); err != nil {
		t.Fatal(err)
	}
	// What else a manifest can hold gives an extension more: it is added here by whoever has thought about it.
	known := []string{
		"action", "background", "browser_specific_settings", "default_locale", "description", "icons", "incognito", "manifest_version",
		"minimum_chrome_version", "name", "permissions", "version", "version_name",
	}
	if has := slices.Sorted(maps.Keys(manifest)); !slices.Equal(has, known) {
		t.Errorf("its manifest has %q", has)
	}
	permissions, _ := json.Marshal(manifest["permissions"])
	if string(permissions) != `["nativeMessaging","storage","tabs"]` || manifest["incognito"] != "spanning" || manifest["version"] != "1.2.3.50000" {
		t.Errorf("%s, %v, %v", permissions, manifest["incognito"], manifest["version"])
	}
}

func TestDevelopersLoadItUnderItsID(t *testing.T) {
	files, by := ours(t, "1.2.3")
	dir := filepath.Join(t.TempDir(), "unpacked")
	if err := files.WriteUnpacked(dir, &by.Key.PublicKey); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, extension.BrowsersManifest))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Key []byte `json:"key"`
	}
	if err := json.Unmarshal(text, &manifest); err != nil || len(manifest.Key) < 256 {
		t.Errorf("%d bytes of key, %v", len(manifest.Key), err)
	}
	if script, err := os.ReadFile(filepath.Join(dir, "background.js")); err != nil || !bytes.Equal(script, files["background.js"]) {
		t.Error(err)
	}
}

// signed is an XPI as Mozilla gives it back.
func signed(t *testing.T, files Files, change func(Files)) []byte {
	t.Helper()
	copied := maps.Clone(files)
	copied["META-INF/mozilla.rsa"], copied["META-INF/manifest.mf"] = []byte("signature"), []byte("Name: background.js\n")
	change(copied)
	var whole bytes.Buffer
	to := zip.NewWriter(&whole)
	for name, content := range copied {
		file, err := to.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return whole.Bytes()
}

func TestWhatMozillaSignedIsOurs(t *testing.T) {
	files, by := ours(t, "1.2.3")
	by.XPI = signed(t, files, func(Files) {})
	dir := t.TempDir()
	if _, err := files.Pack(dir, by); err != nil {
		t.Fatal(err)
	}
	if p, err := extension.OpenUnder(os.DirFS(dir), &by.Key.PublicKey); err != nil || !p.MozillaSigned || !bytes.Equal(p.XPI, by.XPI) {
		t.Errorf("%v", err)
	}
	for words, change := range map[string]func(Files){
		"its background.js is not what was packed": func(f Files) { f["background.js"] = append(bytes.Clone(f["background.js"]), ' ') },
		"its more.js is not what was packed":       func(f Files) { f["more.js"] = nil },
		"it holds 10 of 11 files":                  func(f Files) { delete(f, "popup.css") },
	} {
		by.XPI = signed(t, files, change)
		to := t.TempDir()
		if _, err := files.Pack(to, by); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", words, err)
		}
		if entries, _ := os.ReadDir(to); len(entries) != 0 {
			t.Errorf("%s: it left %v", words, entries)
		}
	}
}

// Whoever has the program, and not the sources, is told so.
func TestItIsBuiltFromTheSources(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := Build(release.Version{}); err == nil || !strings.Contains(err.Error(), "not done inside of Dayline's sources") {
		t.Error(err)
	}
}

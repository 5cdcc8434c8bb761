package shelf

import (
	"bytes"
	"encoding/xml"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/shelf/shelftest"
	"github.com/dayline-project/dayline/shared/extension"
)

func added(t *testing.T, s *Extension, files map[string][]byte) *extension.Package {
	t.Helper()
	held, err := s.Add(files)
	if err != nil {
		t.Fatal(err)
	}
	return held
}

// get asks as a browser does.
func get(s *Extension, method, name string, headers ...string) *http.Response {
	request := httptest.NewRequest(method, ExtensionPath+"/"+name, nil)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer := httptest.NewRecorder()
	s.Handler(func() string { return "https://dayline.example.com" }).ServeHTTP(answer, request)
	return answer.Result()
}

func body(t *testing.T, answer *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestBrowsersAreHandedWhatWasSigned(t *testing.T) {
	dir := t.TempDir()
	s := OpenExtension(dir, shelftest.Believed)
	if held, err := s.Held(); held != nil || err != nil {
		t.Fatalf("an empty shelf holds one: %v", err)
	}
	if got := get(s, "GET", extension.UpdatesXML); got.StatusCode != http.StatusNotFound {
		t.Errorf("an empty shelf answers %d", got.StatusCode)
	}
	files := shelftest.Packed(t, "1.2.3", shelftest.Key())
	held := added(t, s, files)
	for _, s := range []*Extension{s, OpenExtension(dir, shelftest.Believed)} { // and when it is opened again
		for name, contentType := range map[string]string{extension.CRXName: "application/x-chrome-extension", extension.XPIName: "application/x-xpinstall"} {
			got := get(s, "GET", name)
			if got.Header.Get("Content-Type") != contentType || body(t, got) != string(files[name]) {
				t.Errorf("%s: %v", name, got.Header)
			}
			if again := get(s, "GET", name, "If-None-Match", got.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
				t.Errorf("%s, asked again: %d", name, again.StatusCode)
			}
		}
		var updates struct {
			Protocol string `xml:"protocol,attr"`
			App      struct {
				ID    string `xml:"appid,attr"`
				Check struct {
					Codebase string `xml:"codebase,attr"`
					SHA256   string `xml:"hash_sha256,attr"`
					Version  string `xml:"version,attr"`
				} `xml:"updatecheck"`
			} `xml:"http://www.google.com/update2/response app"`
		}
		if err := xml.Unmarshal([]byte(body(t, get(s, "GET", extension.UpdatesXML))), &updates); err != nil {
			t.Fatal(err)
		}
		if check := updates.App.Check; updates.Protocol != "2.0" || updates.App.ID != held.ID || check.Version != held.Version ||
			check.Codebase != "https://dayline.example.com/extension/dayline-extension.crx" || check.SHA256 != held.Packed[0].SHA256 {
			t.Errorf("%+v", updates)
		}
		want := `{"addons":{"extension@dayline.org":{"updates":[{"update_hash":"sha256:` + held.Packed[1].SHA256 +
			`","update_link":"https://dayline.example.com/extension/dayline-extension.xpi","version":"` + held.Version + `"}]}}}`
		if got := body(t, get(s, "GET", extension.UpdatesJSON)); got != want {
			t.Errorf("%s\nnot %s", got, want)
		}
		for name, status := range map[string]int{extension.SignatureName: 404, "": 404, ExtensionFile: 404} {
			if got := get(s, "GET", name); got.StatusCode != status {
				t.Errorf("%q: %d", name, got.StatusCode)
			}
		}
		if got := get(s, "POST", extension.CRXName); got.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("POST: %d", got.StatusCode)
		}
	}
	if err := s.Remove(); err != nil {
		t.Fatal(err)
	}
	if got := get(s, "GET", extension.XPIName); got.StatusCode != http.StatusNotFound {
		t.Errorf("removed, and handed out: %d", got.StatusCode)
	}
	if err := s.Remove(); collector.CodeOf(err) != collector.NotFound {
		t.Errorf("removed twice: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestWhatDoesNotVerifyIsNotTaken(t *testing.T) {
	dir := t.TempDir()
	s := OpenExtension(dir, shelftest.Believed)
	before := added(t, s, shelftest.Packed(t, "1.2.3", shelftest.Key()))
	with := func(change func(files map[string][]byte)) map[string][]byte {
		files := shelftest.Packed(t, "1.2.4", shelftest.Key())
		change(files)
		return files
	}
	for want, files := range map[string]map[string][]byte{
		"is missing":       with(func(files map[string][]byte) { delete(files, extension.XPIName) }),
		"does not belong":  with(func(files map[string][]byte) { files["../"+ExtensionFile] = nil }),
		"has more than":    with(func(files map[string][]byte) { files[extension.CRXName] = make([]byte, extension.MaxBytes+1) }),
		"not the file":     with(func(files map[string][]byte) { files[extension.CRXName] = files[extension.XPIName] }),
		"is not signed by": shelftest.Packed(t, "1.2.4", shelftest.Other()),
		"nothing was changed": with(func(files map[string][]byte) {
			files[extension.ManifestName] = []byte(strings.Replace(string(files[extension.ManifestName]), "1.2.4", "9.9.9", 1))
		}),
	} {
		if _, err := s.Add(files); collector.CodeOf(err) != collector.BadRequest || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
	for _, s := range []*Extension{s, OpenExtension(dir, shelftest.Believed)} {
		if held, err := s.Held(); held == nil || held.Version != before.Version || err != nil {
			t.Errorf("what was there is not: %v", err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	// This test's own build knows no key.
	if _, err := OpenExtension(dir, extension.Open).Add(shelftest.Packed(t, "1.2.4", shelftest.Key())); collector.CodeOf(err) != collector.Conflict || !strings.Contains(err.Error(), extension.ErrNoKey.Error()) {
		t.Errorf("without a key: %v", err)
	}
}

// Whoever can write there, or a disk that fails, has nothing handed out; an administrator can put it right.
func TestWhatWasDamagedIsNotHandedOut(t *testing.T) {
	dir := t.TempDir()
	files := shelftest.Packed(t, "1.2.3", shelftest.Key())
	added(t, OpenExtension(dir, shelftest.Believed), files)
	name := filepath.Join(dir, ExtensionFile)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	byOther := func(folder fs.FS) (*extension.Package, error) {
		return extension.OpenUnder(folder, &shelftest.Other().PublicKey)
	}
	flipped := func(file string) []byte {
		damaged := slices.Clone(whole)
		damaged[bytes.Index(whole, files[file])+len(files[file])/2] ^= 1
		return damaged
	}
	for what, c := range map[string]struct {
		content []byte
		verify  Verify
	}{
		"cut off": {whole[:len(whole)/2], shelftest.Believed}, "empty": {nil, shelftest.Believed}, "large": {make([]byte, maxBytes+1), shelftest.Believed},
		"a bit": {flipped(extension.CRXName), shelftest.Believed}, "a bit of the signature": {flipped(extension.SignatureName), shelftest.Believed},
		"foreign": {whole, byOther}, "nothing in it": {append([]byte("PK\x05\x06"), make([]byte, 18)...), shelftest.Believed},
	} {
		if err := os.WriteFile(name, c.content, 0o600); err != nil {
			t.Fatal(err)
		}
		s := OpenExtension(dir, c.verify)
		if held, err := s.Held(); held != nil || err == nil {
			t.Errorf("%s: held %t, %v", what, held != nil, err)
		}
		for _, file := range []string{extension.UpdatesXML, extension.UpdatesJSON, extension.CRXName, extension.XPIName} {
			if got := get(s, "GET", file); got.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %s: %d", what, file, got.StatusCode)
			}
		}
		if left, err := os.ReadFile(name); err != nil || string(left) != string(c.content) {
			t.Errorf("%s: the file was changed: %v", what, err)
		}
	}
	s := OpenExtension(dir, shelftest.Believed)
	added(t, s, shelftest.Packed(t, "1.2.4", shelftest.Key()))
	if held, err := s.Held(); err != nil || held == nil {
		t.Errorf("put right: %v", err)
	}
}

func TestNamesAreThoseOfThePacker(t *testing.T) {
	made := slices.Sorted(maps.Keys(shelftest.Packed(t, "1.0.0", shelftest.Key())))
	if !slices.Equal(made, slices.Sorted(slices.Values(ExtensionParts))) {
		t.Errorf("the packer makes %q", made)
	}
}

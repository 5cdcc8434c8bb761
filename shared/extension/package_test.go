package extension_test

import (
	"archive/zip"
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dayline-project/dayline/shared/extension"
)

// keys are ours and another's.
var keys = sync.OnceValues(func() (own, other *rsa.PrivateKey) {
	own, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	if other, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		panic(err)
	}
	return own, other
})

const (
	browsers = `{"manifest_version":3,"version":"1.2.3.50000","permissions":["tabs","storage","nativeMessaging"],"browser_specific_settings":{"gecko":{"id":"extension@dayline.org"}}}`
	script   = `chrome.runtime.connectNative("org.dayline.host")`
)

// made is a package in the making: each test spoils one thing of it.
type made struct {
	crx, xpi    map[string]string
	key, signer *rsa.PrivateKey
	manifest    func(*extension.Manifest)
	// files as they lie in the folder.
	files func(fstest.MapFS)
}

func zipOf(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var whole bytes.Buffer
	to := zip.NewWriter(&whole)
	for name, content := range files {
		file, err := to.Create(name)
		if err == nil {
			_, err = file.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return whole.Bytes()
}

// folder is what the packer would have made, but for what a test changes.
func folder(t testing.TB, change func(*made)) fstest.MapFS {
	t.Helper()
	own, _ := keys()
	m := made{
		crx: map[string]string{extension.BrowsersManifest: browsers, "background.js": script},
		xpi: map[string]string{extension.BrowsersManifest: browsers, "background.js": script},
		key: own, signer: own, manifest: func(*extension.Manifest) {}, files: func(fstest.MapFS) {},
	}
	change(&m)
	public, err := x509.MarshalPKIXPublicKey(&own.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	id, err := extension.IDOf(&own.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	crx, err := extension.PackCRX(zipOf(t, m.crx), m.key)
	if err != nil {
		t.Fatal(err)
	}
	xpi := zipOf(t, m.xpi)
	manifest := extension.Manifest{
		Version: "1.2.3.50000", VersionName: "1.2.3", IssuedAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), ID: id, FirefoxID: extension.FirefoxID, Key: public,
		Packed: []extension.Packed{extension.PackedOf(extension.CRXName, crx), extension.PackedOf(extension.XPIName, xpi)},
	}
	m.manifest(&manifest)
	document, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(document)
	signature, err := rsa.SignPKCS1v15(nil, m.signer, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{
		extension.CRXName: {Data: crx}, extension.XPIName: {Data: xpi}, extension.ManifestName: {Data: document}, extension.SignatureName: {Data: signature},
	}
	m.files(files)
	return files
}

func TestAPackageIsOpened(t *testing.T) {
	own, other := keys()
	files := folder(t, func(m *made) { m.xpi["META-INF/mozilla.rsa"] = "signature" })
	p, err := extension.OpenUnder(files, &own.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if p.VersionName != "1.2.3" || !p.MozillaSigned || !bytes.Equal(p.CRX, files[extension.CRXName].Data) || !bytes.Equal(p.XPI, files[extension.XPIName].Data) {
		t.Errorf("%+v", p.Manifest)
	}
	if _, err := extension.OpenUnder(files, &other.PublicKey); err == nil || !strings.Contains(err.Error(), "not signed by the key") {
		t.Errorf("by another key: %v", err)
	}
	if _, err := extension.OpenUnder(fstest.MapFS{}, &own.PublicKey); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of an empty folder: %v", err)
	}
	// Tests are built without a key.
	if _, err := extension.Open(files); !errors.Is(err, extension.ErrNoKey) {
		t.Errorf("by a build without a key: %v", err)
	}
}

func TestWhatIsNotOursIsRefused(t *testing.T) {
	own, other := keys()
	both := func(name, content string) func(*made) {
		return func(m *made) { m.crx[name], m.xpi[name] = content, content }
	}
	manifest := func(change func(*extension.Manifest)) func(*made) {
		return func(m *made) { m.manifest = change }
	}
	flipped := func(name string, at int) func(*made) {
		return func(m *made) {
			m.files = func(files fstest.MapFS) { files[name].Data[(at+len(files[name].Data))%len(files[name].Data)] ^= 1 }
		}
	}
	for name, c := range map[string]struct {
		change func(*made)
		words  string
	}{
		"signed by another":   {func(m *made) { m.signer = other }, "not signed by the key"},
		"a changed manifest":  {flipped(extension.ManifestName, 20), "not signed by the key"},
		"a changed signature": {flipped(extension.SignatureName, 0), "not signed by the key"},
		"a changed CRX":       {flipped(extension.CRXName, -1), "is not the file that was signed"},
		"a changed XPI":       {flipped(extension.XPIName, 40), "is not the file that was signed"},
		"an endless file": {func(m *made) {
			m.files = func(f fstest.MapFS) { f[extension.XPIName].Data = make([]byte, extension.MaxBytes+1) }
		}, "more than 262144 bytes"},
		"no XPI":                 {func(m *made) { m.files = func(f fstest.MapFS) { delete(f, extension.XPIName) } }, "not exist"},
		"packed with another":    {func(m *made) { m.key = other }, "packed with another key"},
		"another id":             {manifest(func(m *extension.Manifest) { m.ID = strings.Repeat("a", 32) }), "names another key"},
		"another key":            {manifest(func(m *extension.Manifest) { m.Key = m.Key[1:] }), "names another key"},
		"another in Firefox":     {manifest(func(m *extension.Manifest) { m.FirefoxID = "x@example.com" }), "another extension in Firefox"},
		"a path out":             {manifest(func(m *extension.Manifest) { m.Packed[0].Name = "../x.crx" }), "it is of"},
		"files in another order": {manifest(func(m *extension.Manifest) { slices.Reverse(m.Packed) }), "it is of"},
		"no time":                {manifest(func(m *extension.Manifest) { m.IssuedAt = time.Time{} }), "when it was issued"},
		"another version":        {manifest(func(m *extension.Manifest) { m.Version = "1.2.4.50000" }), "of version"},
		"different files":        {func(m *made) { m.xpi["background.js"] = "" }, "is not what was packed"},
		"a file more":            {func(m *made) { m.xpi["more.js"] = "" }, "is not what was packed"},
		"a file less":            {func(m *made) { delete(m.xpi, "background.js") }, "1 of 2 files"},
		"more permissions":       {both(extension.BrowsersManifest, strings.Replace(browsers, `"tabs"`, `"tabs","history"`, 1)), "it asks for"},
		"less permissions":       {both(extension.BrowsersManifest, strings.Replace(browsers, `"tabs",`, ``, 1)), "it asks for"},
		"hosts":                  {both(extension.BrowsersManifest, strings.Replace(browsers, `{`, `{"host_permissions":["<all_urls>"],`, 1)), "host_permissions"},
		"pages' scripts":         {both(extension.BrowsersManifest, strings.Replace(browsers, `{`, `{"content_scripts":[],`, 1)), "content_scripts"},
		"no browsers' manifest":  {func(m *made) { delete(m.crx, extension.BrowsersManifest); delete(m.xpi, extension.BrowsersManifest) }, "manifest.json"},
		"a bomb":                 {both("zeros", strings.Repeat("\x00", 2<<20)), "more than 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := extension.OpenUnder(folder(t, c.change), &own.PublicKey)
			if err == nil || p != nil || !strings.Contains(err.Error(), c.words) {
				t.Errorf("%v", err)
			}
		})
	}
}

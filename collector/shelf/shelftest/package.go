// Package shelftest packs small extensions, for tests of what a collector does with them.
package shelftest

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	packer "github.com/dayline-project/dayline/installer/extension"
	"github.com/dayline-project/dayline/shared/extension"
	"github.com/dayline-project/dayline/shared/release"
)

// Key signs, and Believed verifies by it; Other is somebody else's.
var (
	Key   = sync.OnceValue(newKey)
	Other = sync.OnceValue(newKey)
)

func newKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

// Believed verifies as a build does that knows Key.
func Believed(folder fs.FS) (*extension.Package, error) {
	return extension.OpenUnder(folder, &Key().PublicKey)
}

// Packed is what the packer makes of a small extension, by the files' names.
func Packed(t *testing.T, version string, key *rsa.PrivateKey) map[string][]byte {
	t.Helper()
	number, err := release.ParseVersion(version)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := json.Marshal(map[string]any{
		"manifest_version": 3, "name": "small", "version": number.FileText(), "permissions": extension.Permissions,
		"browser_specific_settings": map[string]any{"gecko": map[string]any{"id": extension.FirefoxID}},
	})
	if err != nil {
		t.Fatal(err)
	}
	paths, err := (packer.Files{extension.BrowsersManifest: manifest}).Pack(t.TempDir(), packer.Packing{
		Version: number, Built: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), Key: key,
	})
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, path := range paths {
		if files[filepath.Base(path)], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

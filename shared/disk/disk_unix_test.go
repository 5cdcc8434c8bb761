//go:build unix

package disk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFilesAreTheOwnersAlone(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := Create(name, strings.NewReader("first")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if info, err := os.Stat(name); err != nil || info.Mode() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		if err := Replace(name, []byte("second")); err != nil {
			t.Fatal(err)
		}
	}
}

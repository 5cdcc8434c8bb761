//go:build unix

package enroll_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/agent/internal/enroll"
	"github.com/dayline-project/dayline/agent/internal/uplink/uplinktest"
	"github.com/dayline-project/dayline/shared/token"
)

// Disks that are copied after a string was kept make a key each.
func TestWhatIsKeptForgetsAKeyThatWasNotUsed(t *testing.T) {
	c, folder := uplinktest.Start(t), t.TempDir()
	c.EnrollErr = uplinktest.Refusal("expired", "secret", "expired")
	if _, err := enrolment(folder, c.Token(), silent).Run(t.Context()); err == nil {
		t.Fatal("enrolled")
	}
	if err := enroll.Keep(folder, c.Token()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "enrolling.json")); err == nil {
		t.Error("copies of this disk would share a key")
	}
	text, err := enroll.Left(folder).Find()
	if kept, parsing := token.Parse(text); err != nil || parsing != nil || kept.Secret != c.Token().Secret {
		t.Errorf("kept %v, %v", err, parsing)
	}
	if err := errors.Join(enroll.Left(folder).Remove(), enroll.Left(folder).Remove()); err != nil {
		t.Error(err)
	}
	if _, err := enroll.Left(folder).Find(); !errors.Is(err, enroll.ErrNoString) {
		t.Errorf("once removed: %v", err)
	}
}

func TestWhatAnybodyMayWriteIsNotHeeded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "enroll")
	if err := os.WriteFile(path, []byte("dl1"), 0o600); err != nil {
		t.Fatal(err)
	}
	linked := path + "-link"
	if err := os.Symlink(path, linked); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{path, linked} {
		if text, err := enroll.File(path).Find(); err == nil || !strings.Contains(err.Error(), "others than administrators") {
			t.Errorf("%q, %v", text, err)
		}
	}
}

//go:build unix

package enroll_test

import (
	"os"
	"testing"

	"github.com/dayline-project/dayline/agent/internal/uplink/uplinktest"
)

func TestFilesAreTheOwnersAlone(t *testing.T) {
	c, folder := uplinktest.Start(t), t.TempDir()
	if _, err := enrolment(folder, c.Token(), silent).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) == 0 {
		t.Fatal(entries, err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", entry.Name(), info.Mode(), err)
		}
	}
}

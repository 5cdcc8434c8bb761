package web

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/test/process"
	"github.com/dayline-project/dayline/test/rig"
)

// patience is how long a program may take on a busy machine.
const patience = 30 * time.Second

// TestFirstAdmin opens the link that a collector without users offers, as whoever installs it does.
func TestFirstAdmin(t *testing.T) {
	t.Parallel()
	bin, err := rig.Build()
	if err != nil {
		t.Fatal(err)
	}
	root, err := rig.Root()
	if err != nil {
		t.Fatal(err)
	}
	collector, err := rig.NewCollector(bin, t.TempDir(), rig.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := collector.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := collector.Stop(); err != nil {
			t.Error(err)
		}
	})
	offered := filepath.Join(collector.Data, "first-admin")
	var link []byte
	err = process.Wait(t.Context(), patience, "the link for the first administrator", func() (err error) {
		if link, err = os.ReadFile(offered); err == nil && !strings.HasSuffix(string(link), "\n") {
			err = io.ErrUnexpectedEOF
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	built(t, collector.Web)
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "--import", "tsx", filepath.Join("test", "setup.ts"), chromium, strings.TrimSpace(string(link)))
	cmd.Dir = filepath.Join(root, "collector", "web", "app")
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if err := process.Wait(t.Context(), patience, "the link is withdrawn", func() error {
		if _, err := os.Stat(offered); !os.IsNotExist(err) {
			return os.ErrExist
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

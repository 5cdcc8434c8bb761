package update

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A label that SELinux left when it was switched off is one that the confined watcher may not set.
func TestALabelIsKeptWhereItMeansSomething(t *testing.T) {
	const label = "security.selinux"
	folder := t.TempDir()
	one, other := filepath.Join(folder, "one"), filepath.Join(folder, "other")
	if err := errors.Join(os.WriteFile(one, nil, 0o700), os.WriteFile(other, nil, 0o700)); err != nil {
		t.Fatal(err)
	}
	_, off := os.Stat(selinux)
	if off != nil {
		if err := unix.Setxattr(one, label, []byte("system_u:object_r:bin_t:s0"), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := keepAccess(other, one); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Getxattr(other, label, nil); (err == nil) != (off == nil) {
		t.Errorf("the label: %v; SELinux: %v", err, off)
	}
}

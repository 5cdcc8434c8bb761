package service

import (
	"errors"
	"testing"

	"github.com/dayline-project/dayline/agent/internal/update"
)

func TestWhichDisksAreReadOnly(t *testing.T) {
	const mounts = `22 1 8:1 / / ro,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
23 22 8:1 /var /var rw,relatime shared:2 - ext4 /dev/sda1 rw,errors=remount-ro
24 22 8:2 / /usr ro,relatime - squashfs /dev/sda2 ro,errors=continue
25 22 0:7 / /mnt rw
`
	for device, want := range map[string]bool{"8:1": false, "8:2": true, "0:7": false, "9:9": false} {
		if readOnly(mounts, device) != want {
			t.Errorf("%s is not told right", device)
		}
	}
	if err := writable(t.TempDir()); err != nil {
		t.Error(err)
	}
}

func TestWhoWatchesWhat(t *testing.T) {
	u := updates{program: "/opt/dayline/dayline-agent"}
	if u.Aside() != "/opt/dayline/.dayline-agent-watcher" || watchedBy(u.Aside()) != u.program || watchedBy(u.program) != u.program {
		t.Errorf("%s watches %s", u.Aside(), watchedBy(u.Aside()))
	}
}

// A test's program is no service of the system's.
func TestWhereTheSystemRunsAnotherProgramNothingIsExchanged(t *testing.T) {
	own, err := NewExchange(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := own.Able(t.Context()); err == nil || errors.Is(err, update.ErrPackaged) {
		t.Errorf("able: %v", err)
	}
}

package installer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/test/linux"
	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/site"
)

// Where the archive's install.sh puts the agent, and where what updates it is.
const (
	unpacked    = "/usr/local/bin/dayline-agent"
	aside       = "/usr/local/bin/.dayline-agent-watcher"
	watcherUnit = "/etc/systemd/system/dayline-agent-update.service"
	updateState = "/var/lib/dayline-agent/update"
)

// silent is a release of the agent whose service does nothing at all.
const silent = "#!/bin/sh\n[ $1 != version ] || exec echo 9.9.9\nexec sleep 1000\n"

// Where the program cannot be exchanged no watcher comes. Where one watches, who installs has the last word all the same.
func TestWatchersOfUpdates(t *testing.T) {
	bin := must(rig.Build())(t)
	agent := must(os.ReadFile(bin.Agent()))(t)
	m := linux.New(t)
	do := func(command ...string) string {
		t.Helper()
		return must(m.Run(t.Context(), nil, command...))(t)
	}
	install := func() {
		t.Helper()
		fresh := m.Path(unpacked + ".fresh")
		mustDo(t, errors.Join(os.WriteFile(fresh, agent, 0o755), os.Rename(fresh, m.Path(unpacked))))
		do(unpacked, "install")
	}
	runs := func() {
		t.Helper()
		site.Eventually(t, patience, "the service runs", func() error {
			said, err := m.Run(t.Context(), nil, unpacked, "status")
			if err == nil && !strings.Contains(said, "running since") {
				err = errors.New(said)
			}
			return err
		})
	}
	install()
	runs() // with all its files there
	do("sh", "-ec", "mount --bind /usr/local/bin /usr/local/bin; mount -o remount,bind,ro /usr/local/bin")
	before := must(m.Left())(t)
	if said, err := m.Run(t.Context(), nil, unpacked, "update", "--place"); err == nil || !strings.Contains(said, "read-only file system") {
		t.Errorf("%v: %s", err, said)
	}
	if left := must(m.Left())(t); !slices.Equal(left, before) {
		t.Errorf("left: %q", left)
	}
	do("umount", "/usr/local/bin")

	sum := func(text []byte) string { hash := sha256.Sum256(text); return hex.EncodeToString(hash[:]) }
	marker := fmt.Sprintf(`{"step":"swap","from":"1.0.0","to":"9.9.9","staged":"staged","sha256":%q,"former":%q}`, sum([]byte(silent)), sum(agent))
	mustDo(t, errors.Join(os.MkdirAll(m.Path(updateState), 0o700), os.WriteFile(m.Path(updateState+"/staged"), []byte(silent), 0o700),
		os.WriteFile(m.Path(updateState+"/marker.json"), []byte(marker), 0o600)))
	do(unpacked, "update", "--place")
	site.Eventually(t, patience, "the release is on probation", func() error {
		text, err := os.ReadFile(m.Path(updateState + "/marker.json"))
		if err == nil && !strings.Contains(string(text), "probation") {
			err = errors.New(string(text))
		}
		return err
	})
	if text := must(os.ReadFile(m.Path(unpacked)))(t); string(text) != silent {
		t.Error("the release is not in its place")
	}
	install()
	for _, gone := range []string{aside, watcherUnit} {
		if _, err := os.Lstat(m.Path(gone)); err == nil {
			t.Errorf("%s is left", gone)
		}
	}
	runs()
	do(unpacked, "uninstall")
	if left := must(m.Left())(t); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

package installer

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/shared/extension"
	"github.com/dayline-project/dayline/test/rig"
)

// linux is a computer whose files are this machine's, save what an installer writes where it does: that goes to a folder. Its
// service manager knows of a service what its unit's file says.
type linux struct {
	agent, dir string
}

const linuxComputer = `set -e
for folder in /etc /usr/lib /usr/lib64; do
  [ -d $folder ] && ! [ -L $folder ] || continue
  mkdir -p "$0/written$folder" "$0/work$folder"
  mount -t overlay overlay -o "lowerdir=$folder,upperdir=$0/written$folder,workdir=$0/work$folder" $folder
done
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /run/bin
cat >/run/bin/systemctl <<'END'
#!/bin/sh
case "$1" in
is-active) echo inactive; exit 3 ;;
list-unit-files) ! [ -e "/etc/systemd/system/$4" ] || echo "$4 enabled" ;;
esac
END
chmod 755 /run/bin/systemctl
PATH="/run/bin:$PATH" exec "$@"
`

func newLinux(t *testing.T) *linux {
	t.Helper()
	// What is written while a folder lies over another cannot itself lie on one that does.
	dir, err := os.MkdirTemp("/dev/shm", "dayline-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return &linux{must(rig.Build())(t).Agent(), dir}
}

func (c *linux) run(t *testing.T, args ...string) (said string, err error) {
	t.Helper()
	args = append([]string{"--mount", "sh", "-c", linuxComputer, c.dir, c.agent}, args...)
	output, err := exec.CommandContext(t.Context(), "unshare", args...).CombinedOutput()
	return string(output), err
}

func (c *linux) do(t *testing.T, args ...string) (said string) {
	t.Helper()
	said, err := c.run(t, args...)
	if err != nil {
		t.Fatalf("%v: %v: %s", args, err, said)
	}
	return said
}

// written are the files that were, by their places.
func (c *linux) written(t *testing.T) map[string]string {
	t.Helper()
	written, root := map[string]string{}, filepath.Join(c.dir, "written")
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(name)
		written[strings.TrimPrefix(name, root)] = string(text)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return written
}

// The browsers of a computer know the agent and its extension while it is installed; what others told them stays.
func TestBrowsersOnLinux(t *testing.T) {
	c := newLinux(t)
	const theirs = "/etc/opt/edge/policies/managed/company.json"
	place := filepath.Join(c.dir, "written", theirs)
	if err := errors.Join(os.MkdirAll(filepath.Dir(place), 0o755), os.WriteFile(place, []byte(`{"ExtensionSettings":{}}`), 0o644)); err != nil {
		t.Fatal(err)
	}
	if said, err := c.run(t, "install", "--extension", "http://collector.example"); err == nil || !strings.Contains(said, "by https") || len(c.written(t)) != 1 {
		t.Errorf("from where anybody may exchange it: %v, %s", err, said)
	}

	said := c.do(t, "install", "--extension", "https://collector.example/")
	if !strings.Contains(said, "Edge: "+theirs+" is another's") || strings.Count(said, "\n") != 2 {
		t.Errorf("install said %s", said)
	}
	written := c.written(t)
	for _, b := range extension.Browsers() {
		for i, host := range extension.HostPlaces(b, extension.Linux) {
			var manifest struct {
				Path       string
				Origins    []string `json:"allowed_origins"`
				Extensions []string `json:"allowed_extensions"`
			}
			err := json.Unmarshal([]byte(written[host]), &manifest)
			// Only the first folder is on every system.
			if i == 0 && (err != nil || manifest.Path != c.agent || len(manifest.Origins)+len(manifest.Extensions) == 0) {
				t.Errorf("%s finds %q: %v", b, written[host], err)
			}
		}
		policy := written[extension.PolicyPlace(b, extension.Linux)]
		if told := strings.Contains(policy, `"https://collector.example/extension/`); told == (b == extension.Edge) {
			t.Errorf("%s is told %q", b, policy)
		}
	}

	// Nothing else is right on a computer without a service: doctor ends with 1.
	said, _ = c.run(t, "doctor", "--state", filepath.Join(c.dir, "state"), "--json")
	type check struct {
		Name string
		OK   bool
	}
	var checks []check
	if err := json.Unmarshal([]byte(said), &checks); err != nil {
		t.Fatalf("doctor: %v: %s", err, said)
	}
	for _, name := range []string{"host of Chromium", "host of Firefox"} {
		if !slices.ContainsFunc(checks, func(c check) bool { return c.Name == name && c.OK }) {
			t.Errorf("doctor on the %s: %s", name, said)
		}
	}

	c.do(t, "uninstall", "--state", filepath.Join(c.dir, "state"))
	if left := slices.Sorted(maps.Keys(c.written(t))); !slices.Equal(left, []string{theirs}) {
		t.Errorf("left: %v", left)
	}
}

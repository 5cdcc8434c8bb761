package installer

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/shared/extension"
	"github.com/dayline-project/dayline/test/linux"
	"github.com/dayline-project/dayline/test/rig"
)

// The browsers of a computer know the agent and its extension while it is installed; what others told them stays.
func TestBrowsersOnLinux(t *testing.T) {
	bin := must(rig.Build())(t)
	agent, m := bin.Agent(), linux.New(t, string(bin))
	const theirs = "/etc/opt/edge/policies/managed/company.json"
	place := m.Path(theirs)
	mustDo(t, errors.Join(os.MkdirAll(filepath.Dir(place), 0o755), os.WriteFile(place, []byte(`{"ExtensionSettings":{}}`), 0o644)))
	before := must(m.Left())(t)
	if said, err := m.Run(t.Context(), nil, agent, "install", "--extension", "http://collector.example"); err == nil || !strings.Contains(said, "by https") {
		t.Errorf("from where anybody may exchange it: %v, %s", err, said)
	}
	if left := must(m.Left())(t); !slices.Equal(left, before) {
		t.Errorf("left: %q", left)
	}

	said := must(m.Run(t.Context(), nil, agent, "install", "--extension", "https://collector.example/"))(t)
	if !strings.Contains(said, "Edge: "+theirs+" is another's") || strings.Count(said, "\n") != 2 {
		t.Errorf("install said %s", said)
	}
	text := func(name string) []byte {
		read, err := os.ReadFile(m.Path(name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
		return read
	}
	for _, b := range extension.Browsers() {
		for i, host := range extension.HostPlaces(b, extension.Linux) {
			var manifest struct {
				Path       string
				Origins    []string `json:"allowed_origins"`
				Extensions []string `json:"allowed_extensions"`
			}
			err := json.Unmarshal(text(host), &manifest)
			// Only the first folder is on every system.
			if i == 0 && (err != nil || manifest.Path != agent || len(manifest.Origins)+len(manifest.Extensions) == 0) {
				t.Errorf("%s finds %q: %v", b, text(host), err)
			}
		}
		policy := string(text(extension.PolicyPlace(b, extension.Linux)))
		if told := strings.Contains(policy, `"https://collector.example/extension/`); told == (b == extension.Edge) {
			t.Errorf("%s is told %q", b, policy)
		}
	}

	// Nothing else is right on a computer that is not enrolled: doctor ends with 1.
	said, _ = m.Run(t.Context(), nil, agent, "doctor", "--json")
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

	must(m.Run(t.Context(), nil, agent, "uninstall"))(t)
	if left := must(m.Left())(t); !slices.Equal(left, before) {
		t.Errorf("left: %q", left)
	}
}

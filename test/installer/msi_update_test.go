package installer

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/installer/exe"
	"github.com/dayline-project/dayline/installer/msi"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/test/site"
	"github.com/dayline-project/dayline/test/wine"
)

// updates is where the agent keeps what updates need.
const updates = state + `\agent\update`

// marker is what of that says how far an update is: the fields that this test knows.
type marker struct {
	Step      string `json:"step,omitempty"`
	From      string `json:"from,omitempty"`
	To        string `json:"to,omitempty"`
	Staged    string `json:"staged,omitempty"`
	SHA256    string `json:"sha256,omitempty"`
	Former    string `json:"former,omitempty"`
	Connected bool   `json:"connected,omitempty"`
	Failed    []struct {
		Version, Step, Reason string
		RolledBack            bool `json:"rolled_back"`
	} `json:"failed,omitempty"`
}

// An agent that a package installed becomes another release of itself, as it was staged: the service's own process watches that from
// aside, in a service of its own. A repair keeps the newer one; one that does not work goes again; and what is removed in the middle of
// all this goes with the rest.
func TestUpdatesOfMSI(t *testing.T) {
	t.Parallel()
	c, former, next := newComputer(t), judging(t, "0.2.0"), judging(t, "0.3.0")
	plain := c.put(t, former)
	c.msiexec(t, "/i", plain, "ENROLL="+must(c.Collector.Link(t.Context()))(t))
	c.runs(t, "0.2.0")
	device := c.reports(t, "0.2.0")

	c.stages(t, "0.2.0", "0.3.0", next.Executable)
	if m := c.settles(t); len(m.Failed) != 0 {
		t.Fatalf("it failed: %+v", m)
	}
	c.runs(t, "0.3.0")
	if now := c.reports(t, "0.3.0"); now != device {
		t.Errorf("device %s became %s", device, now)
	}
	c.do(t, wine.Agent, "restart")
	c.tidy(t)

	// A repair: the executable's version is higher than the package's.
	c.stop(t)
	c.msiexec(t, "/i", plain, "REINSTALL=ALL", "REINSTALLMODE=omus")
	c.runs(t, "0.3.0")

	poison := must(os.ReadFile(must(wine.Build("./test/wine/poison", "-X main.version=0.4.0"))(t)))(t)
	c.stages(t, "0.3.0", "0.4.0", poison)
	m := c.settles(t)
	if len(m.Failed) != 1 || m.Failed[0].Version != "0.4.0" || !m.Failed[0].RolledBack || !strings.Contains(m.Failed[0].Reason, "again and again") {
		t.Errorf("it was not rolled back: %+v", m)
	}
	c.runs(t, "0.3.0")
	if now := c.reports(t, "0.3.0"); now != device {
		t.Errorf("device %s became %s", device, now)
	}
	c.do(t, wine.Agent, "restart")
	c.tidy(t)

	// What comes to probation is removed before that is over.
	c.stages(t, "0.3.0", "0.2.0", former.Executable)
	site.Eventually(t, patience, "it is on probation", func() error {
		if m := c.marker(t); m.Step != "probation" {
			return fmt.Errorf("at %+v", m)
		}
		return nil
	})
	c.msiexec(t, "/x", plain)
	site.Eventually(t, patience, "nothing is left", func() error {
		if left, runs := c.left(t), c.PIDs("dayline-agent"); len(left)+len(runs) > 0 {
			return fmt.Errorf("files %q, processes %v", left, runs)
		}
		return nil
	})
	if lines := c.registered(t); len(lines) > 0 {
		t.Errorf("entries of the registry are left: %q", lines)
	}
}

// judging gives the agent of a version, that judges another for half a minute at most.
func judging(t *testing.T, text string) msi.Package {
	t.Helper()
	version := must(release.ParseVersion(text))(t)
	nobody := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public().(ed25519.PublicKey)
	trusting := must(release.Trusted{Version: 1, Keys: []ed25519.PublicKey{nobody}}.LinkFlag())(t)
	const module = "github.com/dayline-project/dayline"
	linked := must(wine.Build("./agent/cmd/dayline-agent", fmt.Sprintf("%s -X %s/shared/buildinfo.Version=%s -X %s/agent/internal/update.probation=30s",
		trusting, module, text, module)))(t)
	p := msi.Package{Agent: exe.Agent{Version: version, Built: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Arch: release.AMD64}}
	p.Executable = must(p.Agent.WithResources(must(os.ReadFile(linked))(t)))(t)
	return p
}

// stages leaves a version as the service does that has staged it, and starts the service, which has it watched.
func (c *computer) stages(t *testing.T, from, to string, program []byte) {
	t.Helper()
	c.stop(t)
	m := c.marker(t)
	m.Step, m.From, m.To, m.Staged, m.SHA256, m.Connected = "swap", from, to, "staged", sum(program), true
	m.Former = sum(must(os.ReadFile(c.Path(wine.Agent)))(t))
	mustDo(t, errors.Join(
		os.MkdirAll(c.Path(updates), 0o700), os.WriteFile(c.Path(updates+`\`+m.Staged), program, 0o700),
		os.WriteFile(c.Path(updates+`\marker.json`), must(json.Marshal(m))(t), 0o600)))
	c.do(t, wine.Agent, "start")
}

func sum(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// marker of the update that is under way.
func (c *computer) marker(t *testing.T) (m marker) {
	t.Helper()
	text, err := os.ReadFile(c.Path(updates + `\marker.json`))
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return m
}

// settles waits until an update is over, and its watcher gone.
func (c *computer) settles(t *testing.T) (m marker) {
	t.Helper()
	site.Eventually(t, patience, "the update is settled", func() error {
		if m = c.marker(t); m.Step != "" {
			return fmt.Errorf("at %+v", m)
		}
		if pids := c.PIDs("update --watch"); len(pids) > 0 {
			return fmt.Errorf("watchers %v", pids)
		}
		return nil
	})
	return m
}

// tidy waits until nothing is left of an update, once the service has started anew.
func (c *computer) tidy(t *testing.T) {
	t.Helper()
	site.Eventually(t, patience, "nothing of the update is left", func() error {
		for folder, may := range map[string][]string{
			filepath.Dir(c.Path(wine.Agent)): {"dayline-agent.exe", "org.dayline.host.chromium.json", "org.dayline.host.firefox.json"},
			c.Path(updates):                  {"marker.json", "failed.log", "watcher.log"},
		} {
			for _, entry := range must(os.ReadDir(folder))(t) {
				if !slices.Contains(may, entry.Name()) {
					return fmt.Errorf("%s is left in %s", entry.Name(), folder)
				}
			}
		}
		if _, err := c.Run(t.Context(), "sc", "query", service+"-update"); err == nil {
			return errors.New("the watcher's service is left")
		}
		return nil
	})
}

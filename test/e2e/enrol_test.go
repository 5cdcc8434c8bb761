package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/token"
	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/site"
)

// A string kept in an image makes each computer started from it a device of its own, and is then nowhere. A disk that
// is copied later becomes another device once both are at work.
func TestCopiedDisksBecomeDevicesOfTheirOwn(t *testing.T) {
	t.Parallel()
	here := site.New(t, rig.Options{Account: "settle: 0s\nagents: {sync_every: 1s}\n"})
	carried := must(here.Collector.Link(t.Context()))(t)
	file := filepath.Join(site.Folder(t), "string")
	mustDo(t, os.WriteFile(file, []byte(carried), 0o600))
	image := rig.NewAgent(here.Bin, filepath.Join(here.Dir, "image"), nil)
	must(image.Run(t.Context(), "enroll", "--at-start", "--file", file, "--state", image.State))(t)
	if !bytes.Contains(site.Contents(t, image.State, "*"), []byte(carried)) {
		t.Fatal("the search does not find what was kept")
	}
	mustOwn(t, image.State)

	first, second := copied(t, here, image, "first"), copied(t, here, image, "second")
	if a, b := enrolled(t, first), enrolled(t, second); a == b {
		t.Fatalf("both are %s", a)
	}
	nowhere(t, here, carried, first, second)

	// Whatever is left for it later, an enrolled device stays what it is.
	before := enrolled(t, first)
	if said := must(first.Run(t.Context(), "enroll", "--at-start", "--file", file, "--state", first.State))(t); !strings.Contains(string(said), "enrolled already") {
		t.Errorf("said %q", said)
	}
	mustDo(t, first.Stop())
	mustDo(t, os.WriteFile(filepath.Join(first.State, "enroll"), []byte(must(here.Collector.Link(t.Context()))(t)), 0o600))
	third := copied(t, here, first, "third")
	mustDo(t, first.StartService())
	if after := enrolled(t, first); after != before {
		t.Errorf("was %s, is %s", before, after)
	}
	if _, err := os.Stat(filepath.Join(first.State, "enroll")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was left is kept: %v", err)
	}

	var helpers []*rig.Helper
	for _, agent := range []*rig.Agent{first, third} {
		var helper *rig.Helper
		site.Eventually(t, time.Minute, "the service collects", func() (err error) {
			helper, err = agent.Helper(t.Context())
			return err
		})
		t.Cleanup(helper.Close)
		helpers = append(helpers, helper)
	}
	began := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	site.Eventually(t, time.Minute, "the copy is a device of its own", func() error {
		for _, helper := range helpers {
			began = began.Add(time.Second)
			if err := helper.Store(episode.Episode{State: episode.Active, Start: began, For: time.Second, EndedBy: episode.ByFocus, Identity: episode.Identity{App: "card"}}); err != nil {
				return err
			}
		}
		if a, b := enrolled(t, first), enrolled(t, third); a == b {
			return fmt.Errorf("both are %s", a)
		}
		return nil
	})
	if clones := must(here.Collector.Run(t.Context(), "device", "list", "--flag", "cloned", "--format", "json"))(t); strings.Count(string(clones), `"cloned"`) != 1 {
		t.Errorf("the collector tells of %s", clones)
	}
}

// copied starts an agent on a copy of another's disk.
func copied(t *testing.T, here *site.Site, from *rig.Agent, name string) *rig.Agent {
	t.Helper()
	agent := rig.NewAgent(here.Bin, filepath.Join(here.Dir, name), nil)
	mustDo(t, os.Mkdir(filepath.Dir(agent.State), 0o755))
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", from.State, agent.State).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { mustDo(t, agent.Stop()) })
	mustDo(t, agent.StartService())
	return agent
}

// enrolled waits until the device is, and gives its id.
func enrolled(t *testing.T, agent *rig.Agent) string {
	t.Helper()
	var status struct{ Device, Problem string }
	site.Eventually(t, time.Minute, "the device is enrolled", func() error {
		said, err := agent.Run(t.Context(), "status", "--json", "--state", agent.State)
		if err == nil {
			err = json.Unmarshal(said, &status)
		}
		if err == nil && status.Device == "" {
			err = errors.New(status.Problem)
		}
		return err
	})
	return status.Device
}

// nowhere makes sure that an enrolment string that was used, and the secret in it, are in nothing that the agents and the
// collector keep, say or show.
func nowhere(t *testing.T, here *site.Site, carried string, agents ...*rig.Agent) {
	t.Helper()
	places := map[string][]byte{
		"the collector's data": site.Contents(t, here.Collector.Data, "*"), "the collector's log": site.Contents(t, here.Collector.Process().Log(), "*"),
	}
	for _, agent := range agents {
		mustOwn(t, agent.State)
		places["a state folder"] = append(places["a state folder"], site.Contents(t, agent.State, "*")...)
		places["a log"] = append(places["a log"], agent.Logs()...)
		for _, command := range []string{"status", "doctor"} { // the doctor ends with 1: nobody is in a session
			said, _ := agent.Run(t.Context(), command, "--state", agent.State)
			places[command] = append(places[command], said...)
		}
		for _, shown := range []string{"cmdline", "environ"} {
			places[shown] = append(places[shown], must(os.ReadFile(fmt.Sprintf("/proc/%d/%s", agent.Service().PID(), shown)))(t)...)
		}
	}
	secret := must(token.Parse(carried))(t).Secret
	for place, text := range places {
		if len(text) == 0 {
			t.Errorf("%s was not searched", place)
		}
		if bytes.Contains(text, []byte(carried)) || bytes.Contains(text, []byte(secret)) {
			t.Errorf("the enrolment string is in %s", place)
		}
	}
}

// mustOwn makes sure that nobody but the owner may read what is in the folder.
func mustOwn(t *testing.T, folder string) {
	t.Helper()
	mustDo(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && (entry.IsDir() || info.Mode().IsRegular()) && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %v", path, info.Mode())
		}
		return err
	}))
}

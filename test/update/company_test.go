package update

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/test/linux"
	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/site"
)

const (
	patience = 90 * time.Second
	program  = "/usr/local/bin/dayline-agent"
	state    = "/var/lib/dayline-agent"
)

// company is a collector, and a computer that reports to it, whose agent is the oldest.
type company struct {
	*linux.Machine
	builds    builds
	collector *rig.Collector
	// leave ends the session that worked last.
	leave func()
	// titles of the episodes that the agent took.
	titles []string
	// bare is what was on the computer before.
	bare []string
}

// account has agents come to the collector often, and all of them told at once; updating is as the text says.
func account(updates string) string {
	return "agents: {sync_every: 1s}\nupdates: {linux: " + updates + ", rollout: {plan: [100]}}\n"
}

func newCompany(t *testing.T, updates string) *company {
	t.Helper()
	b := must(build())(t)
	dir := site.Folder(t)
	c := &company{leave: func() {}, builds: b, collector: must(rig.NewCollector(b.Binaries, dir, rig.Options{Account: account(updates)}))(t)}
	mustDo(t, c.collector.Start(t.Context()))
	t.Cleanup(func() {
		if err := c.collector.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the collector said: %s", c.collector.Process().Tail())
		}
	})
	c.Machine = linux.New(t, dir)
	c.bare = must(c.Left())(t)
	text := must(os.ReadFile(b.agent(oldest)))(t)
	mustDo(t, errors.Join(os.WriteFile(c.Path(program), text, 0o755), os.Chmod(c.Path(program), 0o755)))
	c.do(t, program, "install")
	c.do(t, program, "enroll", must(c.collector.Link(t.Context()))(t))
	c.do(t, program, "restart")
	c.runs(t, oldest)
	return c
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (c *company) do(t *testing.T, command ...string) string {
	t.Helper()
	return must(c.Run(t.Context(), nil, command...))(t)
}

// updates sets how the account updates Linux.
func (c *company) updates(t *testing.T, how string) {
	t.Helper()
	mustDo(t, c.collector.Account(account(how)))
}

// runs waits until the collector knows the device by a version, and no update is under way there.
func (c *company) runs(t *testing.T, version string) {
	t.Helper()
	site.Eventually(t, patience, "it runs "+version, func() error {
		known, err := c.collector.Devices(t.Context())
		if err == nil && (len(known) != 1 || known[0].Version != version) {
			err = fmt.Errorf("devices: %+v", known)
		}
		if m := c.marker(); err == nil && m.Step != "" {
			err = fmt.Errorf("marker: %+v", m)
		}
		if err == nil && c.watched() {
			err = errors.New("there is a watcher")
		}
		return err
	})
	if said := c.do(t, program, "version"); strings.TrimSpace(said) != version {
		t.Errorf("in its place is %q", said)
	}
}

// watched tells whether anything of a watcher is there.
func (c *company) watched() bool {
	for _, name := range []string{"/usr/local/bin/.dayline-agent-watcher", "/etc/systemd/system/dayline-agent-update.service"} {
		if _, err := os.Lstat(c.Path(name)); err == nil {
			return true
		}
	}
	return false
}

// stands waits until the collector says of what Linux aims at, and of why, words.
func (c *company) stands(t *testing.T, version, reason string) {
	t.Helper()
	site.Eventually(t, patience, "updates are "+reason, func() error {
		said, err := c.collector.Run(t.Context(), "updates", "--format", "json")
		if err != nil {
			return err
		}
		var aims []struct{ OS, Version, Reason string }
		if err := json.Unmarshal(said, &aims); err != nil {
			return fmt.Errorf("%w: %s", err, said)
		}
		if len(aims) != 1 || aims[0].Version != version || !strings.Contains(aims[0].Reason, reason) {
			return fmt.Errorf("updates: %s", said)
		}
		return nil
	})
}

type marker struct {
	Step, To string
	Failed   []struct {
		Version, Step, Reason string
		RolledBack            bool `json:"rolled_back"`
	}
}

func (c *company) marker() (m marker) {
	text, err := os.ReadFile(c.Path(state + "/update/marker.json"))
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		m.Step = err.Error()
	}
	return m
}

// at waits until an update is at a step.
func (c *company) at(t *testing.T, step string) {
	t.Helper()
	site.Eventually(t, patience, "an update is at "+step, func() error {
		if m := c.marker(); m.Step != step {
			return fmt.Errorf("marker: %+v", m)
		}
		return nil
	})
}

// works brings episodes as a helper does, whose session is in use then.
func (c *company) works(t *testing.T, count int) {
	t.Helper()
	agent := &rig.Agent{State: c.Path("/run/dayline")}
	var helper *rig.Helper
	c.leave()
	for range count {
		title := fmt.Sprintf("Card %d", len(c.titles))
		e := episode.Episode{
			State: episode.Active, Start: time.Now().Add(time.Duration(len(c.titles)-5000) * time.Second).Truncate(time.Second), For: time.Second,
			Identity: episode.Identity{App: "card", Title: title}, EndedBy: episode.ByFocus, Revision: "r-1",
		}
		site.Eventually(t, patience, "an episode is taken", func() error {
			if helper == nil {
				came, err := agent.Helper(t.Context())
				if err != nil {
					return err // no service is there now
				}
				helper = came
			}
			return helper.Store(e)
		})
		c.titles = append(c.titles, title)
	}
	c.leave = helper.Close
	go helper.Stay() // ends with the service, or leave
}

// reported checks that every episode is in the report, once.
func (c *company) reported(t *testing.T) {
	t.Helper()
	site.Eventually(t, patience, "all episodes are in the report", func() error {
		rows, err := c.collector.Closed(t.Context())
		if err != nil {
			return err
		}
		var titles []string
		for _, row := range rows {
			titles = append(titles, row.Title)
		}
		slices.Sort(titles)
		want := slices.Sorted(slices.Values(c.titles))
		if !slices.Equal(titles, want) {
			return fmt.Errorf("%d rows of %d episodes: %q", len(titles), len(want), titles)
		}
		return nil
	})
	if aside, _ := filepath.Glob(c.Path(state + "/buffer.db.corrupt-*")); len(aside) != 0 { // the pattern is a right one
		t.Logf("set aside: %q", aside)
	}
}

package update

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// An agent becomes what it is asked to: the newest, a pinned one, an older one where that is pinned; nothing while that is paused. A
// power cut in the middle does not stop it, and an uninstallation takes all of it away.
func TestAnAgentBecomesWhatItIsAskedTo(t *testing.T) {
	t.Parallel()
	c := newCompany(t, "paused")
	c.builds.shelve(t, c.collector, oldest, newer)
	c.stands(t, newer, "paused")
	c.works(t, 3)
	c.reported(t)
	c.runs(t, oldest)

	c.updates(t, "latest")
	c.at(t, "probation")
	c.works(t, 3)
	c.runs(t, newer)
	c.works(t, 3)
	c.stands(t, newer, "")

	c.updates(t, "{pinned: "+oldest+"}")
	c.runs(t, oldest)
	c.works(t, 3)

	c.updates(t, "latest")
	c.at(t, "probation")
	mustDo(t, c.Reboot(t.Context()))
	c.works(t, 3)
	c.runs(t, newer)
	c.reported(t)
	c.former(t)
	c.works(t, 3)

	c.updates(t, "{pinned: "+oldest+"}")
	c.at(t, "probation")
	c.do(t, program, "uninstall")
	if left := must(c.Left())(t); !slices.Equal(left, c.bare) {
		t.Errorf("left: %q", left)
	}
	if said := c.do(t, "ps", "-eo", "args"); strings.Contains(said, "dayline-agent") {
		t.Errorf("runs on: %s", said)
	}
}

// former has the release before this tree read what an agent of this tree left: an update may be taken back.
func (c *company) former(t *testing.T) {
	t.Helper()
	c.do(t, "systemctl", "stop", "dayline-agent")
	var read struct {
		Device   string
		Settings struct{ Device string }
		Logins   []string
		Update   struct{ Step string }
		Buffer   struct{ Runs map[string]int }
	}
	said := must(run(t.Context(), c.builds.in("former"), c.Path(state)))(t)
	mustDo(t, json.Unmarshal([]byte(said), &read))
	known := must(c.collector.Devices(t.Context()))(t)
	if read.Device != known[0].ID || read.Settings.Device != known[0].ID || len(read.Logins) != 1 || len(read.Buffer.Runs) == 0 {
		t.Errorf("it reads %s", said)
	}
	c.do(t, "systemctl", "start", "dayline-agent")
}

// A release that is no good goes, whatever it does: its agent is as it was and tells why, and nobody else is told to become that.
func TestAPoisonedReleaseGoes(t *testing.T) {
	for kind, reason := range map[string]string{
		"crash": "again and again",
		"hang":  "does not answer",
		"mute":  "accepted nothing",
		"spoil": "buffer was damaged",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := newCompany(t, "paused")
			mustDo(t, os.WriteFile(c.Path(program+".poison"), []byte(kind), 0o644))
			c.works(t, 3)
			// What waits to be sent is there after the update too.
			mustDo(t, c.collector.Stop())
			c.works(t, 3)
			mustDo(t, c.collector.Start(t.Context()))

			c.builds.shelve(t, c.collector, newer)
			c.updates(t, "latest")
			c.at(t, "probation")
			c.at(t, "")
			c.runs(t, oldest)
			c.works(t, 3) // a service whose session nobody uses comes every five minutes alone
			c.stands(t, newer, "halted")
			failed := c.marker().Failed
			if len(failed) != 1 || failed[0].Version != newer || !failed[0].RolledBack || !strings.Contains(failed[0].Reason, reason) {
				t.Errorf("failed: %+v", failed)
			}
			c.reported(t)
		})
	}
}

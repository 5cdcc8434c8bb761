package script

import (
	"testing"
	"time"

	"github.com/dayline-project/dayline/test/rig"
)

// That no window is in front counts only where nothing is being done.
func TestWithoutPassing(t *testing.T) {
	t.Parallel()
	const s = time.Second
	from := time.Now()
	at := func(begun, seen time.Duration) Did { return Did{Begun: from.Add(begun), Seen: from.Add(seen)} }
	row := func(app string, start, length time.Duration) rig.Row {
		return rig.Row{State: "active", App: app, Start: from.Add(start), Seconds: length.Seconds(), EndedBy: "focus"}
	}
	var script Script
	script.Focused(at(0, 0), "one", "")
	script.Focused(at(10*s, 15*s), "two", "")
	script.Focused(at(20*s, 20*s), "three", "")
	for _, c := range []struct {
		name  string
		rows  []rig.Row
		right bool
	}{
		{"none", []rig.Row{row("one", 0, 11*s), row("two", 11*s, 9*s), row("three", 20*s, s)}, true},
		{"while it is done", []rig.Row{row("one", 0, 11*s), row("", 11*s, 2*s), row("two", 13*s, 7*s), row("three", 20*s, s)}, true},
		{"before", []rig.Row{row("one", 0, 5*s), row("", 5*s, 6*s), row("two", 11*s, 9*s), row("three", 20*s, s)}, false},
		{"for longer", []rig.Row{row("one", 0, 11*s), row("", 11*s, 5*s), row("two", 16*s, 4*s), row("three", 20*s, s)}, false},
		{"and then a gap", []rig.Row{row("one", 0, 11*s), row("", 11*s, s), row("two", 13*s, 7*s), row("three", 20*s, s)}, false},
	} {
		if faults := script.Compare(c.rows); (len(faults) == 0) != c.right {
			t.Errorf("%s: %q", c.name, faults)
		}
	}
}

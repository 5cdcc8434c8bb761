// Package e2e holds the tests that cross every room: real programs on a real X server, the real agent, the real
// collector, and the report a person reads.
package e2e

import (
	"fmt"
	"time"

	"github.com/dayline-project/dayline/test/desktop"
	"github.com/dayline-project/dayline/test/rig"
)

// slack is how far a reported time may lie outside the moment in which an act was seen to take effect.
const slack = 300 * time.Millisecond

// expected is an episode the report has to show.
type expected struct {
	state, app, title, endedBy, reason string
	private                            bool
	// began bounds the start; after is added to it.
	began desktop.Did
	after time.Duration
}

func (e expected) String() string {
	return fmt.Sprintf("%s %s %q ended by %s at %s", e.state, e.app, e.title, e.endedBy, e.began.Begun.Add(e.after).Format("15:04:05.000"))
}

// script collects what was done on a desktop, as the episodes it must have led to.
type script struct{ episodes []expected }

// focused adds an active episode that began when a window or title came to the front, which ended the one before it.
func (s *script) focused(did desktop.Did, app, title string) {
	s.began(expected{state: "active", app: app, title: title, began: did}, "focus")
}

// began adds an episode; the word is what the one before it ended by, empty where it ended on its own.
func (s *script) began(e expected, before string) {
	if n := len(s.episodes); n > 0 && before != "" {
		s.episodes[n-1].endedBy = before
	}
	s.episodes = append(s.episodes, e)
}

// compare lists how the rows differ from the script, whose last episode is still open and not compared. Rows from
// before the script began are passed over.
func (s *script) compare(rows []rig.Row) []string {
	if len(s.episodes) == 0 {
		return []string{"an empty script"}
	}
	from := s.episodes[0].began.Begun.Add(-slack)
	for len(rows) > 0 && rows[0].Start.Before(from) {
		rows = rows[1:]
	}
	var faults []string
	wanted := s.episodes[:len(s.episodes)-1]
	for i, want := range wanted {
		if i >= len(rows) {
			return append(faults, fmt.Sprintf("episode %d is missing: %s", i, want))
		}
		for _, fault := range want.differs(rows[i]) {
			faults = append(faults, fmt.Sprintf("episode %d (%s): %s", i, want, fault))
		}
		if follows := want.endedBy == "focus" || want.endedBy == "idle" || want.endedBy == "lock" || want.endedBy == "sleep"; follows && i+1 < len(rows) {
			if gap := rows[i+1].Start.Sub(rows[i].End()); gap.Abs() > time.Millisecond {
				faults = append(faults, fmt.Sprintf("episode %d (%s): %s between its end and the next", i, want, gap))
			}
		}
	}
	if len(rows) > len(wanted)+1 {
		faults = append(faults, fmt.Sprintf("%d rows more than the script", len(rows)-len(wanted)-1))
	}
	return faults
}

func (e expected) differs(row rig.Row) []string {
	var faults []string
	for _, field := range []struct{ name, want, got string }{
		{"state", e.state, row.State}, {"app", e.app, row.App}, {"title", e.title, row.Title}, {"ended_by", e.endedBy, row.EndedBy}, {"reason", e.reason, row.Reason},
	} {
		if field.want != field.got {
			faults = append(faults, fmt.Sprintf("%s is %q", field.name, field.got))
		}
	}
	if e.private != row.Private {
		faults = append(faults, fmt.Sprintf("private is %t", row.Private))
	}
	earliest, latest := e.began.Begun.Add(e.after-slack), e.began.Seen.Add(e.after+slack)
	if row.Start.Before(earliest) || row.Start.After(latest) {
		faults = append(faults, fmt.Sprintf("it starts at %s", row.Start.Local().Format("15:04:05.000")))
	}
	return faults
}

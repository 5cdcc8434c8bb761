// Package script keeps what a test did on a desktop, and compares it with the report a person reads.
package script

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/test/process"
	"github.com/dayline-project/dayline/test/rig"
)

// Did is when an act was done: between the moment it was begun and the moment its effect was seen, by the agent too.
type Did struct{ Begun, Seen time.Time }

// slack is how far a reported time may lie outside the moment in which an act was seen to take effect.
const slack = 300 * time.Millisecond

// Episode is one the report has to show, by the names the report has.
type Episode struct {
	State, App, Title, URL, EndedBy, Reason string
	Private                                 bool
	// Product is compared where it is given.
	Product string
	// Began bounds the start; After is added to it.
	Began Did
	After time.Duration
}

func (e Episode) String() string {
	return fmt.Sprintf("%s %s %q ended by %s at %s", e.State, e.App, e.Title, e.EndedBy, e.Began.Begun.Add(e.After).Format("15:04:05.000"))
}

// Script collects what was done on a desktop, as the episodes it must have led to.
type Script struct{ Episodes []Episode }

// Focused adds an active episode that began when a window or title came to the front, which ended the one before it.
func (s *Script) Focused(did Did, app, title string) {
	s.Began(Episode{State: "active", App: app, Title: title, Began: did}, "focus")
}

// Began adds an episode; the word is what the one before it ended by, empty where it ended on its own.
func (s *Script) Began(e Episode, before string) {
	if n := len(s.Episodes); n > 0 && before != "" {
		s.Episodes[n-1].EndedBy = before
	}
	s.Episodes = append(s.Episodes, e)
}

// Arrives waits until a report equals the script; the error lists where it does not.
func (s *Script) Arrives(ctx context.Context, within time.Duration, report func(ctx context.Context, args ...string) ([]rig.Row, error)) error {
	return process.Wait(ctx, within, "the report equals the script", func() error {
		rows, err := report(ctx)
		if err != nil {
			return err
		}
		if faults := s.Compare(rows); len(faults) > 0 {
			return fmt.Errorf("%d differences:\n%s", len(faults), strings.Join(faults, "\n"))
		}
		return nil
	})
}

// Compare lists how the rows differ from the script, whose last episode is still open and not compared. Rows from
// before the script began are passed over.
func (s *Script) Compare(rows []rig.Row) []string {
	if len(s.Episodes) == 0 {
		return []string{"an empty script"}
	}
	from := s.Episodes[0].Began.Begun.Add(-slack)
	for len(rows) > 0 && rows[0].Start.Before(from) {
		rows = rows[1:]
	}
	rows = s.withoutPassing(rows)
	var faults []string
	wanted := s.Episodes[:len(s.Episodes)-1]
	for i, want := range wanted {
		if i >= len(rows) {
			return append(faults, fmt.Sprintf("episode %d is missing: %s", i, want))
		}
		for _, fault := range want.differs(rows[i]) {
			faults = append(faults, fmt.Sprintf("episode %d (%s): %s", i, want, fault))
		}
		if follows := want.EndedBy == "focus" || want.EndedBy == "idle" || want.EndedBy == "lock" || want.EndedBy == "sleep"; follows && i+1 < len(rows) {
			if gap := rows[i+1].Start.Sub(rows[i].End()); gap.Abs() > time.Millisecond {
				faults = append(faults, fmt.Sprintf("episode %d (%s): %s between its end and the next", i, want, gap))
			}
		}
	}
	for i := len(wanted) + 1; i < len(rows); i++ {
		row := rows[i]
		faults = append(faults, fmt.Sprintf("more than the script: %s %s %q at %s", row.State, row.App, row.Title, row.Start.Local().Format("15:04:05.000")))
	}
	return faults
}

// withoutPassing leaves out that no window was in front while an act was done, and counts that time to the row before: a window
// manager passes through it on the way from one to the next, on a busy computer for longer than the agent overlooks.
func (s *Script) withoutPassing(rows []rig.Row) (kept []rig.Row) {
	for _, row := range rows {
		passing := func(e Episode) bool {
			return !row.Start.Before(e.Began.Begun.Add(-slack)) && !row.End().After(e.Began.Seen.Add(slack))
		}
		if n := len(kept); n > 0 && row.State == "active" && row.App == "" && slices.ContainsFunc(s.Episodes, passing) {
			kept[n-1].Seconds = row.End().Sub(kept[n-1].Start).Seconds()
			continue
		}
		kept = append(kept, row)
	}
	return kept
}

func (e Episode) differs(row rig.Row) []string {
	var faults []string
	for _, field := range []struct{ name, want, got string }{
		{"state", e.State, row.State}, {"app", e.App, row.App}, {"title", e.Title, row.Title}, {"url", e.URL, row.URL}, {"ended_by", e.EndedBy, row.EndedBy}, {"reason", e.Reason, row.Reason},
	} {
		if field.want != field.got {
			faults = append(faults, fmt.Sprintf("%s is %q", field.name, field.got))
		}
	}
	if e.Product != "" && e.Product != row.Product {
		faults = append(faults, fmt.Sprintf("product is %q", row.Product))
	}
	if e.Private != row.Private {
		faults = append(faults, fmt.Sprintf("private is %t", row.Private))
	}
	earliest, latest := e.Began.Begun.Add(e.After-slack), e.Began.Seen.Add(e.After+slack)
	if row.Start.Before(earliest) || row.Start.After(latest) {
		faults = append(faults, fmt.Sprintf("it starts at %s", row.Start.Local().Format("15:04:05.000")))
	}
	return faults
}

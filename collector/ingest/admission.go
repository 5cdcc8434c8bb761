package ingest

import (
	"context"
	"fmt"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// maxRevisions of settings that one batch may name: each may have to be read.
const maxRevisions = 64

// admission lets the records of one batch in, one by one.
type admission struct {
	*Ingest
	state  *deviceState
	opened *stream.Opened
	clock  clock

	// keys are those of the logins, by index, once a record of theirs is let in.
	keys []string
	// verdicts of the settings, by revision and login.
	verdicts map[ruling]*permission

	rows          []collector.Row
	refusals      []*agentv1.Refusal
	lastEpisodeAt time.Time
	corrected     bool
	flooded       bool
}

type ruling struct {
	revision string
	login    int
}

// admit makes rows of the records from a sequence on.
func (a *admission) admit(ctx context.Context, from uint64) error {
	entries := a.opened.Entries[from-a.opened.First:]
	a.keys = make([]string, len(a.opened.Logins))
	a.rows = make([]collector.Row, 0, len(entries))
	quota, keptFrom, tombstones := a.floods.quota(), a.options.KeptFrom(), *a.tombstones.Load()
	for n := range entries {
		entry := &entries[n]
		sequence := from + uint64(n)
		if entry.Fault != nil {
			a.refuse(sequence, entry.Fault.Field, entry.Fault.Reason)
			continue
		}
		row := collector.Row{Sequence: sequence, Record: entry.Record}
		if reason := a.clock.correct(&row); reason != "" {
			a.refuse(sequence, "start_ms", reason)
			continue
		}
		if row.Day < keptFrom {
			a.counters.expired.Add(1)
			continue
		}
		if buried(tombstones, a.state.device, entry.Login, row.Start) {
			a.counters.deleted.Add(1)
			continue
		}
		permission, err := a.permission(ctx, entry)
		if err != nil {
			return err
		}
		if !permission.allow(&row.Record) {
			a.counters.forbidden.Add(1)
			continue
		}
		if row.LoginKey, err = a.meet(ctx, entry); err != nil {
			return err
		}
		if !quota.take(row.LoginKey, row.Day) {
			a.flooded = true
			a.refuse(sequence, "login", fmt.Sprintf("flood: more than %d episodes on one day", floodPerDay))
			continue
		}
		a.take(row)
	}
	return nil
}

func (a *admission) take(row collector.Row) {
	purge(&row.Record)
	if row.ClockCorrected {
		a.corrected = true
		a.counters.corrected.Add(1)
	}
	if end := row.Start.Add(row.For); end.After(a.lastEpisodeAt) {
		a.lastEpisodeAt = end
	}
	a.rows = append(a.rows, row)
}

func (a *admission) refuse(sequence uint64, field, reason string) {
	a.counters.refused.Add(1)
	a.refusals = append(a.refusals, &agentv1.Refusal{Sequence: sequence, Field: field, Reason: reason})
}

// meet gives the key of a record's login and makes it known: a person appears with the first episode that is let in.
func (a *admission) meet(ctx context.Context, entry *stream.Entry) (key string, err error) {
	if a.keys[entry.LoginIndex] == "" {
		a.keys[entry.LoginIndex], err = a.login(ctx, a.state.device, entry.Login)
	}
	return a.keys[entry.LoginIndex], err
}

// permission finds what the settings named by a record said of its login.
func (a *admission) permission(ctx context.Context, entry *stream.Entry) (*permission, error) {
	key := ruling{entry.Revision, entry.LoginIndex}
	if found, known := a.verdicts[key]; known {
		return found, nil
	}
	if len(a.verdicts) >= maxRevisions*len(a.keys) {
		return nil, collector.Refuse(collector.BadRequest, "batch.episodes.settings_revision", "more than %d revisions", maxRevisions)
	}
	found, err := a.rules.find(ctx, entry.Revision, entry.Login)
	if err != nil {
		return nil, err
	}
	if a.verdicts == nil {
		a.verdicts = map[ruling]*permission{}
	}
	a.verdicts[key] = found
	return found, nil
}

// flags marks the device for what was found.
func (a *admission) flags(ctx context.Context) error {
	if a.corrected {
		if err := a.flag(ctx, a.state, "clock"); err != nil {
			return err
		}
	}
	if a.flooded {
		return a.flag(ctx, a.state, "flood")
	}
	return nil
}

// purge takes out what could act on a screen. The digest is settled by now.
func purge(record *stream.Record) {
	for _, text := range []*string{
		&record.Login.Name, &record.Product, &record.Bundle, &record.App, &record.Title, &record.Site, &record.URL,
	} {
		*text = stream.Printable(*text)
	}
}

// clock judges starts by the collector's own (security.md §3).
type clock struct {
	now              time.Time
	earliest, latest time.Time
	// offset is the collector's clock minus the device's, as the device saw it.
	offset time.Duration
	known  bool
}

// ahead is how much a start may lie ahead of the collector.
const ahead = 10 * time.Minute

func (i *Ingest) clock(req *agentv1.SyncRequest, now time.Time) clock {
	c := clock{now: now, earliest: now.AddDate(0, 0, -i.options.BufferDays()-1), latest: now.Add(ahead)}
	// A century either way is more than any clock is off, and keeps time.Duration from overflowing.
	const most = 100 * 365 * 24 * time.Hour
	if req.ClockOffsetMs != nil && *req.ClockOffsetMs >= -most.Milliseconds() && *req.ClockOffsetMs <= most.Milliseconds() {
		c.offset, c.known = time.Duration(*req.ClockOffsetMs)*time.Millisecond, true
	}
	return c
}

// correct moves a start that cannot be, and sets the row's day. The reason is not empty where that does not help.
func (c *clock) correct(row *collector.Row) (reason string) {
	if !c.plausible(row.Start) {
		moved := row.Start.Add(c.offset)
		if !c.known || !c.plausible(moved) {
			return "the device's clock is wrong: it is too far from the collector's time"
		}
		row.Start, row.ClockCorrected = moved, true
	}
	row.Day = collector.LocalDay(row.Start)
	return ""
}

func (c *clock) plausible(start time.Time) bool {
	return !start.Before(c.earliest) && !start.After(c.latest)
}

// locked time has no identity to forbid.
func isLocked(record *stream.Record) bool { return record.State == episode.Locked }

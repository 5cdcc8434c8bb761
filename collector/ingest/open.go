package ingest

import (
	"context"
	"time"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

const (
	// maxOpen episodes at once on one device: as many login sessions.
	maxOpen = 500
	// openFor is how long an open episode is believed after the device's last contact.
	openFor = 24 * time.Hour
)

// takeOpen replaces what is going on at a device. One that does not hold is left out: the next sync tells it again.
func (i *Ingest) takeOpen(ctx context.Context, state *deviceState, going []*agentv1.OpenEpisode, clock clock) error {
	open, tombstones := make([]collector.OpenRow, 0, len(going)), *i.tombstones.Load()
	for _, one := range going {
		record, err := stream.Going(one)
		if err != nil {
			i.counters.refused.Add(1)
			continue
		}
		permission, err := i.rules.find(ctx, record.Revision, record.Login)
		if err != nil {
			return err
		}
		row := collector.OpenRow{Device: state.device, Row: collector.Row{Record: record}}
		if clock.correct(&row.Row) != "" || buried(tombstones, state.device, record.Login, row.Start) || !permission.allow(&row.Record) {
			continue
		}
		if row.LoginKey, err = i.login(ctx, state.device, record.Login); err != nil {
			return err
		}
		purge(&row.Record)
		open = append(open, row)
	}
	state.mu.Lock()
	defer state.mu.Unlock()
	// Of tombstones that came meanwhile either this sees them, or dropCovered what is set here.
	state.open, state.contactAt = uncovered(open, *i.tombstones.Load()), clock.now
	return nil
}

// Open gives the episodes going on, as of each device's last contact.
func (i *Ingest) Open(now time.Time) []collector.OpenRow {
	var open []collector.OpenRow
	for _, state := range i.devices.all() {
		state.mu.Lock()
		if now.Sub(state.contactAt) <= openFor {
			open = append(open, state.open...)
		}
		state.mu.Unlock()
	}
	return open
}

func (d *devices) all() []*deviceState {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]*deviceState, 0, len(d.byDevice))
	for _, state := range d.byDevice {
		all = append(all, state)
	}
	return all
}

// dropCovered forgets open episodes that were deleted.
func (d *devices) dropCovered(tombstones []collector.Tombstone) {
	for _, state := range d.all() {
		state.mu.Lock()
		state.open = uncovered(state.open, tombstones)
		state.mu.Unlock()
	}
}

// uncovered gives a list of its own: the old one may be in a report.
func uncovered(open []collector.OpenRow, tombstones []collector.Tombstone) []collector.OpenRow {
	kept := make([]collector.OpenRow, 0, len(open))
	for _, row := range open {
		if !covered(tombstones, row.Device, row.LoginKey, row.Start) {
			kept = append(kept, row)
		}
	}
	return kept
}

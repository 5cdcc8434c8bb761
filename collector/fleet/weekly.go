package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/dayline-project/dayline/collector"
)

const (
	// activeWithin and quietFor: the weekly entry is about devices with a contact in the last 30 days and none in the
	// last 7 (product.md 12).
	activeWithin = 30 * 24 * time.Hour
	quietFor     = 7 * 24 * time.Hour
	// workSilent is what the registry remembers of the weekly entry.
	workSilent = "silent devices"
	lookEvery  = 10 * time.Minute
)

func active(d *collector.Device, now time.Time) bool {
	return d.RevokedAt.IsZero() && now.Sub(d.LastContactAt) <= activeWithin
}

// Registry is what Weekly needs of the registry.
type Registry interface {
	Devices(ctx context.Context) ([]collector.Device, error)
	WorkDone(ctx context.Context, work string) (time.Time, error)
	FinishWork(ctx context.Context, work string, at time.Time, entries ...collector.AuditEntry) error
}

// Weekly writes the audit entry that lists devices active in the last 30 days and silent for 7 or more: each Sunday, or
// as soon as the collector runs again after one; none where there is none to list.
type Weekly struct {
	Registry Registry
	// Zone of the account's calendar.
	Zone func() *time.Location
	// Now tells the time; nil is time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Run looks every ten minutes whether an entry is due, until the context ends.
func (w *Weekly) Run(ctx context.Context) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		if err := w.write(ctx); err != nil && ctx.Err() == nil {
			w.Log.Error("silent devices not written down; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// write writes the entry that is due. That it was, the registry remembers in the same transaction.
func (w *Weekly) write(ctx context.Context) error {
	now := time.Now()
	if w.Now != nil {
		now = w.Now()
	}
	last, err := w.Registry.WorkDone(ctx, workSilent)
	if err != nil || !last.Before(sunday(now.In(w.Zone()))) {
		return err
	}
	devices, err := w.Registry.Devices(ctx)
	if err != nil {
		return fmt.Errorf("fleet: %w", err)
	}
	var entries []collector.AuditEntry
	if silent := silentFor(devices, now); len(silent) > 0 {
		detail, err := json.Marshal(map[string]any{"devices": silent})
		if err != nil {
			return fmt.Errorf("fleet: %w", err)
		}
		entries = append(entries, collector.AuditEntry{At: now, Actor: "collector", Action: "device.silent", Detail: string(detail)})
	}
	if err := w.Registry.FinishWork(ctx, workSilent, now, entries...); err != nil {
		return fmt.Errorf("fleet: %w", err)
	}
	return nil
}

// sunday is when the newest Sunday began.
func sunday(now time.Time) time.Time {
	year, month, day := now.Date()
	return time.Date(year, month, day-int(now.Weekday()), 0, 0, 0, 0, now.Location())
}

// silentFor gives the ids of devices that were active and have been silent for a week, sorted.
func silentFor(devices []collector.Device, now time.Time) []string {
	var ids []string
	for i := range devices {
		if d := &devices[i]; active(d, now) && now.Sub(d.LastContactAt) >= quietFor {
			ids = append(ids, d.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

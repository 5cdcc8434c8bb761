package sqlite

import (
	"context"
	"database/sql"

	"github.com/dayline-project/dayline/collector"
)

// Rollouts lists how far each was.
func (r *Registry) Rollouts(ctx context.Context) ([]collector.Rollout, error) {
	return collect(ctx, r.reader, "rollouts", func(rows *sql.Rows) (o collector.Rollout, err error) {
		var began, raised, counted, stood, halted int64
		err = rows.Scan(&o.OS, &o.Version, &o.Percent, &began, &raised, &counted, &stood, &halted, &o.HaltedBy, &o.HaltedWhy)
		o.BeganAt, o.RaisedAt, o.CountedFrom = moment(began), moment(raised), moment(counted)
		o.StoodAt, o.HaltedAt = moment(stood), moment(halted)
		return o, err
	}, `SELECT os, version, percent, began_ms, raised_ms, counted_ms, stood_ms, halted_ms, halted_by, halted_why
		FROM rollouts ORDER BY os, began_ms, version`)
}

// PutRollout adds a roll-out, or says how far it is now, with the entries that tell of it.
func (r *Registry) PutRollout(ctx context.Context, o collector.Rollout, entries ...collector.AuditEntry) error {
	return r.write(ctx, "put rollout", func(tx *sql.Tx) error {
		if o.OS == "" || o.Version == "" || o.Percent < 1 || o.Percent > 100 || o.BeganAt.IsZero() {
			return collector.Refuse(collector.BadRequest, "rollout", "a roll-out has a system, a version, a beginning and 1 to 100 per cent")
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO rollouts (os, version, percent, began_ms, raised_ms, counted_ms, stood_ms, halted_ms,
			halted_by, halted_why) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (os, version) DO UPDATE SET percent = excluded.percent,
			began_ms = excluded.began_ms, raised_ms = excluded.raised_ms, counted_ms = excluded.counted_ms, stood_ms = excluded.stood_ms,
			halted_ms = excluded.halted_ms, halted_by = excluded.halted_by, halted_why = excluded.halted_why`,
			o.OS, o.Version, o.Percent, millis(o.BeganAt), millis(o.RaisedAt), millis(o.CountedFrom), millis(o.StoodAt), millis(o.HaltedAt),
			o.HaltedBy, o.HaltedWhy)
		if err != nil {
			return err
		}
		return appendAll(ctx, tx, entries)
	})
}

// UpdateOrders lists what single devices are to become now.
func (r *Registry) UpdateOrders(ctx context.Context) ([]collector.UpdateOrder, error) {
	return collect(ctx, r.reader, "update orders", func(rows *sql.Rows) (o collector.UpdateOrder, err error) {
		var at int64
		err = rows.Scan(&o.Device, &o.Version, &o.Pinned, &at, &o.By, &o.FailedMs)
		o.At = moment(at)
		return o, err
	}, "SELECT device, version, pinned, at_ms, by, failed_ms FROM update_orders ORDER BY device")
}

// PutUpdateOrder takes the place of the device's former one, with the entries that tell of it.
func (r *Registry) PutUpdateOrder(ctx context.Context, o collector.UpdateOrder, entries ...collector.AuditEntry) error {
	return r.write(ctx, "put update order", func(tx *sql.Tx) error {
		if err := mustExist(ctx, tx, o.Device); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO update_orders (device, version, pinned, at_ms, by, failed_ms) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (device) DO UPDATE SET version = excluded.version, pinned = excluded.pinned, at_ms = excluded.at_ms,
			by = excluded.by, failed_ms = excluded.failed_ms`, o.Device, o.Version, o.Pinned, millis(o.At), o.By, o.FailedMs)
		if err != nil {
			return err
		}
		return appendAll(ctx, tx, entries)
	})
}

// EndUpdateOrder ends a device's order, with the entries that tell of it. NotFound where it has none.
func (r *Registry) EndUpdateOrder(ctx context.Context, device string, entries ...collector.AuditEntry) error {
	return r.write(ctx, "end update order", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "DELETE FROM update_orders WHERE device = ?", device)
		if err != nil {
			return err
		}
		if ended, _ := result.RowsAffected(); ended == 0 {
			return collector.Refuse(collector.NotFound, "", "the device was not told to update now")
		}
		return appendAll(ctx, tx, entries)
	})
}

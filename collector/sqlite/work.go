package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// WorkDone tells when a work was done last; zero for never.
func (r *Registry) WorkDone(ctx context.Context, work string) (time.Time, error) {
	found, err := collect(ctx, r.reader, "work done", func(rows *sql.Rows) (at int64, err error) {
		return at, rows.Scan(&at)
	}, "SELECT done_ms FROM work WHERE name = ?", work)
	if err != nil || len(found) == 0 {
		return time.Time{}, err
	}
	return moment(found[0]), nil
}

// FinishWork says that a work is done, with the entries that tell of it.
func (r *Registry) FinishWork(ctx context.Context, work string, at time.Time, entries ...collector.AuditEntry) error {
	return r.write(ctx, "finish work", func(tx *sql.Tx) error {
		if err := appendAll(ctx, tx, entries); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO work (name, done_ms) VALUES (?, ?)
			ON CONFLICT (name) DO UPDATE SET done_ms = excluded.done_ms`, work, millis(at))
		return err
	})
}

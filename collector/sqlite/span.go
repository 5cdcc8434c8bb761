package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

const (
	maxSpanBytes   = 4 << 10
	maxSpanIDBytes = 16
	dayMillis      = 24 * 60 * 60 * 1000
)

// PutSpans adds or replaces spans by (device, id), save those a tombstone covers and those beyond the day's bound.
func (r *Registry) PutSpans(ctx context.Context, device string, spans []*agentv1.Span) error {
	if len(spans) == 0 {
		return nil
	}
	for _, span := range spans {
		if len(span.GetId()) == 0 || len(span.GetId()) > maxSpanIDBytes || proto.Size(span) > maxSpanBytes {
			return collector.Refuse(collector.BadRequest, "spans", "a span has an id of 1–%d bytes and at most %d in all", maxSpanIDBytes, maxSpanBytes)
		}
	}
	return r.write(ctx, "put spans", func(tx *sql.Tx) error {
		if err := mustExist(ctx, tx, device); err != nil {
			return err
		}
		buried, err := tombstones(ctx, tx)
		if err != nil {
			return err
		}
		for _, span := range spans {
			key := spanLogin(device, span)
			covered := slices.ContainsFunc(buried, func(t collector.Tombstone) bool {
				return t.Covers(device, key, time.UnixMilli(span.GetStartMs()))
			})
			if covered {
				continue
			}
			if err := putSpan(ctx, tx, device, key, span); err != nil {
				return err
			}
		}
		return nil
	})
}

// spanLogin is the key of the span's login; empty where it is about the device.
func spanLogin(device string, span *agentv1.Span) string {
	login := span.GetLogin()
	if login.GetAccount() == "" {
		return ""
	}
	return collector.LoginKey(device, stream.Login{Authority: login.GetAuthority(), Account: login.GetAccount()})
}

func putSpan(ctx context.Context, tx *sql.Tx, device, key string, span *agentv1.Span) error {
	bytes, err := proto.Marshal(span)
	if err != nil {
		return err
	}
	day := floorDiv(span.GetStartMs()+int64(span.GetOffsetMinutes())*60_000, dayMillis)
	result, err := tx.ExecContext(ctx, `INSERT INTO spans (device, id, login_key, day, start_ms, end_ms, span)
		SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE (SELECT count(*) FROM spans WHERE device = ?1 AND day = ?4 AND id <> ?2) < ?8
		ON CONFLICT (device, id) DO UPDATE SET login_key = excluded.login_key, day = excluded.day,
		start_ms = excluded.start_ms, end_ms = excluded.end_ms, span = excluded.span`,
		device, span.GetId(), key, day, span.GetStartMs(), span.GetEndMs(), bytes, collector.MaxSpansPerDay)
	if err != nil {
		return err
	}
	if stored, _ := result.RowsAffected(); stored == 0 {
		return flagDevice(ctx, tx, device, "flood")
	}
	return nil
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Spans gives a device's spans that reach into [from, to), oldest first. One that goes on has no end.
func (r *Registry) Spans(ctx context.Context, device string, from, to time.Time) ([]*agentv1.Span, error) {
	return collect(ctx, r.reader, "spans", func(rows *sql.Rows) (*agentv1.Span, error) {
		var bytes []byte
		if err := rows.Scan(&bytes); err != nil {
			return nil, err
		}
		span := &agentv1.Span{}
		return span, proto.Unmarshal(bytes, span)
	}, "SELECT span FROM spans WHERE device = ? AND start_ms < ? AND (end_ms = 0 OR end_ms > ?) ORDER BY start_ms, id",
		device, to.UnixMilli(), from.UnixMilli())
}

// GoingSpans gives, by device, the spans without an end.
func (r *Registry) GoingSpans(ctx context.Context) (map[string][]*agentv1.Span, error) {
	going := map[string][]*agentv1.Span{}
	_, err := collect(ctx, r.reader, "going spans", func(rows *sql.Rows) (struct{}, error) {
		var device string
		var bytes []byte
		if err := rows.Scan(&device, &bytes); err != nil {
			return struct{}{}, err
		}
		span := &agentv1.Span{}
		going[device] = append(going[device], span)
		return struct{}{}, proto.Unmarshal(bytes, span)
	}, "SELECT device, span FROM spans WHERE end_ms = 0 ORDER BY device, start_ms, id")
	return going, err
}

// DropSpans deletes spans that ended before a time.
func (r *Registry) DropSpans(ctx context.Context, before time.Time) (dropped int64, err error) {
	err = r.write(ctx, "drop spans", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "DELETE FROM spans WHERE end_ms > 0 AND end_ms < ?", before.UnixMilli())
		if err == nil {
			dropped, err = result.RowsAffected()
		}
		return err
	})
	if err == nil && dropped > 0 {
		err = r.fold(ctx)
	}
	return dropped, err
}

// AddTombstones marks deletions, tells of them, and deletes the spans they cover; these are in no file afterwards.
func (r *Registry) AddTombstones(ctx context.Context, tombstones []collector.Tombstone, entries ...collector.AuditEntry) error {
	err := r.write(ctx, "add tombstones", func(tx *sql.Tx) error {
		for _, t := range tombstones {
			if err := addTombstone(ctx, tx, t); err != nil {
				return err
			}
		}
		return appendAll(ctx, tx, entries)
	})
	return errors.Join(err, r.fold(ctx))
}

func addTombstone(ctx context.Context, tx *sql.Tx, t collector.Tombstone) error {
	if t.Device == "" && t.LoginKey == "" {
		return collector.Refuse(collector.BadRequest, "device", "a tombstone names a device or a login")
	}
	// The newer of two for the same covers both; without this, deleting again and again would fill every answer.
	_, err := tx.ExecContext(ctx, "DELETE FROM tombstones WHERE device = ? AND login_key = ? AND before_ms <= ?",
		t.Device, t.LoginKey, millis(t.Before))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO tombstones (device, login_key, before_ms, at_ms) VALUES (?, ?, ?, ?)",
		t.Device, t.LoginKey, millis(t.Before), millis(t.At))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM spans WHERE start_ms < ?1 AND
		((?3 = '' AND device = ?2) OR (?3 <> '' AND login_key = ?3 AND (?2 = '' OR device = ?2)))`,
		millis(t.Before), t.Device, t.LoginKey)
	return err
}

// Tombstones lists all, oldest first.
func (r *Registry) Tombstones(ctx context.Context) ([]collector.Tombstone, error) {
	return tombstones(ctx, r.reader)
}

func tombstones(ctx context.Context, q querier) ([]collector.Tombstone, error) {
	return collect(ctx, q, "tombstones", func(rows *sql.Rows) (t collector.Tombstone, err error) {
		var before, at int64
		err = rows.Scan(&t.Device, &t.LoginKey, &before, &at)
		t.Before, t.At = moment(before), moment(at)
		return t, err
	}, "SELECT device, login_key, before_ms, at_ms FROM tombstones ORDER BY rowid")
}

package duckdb

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/stream"
)

const (
	// batchesPerStream are remembered to tell a repeat from a fork.
	batchesPerStream = 128
	// batchesInAll bounds them over all streams, some 5 MB; the newest of every stream stays whatever it is. Where more
	// is asked for, the episodes themselves tell (Marks).
	batchesInAll = 100_000
	// pruneEvery so many stored batches what is beyond those bounds is removed.
	pruneEvery = 50_000
)

func (tx *transaction) appendBatch(appender *duckdb.Appender, upload *collector.Upload) error {
	id := tx.written.nextBatch
	tx.written.nextBatch++
	return appender.AppendRow(id, tx.written.streams.number(upload.StreamKey, upload.StreamKey), int64(upload.First), int64(upload.Last),
		duckdb.UUID(upload.DigestBefore), duckdb.UUID(upload.DigestAfter))
}

// Batches gives the newest stored batches of a stream, oldest first; empty for an unknown stream.
func (s *Store) Batches(ctx context.Context, key collector.StreamKey) ([]collector.StreamBatch, error) {
	var batches []collector.StreamBatch
	err := s.read("batches", func(f *file) error {
		number, found, maybe := s.written.streams.find(key)
		if !found && !maybe {
			return nil
		}
		which, args := `stream = ?`, []any{number}
		if !found {
			which, args = `stream IN (SELECT id FROM stream WHERE device = ? AND stream = ?)`, []any{key.Device, (*duckdb.UUID)(&key.Stream)}
		}
		rows, err := f.db.QueryContext(ctx, fmt.Sprintf(`
			SELECT first, last, digest_before, digest_after FROM batch WHERE %s ORDER BY id DESC LIMIT %d`, which, batchesPerStream), args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var batch collector.StreamBatch
			var before, after duckdb.UUID
			if err := rows.Scan(&batch.First, &batch.Last, &before, &after); err != nil {
				return err
			}
			batch.DigestBefore, batch.DigestAfter = stream.Digest(before), stream.Digest(after)
			batches = append(batches, batch)
		}
		return rows.Err()
	})
	slices.Reverse(batches)
	return batches, err
}

// Marks gives the episodes stored of a stream between two sequences.
func (s *Store) Marks(ctx context.Context, key collector.StreamKey, first, last uint64) ([]collector.Mark, error) {
	var marks []collector.Mark
	err := s.read("marks", func(f *file) error {
		rows, err := f.db.QueryContext(ctx, fmt.Sprintf(`
			SELECT g.base + e.sequence, g.day * %d::BIGINT + e.finish - e.length - g.offset_minutes * 60000, e.length, e.ended
			FROM episode e JOIN segment g ON g.id = e.segment
			WHERE g.stream IN (SELECT id FROM stream WHERE device = ? AND stream = ?) AND g.base + e.sequence BETWEEN ? AND ?`,
			dayMillis), key.Device, (*duckdb.UUID)(&key.Stream), int64(first), int64(last))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var mark collector.Mark
			var startMillis, length int64
			var ended uint8
			if err := rows.Scan(&mark.Sequence, &startMillis, &length, &ended); err != nil {
				return err
			}
			mark.Start, mark.For = time.UnixMilli(startMillis), time.Duration(length)*time.Millisecond
			mark.ClockCorrected = ended&clockBit != 0
			marks = append(marks, mark)
		}
		return rows.Err()
	})
	return marks, err
}

// prune removes the boundaries nobody will ask for. The caller holds writing.
func (s *Store) prune(ctx context.Context) error {
	s.written.sincePruned = 0
	return s.write(ctx, "prune", func(tx *transaction) error {
		_, err := tx.conn.ExecContext(ctx, `
			DELETE FROM batch WHERE id IN (
				SELECT id FROM (
					SELECT id, row_number() OVER (PARTITION BY stream ORDER BY id DESC) AS age FROM batch
				) WHERE age > ? OR (age > 1 AND id <= ?)
			)`, batchesPerStream, tx.written.nextBatch-batchesInAll)
		return err
	})
}

package duckdb

import (
	"context"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/stream"
)

// SchemaVersion of the episode file.
const SchemaVersion = schemaVersion

// Heads gives, for each device, the stream stored last and how far it goes: what a backup says of itself.
func (s *Store) Heads(ctx context.Context) ([]collector.StreamHead, error) {
	var heads []collector.StreamHead
	err := s.read("heads", func(f *file) error {
		rows, err := f.db.QueryContext(ctx, `
			SELECT device, arg_max(s.stream, b.id), arg_max(last, b.id), arg_max(digest_after, b.id)
			FROM batch b JOIN stream s ON s.id = b.stream GROUP BY device ORDER BY device`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var head collector.StreamHead
			var id, digest duckdb.UUID
			if err := rows.Scan(&head.Device, &id, &head.Last, &digest); err != nil {
				return err
			}
			head.Stream, head.Digest = stream.ID(id), stream.Digest(digest)
			heads = append(heads, head)
		}
		return rows.Err()
	})
	return heads, err
}

package duckdb

import (
	"context"

	"github.com/dayline-project/dayline/collector"
)

// FirstDays gives the local day of each owner's first episode.
func (s *Store) FirstDays(ctx context.Context) (map[collector.Owner]int32, error) {
	first := map[collector.Owner]int32{}
	err := s.read("first days", func(f *file) error {
		return f.chunks.scan(ctx, `
			SELECT l.device, l.key, min(s.day) FROM segment s JOIN login l ON l.id = s.login GROUP BY ALL`, func(c chunk) {
			for i, day := range column[int32](c, 2) {
				first[collector.Owner{Device: c.text(0, i), LoginKey: c.text(1, i)}] = day
			}
		})
	})
	return first, err
}

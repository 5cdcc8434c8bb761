package duckdb

import (
	"context"

	"github.com/dayline-project/dayline/collector"
)

// Usage counts what is stored, by local day and by owner, in one pass.
func (s *Store) Usage(ctx context.Context) (collector.Usage, error) {
	usage := collector.Usage{Days: map[int32]int64{}, Owners: map[collector.Owner]int64{}}
	err := s.read("usage", func(f *file) error {
		bySegment := map[int32]int64{}
		if err := f.chunks.scan(ctx, `SELECT segment, count(*) FROM episode GROUP BY segment`, func(c chunk) {
			counts := column[int64](c, 1)
			for i, segment := range column[int32](c, 0) {
				bySegment[segment] = counts[i]
				usage.Episodes += counts[i]
			}
		}); err != nil {
			return err
		}
		byLogin := map[int32]int64{}
		if err := f.chunks.scan(ctx, `SELECT id, login, day FROM segment`, func(c chunk) {
			logins, days := column[int32](c, 1), column[int32](c, 2)
			for i, id := range column[int32](c, 0) {
				if count := bySegment[id]; count > 0 {
					usage.Days[days[i]] += count
					byLogin[logins[i]] += count
				}
			}
		}); err != nil {
			return err
		}
		if err := f.chunks.scan(ctx, `SELECT id, device, key FROM login`, func(c chunk) {
			for i, id := range column[int32](c, 0) {
				if count := byLogin[id]; count > 0 {
					usage.Owners[collector.Owner{Device: c.text(1, i), LoginKey: c.text(2, i)}] += count
				}
			}
		}); err != nil {
			return err
		}
		var err error
		usage.Bytes, err = s.bytes()
		return err
	})
	return usage, err
}

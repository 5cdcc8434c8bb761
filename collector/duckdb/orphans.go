package duckdb

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// orphansAtOnce are removed by one statement.
const orphansAtOnce = 100_000

// dropOrphans removes what no episode needs any more from the dictionaries: texts first of all. Writers wait meanwhile,
// for what is needed must not change.
func (s *Store) dropOrphans(ctx context.Context) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.recover(ctx); err != nil {
		return refusal(err)
	}
	gone := map[writer]numbers{}
	if err := s.read("drop orphans", func(f *file) error {
		needed, err := readNeeds(ctx, f)
		if err != nil {
			return err
		}
		for dictionary, ids := range map[writer]numbers{
			s.written.titles: needed.titles, s.written.activities: needed.activities,
			s.written.segments: needed.segments, s.written.logins: needed.logins,
		} {
			if gone[dictionary], err = others(ctx, f, dictionary.name(), ids); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	for dictionary, ids := range gone {
		if len(ids) == 0 {
			continue
		}
		if err := s.write(ctx, "drop orphans", func(tx *transaction) error {
			for some := range slices.Chunk(ids.list(), orphansAtOnce) {
				if _, err := tx.conn.ExecContext(ctx, `DELETE FROM `+dictionary.name()+` WHERE `+listed, listOf(some)); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		dictionary.forget(ids)
	}
	return nil
}

// needs are the entries that episodes point at, and those that these point at.
type needs struct{ titles, activities, segments, logins numbers }

func readNeeds(ctx context.Context, f *file) (needs, error) {
	n := needs{titles: numbers{1}} // 0, no title, is always there
	err := eachSlice(ctx, f.chunks, "segment, title, activity", func(c chunk) error {
		segments, titles, activities := column[int32](c, 0), column[int32](c, 1), column[int32](c, 2)
		for i := range segments {
			n.segments.add(segments[i])
			n.titles.add(titles[i])
			n.activities.add(activities[i])
		}
		return nil
	})
	if err != nil {
		return n, err
	}
	return n, f.chunks.scan(ctx, `SELECT id, login FROM segment`, func(c chunk) {
		logins := column[int32](c, 1)
		for i, id := range column[int32](c, 0) {
			if n.segments.has(id) {
				n.logins.add(logins[i])
			}
		}
	})
}

// others gives the entries of a dictionary that are not among some.
func others(ctx context.Context, f *file, table string, some numbers) (others numbers, err error) {
	err = f.chunks.scan(ctx, `SELECT id FROM `+table, func(c chunk) {
		for _, id := range column[int32](c, 0) {
			if !some.has(id) {
				others.add(id)
			}
		}
	})
	return others, err
}

// scanner runs queries over chunks: each on a connection of its own, or all on one state of the file.
type scanner interface {
	scan(ctx context.Context, query string, each func(chunk), parameters ...string) error
}

// eachSlice reads columns of all episodes, some segments at a time: a result is held in memory whole.
func eachSlice(ctx context.Context, from scanner, columns string, each func(chunk) error) error {
	last, err := lastID(ctx, from, "segment")
	if err != nil {
		return err
	}
	for lo := int64(0); lo <= last; lo += upkeepSegments {
		query := fmt.Sprintf(`SELECT %s FROM episode WHERE segment BETWEEN %d AND %d`, columns, lo, lo+upkeepSegments-1)
		if err := scanAll(ctx, from, query, each); err != nil {
			return err
		}
	}
	return nil
}

func lastID(ctx context.Context, from scanner, table string) (last int64, err error) {
	err = from.scan(ctx, `SELECT coalesce(max(id), 0)::BIGINT FROM `+table, func(c chunk) { last = column[int64](c, 0)[0] })
	return last, err
}

// scanAll is scan for what can fail.
func scanAll(ctx context.Context, from scanner, query string, each func(chunk) error, texts ...string) error {
	var failed error
	err := from.scan(ctx, query, func(c chunk) {
		if failed == nil {
			failed = each(c)
		}
	}, texts...)
	return cmp.Or(err, failed)
}

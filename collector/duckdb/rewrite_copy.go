package duckdb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

const (
	episodeColumns = "segment, sequence, finish, length, state, ended, activity, title, observed"
	activityColumn = 6
	titleColumn    = 7
	// copiedEntries of a dictionary are read at a time.
	copiedEntries = 200_000
)

// copyAll copies every table in one transaction; what is counted there afterwards must be what is here.
func copyAll(ctx context.Context, from, to *file, titles, activities *twins) error {
	var conn mapping.Connection
	if mapping.Connect(to.chunks.db, &conn) == mapping.StateError {
		return errors.New("no connection")
	}
	defer mapping.Disconnect(&conn)
	if err := scan(ctx, conn, "BEGIN", func(chunk) {}); err != nil {
		return err
	}
	if err := into(conn, "episode", func(put func(chunk) error) error {
		return eachSlice(ctx, from, episodeColumns, func(c chunk) error {
			activities.merge(column[int32](c, activityColumn))
			titles.merge(column[int32](c, titleColumn))
			return put(c)
		})
	}); err != nil {
		return err
	}
	for table, twins := range map[string]*twins{"title": titles, "activity": activities, "segment": {}, "login": {}, "stream": {}} {
		if err := copyDictionary(ctx, from, conn, table, twins.gone); err != nil {
			return err
		}
	}
	if err := into(conn, "batch", func(put func(chunk) error) error {
		return scanAll(ctx, from, `SELECT * FROM batch`, put)
	}); err != nil {
		return err
	}
	if err := scan(ctx, conn, "COMMIT", func(chunk) {}); err != nil {
		return err
	}
	return compareCounts(ctx, from, to, len(titles.gone.list()), len(activities.gone.list()))
}

// copyDictionary copies the entries of a dictionary that are not gone; title 0 is in the new file already.
func copyDictionary(ctx context.Context, from *file, conn mapping.Connection, table string, gone numbers) error {
	last, err := lastID(ctx, from, table)
	if err != nil {
		return err
	}
	return into(conn, table, func(put func(chunk) error) error {
		for lo := int32(1); lo <= last; lo += copiedEntries {
			hi := lo + copiedEntries - 1
			without := slices.DeleteFunc(gone.list(), func(id int32) bool { return id < lo || id > hi })
			query := fmt.Sprintf(`SELECT * FROM %s WHERE id BETWEEN %d AND %d`, table, lo, hi)
			var texts []string
			if len(without) > 0 {
				query, texts = query+` AND NOT `+listed, []string{listOf(without)}
			}
			if err := scanAll(ctx, from, query, put, texts...); err != nil {
				return err
			}
		}
		return nil
	})
}

func lastID(ctx context.Context, f *file, table string) (last int32, err error) {
	err = f.chunks.scan(ctx, `SELECT coalesce(max(id), 0) FROM `+table, func(c chunk) { last = column[int32](c, 0)[0] })
	return last, err
}

func scanAll(ctx context.Context, f *file, query string, each func(chunk) error, texts ...string) error {
	var failed error
	err := f.chunks.scan(ctx, query, func(c chunk) {
		if failed == nil {
			failed = each(c)
		}
	}, texts...)
	return cmp.Or(err, failed)
}

// into fills a table with the chunks of results.
func into(conn mapping.Connection, table string, fill func(put func(chunk) error) error) error {
	var appender mapping.Appender
	defer mapping.AppenderDestroy(&appender)
	if mapping.AppenderCreate(conn, "", table, &appender) == mapping.StateError {
		return errors.New(mapping.AppenderError(appender))
	}
	if err := fill(func(c chunk) error {
		if mapping.AppendDataChunk(appender, c.data) == mapping.StateError {
			return errors.New(mapping.AppenderError(appender))
		}
		return nil
	}); err != nil {
		return errors.Join(err, clearAppender(appender))
	}
	if mapping.AppenderClose(appender) == mapping.StateError {
		return errors.New(mapping.AppenderError(appender))
	}
	return nil
}

func clearAppender(appender mapping.Appender) error {
	if mapping.AppenderClear(appender) == mapping.StateError {
		return errors.New(mapping.AppenderError(appender))
	}
	return nil
}

func compareCounts(ctx context.Context, from, to *file, titles, activities int) error {
	for table, fewer := range map[string]int{
		"episode": 0, "segment": 0, "login": 0, "stream": 0, "batch": 0, "title": titles, "activity": activities,
	} {
		var here, there int
		query := `SELECT count(*) FROM ` + table
		if err := from.db.QueryRowContext(ctx, query).Scan(&here); err != nil {
			return err
		}
		if err := to.db.QueryRowContext(ctx, query).Scan(&there); err != nil {
			return err
		}
		if there != here-fewer {
			return fmt.Errorf("%s has %d rows after the copy instead of %d", table, there, here-fewer)
		}
	}
	return nil
}

// twins are the entries of a dictionary that stand in it a second time.
type twins struct {
	// first is the number of the first of a kind, by number; 0 for an entry that is the first.
	first []int32
	gone  numbers
}

// merge has a column of numbers point at the first of each kind.
func (t *twins) merge(column []int32) {
	for i, number := range column {
		if int(number) < len(t.first) && t.first[number] != 0 {
			column[i] = t.first[number]
		}
	}
}

// comparedEntries are compared at a time, or about: those that are equal fall into one part.
const comparedEntries = 500_000

// findTwins compares the entries of a dictionary by what the expression makes of them.
func findTwins(ctx context.Context, f *file, table, expression string) (*twins, error) {
	last, err := lastID(ctx, f, table)
	if err != nil {
		return nil, err
	}
	t := &twins{first: make([]int32, last+1)}
	type keyed struct {
		key titleKey
		id  int32
	}
	seeds := newDictionaries()
	parts := last/comparedEntries + 1
	for part := range parts {
		var entries []keyed
		query := fmt.Sprintf(`SELECT id, %s AS said FROM %s WHERE id > 0 AND hash(said) %% %d = %d`, expression, table, parts, part)
		if err := f.chunks.scan(ctx, query, func(c chunk) {
			for i, id := range column[int32](c, 0) {
				entries = append(entries, keyed{seeds.titleKey(c.text(1, i)), id})
			}
		}); err != nil {
			return nil, err
		}
		slices.SortFunc(entries, func(a, b keyed) int {
			return cmp.Or(cmp.Compare(a.key[0], b.key[0]), cmp.Compare(a.key[1], b.key[1]), cmp.Compare(a.id, b.id))
		})
		for i, first := 1, 0; i < len(entries); i++ {
			if entries[i].key != entries[first].key {
				first = i
				continue
			}
			t.first[entries[i].id] = entries[first].id
			t.gone.add(entries[i].id)
		}
	}
	return t, nil
}

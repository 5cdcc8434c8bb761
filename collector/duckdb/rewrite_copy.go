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

// fileCopy is a file that is being written anew.
type fileCopy struct {
	to *file
	// titles and activities that stand twice are copied once.
	titles, activities *twins
	// upTo are the highest numbers that were there at the beginning.
	upTo map[string]int64
}

// begin copies one state of the file, in one transaction.
func (c *fileCopy) begin(ctx context.Context, file *file) (err error) {
	from, err := file.chunks.snapshot(ctx)
	if err != nil {
		return err
	}
	defer from.close()
	c.upTo = map[string]int64{}
	for _, table := range []string{"title", "activity", "segment", "login", "stream", "batch"} {
		if c.upTo[table], err = lastID(ctx, from, table); err != nil {
			return err
		}
	}
	if c.titles, err = findTwins(ctx, from, "title", "text"); err != nil {
		return err
	}
	if c.activities, err = findTwins(ctx, from, "activity", wholeActivity); err != nil {
		return err
	}
	return c.inTransaction(ctx, func(conn mapping.Connection) error {
		if err := into(conn, "episode", func(put func(chunk) error) error {
			return eachSlice(ctx, from, episodeColumns, c.merging(put))
		}); err != nil {
			return err
		}
		for table, twins := range map[string]*twins{"title": c.titles, "activity": c.activities, "segment": {}, "login": {}, "stream": {}} {
			if err := into(conn, table, func(put func(chunk) error) error {
				return eachEntry(ctx, from, table, twins.gone, put)
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// catchUp copies what was stored since, while no writer is at work; then as much must be there as is here. New entries
// have higher numbers, and new episodes are those of new batches.
func (c *fileCopy) catchUp(ctx context.Context, from *file) error {
	if err := c.inTransaction(ctx, func(conn mapping.Connection) error {
		for _, table := range []string{"title", "activity", "segment", "login", "stream"} {
			query := fmt.Sprintf(`SELECT * FROM %s WHERE id > %d`, table, c.upTo[table])
			if err := into(conn, table, func(put func(chunk) error) error { return scanAll(ctx, from.chunks, query, put) }); err != nil {
				return err
			}
		}
		if err := into(conn, "batch", func(put func(chunk) error) error {
			return scanAll(ctx, from.chunks, `SELECT * FROM batch`, put)
		}); err != nil {
			return err
		}
		return into(conn, "episode", func(put func(chunk) error) error { return c.newEpisodes(ctx, from, c.merging(put)) })
	}); err != nil {
		return err
	}
	return c.compare(ctx, from)
}

// newEpisodes reads those of new batches; first it is told which segments can hold any, for there are few.
func (c *fileCopy) newEpisodes(ctx context.Context, from *file, each func(chunk) error) error {
	var segments []int32
	if err := from.chunks.scan(ctx, fmt.Sprintf(`SELECT DISTINCT g.id FROM segment g JOIN batch b ON b.stream = g.stream
		WHERE b.id > %d AND b.first < g.base + %d AND b.last >= g.base`, c.upTo["batch"], segmentSequences), func(some chunk) {
		segments = append(segments, column[int32](some, 0)...)
	}); err != nil {
		return err
	}
	for some := range slices.Chunk(segments, upkeepSegments) {
		list := listOf(some)
		query := fmt.Sprintf(`SELECT %s FROM (SELECT * FROM episode WHERE segment IN (%s)) e
			JOIN (SELECT * FROM segment WHERE id IN (%s)) g ON g.id = e.segment
			WHERE EXISTS (SELECT 1 FROM batch b WHERE b.id > %d AND b.stream = g.stream AND g.base + e.sequence BETWEEN b.first AND b.last)`,
			episodeColumns, list, list, c.upTo["batch"])
		if err := scanAll(ctx, from.chunks, query, each); err != nil {
			return err
		}
	}
	return nil
}

// merging has episodes point at entries that are copied.
func (c *fileCopy) merging(put func(chunk) error) func(chunk) error {
	return func(some chunk) error {
		c.activities.merge(column[int32](some, activityColumn))
		c.titles.merge(column[int32](some, titleColumn))
		return put(some)
	}
}

func (c *fileCopy) inTransaction(ctx context.Context, act func(mapping.Connection) error) error {
	var conn mapping.Connection
	if mapping.Connect(c.to.chunks.db, &conn) == mapping.StateError {
		return errors.New("no connection")
	}
	defer mapping.Disconnect(&conn)
	if err := scan(ctx, conn, "BEGIN", func(chunk) {}); err != nil {
		return err
	}
	if err := act(conn); err != nil {
		return err // what it wrote goes with the file
	}
	if err := scan(ctx, conn, "COMMIT", func(chunk) {}); err != nil {
		return err
	}
	return scan(ctx, conn, "CHECKPOINT", func(chunk) {})
}

// compare counts what is there and what is here.
func (c *fileCopy) compare(ctx context.Context, from *file) error {
	for table, fewer := range map[string]int{
		"episode": 0, "segment": 0, "login": 0, "stream": 0, "batch": 0,
		"title": len(c.titles.gone.list()), "activity": len(c.activities.gone.list()),
	} {
		var here, there int
		query := `SELECT count(*) FROM ` + table
		if err := from.db.QueryRowContext(ctx, query).Scan(&here); err != nil {
			return err
		}
		if err := c.to.db.QueryRowContext(ctx, query).Scan(&there); err != nil {
			return err
		}
		if there != here-fewer {
			return fmt.Errorf("%s has %d rows in the copy instead of %d", table, there, here-fewer)
		}
	}
	return nil
}

// eachEntry reads the entries of a dictionary that are not gone, some at a time; title 0 is in a new file already.
func eachEntry(ctx context.Context, from scanner, table string, gone numbers, each func(chunk) error) error {
	last, err := lastID(ctx, from, table)
	if err != nil {
		return err
	}
	list := gone.list()
	for lo := int64(1); lo <= last; lo += copiedEntries {
		hi := lo + copiedEntries - 1
		query := fmt.Sprintf(`SELECT * FROM %s WHERE id BETWEEN %d AND %d`, table, lo, hi)
		var texts []string
		without := slices.DeleteFunc(slices.Clone(list), func(id int32) bool { return int64(id) < lo || int64(id) > hi })
		if len(without) > 0 {
			query, texts = query+` AND NOT `+listed, []string{listOf(without)}
		}
		if err := scanAll(ctx, from, query, each, texts...); err != nil {
			return err
		}
	}
	return nil
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

// wholeActivity makes one text of all that an activity says.
const wholeActivity = `concat(length(app), ':', app, length(product), ':', product, length(site), ':', site, length(bundle), ':', bundle, private, url)`

// comparedEntries are compared at a time, or about: those that are equal fall into one part.
const comparedEntries = 200_000

// findTwins compares the entries of a dictionary by what the expression makes of them.
func findTwins(ctx context.Context, from scanner, table, expression string) (*twins, error) {
	last, err := lastID(ctx, from, table)
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
		if err := from.scan(ctx, query, func(c chunk) {
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

package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"hash/maphash"
	"maps"
	"sync"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/stream"
)

// How many entries of each dictionary are remembered; up to twice as many are for a while. What is forgotten is
// written once more when it comes again.
const (
	rememberedLogins     = 20_000
	rememberedStreams    = 20_000
	rememberedSegments   = 50_000
	rememberedActivities = 50_000
	rememberedTitles     = 500_000
)

// dictionary numbers the entries of one table. It remembers two generations: when the younger is full it becomes the
// older, and what was not asked for since is forgotten.
type dictionary[K comparable, E any] struct {
	table string
	// row gives an entry's columns after its number.
	row  func(E) []driver.Value
	size int
	next int32

	// mu lets find look on while a transaction numbers.
	mu         sync.Mutex
	young, old map[K]int32
	// forgetful: the table has entries that are not remembered.
	forgetful bool
	// fresh entries are not written yet.
	fresh []numbered[K, E]
}

type numbered[K, E any] struct {
	number int32
	key    K
	entry  E
}

func newDictionary[K comparable, E any](table string, size int, row func(E) []driver.Value) *dictionary[K, E] {
	return &dictionary[K, E]{table: table, row: row, size: size, young: map[K]int32{}, next: 1}
}

// number gives the entry's number, a new one where it is not remembered. Numbers count from 1.
func (d *dictionary[K, E]) number(key K, entry E) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n, known := d.young[key]; known {
		return n
	}
	n, known := d.old[key]
	if !known {
		n = d.next
		d.next++
		d.fresh = append(d.fresh, numbered[K, E]{n, key, entry})
	}
	d.remember(key, n)
	return n
}

// find gives the number an entry is remembered by. Unless maybe is set, one that is not found is not in the table.
func (d *dictionary[K, E]) find(key K) (n int32, found, maybe bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n, found = d.young[key]; !found {
		n, found = d.old[key]
	}
	return n, found, d.forgetful
}

func (d *dictionary[K, E]) remember(key K, n int32) {
	if len(d.young) >= d.size {
		d.forgetful = d.forgetful || len(d.old) > 0
		d.old, d.young = d.young, make(map[K]int32, d.size/4)
	}
	d.young[key] = n
}

func (d *dictionary[K, E]) name() string { return d.table }

func (d *dictionary[K, E]) empty() bool { return len(d.fresh) == 0 }

// write gives what is new to an appender of the table.
func (d *dictionary[K, E]) write(appender *duckdb.Appender) error {
	for _, entry := range d.fresh {
		if err := appender.AppendRow(append([]driver.Value{entry.number}, d.row(entry.entry)...)...); err != nil {
			return err
		}
	}
	return nil
}

// committed and rolledBack end a transaction.
func (d *dictionary[K, E]) committed() {
	clear(d.fresh)
	d.fresh = d.fresh[:0]
}

func (d *dictionary[K, E]) rolledBack() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, entry := range d.fresh {
		delete(d.young, entry.key)
		delete(d.old, entry.key)
	}
	d.committed()
}

// forget forgets entries that are in the table no more.
func (d *dictionary[K, E]) forget(gone numbers) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, generation := range []map[K]int32{d.young, d.old} {
		maps.DeleteFunc(generation, func(_ K, number int32) bool { return gone.has(number) })
	}
}

type loginEntry struct{ device, key, name string }

type segmentEntry struct {
	login, stream, day int32
	offsetMinutes      int16
	session            string
	base               int64
}

type activityEntry struct {
	app, product, site, url string
	private                 bool
	bundle                  string
}

// dictionaries are all of a file's, with the numbers that count on.
type dictionaries struct {
	logins     *dictionary[loginEntry, loginEntry]
	streams    *dictionary[collector.StreamKey, collector.StreamKey]
	segments   *dictionary[segmentEntry, segmentEntry]
	activities *dictionary[activityEntry, activityEntry]
	titles     *dictionary[titleKey, string]
	seeds      [2]maphash.Seed
	nextBatch  int64
	// sincePruned counts batches appended since the last pruning.
	sincePruned int
}

func newDictionaries() *dictionaries {
	return &dictionaries{
		logins: newDictionary[loginEntry]("login", rememberedLogins, func(e loginEntry) []driver.Value {
			return []driver.Value{e.device, e.key, e.name}
		}),
		streams: newDictionary[collector.StreamKey]("stream", rememberedStreams, func(e collector.StreamKey) []driver.Value {
			return []driver.Value{e.Device, duckdb.UUID(e.Stream)}
		}),
		segments: newDictionary[segmentEntry]("segment", rememberedSegments, func(e segmentEntry) []driver.Value {
			return []driver.Value{e.login, e.stream, e.session, e.day, e.offsetMinutes, e.base}
		}),
		activities: newDictionary[activityEntry]("activity", rememberedActivities, func(e activityEntry) []driver.Value {
			return []driver.Value{e.app, e.product, e.site, e.url, e.private, e.bundle}
		}),
		titles: newDictionary[titleKey]("title", rememberedTitles, func(text string) []driver.Value {
			return []driver.Value{text}
		}),
		nextBatch: 1,
		seeds:     [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
	}
}

// title numbers a title: 0 for none.
func (d *dictionaries) title(text string) int32 {
	if text == "" {
		return 0
	}
	return d.titles.number(d.titleKey(text), text)
}

// titleKey is what a title is remembered by: it takes a quarter of the memory, and nobody can make two alike.
type titleKey [2]uint64

func (d *dictionaries) titleKey(text string) titleKey {
	return titleKey{maphash.String(d.seeds[0], text), maphash.String(d.seeds[1], text)}
}

func (d *dictionaries) activity(record *stream.Record) int32 {
	entry := activityEntry{
		app: record.App, product: record.Product, site: record.Site, url: record.URL, private: record.Private, bundle: record.Bundle,
	}
	return d.activities.number(entry, entry)
}

// writer is what a transaction asks of each dictionary.
type writer interface {
	name() string
	empty() bool
	write(*duckdb.Appender) error
	committed()
	rolledBack()
	forget(gone numbers)
}

func (d *dictionaries) all() []writer {
	return []writer{d.logins, d.streams, d.segments, d.activities, d.titles}
}

// loadDictionaries remembers the newest entries of a file, oldest first.
func loadDictionaries(ctx context.Context, db *sql.DB) (*dictionaries, error) {
	d := newDictionaries()
	if err := load(ctx, db, d.logins, "device, key, name", func(e *loginEntry) []any {
		return []any{&e.device, &e.key, &e.name}
	}, same[loginEntry]); err != nil {
		return nil, err
	}
	if err := load(ctx, db, d.streams, "device, stream", func(e *collector.StreamKey) []any {
		return []any{&e.Device, (*duckdb.UUID)(&e.Stream)}
	}, same[collector.StreamKey]); err != nil {
		return nil, err
	}
	if err := load(ctx, db, d.segments, "login, stream, session, day, offset_minutes, base", func(e *segmentEntry) []any {
		return []any{&e.login, &e.stream, &e.session, &e.day, &e.offsetMinutes, &e.base}
	}, same[segmentEntry]); err != nil {
		return nil, err
	}
	if err := load(ctx, db, d.activities, "app, product, site, url, private, bundle", func(e *activityEntry) []any {
		return []any{&e.app, &e.product, &e.site, &e.url, &e.private, &e.bundle}
	}, same[activityEntry]); err != nil {
		return nil, err
	}
	if err := load(ctx, db, d.titles, "text", func(text *string) []any { return []any{text} }, d.titleKey); err != nil {
		return nil, err
	}
	err := db.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) + 1 FROM batch`).Scan(&d.nextBatch)
	return d, err
}

func same[E any](entry E) E { return entry }

func load[K comparable, E any](ctx context.Context, db *sql.DB, d *dictionary[K, E], columns string, targets func(*E) []any, keyOf func(E) K) error {
	if err := db.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) + 1 FROM `+d.table).Scan(&d.next); err != nil {
		return err
	}
	oldest := max(1, d.next-int32(d.size))
	d.forgetful = oldest > 1
	rows, err := db.QueryContext(ctx,
		fmt.Sprintf(`SELECT id, %s FROM %s WHERE id >= ? ORDER BY id`, columns, d.table), oldest)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var n int32
		var entry E
		if err := rows.Scan(append([]any{&n}, targets(&entry)...)...); err != nil {
			return err
		}
		d.remember(keyOf(entry), n)
	}
	return rows.Err()
}

package duckdb

/*
#include <stdint.h>

// The two loops below see every episode of a report. Go's compiler makes them three times as long, for it keeps what they
// need in memory; everything else about them is in Go. They must agree with the constants and structs of plain.go.
enum { DAY = 24 * 60 * 60 * 1000, DROPPED = 3, VARIED = 4, CELL_AT = 3, ADDED_UP = 1, ACTIVE = 1 };

typedef struct { int32_t person; int16_t variant; uint8_t kind, denied; } way;
typedef struct { int32_t last, before; } span;
typedef struct { int32_t sums[4 * (DROPPED + 1)]; } segment_sums;
typedef struct { uint32_t count, others; uint16_t rows[2048], other[2048]; uint32_t times[2048], people[2048]; int32_t lengths[2048]; } noted;

static inline int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }
static inline int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

static void add_times(
	uint32_t count, const int32_t *segments, const int32_t *activities, const int32_t *ends, const int32_t *lengths, const uint8_t *states,
	int32_t lo, uint32_t known, const way *ways, uint32_t entries_known, const uint32_t *entries, const uint32_t *lists, uint32_t variants,
	const uint32_t *denied, uint32_t everyone, segment_sums *sums, span *spans, noted *note
) {
	uint32_t n = 0, others = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = (uint32_t)segments[i] - (uint32_t)lo, activity = (uint32_t)activities[i];
		if (at >= known || activity >= entries_known) continue;
		way w = ways[at];
		uint32_t entry = entries[activity], state = states[i] & 3;
		if (entry & VARIED) entry = lists[(entry >> CELL_AT) * variants + (uint32_t)w.variant];
		note->other[others] = (uint16_t)i;
		others += w.kind > ADDED_UP;
		// What is not added up goes where nobody looks: a guess about it would often be wrong.
		uint32_t code = (entry | denied[state] | w.denied) & DROPPED, cell = entry >> CELL_AT;
		int32_t end = smaller(ends[i], DAY), began = ends[i] - lengths[i];
		int32_t mask = -(int32_t)((code != DROPPED) & (state == ACTIVE));
		sums[at].sums[code << 2 | state] += end - began;
		spans[at].last = larger(spans[at].last, end & mask);
		spans[at].before = larger(spans[at].before, (DAY - began) & mask);
		note->rows[n] = (uint16_t)i;
		note->times[n] = cell << 1 | ((state - 1) & 1);
		note->people[n] = cell * everyone + (uint32_t)w.person;
		note->lengths[n] = end - began;
		n += code != DROPPED;
	}
	note->count = n;
	note->others = others;
}

static void add_cells(const noted *note, int64_t *cells, uint64_t *people) {
	for (uint32_t i = 0; i < note->count; i++) cells[note->times[i]] += note->lengths[i];
	for (uint32_t i = 0; i < note->count; i++) people[note->people[i] >> 6] |= (uint64_t)1 << (note->people[i] & 63);
}
*/
import "C"

import (
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// vectorRows are how many rows DuckDB unpacks at a time, at most.
const vectorRows = 2048

// columns are those of a chunk that is folded; all have room for a whole vector.
type columns struct {
	segments, activities, ends, lengths *[vectorRows]int32
	states                              *[vectorRows]uint8
	titles                              *[vectorRows]int32
}

func columnsOf(c chunk) columns {
	return columns{
		segments: vector[int32](c, foldSegment), activities: vector[int32](c, foldActivity), ends: vector[int32](c, foldFinish),
		lengths: vector[int32](c, foldLength), states: vector[uint8](c, foldState), titles: vector[int32](c, foldTitle),
	}
}

// vector is column without the count of rows, for loops that need no look at it: DuckDB's vectors have one size.
func vector[T uint8 | int32](c chunk, index int) *[vectorRows]T {
	return (*[vectorRows]T)(mapping.VectorGetData(mapping.DataChunkGetVector(c.data, mapping.IdxT(index))))
}

// way is how the episodes of a stored segment are taken, in little space: they come one or two of a segment at a time.
type way struct {
	person  int32
	variant int16
	kind    wayKind
	// denied is dropped where the segment is not added up.
	denied uint8
}

type wayKind uint8

// The ways: not at all; added up by segment, where it is one part and nothing overlaps; held to be swept, where it is
// one part; one by one, where it is cut.
const (
	passedBy wayKind = iota
	addedUp
	heldWhole
	oneByOne
)

// segmentSum is what a segment that is added up holds, in milliseconds: by status and state, four to a status. Locked
// time is with the dropped.
type segmentSum [4 * (dropped + 1)]int32

// activeSpan is where a segment's active time ends, and how long before the end of the day it begins; 0 for none.
type activeSpan struct{ last, before int32 }

// noted are the rows of one chunk that are counted, for what is added up by cell and else, and those taken one by one.
type noted struct {
	count, others uint32
	rows, other   [vectorRows]uint16
	// times are cells with the state in the lowest bit, people bits of a tally's people.
	times, people [vectorRows]uint32
	lengths       [vectorRows]int32
}

// take adds a chunk of stored episodes. It goes over it once for each thing that is wanted: small loops that rarely
// guess keep the processor fetching ahead, and what is not wanted costs nothing.
func (t *tally) take(c chunk) {
	rows := columnsOf(c)
	t.addTimes(&rows, min(c.rows, vectorRows))
	for _, i := range t.noted.other[:t.noted.others] {
		at := rows.segments[i] - t.lo
		t.takeOne(at, t.ways[at], &rows, int(i))
	}
	if t.cells != nil {
		C.add_cells((*C.noted)(unsafe.Pointer(t.noted)), (*C.int64_t)(unsafe.Pointer(&t.cells[0])), (*C.uint64_t)(&t.people[0]))
	}
	if t.hulls != nil {
		t.addHulls(&rows)
	}
	if t.titles {
		t.addTitles(&rows)
	}
}

// addTimes adds to the segments, and notes which rows are counted.
func (t *tally) addTimes(rows *columns, count int) {
	classes := t.classes
	C.add_times(
		C.uint32_t(count), (*C.int32_t)(&rows.segments[0]), (*C.int32_t)(&rows.activities[0]), (*C.int32_t)(&rows.ends[0]),
		(*C.int32_t)(&rows.lengths[0]), (*C.uint8_t)(&rows.states[0]),
		C.int32_t(t.lo), C.uint32_t(len(t.ways)), (*C.way)(unsafe.Pointer(unsafe.SliceData(t.ways))),
		C.uint32_t(len(classes.entries)), (*C.uint32_t)(unsafe.SliceData(classes.entries)), (*C.uint32_t)(unsafe.SliceData(classes.lists)),
		C.uint32_t(classes.variants), (*C.uint32_t)(&t.denied[0]), C.uint32_t(t.words*64),
		(*C.segment_sums)(unsafe.Pointer(unsafe.SliceData(t.sums))), (*C.span)(unsafe.Pointer(unsafe.SliceData(t.spans))),
		(*C.noted)(unsafe.Pointer(t.noted)),
	)
}

func (t *tally) addHulls(rows *columns) {
	for _, i := range t.noted.rows[:t.noted.count] {
		one, end := &t.parts[rows.segments[i]-t.lo], rows.ends[i]
		began := one.midnight + int64(end-rows.lengths[i])
		t.hulls.add(one.slot, began, one.midnight+int64(min(end, dayMillis)), one.offset)
	}
}

func (t *tally) addTitles(rows *columns) {
	for n, i := range t.noted.rows[:t.noted.count] {
		t.title(rows.titles[i], t.ways[rows.segments[i]-t.lo].person, rows.states[i], int64(t.noted.lengths[n]))
	}
}

// takeOne takes an episode of a segment that may overlap or is cut.
func (t *tally) takeOne(number int32, w way, rows *columns, i int) {
	end := rows.ends[i]
	row := claim{began: end - rows.lengths[i], end: min(end, dayMillis), what: uint32(rows.states[i])}
	if t.titles {
		row.title = rows.titles[i]
	}
	entry := uint32(dropped)
	if rows.states[i] != locked {
		if entry = t.classes.entryOf(rows.activities[i], w.variant); entry>>cellAt == 0 {
			return
		}
	}
	if w.kind == oneByOne {
		t.spread(number, row, entry)
		return
	}
	shift := t.parts[number].shift
	row.began, row.end, row.what = row.began+shift, row.end+shift, row.what|entry<<entryAt
	t.held.put(number, row)
}

// addSegments adds what was added up by segment to the slots.
func (t *tally) addSegments() {
	for i := range t.sums {
		sum := &t.sums[i]
		if t.ways[i].kind != addedUp || *sum == (segmentSum{}) {
			continue
		}
		one := &t.parts[i]
		slot := &t.slots[one.slot]
		for n := range slot.times {
			slot.times[n] += int64(sum[n/2<<2|n%2+active])
		}
		if t.wanted[locked] {
			slot.locked += int64(sum[dropped<<2|locked])
		}
		if span := t.spans[i]; span.last > 0 {
			slot.bound(one.midnight+dayMillis-int64(span.before), one.midnight+int64(span.last), one.offset)
		}
	}
}

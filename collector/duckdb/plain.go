package duckdb

import "github.com/duckdb/duckdb-go/v2/mapping"

// vectorRows are how many rows DuckDB unpacks at a time, at most.
const vectorRows = 2048

// columns are those of a chunk that is folded; all have room for a whole vector.
type columns struct {
	segments, activities, ends, lengths *[vectorRows]int32
	states, endeds                      *[vectorRows]uint8
	titles                              *[vectorRows]int32
}

func columnsOf(c chunk) columns {
	return columns{
		segments: vector[int32](c, foldSegment), activities: vector[int32](c, foldActivity), ends: vector[int32](c, foldFinish),
		lengths: vector[int32](c, foldLength), states: vector[uint8](c, foldState), endeds: vector[uint8](c, foldEnded),
		titles: vector[int32](c, foldTitle),
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

// span of the active time of a segment: its end, and how long before the end of the day it begins; 0 for none.
type activeSpan struct{ last, before int32 }

// counted are the rows of one chunk that are counted, for what is added up by cell and else.
type counted struct {
	count int
	rows  [vectorRows]uint16
	// times are cells with the state in the lowest bit, people bits of a tally's people.
	times, people [vectorRows]uint32
	lengths       [vectorRows]int32
}

// take adds a chunk of stored episodes. It goes over it once for each thing that is wanted: small loops without
// guesses keep the processor fetching ahead, and what is not wanted costs nothing.
func (t *tally) take(c chunk) {
	rows := columnsOf(c)
	t.addTimes(&rows, c.rows)
	if t.cells != nil {
		t.addCells()
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
	entries, ways, lo, everyone := t.classes.entries, t.ways, t.lo, uint32(t.words)*64
	sums, spans := t.sums[:len(ways)], t.spans[:len(ways)]
	denied := t.denied
	note, noted := &t.counted, 0
	for i := range min(count, vectorRows) {
		at := uint32(rows.segments[i] - lo)
		if at >= uint32(len(ways)) {
			continue
		}
		w := ways[at]
		if w.kind != addedUp {
			if w.kind != passedBy {
				t.takeOne(int32(at), w, rows, i)
			}
			continue
		}
		entry := entries[rows.activities[i]]
		if entry&varied != 0 {
			entry = t.classes.variedEntry(entry, w.variant)
		}
		state := uint32(rows.states[i]) & 3
		code := (entry | denied[state]) & dropped
		end := min(rows.ends[i], dayMillis)
		began := rows.ends[i] - rows.lengths[i]
		sums[at][code<<2|state] += end - began
		if code<<2|state < dropped<<2 && state == active {
			spans[at].last, spans[at].before = max(spans[at].last, end), max(spans[at].before, dayMillis-began)
		}
		cell, place := entry>>cellAt, noted&(vectorRows-1)
		note.rows[place] = uint16(i)
		note.times[place], note.people[place], note.lengths[place] = cell<<1|(state-1)&1, cell*everyone+uint32(w.person), end-began
		noted += int((code+1)>>2 ^ 1)
	}
	note.count = noted
}

func (t *tally) addCells() {
	note, cells, people := &t.counted, t.cells, t.people
	for i := range note.count & (2*vectorRows - 1) {
		at := note.times[i]
		cells[at>>1][at&1] += int64(note.lengths[i])
	}
	for i := range note.count & (2*vectorRows - 1) {
		bit := note.people[i]
		people[bit>>6] |= 1 << (bit & 63)
	}
}

func (t *tally) addHulls(rows *columns) {
	for _, i := range t.counted.rows[:t.counted.count] {
		one, end := &t.parts[rows.segments[i]-t.lo], rows.ends[i]
		began := one.midnight + int64(end-rows.lengths[i])
		t.hulls.add(one.slot, began, one.midnight+int64(min(end, dayMillis)), rows.endeds[i]&endedBits == bySchedule)
	}
}

func (t *tally) addTitles(rows *columns) {
	for n, i := range t.counted.rows[:t.counted.count] {
		t.title(rows.titles[i], t.ways[rows.segments[i]-t.lo].person, rows.states[i], int64(t.counted.lengths[n]))
	}
}

// takeOne takes an episode of a segment that may overlap or is cut.
func (t *tally) takeOne(number int32, w way, rows *columns, i int) {
	end := rows.ends[i]
	row := claim{
		began: end - rows.lengths[i], end: min(end, dayMillis),
		what: mark(rows.states[i], rows.endeds[i]&endedBits == bySchedule && end <= dayMillis),
	}
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
		if *sum == (segmentSum{}) {
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

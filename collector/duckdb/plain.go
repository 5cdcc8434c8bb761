package duckdb

import "math"

// vectorRows are how many rows DuckDB unpacks at a time, at most.
const vectorRows = 2048

// columns are those of a chunk that is folded.
type columns struct {
	segments, activities, ends, lengths []int32
	states, endeds                      []uint8
	titles                              []int32
}

func columnsOf(c chunk) columns {
	return columns{
		segments: column[int32](c, foldSegment), activities: column[int32](c, foldActivity), ends: column[int32](c, foldFinish),
		lengths: column[int32](c, foldLength), states: column[uint8](c, foldState), endeds: column[uint8](c, foldEnded),
		titles: column[int32](c, foldTitle),
	}
}

// batch holds what is counted of one chunk, to be added to cells in loops so tight that the processor fetches many at
// once: the cells and the people in them do not fit its nearest memory.
type batch struct {
	rows int
	// times are cells with the state in the lowest bit, people bits of a tally's people.
	times, people [vectorRows]uint32
	lengths       [vectorRows]int32
}

// take adds a chunk of stored episodes, which come in runs of one segment.
func (t *tally) take(c chunk) {
	rows := columnsOf(c)
	for from := 0; from < c.rows; {
		number := rows.segments[from]
		to := from + 1
		for to < len(rows.segments) && rows.segments[to] == number {
			to++
		}
		if n := int(number - t.lo); n >= 0 && n < t.stored {
			switch one := &t.parts[n]; {
			case one.next == 0 && one.to == dayMillis && one.unit < 0:
				if one.slot >= 0 {
					t.plain(one, &rows, from, to)
				}
			case one.to > 0:
				t.run(int32(n), &rows, from, to)
			}
		}
		from = to
	}
	t.addBatch()
}

// plain adds a run of a part that is a whole local day, where nothing overlaps.
func (t *tally) plain(one *part, rows *columns, from, to int) {
	var times [8]int64
	lockedFor := int64(0)
	first, last := int32(math.MaxInt32), int32(0)
	whose := &t.owners[one.owner]
	entries, wanted, everyone := t.classes.entries, t.wanted, uint32(t.words)*64
	activities, ends, lengths, states := rows.activities[from:to], rows.ends[from:to], rows.lengths[from:to], rows.states[from:to]
	b := &t.batch
	n := b.rows
	for i, end := range ends {
		began, state := end-lengths[i], states[i]&3
		end = min(end, dayMillis)
		length := end - began
		if state == locked {
			lockedFor += int64(length)
			continue
		}
		entry := entries[activities[i]]
		if entry&varied != 0 {
			entry = t.classes.variedEntry(entry, whose.variant)
		}
		if entry&dropped == dropped || !wanted[state] {
			continue
		}
		times[entry&dropped<<1|uint32(state-1)&1] += int64(length)
		cell := entry >> cellAt
		b.times[n&(vectorRows-1)], b.people[n&(vectorRows-1)] = cell<<1|uint32(state-1)&1, cell*everyone+uint32(whose.person)
		b.lengths[n&(vectorRows-1)] = length
		n++
		if state == active {
			first, last = min(first, began), max(last, end)
		}
		if t.hulls != nil {
			t.hulls.add(one.slot, one.midnight+int64(began), one.midnight+int64(end), rows.endeds[from+i]&endedBits == bySchedule)
		}
		if t.titles != nil {
			t.title(rows.titles[from+i], whose.person, state, int64(length))
		}
	}
	b.rows = n
	slot := &t.slots[one.slot]
	for i, time := range times {
		slot.times[i] += time
	}
	if wanted[locked] {
		slot.locked += lockedFor
	}
	if last > 0 {
		slot.bound(one.midnight+int64(first), one.midnight+int64(last), one.offset)
	}
}

// addBatch adds what a chunk held to the cells.
func (t *tally) addBatch() {
	b := &t.batch
	rows := b.rows
	b.rows = 0
	if t.cells == nil {
		return
	}
	for i, at := range b.times[:rows] {
		t.cells[at>>1][at&1] += int64(b.lengths[i])
	}
	people := t.people
	for _, bit := range b.people[:rows] {
		if word := &people[bit>>6]; *word&(1<<(bit&63)) == 0 {
			*word |= 1 << (bit & 63)
		}
	}
}

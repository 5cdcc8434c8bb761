package duckdb

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

// way is how the episodes of a stored segment are taken, in little space: they come one or two of a segment at a time.
type way struct {
	person  int32
	variant int16
	kind    wayKind
}

type wayKind uint8

// The ways: not at all; added up by segment, where it is one part and nothing overlaps; one by one.
const (
	passedBy wayKind = iota
	addedUp
	oneByOne
)

// segmentSum is what a segment that is added up holds, in milliseconds; times by status and state, two to a status.
type segmentSum struct {
	times  [6]int32
	locked int32
	// first and last bound the active time from the segment's midnight, where last is not 0.
	first, last int32
}

// take adds a chunk of stored episodes. It goes over it once for each thing that is wanted: loops as small as these
// keep the processor fetching, and what is not wanted costs nothing.
func (t *tally) take(c chunk) {
	rows := columnsOf(c)
	counted := t.counted[:c.rows]
	t.resolve(&rows, counted)
	t.addTimes(&rows, counted)
	if t.cells != nil {
		t.addCells(&rows, counted)
	}
	if t.hulls != nil {
		t.addHulls(&rows, counted)
	}
	if t.titles != nil {
		t.addTitles(&rows, counted)
	}
}

// resolve gives each row that is counted its entry, all others one that is dropped; locked time and what is taken one
// by one is dealt with at once.
func (t *tally) resolve(rows *columns, counted []uint32) {
	segments, activities, states := rows.segments[:len(counted)], rows.activities[:len(counted)], rows.states[:len(counted)]
	entries, ways, wanted, lo := t.classes.entries, t.ways, t.wanted, t.lo
	for i, number := range segments {
		counted[i] = dropped
		at := uint32(number - lo)
		if at >= uint32(len(ways)) {
			continue
		}
		w := ways[at]
		state := states[i] & 3
		if w.kind != addedUp {
			if w.kind == oneByOne {
				t.takeOne(int32(at), w.variant, rows, i)
			}
			continue
		}
		if !wanted[state] {
			continue
		}
		if state == locked {
			end := min(rows.ends[i], dayMillis)
			t.sums[at].locked += end - (rows.ends[i] - rows.lengths[i])
			continue
		}
		entry := entries[activities[i]]
		if entry&varied != 0 {
			entry = t.classes.variedEntry(entry, w.variant)
		}
		counted[i] = entry
	}
}

func (t *tally) addTimes(rows *columns, counted []uint32) {
	segments, ends, lengths, states := rows.segments[:len(counted)], rows.ends[:len(counted)], rows.lengths[:len(counted)], rows.states[:len(counted)]
	for i, entry := range counted {
		if entry&dropped == dropped {
			continue
		}
		end := min(ends[i], dayMillis)
		began := ends[i] - lengths[i]
		state := uint32(states[i]-1) & 1
		sum := &t.sums[segments[i]-t.lo]
		sum.times[entry&dropped<<1|state] += end - began
		if state == active-1 {
			if sum.last == 0 {
				sum.first = began
			}
			sum.first, sum.last = min(sum.first, began), max(sum.last, end)
		}
	}
}

func (t *tally) addCells(rows *columns, counted []uint32) {
	segments, ends, lengths, states := rows.segments[:len(counted)], rows.ends[:len(counted)], rows.lengths[:len(counted)], rows.states[:len(counted)]
	cells, people, ways, words := t.cells, t.people, t.ways, uint32(t.words)
	for i, entry := range counted {
		if entry&dropped == dropped {
			continue
		}
		number := entry >> cellAt
		cells[number][uint32(states[i]-1)&1] += int64(min(ends[i], dayMillis) - (ends[i] - lengths[i]))
		person := uint32(ways[segments[i]-t.lo].person)
		if word := &people[number*words+person>>6]; *word&(1<<(person&63)) == 0 {
			*word |= 1 << (person & 63)
		}
	}
}

func (t *tally) addHulls(rows *columns, counted []uint32) {
	for i, entry := range counted {
		if entry&dropped != dropped {
			one, end := &t.parts[rows.segments[i]-t.lo], rows.ends[i]
			began := one.midnight + int64(end-rows.lengths[i])
			t.hulls.add(one.slot, began, one.midnight+int64(min(end, dayMillis)), rows.endeds[i]&endedBits == bySchedule)
		}
	}
}

func (t *tally) addTitles(rows *columns, counted []uint32) {
	for i, entry := range counted {
		if entry&dropped != dropped {
			end := rows.ends[i]
			t.title(rows.titles[i], t.ways[rows.segments[i]-t.lo].person, rows.states[i], int64(min(end, dayMillis)-(end-rows.lengths[i])))
		}
	}
}

// takeOne takes an episode of a segment that may overlap or is cut.
func (t *tally) takeOne(number int32, variant int16, rows *columns, i int) {
	end := rows.ends[i]
	row := claim{
		began: end - rows.lengths[i], end: min(end, dayMillis),
		what: mark(rows.states[i], rows.endeds[i]&endedBits == bySchedule && end <= dayMillis),
	}
	if t.titles != nil {
		row.title = rows.titles[i]
	}
	entry := uint32(dropped)
	if rows.states[i] != locked {
		entry = t.classes.entryOf(rows.activities[i], variant)
	}
	t.spread(number, row, entry)
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
		for n, time := range sum.times {
			slot.times[n] += int64(time)
		}
		slot.locked += int64(sum.locked)
		if sum.last > 0 {
			slot.bound(one.midnight+int64(sum.first), one.midnight+int64(sum.last), one.offset)
		}
	}
}

package duckdb

import (
	"slices"
	"time"
	"unsafe"

	"github.com/dayline-project/dayline/collector"
)

// slotSum is what a slot adds up to, in milliseconds.
type slotSum struct {
	// times by status and state, two to a status.
	times  [6]int64
	locked int64
	// first and last bound the active time, in milliseconds since 1970, where last is not 0.
	first, last             int64
	firstOffset, lastOffset int16
}

// cellSum is active and passive time of a cell in milliseconds.
type cellSum [2]int64

// tally is what one thread adds up of a query.
type tally struct {
	*plan
	thread  unsafe.Pointer
	classes *classes
	wanted  [4]bool
	slots   []slotSum
	// cells and people are nil where no subjects are asked for; people holds words for each cell.
	cells  []cellSum
	people []uint64
	words  int
	hulls  *hulls
	// titles: episodes have titles, and their time is to be added to titleTotals, or their people to titlePeople.
	titles      bool
	titleTotals *titleTotals
	titleGroups map[int32]int32
	titlePeople []uint64
	groups      []groupSum
	pieces      []settled
	held        held
	// what a unit is settled with.
	sweeper    sweeper
	contenders []contender
	runs       []int
	// sums are of the stored segments that are added up, by number from lo.
	sums  []segmentSum
	spans []activeSpan
	// denied has dropped for the states that are not counted by status.
	denied [4]uint32
	noted  *noted
}

// spread gives an episode to the parts it lies in: to be swept, or added up.
func (t *tally) spread(number int32, row claim, entry uint32) {
	state := row.state()
	if state == 0 || state != locked && entry>>cellAt == 0 {
		return
	}
	for {
		one := &t.parts[number]
		if from, to := max(row.began, one.from), min(row.end, one.to); from < to {
			if one.unit >= 0 {
				t.held.put(number, t.claimOn(number, row, to, entry))
			} else {
				t.count(one, &row, entry, one.midnight+int64(from), one.midnight+int64(to))
			}
		}
		if number = one.next; number == 0 {
			return
		}
	}
}

// claimOn is what an episode claims on a part.
func (t *tally) claimOn(part int32, row claim, to int32, entry uint32) claim {
	shift := t.parts[part].shift
	row.began, row.end = row.began+shift, to+shift
	row.what |= entry << entryAt
	return row
}

func (s *slotSum) bound(first, last int64, offset int16) {
	if s.last == 0 || first < s.first {
		s.first, s.firstOffset = first, offset
	}
	if s.last == 0 || last > s.last {
		s.last, s.lastOffset = last, offset
	}
}

// count adds a settled time of a part.
func (t *tally) count(one *part, row *claim, entry uint32, from, to int64) {
	if one.slot < 0 {
		return
	}
	state := row.state()
	slot := &t.slots[one.slot]
	if !t.wanted[state] {
		return
	}
	if state == locked {
		slot.locked += to - from
		return
	}
	status := entry & dropped
	if status == dropped {
		return
	}
	slot.times[status<<1|uint32(state-1)] += to - from
	if state == active {
		slot.bound(from, to, one.offset)
	}
	person := t.owners[one.owner].person
	if t.cells != nil {
		number := entry >> cellAt
		t.cells[number][state-1] += to - from
		t.people[int(number)*t.words+int(person)/64] |= 1 << (person % 64)
	}
	if t.hulls != nil {
		t.hulls.add(one.slot, from, to, one.offset)
	}
	if t.titles {
		t.title(row.title, person, state, to-from)
	}
}

// join adds another thread's tally.
func (t *tally) join(other *tally) {
	for i := range other.slots {
		t.slots[i].join(&other.slots[i])
	}
	for i := range other.cells {
		t.cells[i][0] += other.cells[i][0]
		t.cells[i][1] += other.cells[i][1]
	}
	for i, word := range other.people {
		t.people[i] |= word
	}
	if t.hulls != nil {
		t.hulls.all = append(t.hulls.all, other.hulls.all...)
	}
	for i := range other.groups {
		if t.groups == nil {
			t.groups = other.groups
			break
		}
		t.groups[i].join(&other.groups[i])
	}
	t.pieces = append(t.pieces, other.pieces...)
	for i, word := range other.titlePeople {
		t.titlePeople[i] |= word
	}
}

func (s *slotSum) join(other *slotSum) {
	for i, time := range other.times {
		s.times[i] += time
	}
	s.locked += other.locked
	if other.last > 0 {
		s.bound(other.first, other.first, other.firstOffset)
		s.bound(other.last, other.last, other.lastOffset)
	}
}

// timesOf tells times by status and state.
func timesOf(sums *[6]int64) (times collector.Times) {
	for status := range times {
		times[status] = [2]time.Duration{millis(sums[2*status]), millis(sums[2*status+1])}
	}
	return times
}

// ownersOf gives the owners that contend, in order.
func (t *tally) ownersOf(contenders []contender) []int32 {
	var owners []int32
	for i := range contenders {
		if n := t.parts[contenders[i].part].owner; len(owners) == 0 || owners[len(owners)-1] != n {
			owners = append(owners, n)
		}
	}
	slices.Sort(owners)
	return slices.Compact(owners)
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

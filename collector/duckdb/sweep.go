package duckdb

import (
	"cmp"
	"slices"
)

// claim is what one episode says of a unit of its person's time. It is laid out small: there are millions.
type claim struct {
	// began and end in milliseconds since the unit's beginning; began may lie before what the claim is on.
	began, end int32
	// what: the cell, a bit for what the schedule ended, and the state in the lowest two.
	what  uint32
	title int32
}

const (
	scheduleBit = 1 << 2
	cellAt      = 3
)

func mark(state uint8, bySchedule bool) uint32 {
	what := uint32(state)
	if bySchedule {
		what |= scheduleBit
	}
	return what
}

func (c *claim) state() uint8    { return uint8(c.what & 3) }
func (c *claim) cell() uint32    { return c.what >> cellAt }
func (c *claim) scheduled() bool { return c.what&scheduleBit != 0 }

// contender is a claim with the part of a segment it comes from, and where it takes effect.
type contender struct {
	claim
	part, from int32
}

// sweeper settles overlaps: at each instant active beats passive beats locked; among equals what began last wins, then
// what is first by device and login, then by offset, application, site and class.
type sweeper struct {
	parts   []part
	classes *classes
	// heap has the best of what contends on top.
	heap []*contender
}

// settle gives every instant that is claimed to one contender, in order of time. It changes the order of the contenders.
func (s *sweeper) settle(contenders []contender, give func(winner *contender, from, to int32)) {
	sortByStart(contenders)
	s.heap = s.heap[:0]
	var winner *contender
	var from, at int32
	for next := 0; next < len(contenders) || len(s.heap) > 0; {
		if len(s.heap) == 0 {
			at = max(at, contenders[next].from)
		}
		for next < len(contenders) && contenders[next].from <= at {
			if contenders[next].end > at {
				s.push(&contenders[next])
			}
			next++
		}
		for len(s.heap) > 0 && s.heap[0].end <= at {
			s.pop()
		}
		if winner != nil && (len(s.heap) == 0 || s.heap[0] != winner) {
			give(winner, from, at)
			winner = nil
		}
		if len(s.heap) == 0 {
			continue
		}
		if winner == nil {
			winner, from = s.heap[0], at
		}
		at = winner.end
		if next < len(contenders) {
			at = min(at, contenders[next].from)
		}
	}
}

// sortByStart takes what is nearly in order, as uploads of several devices are.
func sortByStart(contenders []contender) {
	budget := 16 * len(contenders)
	for i := 1; i < len(contenders); i++ {
		one := contenders[i]
		j := i
		for ; j > 0 && contenders[j-1].from > one.from; j-- {
			contenders[j] = contenders[j-1]
		}
		contenders[j] = one
		if budget -= i - j; budget < 0 {
			slices.SortFunc(contenders, func(a, b contender) int { return cmp.Compare(a.from, b.from) })
			return
		}
	}
}

func (s *sweeper) beats(a, b *contender) bool {
	if a.state() != b.state() {
		return a.state() < b.state()
	}
	if a.began != b.began {
		return a.began > b.began
	}
	one, other := &s.parts[a.part], &s.parts[b.part]
	return cmp.Or(cmp.Compare(one.owner, other.owner), cmp.Compare(one.offset, other.offset), s.classes.compare(a.cell(), b.cell()),
		cmp.Compare(a.title, b.title)) < 0
}

func (s *sweeper) push(c *contender) {
	s.heap = append(s.heap, c)
	for i := len(s.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !s.beats(s.heap[i], s.heap[parent]) {
			return
		}
		s.heap[i], s.heap[parent] = s.heap[parent], s.heap[i]
		i = parent
	}
}

func (s *sweeper) pop() {
	last := len(s.heap) - 1
	s.heap[0] = s.heap[last]
	s.heap = s.heap[:last]
	for i := 0; ; {
		best := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if s.beats(s.heap[child], s.heap[best]) {
				best = child
			}
		}
		if best == i {
			return
		}
		s.heap[i], s.heap[best] = s.heap[best], s.heap[i]
		i = best
	}
}

package duckdb

import (
	"cmp"
	"slices"
)

// claim is what one episode says of a unit of its person's time. It is laid out small: there are millions.
type claim struct {
	// began and end in milliseconds since the unit's beginning; began may lie before what the claim is on.
	began, end int32
	// what: the entry, and the state in the lowest two bits.
	what  uint32
	title int32
}

const entryAt = 2

func (c *claim) state() uint8  { return uint8(c.what & 3) }
func (c *claim) entry() uint32 { return c.what >> entryAt }
func (c *claim) cell() uint32  { return c.what >> (entryAt + cellAt) }

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
	// waiting are contenders that are beaten now and may win later, the best on top.
	waiting []*contender
	spare   []contender
}

// settle gives every instant that is claimed to one contender, in order of time. The contenders are in order.
func (s *sweeper) settle(contenders []contender, give func(winner *contender, from, to int32)) {
	var winner *contender
	var from int32
	for i := range contenders {
		next := &contenders[i]
		for winner != nil && winner.end <= next.from {
			give(winner, from, winner.end)
			from = winner.end
			winner = s.heir(from)
		}
		switch {
		case next.end <= next.from:
		case winner == nil:
			winner, from = next, next.from
		case s.beats(next, winner):
			if next.from > from {
				give(winner, from, next.from)
			}
			if winner.end > next.end {
				s.push(winner)
			}
			winner, from = next, next.from
		case next.end > winner.end:
			s.push(next)
		}
	}
	for winner != nil {
		give(winner, from, winner.end)
		from = winner.end
		winner = s.heir(from)
	}
}

// heir gives the best that waits and has not ended; nil for none.
func (s *sweeper) heir(at int32) *contender {
	for len(s.waiting) > 0 {
		best := s.pop()
		if best.end > at {
			return best
		}
	}
	return nil
}

// inOrder sorts contenders by where they take effect. They are runs, given by their ends, that nearly are in order: the
// uploads of one session. It gives what it was given or a buffer of its own.
func (s *sweeper) inOrder(contenders []contender, runs []int) []contender {
	begin := 0
	for _, end := range runs {
		sortNearly(contenders[begin:end])
		begin = end
	}
	for len(s.spare) < len(contenders) {
		s.spare = append(s.spare, contender{})
	}
	from, to := contenders, s.spare[:len(contenders)]
	for ; len(runs) > 1; from, to = to, from {
		merged := 0
		for i, begin := 0, 0; i < len(runs); i += 2 {
			end := runs[min(i+1, len(runs)-1)]
			merge(from[begin:runs[i]], from[runs[i]:end], to[begin:end])
			begin = end
			runs[merged] = end
			merged++
		}
		runs = runs[:merged]
	}
	return from
}

func merge(a, b, to []contender) {
	for n := range to {
		if len(b) == 0 || len(a) > 0 && a[0].from <= b[0].from {
			to[n], a = a[0], a[1:]
		} else {
			to[n], b = b[0], b[1:]
		}
	}
}

func sortNearly(contenders []contender) {
	budget := 8 * len(contenders)
	for i := 1; i < len(contenders); i++ {
		if contenders[i-1].from <= contenders[i].from {
			continue
		}
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
	s.waiting = append(s.waiting, c)
	for i := len(s.waiting) - 1; i > 0; {
		parent := (i - 1) / 2
		if !s.beats(s.waiting[i], s.waiting[parent]) {
			return
		}
		s.waiting[i], s.waiting[parent] = s.waiting[parent], s.waiting[i]
		i = parent
	}
}

func (s *sweeper) pop() *contender {
	top, last := s.waiting[0], len(s.waiting)-1
	s.waiting[0] = s.waiting[last]
	s.waiting = s.waiting[:last]
	for i := 0; ; {
		best := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if s.beats(s.waiting[child], s.waiting[best]) {
				best = child
			}
		}
		if best == i {
			return top
		}
		s.waiting[i], s.waiting[best] = s.waiting[best], s.waiting[i]
		i = best
	}
}

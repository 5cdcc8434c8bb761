package duckdb

import (
	"context"
	"math/bits"

	"github.com/dayline-project/dayline/collector"
)

// SumGroups adds up each group as if the query had that group's owners alone. Where nothing overlaps an owner's time is
// the same in every group; the rest is settled for each set of owners that groups have of a unit.
func (s *Store) SumGroups(ctx context.Context, q *collector.Query, groups []map[collector.Owner]bool) (sums []collector.GroupSum, err error) {
	g := &grouping{groups: groups}
	how := reckon{planning: planning{perOwner: true}, unit: g.unit}
	err = s.reckonBy(ctx, "sum of groups", q, how, func(r *reckoning, total *tally) error {
		sums = g.sums(r, total)
		return nil
	})
	return sums, err
}

// grouping sums groups. Its methods are called by several threads at once.
type grouping struct {
	groups []map[collector.Owner]bool
}

// groupSum is what a group adds up to: times as of a slot, people of each status as sets of indices.
type groupSum struct {
	times  [6]int64
	people [3][]uint64
}

func (s *groupSum) add(times *[6]int64, person int32) {
	for i, time := range times {
		s.times[i] += time
		if time > 0 {
			s.people[i/2][person/64] |= 1 << (person % 64)
		}
	}
}

func (s *groupSum) join(other *groupSum) {
	for i, time := range other.times {
		s.times[i] += time
	}
	for status, people := range other.people {
		for i, word := range people {
			s.people[status][i] |= word
		}
	}
}

// unit settles a unit once for each set of its owners that a group has.
func (g *grouping) unit(t *tally, settle *sweeper, number int32, contenders []contender) {
	if t.groups == nil {
		t.groups = g.empty(t.words)
	}
	owners := t.ownersOf(contenders)
	if len(owners) == 0 {
		return
	}
	person := t.owners[owners[0]].person
	settled := map[string]*[6]int64{}
	members := make([]byte, len(owners))
	var mine []contender
	for n, group := range g.groups {
		some := false
		for i, whose := range owners {
			members[i] = 0
			if group[t.owners[whose].Owner] {
				members[i], some = 1, true
			}
		}
		if !some {
			continue
		}
		times := settled[string(members)]
		if times == nil {
			mine = mine[:0]
			for i := range contenders {
				if group[t.owners[t.parts[contenders[i].part].owner].Owner] {
					mine = append(mine, contenders[i])
				}
			}
			times = t.settleTimes(settle, mine)
			settled[string(members)] = times
		}
		t.groups[n].add(times, person)
	}
}

func (g *grouping) empty(words int) []groupSum {
	sums := make([]groupSum, len(g.groups))
	for i := range sums {
		for status := range sums[i].people {
			sums[i].people[status] = make([]uint64, words)
		}
	}
	return sums
}

// settleTimes gives the times that contenders settle to.
func (t *tally) settleTimes(settle *sweeper, contenders []contender) *[6]int64 {
	times := new([6]int64)
	settle.settle(contenders, func(winner *contender, from, to int32) {
		state := winner.state()
		if state == locked || !t.wanted[state] || t.parts[winner.part].slot < 0 {
			return
		}
		if status := winner.entry() & dropped; status != dropped {
			times[status<<1|uint32(state-1)] += int64(to - from)
		}
	})
	return times
}

func (g *grouping) sums(r *reckoning, total *tally) []collector.GroupSum {
	if total.groups == nil {
		total.groups = g.empty(total.words)
	}
	all := make([]collector.GroupSum, len(g.groups))
	for n, group := range g.groups {
		sum := &total.groups[n]
		for i := range r.owners {
			if group[r.owners[i].Owner] {
				sum.add(&total.slots[i].times, r.owners[i].person)
			}
		}
		all[n].Times = timesOf(&sum.times)
		for i := range total.words {
			all[n].People += bits.OnesCount64(sum.people[0][i] | sum.people[1][i] | sum.people[2][i])
			for status := range sum.people {
				all[n].ByStatus[status] += bits.OnesCount64(sum.people[status][i])
			}
		}
	}
	return all
}

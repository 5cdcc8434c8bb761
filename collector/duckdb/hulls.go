package duckdb

import (
	"cmp"
	"slices"
	"time"
)

// breakMillis: a longer gap between the counted episodes of a day is a break (docs/reports.md).
const breakMillis = 5 * 60 * 1000

// hull spans counted time of one slot without a gap of over five minutes, in milliseconds since 1970.
type hull struct {
	slot        int32
	offDuty     bool // the schedule ended what is last, so the gap after it is no break
	first, last int64
}

// hulls join episodes as they come, in whatever order: where hulls leave a gap of over five minutes, the episodes do.
type hulls struct {
	all []hull
	// newest hull of each slot, counted from 1.
	newest []int32
}

func (h *hulls) add(slot int32, from, to int64, offDuty bool) {
	if n := h.newest[slot]; n > 0 {
		one := &h.all[n-1]
		if from <= one.last+breakMillis && to >= one.first-breakMillis {
			one.first = min(one.first, from)
			if to > one.last {
				one.last, one.offDuty = to, offDuty
			}
			return
		}
	}
	h.all = append(h.all, hull{slot: slot, first: from, last: to, offDuty: offDuty})
	h.newest[slot] = int32(len(h.all))
}

// breaks calls give with the breaks of each slot.
func (h *hulls) breaks(give func(slot int32, breaks int, breakFor time.Duration)) {
	slices.SortFunc(h.all, func(a, b hull) int { return cmp.Or(cmp.Compare(a.slot, b.slot), cmp.Compare(a.first, b.first)) })
	for i := 0; i < len(h.all); {
		last := h.all[i]
		breaks, breakFor := 0, int64(0)
		for i++; i < len(h.all) && h.all[i].slot == last.slot; i++ {
			next := h.all[i]
			if gap := next.first - last.last; gap > breakMillis && !last.offDuty {
				breaks++
				breakFor += gap
			}
			if next.last > last.last {
				last = next
			}
		}
		give(last.slot, breaks, millis(breakFor))
	}
}

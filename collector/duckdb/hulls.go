package duckdb

import (
	"cmp"
	"slices"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// gapMillis: a longer time between the counted episodes of a day is a gap (docs/reports.md).
const gapMillis = 5 * 60 * 1000

// hull spans counted time of one slot without a gap, in milliseconds since 1970, with the offsets of its ends.
type hull struct {
	slot                    int32
	firstOffset, lastOffset int16
	first, last             int64
}

// hulls join episodes as they come, in whatever order: where hulls leave a gap, the episodes do.
type hulls struct {
	all []hull
	// newest hull of each slot, counted from 1.
	newest []int32
}

func (h *hulls) add(slot int32, from, to int64, offset int16) {
	if n := h.newest[slot]; n > 0 {
		one := &h.all[n-1]
		if from <= one.last+gapMillis && to >= one.first-gapMillis {
			if from < one.first {
				one.first, one.firstOffset = from, offset
			}
			if to > one.last {
				one.last, one.lastOffset = to, offset
			}
			return
		}
	}
	h.all = append(h.all, hull{slot, offset, offset, from, to})
	h.newest[slot] = int32(len(h.all))
}

// gaps calls give with the gaps of each slot in order, and with where its counted time ends.
func (h *hulls) gaps(give func(slot int32, gaps []collector.Gap, end time.Time)) {
	slices.SortFunc(h.all, func(a, b hull) int { return cmp.Or(cmp.Compare(a.slot, b.slot), cmp.Compare(a.first, b.first)) })
	zones := zones{}
	for i := 0; i < len(h.all); {
		last := h.all[i]
		var gaps []collector.Gap
		for i++; i < len(h.all) && h.all[i].slot == last.slot; i++ {
			next := h.all[i]
			if next.first > last.last+gapMillis {
				gaps = append(gaps, collector.Gap{From: zones.at(last.last, last.lastOffset), To: zones.at(next.first, next.firstOffset)})
			}
			if next.last > last.last {
				last = next
			}
		}
		give(last.slot, gaps, zones.at(last.last, last.lastOffset))
	}
}

package duckdb

import "github.com/dayline-project/dayline/collector"

const (
	// spillDays is how far an episode can reach into the days after its own: the longest lasts 7 days.
	spillDays = 7
	// leapDays is how far ahead a clock may have been that was set back into the days asked for within one session.
	leapDays = 31
)

// plan says of a query which stored episodes count for whom and for which day, and where a person's time can overlap.
//
// A person's time is cut into units: stretches of at most a day between the midnights of the person's segments, by
// each one's own offset. Only in units that more than one session reaches into, or where a clock was set, can
// episodes overlap; those are swept, all others are added up as they come.
type plan struct {
	query  *collector.Query
	owners []owner
	// parts has those of the stored segments first, by number from lo; then further parts of those, and those of loose episodes.
	parts []part
	lo    int32
	// ways of the stored segments, by number from lo.
	ways  []way
	units []unit
	slots []slot
	// loose episodes, or what of them reaches over the end of their own day.
	loose []loose
	// scanned are the numbers of the segments to be read.
	scanned span
	// sweeps are the units to be swept, in order of the last segment in them.
	sweeps []int32
}

// owner is whom a login's time on a device counts for, by indices of the query.
type owner struct {
	collector.Owner
	person  int32
	variant int16
}

// part is a stretch of one segment's local day that lies in one unit and one day of the query.
type part struct {
	// midnight is where the segment's local day begins, in milliseconds since 1970; from and to count from there.
	midnight int64
	from, to int32
	// next part of the same segment; 0 for none.
	next int32
	// owner is an index.
	owner int32
	// slot is where the part is summed; negative outside the days asked for.
	slot int32
	// unit the part is swept in; negative where it is not. Where slot is so too, nothing is asked of the part.
	unit int32
	// shift is where the local day begins in the unit.
	shift  int32
	offset int16
	// sibling is another part of the unit, counted from 1; 0 for none.
	sibling int32
}

// asked tells whether anything is asked of the part.
func (p *part) asked() bool { return p.slot >= 0 || p.unit >= 0 }

// unit is a stretch of a person's time.
type unit struct {
	begin, end int64
	// of is the session that reaches into it.
	of session
	// wanted: some of it lies in the days asked for.
	wanted, swept bool
	// part is the first of its parts where it is swept, counted from 1; last the highest number of a segment in it.
	part, last int32
}

// slot is what is summed apart: a person's day, or an owner's all.
type slot struct{ person, day int32 }

// loose is an episode that is not counted where its segment is read: one going on, or what of a stored one lies after
// the day it began.
type loose struct {
	claim
	activity int32
	open     *collector.OpenRow
	// number of the open one.
	number int32
	owner  int32
	// part is negative where it lies outside all that is asked for.
	part int32
}

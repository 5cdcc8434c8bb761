package duckdb

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// breakMillis: a longer gap between the counted episodes of a day is a break (docs/reports.md).
const breakMillis = 5 * 60 * 1000

// breaksWanted: telling breaks takes as long again as all the rest where people have several devices.
type breaksWanted bool

const (
	withBreaks    breaksWanted = true
	withoutBreaks breaksWanted = false
)

// keepShared has the episodes kept of days that one person has stretches of on several devices.
func (s *selection) keepShared(parts []figures) {
	first := map[personDay]int{}
	for i := range s.table {
		seg := &s.table[i]
		if !s.contains(seg) {
			continue
		}
		whose := s.logins[seg.login]
		key := personDay{whose.person.ID, seg.day}
		other, known := first[key]
		if !known {
			first[key] = i
		} else if s.logins[s.table[other].login].device != whose.device {
			parts[i].keep, parts[other].keep = true, true
		}
	}
}

// joinBreaks counts each day's breaks. Stretches that follow each other join by what is known of their ends; only of
// those that overlap or are out of order each episode is looked at, read once more where it was not kept.
func (s *selection) joinBreaks(ctx context.Context, f *file, joined map[personDay]*figures, byDay map[personDay][]*figures) error {
	tangled := map[personDay][]interval{}
	where := map[int32]personDay{}
	for key, parts := range byDay {
		parts = slices.DeleteFunc(parts, func(part *figures) bool { return !part.counted() })
		slices.SortFunc(parts, func(a, b *figures) int { return cmp.Compare(a.first, b.first) })
		var simple bool
		if joined[key].breaks, joined[key].breakFor, simple = breaksInLine(parts); simple {
			continue
		}
		for _, part := range parts {
			switch {
			case part.kept != nil:
				tangled[key] = append(tangled[key], part.kept...)
			case part.segment == 0:
				tangled[key] = append(tangled[key], intervalOf(part.first, part.last, part.offDuty))
			default:
				where[part.segment] = key
			}
		}
	}
	if err := s.untangle(ctx, f, tangled, where); err != nil {
		return err
	}
	for key, intervals := range tangled {
		joined[key].breaks, joined[key].breakFor = countBreaks(intervals)
	}
	return nil
}

// breaksInLine adds up the breaks within and between stretches; not simple where they are not one after the other.
func breaksInLine(parts []*figures) (breaks int32, breakFor int64, simple bool) {
	for i, part := range parts {
		if part.disordered {
			return 0, 0, false
		}
		breaks += part.breaks
		breakFor += part.breakFor
		if i == 0 {
			continue
		}
		before := parts[i-1]
		gap := part.first - before.last
		if gap < 0 {
			return 0, 0, false
		}
		if gap > breakMillis && !before.offDuty {
			breaks++
			breakFor += gap
		}
	}
	return breaks, breakFor, true
}

// interval is one counted episode, in milliseconds since UTC midnight of the day's date: there may be millions.
type interval struct {
	began, end int32
	offDuty    bool
}

func intervalOf(began, end int64, offDuty bool) interval {
	return interval{began: int32(began), end: int32(end), offDuty: offDuty}
}

// untangle reads the counted episodes of some segments.
func (s *selection) untangle(ctx context.Context, f *file, into map[personDay][]interval, where map[int32]personDay) error {
	if len(where) == 0 {
		return nil
	}
	numbers := make([]string, 0, len(where))
	var bounds span
	for number := range where {
		numbers = append(numbers, strconv.Itoa(int(number)))
		bounds.cover(number)
	}
	query := fmt.Sprintf(`SELECT segment, finish, length, ended FROM episode WHERE segment BETWEEN %d AND %d AND segment IN (%s) AND state < %d`,
		bounds.lo, bounds.hi, strings.Join(numbers, ","), locked)
	return f.chunks.scan(ctx, query, func(c chunk) {
		numbers, finishes, lengths, endeds := column[int32](c, 0), column[int32](c, 1), column[int32](c, 2), column[uint8](c, 3)
		for i, number := range numbers {
			shift := int64(s.at(number).offsetMinutes) * 60_000
			key := where[number]
			into[key] = append(into[key], intervalOf(int64(finishes[i]-lengths[i])-shift, min(int64(finishes[i]), dayMillis)-shift,
				endeds[i]&endedBits == bySchedule))
		}
	})
}

// countBreaks sorts a day's counted episodes and counts the gaps.
func countBreaks(intervals []interval) (breaks int32, breakFor int64) {
	slices.SortFunc(intervals, func(a, b interval) int { return cmp.Compare(a.began, b.began) })
	last := intervals[0]
	for _, next := range intervals[1:] {
		if gap := next.began - last.end; gap > breakMillis && !last.offDuty {
			breaks++
			breakFor += int64(gap)
		}
		if next.end >= last.end {
			last = next
		}
	}
	return breaks, breakFor
}

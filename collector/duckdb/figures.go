package duckdb

import (
	"context"
	"fmt"
	"slices"

	"github.com/dayline-project/dayline/collector"
)

// figures are what one stretch of one person's local day adds up to. Moments are milliseconds since UTC midnight of
// the day's date, so that stretches with different offsets compare.
type figures struct {
	active, passive, locked int64
	// firstActive and lastActive bound the active time where there is any.
	firstActive, lastActive int64
	firstOffset, lastOffset int16
	// first and last bound the counted time where there is any; lastBegan is where the last episode began.
	first, last, lastBegan int64
	breaks                 int32
	breakFor               int64
	// offDuty: the schedule ended the last counted episode, so the gap after it is no break.
	offDuty bool
	// disordered: an episode came after a later one, so that breaks cannot be told in passing.
	disordered bool
	segment    int32
	// kept are the counted episodes themselves, of a day that has stretches on several devices: they may overlap.
	keep bool
	kept []interval
}

func (f *figures) counted() bool { return f.active+f.passive > 0 }

// add takes the next episode: from began to end, both as above, not over the day's border.
func (f *figures) add(began, end int64, state, ended uint8, offset int16) {
	switch state {
	case locked:
		f.locked += end - began
		return
	case active:
		if f.active == 0 || began < f.firstActive {
			f.firstActive, f.firstOffset = began, offset
		}
		if f.active == 0 || end > f.lastActive {
			f.lastActive, f.lastOffset = end, offset
		}
	}
	if !f.counted() {
		f.first, f.last = began, end
	} else if began < f.lastBegan {
		f.disordered = true
		f.first = min(f.first, began)
	} else if began-f.last > breakMillis && !f.offDuty {
		f.breaks++
		f.breakFor += began - f.last
	}
	if end >= f.last {
		f.last, f.offDuty = end, ended&endedBits == bySchedule
	}
	f.lastBegan = began
	if f.keep {
		f.kept = append(f.kept, intervalOf(began, end, ended&endedBits == bySchedule))
	}
	if state == active {
		f.active += end - began
	} else {
		f.passive += end - began
	}
}

// join adds what another stretch of the same day adds up to; breaks are joined by joinBreaks.
func (f *figures) join(other *figures) {
	if other.active > 0 {
		if f.active == 0 || other.firstActive < f.firstActive {
			f.firstActive, f.firstOffset = other.firstActive, other.firstOffset
		}
		if f.active == 0 || other.lastActive > f.lastActive {
			f.lastActive, f.lastOffset = other.lastActive, other.lastOffset
		}
	}
	f.active += other.active
	f.passive += other.passive
	f.locked += other.locked
}

// personDay is whose day it is.
type personDay struct {
	person string
	day    int32
}

// days sums the selection per person and local day, by one pass over the raw episodes.
func (s *selection) days(ctx context.Context, f *file, breaks breaksWanted) (map[personDay]*figures, map[string]collector.Person, error) {
	parts := make([]figures, len(s.table))
	var spills []whole
	var err error
	if breaks {
		s.keepShared(parts)
		spills, err = s.scanDays(ctx, f, parts)
	} else {
		spills, err = s.sumDays(ctx, f, parts)
	}
	if err != nil {
		return nil, nil, err
	}
	before, err := s.spilling(ctx, f, s.before, s.precedes)
	if err != nil {
		return nil, nil, err
	}
	people := map[string]collector.Person{}
	byDay := map[personDay][]*figures{}
	put := func(person collector.Person, day int32, part *figures) {
		if day < s.filter.FromDay || day > s.filter.ToDay || !part.counted() && part.locked == 0 {
			return
		}
		people[person.ID] = person
		key := personDay{person.ID, day}
		byDay[key] = append(byDay[key], part)
	}
	for i := range parts {
		if seg := &s.table[i]; s.contains(seg) {
			parts[i].segment = s.lo + int32(i)
			put(s.logins[seg.login].person, seg.day, &parts[i])
		}
	}
	for _, spill := range append(spills, before...) {
		seg := s.at(spill.segment)
		cutDays(spill, seg.day, seg.offsetMinutes, func(day int32, part *figures) {
			put(s.logins[seg.login].person, day, part)
		})
	}
	for _, row := range s.open() {
		one := lone(row)
		cutDays(one, row.Day, one.offset, func(day int32, part *figures) {
			put(personOf(s.filter, row.LoginKey, row.Login.Name), day, part)
		})
	}
	joined := joinDays(byDay)
	if breaks {
		err = s.joinBreaks(ctx, f, joined, byDay)
	}
	return joined, people, err
}

// whole is an episode as stored: began counts from local midnight of the day it began.
type whole struct {
	segment      int32
	activity     int32
	began        int64
	length       int64
	state, ended uint8
	offset       int16
	// after: what lies in the first day is counted elsewhere.
	after bool
}

// uncut counts the first day too.
func (w whole) uncut() whole {
	w.after = false
	return w
}

// cutDays cuts an episode at the borders of local days.
func cutDays(one whole, day int32, offset int16, put func(int32, *figures)) {
	shift := int64(offset) * 60_000
	for end := one.began + one.length; end > 0; day, one.began, end = day+1, max(0, one.began-dayMillis), end-dayMillis {
		if one.after {
			one.after = false
			continue
		}
		part := new(figures)
		part.add(one.began-shift, min(end, dayMillis)-shift, one.state, one.ended, offset)
		put(day, part)
	}
}

// lone makes an episode of an open row.
func lone(row collector.OpenRow) whole {
	_, offset := row.Start.Zone()
	return whole{
		began:  row.Start.UnixMilli() + int64(offset)*1000 - int64(row.Day)*dayMillis,
		length: row.For.Milliseconds(), state: stateNumber(row.State), offset: int16(offset / 60),
	}
}

// sumDays is scanDays without what only the order of episodes tells; DuckDB adds up alone, in a third of the time.
func (s *selection) sumDays(ctx context.Context, f *file, parts []figures) ([]whole, error) {
	if s.inside.hi == 0 {
		return nil, nil
	}
	// First, so that what is stored meanwhile is at worst not cut yet.
	spills, err := s.spilling(ctx, f, s.inside, s.contains)
	if err != nil {
		return nil, err
	}
	query := fmt.Sprintf(`SELECT segment, state, sum(length)::BIGINT, min(finish - length), max(finish) FROM episode WHERE %s GROUP BY segment, state`,
		s.where("segment", s.inside))
	err = f.chunks.scan(ctx, query, func(c chunk) {
		numbers, states, sums := column[int32](c, 0), column[uint8](c, 1), column[int64](c, 2)
		firsts, lasts := column[int32](c, 3), column[int32](c, 4)
		for i, number := range numbers {
			seg, part := s.at(number), &parts[number-s.lo]
			shift := int64(seg.offsetMinutes) * 60_000
			switch states[i] {
			case active:
				part.active = sums[i]
				part.firstActive, part.firstOffset = int64(firsts[i])-shift, seg.offsetMinutes
				part.lastActive, part.lastOffset = min(int64(lasts[i]), dayMillis)-shift, seg.offsetMinutes
			case passive:
				part.passive = sums[i]
			case locked:
				part.locked = sums[i]
			}
		}
	})
	for _, spill := range spills {
		part, over := &parts[spill.segment-s.lo], spill.began+spill.length-dayMillis
		switch spill.state {
		case active:
			part.active -= over
		case passive:
			part.passive -= over
		case locked:
			part.locked -= over
		}
	}
	return spills, err
}

// scanDays folds the stored episodes of the filter's days into parts, by segment, and gives those that reach over the
// end of their day.
func (s *selection) scanDays(ctx context.Context, f *file, parts []figures) ([]whole, error) {
	var spills [slicesAtOnce][]whole
	err := s.inSlices(func(worker int, slice span) error {
		over, err := s.scanSlice(ctx, f, parts, slice)
		spills[worker] = append(spills[worker], over...)
		return err
	})
	return slices.Concat(spills[:]...), err
}

func (s *selection) scanSlice(ctx context.Context, f *file, parts []figures, slice span) ([]whole, error) {
	var spills []whole
	query := `SELECT segment, finish, length, state, ended FROM episode WHERE ` + s.where("segment", slice)
	err := f.chunks.scan(ctx, query, func(c chunk) {
		numbers, finishes, lengths := column[int32](c, 0), column[int32](c, 1), column[int32](c, 2)
		states, endeds := column[uint8](c, 3), column[uint8](c, 4)
		for i, number := range numbers {
			seg := s.at(number)
			if !s.contains(seg) {
				continue
			}
			began, end := int64(finishes[i]-lengths[i]), int64(finishes[i])
			if end > dayMillis {
				spills = append(spills, whole{
					segment: number, began: began, length: end - began, state: states[i], ended: endeds[i], after: true,
				})
				end = dayMillis
			}
			shift := int64(seg.offsetMinutes) * 60_000
			parts[number-s.lo].add(began-shift, end-shift, states[i], endeds[i], seg.offsetMinutes)
		}
	})
	return spills, err
}

// spilling gives the episodes of the wanted segments that reach over the end of their day, with their activity.
func (s *selection) spilling(ctx context.Context, f *file, numbers span, wanted func(*segment) bool) ([]whole, error) {
	if numbers.hi == 0 {
		return nil, nil
	}
	var spills []whole
	query := fmt.Sprintf(`SELECT segment, finish, length, state, ended, activity FROM episode WHERE %s AND finish > %d`,
		s.where("segment", numbers), dayMillis)
	err := f.chunks.scan(ctx, query, func(c chunk) {
		numbers, finishes, lengths := column[int32](c, 0), column[int32](c, 1), column[int32](c, 2)
		states, endeds, activities := column[uint8](c, 3), column[uint8](c, 4), column[int32](c, 5)
		for i, number := range numbers {
			if wanted(s.at(number)) {
				spills = append(spills, whole{
					segment: number, began: int64(finishes[i] - lengths[i]), length: int64(lengths[i]), state: states[i],
					ended: endeds[i], activity: activities[i], after: true,
				})
			}
		}
	})
	return spills, err
}

// joinDays adds up the stretches of each day, save for breaks.
func joinDays(byDay map[personDay][]*figures) map[personDay]*figures {
	joined := make(map[personDay]*figures, len(byDay))
	for key, parts := range byDay {
		day := new(figures)
		for _, part := range parts {
			day.join(part)
		}
		joined[key] = day
	}
	return joined
}

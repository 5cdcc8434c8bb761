package duckdb

import (
	"context"
	"time"

	"github.com/dayline-project/dayline/collector"
)

var _ collector.Questions = (*Store)(nil)

// Owners lists every owner with an episode stored.
func (s *Store) Owners(ctx context.Context) ([]collector.Owner, error) {
	var owners []collector.Owner
	err := s.read("owners", func(f *file) error {
		return f.chunks.scan(ctx, `
			SELECT DISTINCT device, key FROM login WHERE id IN (SELECT login FROM segment) ORDER BY device, key`, func(c chunk) {
			for i := range c.rows {
				owners = append(owners, collector.Owner{Device: c.text(0, i), LoginKey: c.text(1, i)})
			}
		})
	})
	return owners, err
}

// Sum adds up a query by person and day, and by subject.
func (s *Store) Sum(ctx context.Context, q *collector.Query, want collector.Want) (sums collector.Sums, err error) {
	how := reckon{subjects: want.Subjects, gaps: want.Days && want.Gaps}
	err = s.reckonBy(ctx, "sum", q, how, func(r *reckoning, total *tally) error {
		if want.Days {
			sums.Days = r.personDays(total)
		}
		if want.Subjects {
			sums.Subjects = r.classes.subjects(total.cells, total.people, total.words)
		}
		return nil
	})
	return sums, err
}

func (r *reckoning) personDays(total *tally) []collector.PersonDay {
	days := make([]collector.PersonDay, 0, len(r.slots))
	zones := zones{}
	places := make([]int32, len(r.slots))
	for i := range r.slots {
		sum := &total.slots[i]
		day := collector.PersonDay{
			Person: int(r.slots[i].person), Day: r.slots[i].day, Times: timesOf(&sum.times), Locked: millis(sum.locked),
		}
		if day.Times.Total() == 0 && day.Locked == 0 {
			continue
		}
		if sum.last > 0 {
			day.FirstAt = zones.at(sum.first, sum.firstOffset)
			day.LastAt = zones.at(sum.last, sum.lastOffset)
		}
		places[i] = int32(len(days))
		days = append(days, day)
	}
	if total.hulls != nil {
		total.hulls.gaps(func(slot int32, gaps []collector.Gap, end time.Time) {
			day := &days[places[slot]]
			day.Gaps, day.CountedTo = gaps, end
		})
	}
	return days
}

// zones are those of offsets in minutes.
type zones map[int16]*time.Location

func (z zones) of(offset int16) *time.Location {
	if z[offset] == nil {
		z[offset] = time.FixedZone("", int(offset)*60)
	}
	return z[offset]
}

// at tells an instant, in milliseconds since 1970, with an offset.
func (z zones) at(instant int64, offset int16) time.Time {
	return time.UnixMilli(instant).In(z.of(offset))
}

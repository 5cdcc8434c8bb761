package duckdb

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// timeForm is RFC 3339 with milliseconds.
const timeForm = "2006-01-02T15:04:05.000-07:00"

// People sums per person; the one with most time comes first.
func (s *Store) People(ctx context.Context, filter collector.Filter) ([]*adminv1.PeopleRow, error) {
	var rows []*adminv1.PeopleRow
	err := s.read("people", func(f *file) error {
		chosen, err := choose(ctx, f, filter)
		if err != nil {
			return err
		}
		days, people, err := chosen.days(ctx, f, withoutBreaks)
		if err != nil {
			return err
		}
		rows = peopleRows(days, people)
		return nil
	})
	return rows, err
}

func peopleRows(days map[personDay]*figures, people map[string]collector.Person) []*adminv1.PeopleRow {
	type sum struct {
		active, passive int64
		first, last     moment
		days            int32
	}
	sums := map[string]*sum{}
	for key, day := range days {
		total := sums[key.person]
		if total == nil {
			total = new(sum)
			sums[key.person] = total
		}
		total.active += day.active
		total.passive += day.passive
		if day.counted() {
			total.days++
		}
		if day.active > 0 {
			first, last := day.firstMoment(key.day), day.lastMoment(key.day)
			if total.first.millis == 0 || first.millis < total.first.millis {
				total.first = first
			}
			if last.millis > total.last.millis {
				total.last = last
			}
		}
	}
	rows := make([]*adminv1.PeopleRow, 0, len(sums))
	for id, sum := range sums {
		rows = append(rows, &adminv1.PeopleRow{
			Person: id, Name: people[id].Name,
			ActiveSeconds: seconds(sum.active), PassiveSeconds: seconds(sum.passive),
			TotalSeconds:  seconds(sum.active + sum.passive),
			FirstActivity: sum.first.String(), LastActivity: sum.last.String(), Days: sum.days,
		})
	}
	slices.SortFunc(rows, func(a, b *adminv1.PeopleRow) int {
		return cmp.Or(-cmp.Compare(a.TotalSeconds, b.TotalSeconds), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Person, b.Person))
	})
	return rows
}

// Hours gives the figures of each person's days, by day and then by name.
func (s *Store) Hours(ctx context.Context, filter collector.Filter) ([]*adminv1.HoursRow, error) {
	var rows []*adminv1.HoursRow
	err := s.read("hours", func(f *file) error {
		chosen, err := choose(ctx, f, filter)
		if err != nil {
			return err
		}
		days, people, err := chosen.days(ctx, f, withBreaks)
		if err != nil {
			return err
		}
		rows = hoursRows(days, people)
		return nil
	})
	return rows, err
}

func hoursRows(days map[personDay]*figures, people map[string]collector.Person) []*adminv1.HoursRow {
	rows := make([]*adminv1.HoursRow, 0, len(days))
	for key, day := range days {
		row := &adminv1.HoursRow{
			Person: key.person, Name: people[key.person].Name,
			Day:           time.Unix(int64(key.day)*86400, 0).UTC().Format(time.DateOnly),
			ActiveSeconds: seconds(day.active), PassiveSeconds: seconds(day.passive),
			TotalSeconds: seconds(day.active + day.passive), LockedSeconds: seconds(day.locked),
			Breaks: day.breaks, BreakSeconds: seconds(day.breakFor),
		}
		if day.active > 0 {
			row.FirstActivity, row.LastActivity = day.firstMoment(key.day).String(), day.lastMoment(key.day).String()
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b *adminv1.HoursRow) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Person, b.Person))
	})
	return rows
}

// moment is an instant with the offset it is told in; the zero one is none.
type moment struct {
	millis int64
	offset int16
}

func (f *figures) firstMoment(day int32) moment {
	return moment{int64(day)*dayMillis + f.firstActive, f.firstOffset}
}

func (f *figures) lastMoment(day int32) moment {
	return moment{int64(day)*dayMillis + f.lastActive, f.lastOffset}
}

func (m moment) String() string {
	if m == (moment{}) {
		return ""
	}
	return time.UnixMilli(m.millis).In(time.FixedZone("", int(m.offset)*60)).Format(timeForm)
}

func seconds(millis int64) float64 { return float64(millis) / 1000 }

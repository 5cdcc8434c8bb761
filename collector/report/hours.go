package report

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// Hours gives each person's days, by day and then by name: those with time, and those of which only why there is none is
// known.
func (r *Reports) Hours(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (*adminv1.HoursReport, error) {
	report := &adminv1.HoursReport{}
	err := r.answer(ctx, func(ctx context.Context) error {
		q, sums, err := r.total(ctx, viewer, ask, collector.Want{Days: true, Gaps: true})
		if err != nil {
			return err
		}
		report.Days = q.days.message()
		report.Rows, err = r.hours(ctx, q, sums.Days)
		return err
	})
	return report, err
}

// hours makes the rows of all days, with the reason where there is no counted time.
func (r *Reports) hours(ctx context.Context, q *question, days []collector.PersonDay) ([]*adminv1.HoursRow, error) {
	duties, err := q.duties()
	if err != nil {
		return nil, err
	}
	var rows []*adminv1.HoursRow
	counted := make(map[personDay]bool, len(days))
	for i := range days {
		day := &days[i]
		if day.Times.Total() == 0 && day.Locked == 0 || !q.mayName(day.Person) {
			continue
		}
		counted[personDay{day.Person, day.Day}] = true
		rows = append(rows, q.hoursRow(day, &duties[day.Person]))
	}
	absent, err := r.absent(ctx, q, counted)
	if err != nil {
		return nil, err
	}
	rows = append(rows, absent...)
	slices.SortFunc(rows, func(a, b *adminv1.HoursRow) int {
		return cmp.Or(strings.Compare(a.Day, b.Day), strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)),
			strings.Compare(a.Person, b.Person))
	})
	return rows, nil
}

// personDay is whose day it is, by index of Query.People.
type personDay struct {
	person int
	day    int32
}

func (q *question) hoursRow(day *collector.PersonDay, duty *duty) *adminv1.HoursRow {
	sum := tally{times: day.Times}
	breaks, breakFor := duty.breaks(day.Gaps)
	row := &adminv1.HoursRow{
		Person: q.query.People[day.Person].ID, Name: q.query.People[day.Person].Name, Day: dateOf(day.Day),
		FirstActivity: q.instant(day.FirstAt), LastActivity: q.instant(day.LastAt), LastRecord: q.instant(day.CountedTo),
		ActiveSeconds: day.Times.Active().Seconds(), PassiveSeconds: day.Times.Passive().Seconds(), TotalSeconds: day.Times.Total().Seconds(),
		Breaks: breaks, BreakSeconds: breakFor.Seconds(), LockedSeconds: day.Locked.Seconds(), Times: sum.message(q),
	}
	if row.TotalSeconds == 0 {
		row.Absence = locked
	}
	return row
}

// absent gives the days of which nothing is counted, from a person's first data to today, each with the reason. Where
// the question counts some time only, the lack of it is no absence.
func (r *Reports) absent(ctx context.Context, q *question, counted map[personDay]bool) ([]*adminv1.HoursRow, error) {
	if q.query.Only != (collector.Only{}) || q.days.none() {
		return nil, nil
	}
	missing, owners, err := r.missing(ctx, q, counted)
	if err != nil || len(missing) == 0 {
		return nil, err
	}
	byDay := func(a, b personDay) int { return cmp.Compare(a.day, b.day) }
	begin := midnight(slices.MinFunc(missing, byDay).day-1, time.UTC)
	end := midnight(slices.MaxFunc(missing, byDay).day+2, time.UTC)
	watches, err := r.watching(ctx, q, slices.Concat(slices.Collect(maps.Values(owners))...), begin, end)
	if err != nil {
		return nil, err
	}
	places := map[string]*time.Location{}
	rows := make([]*adminv1.HoursRow, 0, len(missing))
	for _, m := range missing {
		place := q.place(owners[m.person][0].Device, places)
		from, to := midnight(m.day, place), midnight(m.day+1, place)
		if !from.Before(q.now) {
			continue // the day has not begun there
		}
		if to.After(q.now) {
			to = q.now
		}
		rows = append(rows, &adminv1.HoursRow{
			Person: q.query.People[m.person].ID, Name: q.query.People[m.person].Name, Day: dateOf(m.day),
			Times: &adminv1.Times{}, Absence: absence(watches[m.person], from, to),
		})
	}
	return rows, nil
}

// missing are the days that want a reason, and the owners of those they are of.
func (r *Reports) missing(ctx context.Context, q *question, counted map[personDay]bool) (missing []personDay, owners map[int][]collector.Owner, err error) {
	firstDays, err := r.Store.FirstDays(ctx)
	if err != nil {
		return nil, nil, err
	}
	owners, since := map[int][]collector.Owner{}, map[int]int32{}
	for owner, share := range q.query.Owners {
		day, stored := firstDays[owner]
		if !stored || !q.mayName(share.Person) {
			continue
		}
		if first, known := since[share.Person]; !known || day < first {
			since[share.Person] = day
		}
		owners[share.Person] = append(owners[share.Person], owner)
	}
	kept := q.days.from
	if days := q.set.Account.Retention.Days; days > 0 {
		kept = max(kept, q.days.today-int32(days))
	}
	for person, first := range since {
		slices.SortFunc(owners[person], func(a, b collector.Owner) int { return strings.Compare(a.Device, b.Device) })
		for day := max(first, kept); day <= min(q.days.to, q.days.today); day++ {
			if !counted[personDay{person, day}] {
				missing = append(missing, personDay{person, day})
			}
		}
	}
	return missing, owners, nil
}

// place is where a device's days are: the question's zone, else where the device is.
func (q *question) place(device string, known map[string]*time.Location) *time.Location {
	if q.days.zone != nil {
		return q.days.zone
	}
	return q.home(device, known)
}

// home is the zone that a device is in, else the collector's. Windows has names of its own for zones: such a device tells
// how far ahead it is now.
func (q *question) home(device string, known map[string]*time.Location) *time.Location {
	name := q.devices[device].TimeZone
	if place := known[name]; place != nil {
		return place
	}
	place, err := time.LoadLocation(name)
	if err != nil || name == "" {
		place = q.now.Location()
		if ahead, err := time.ParseInLocation("-07:00", name, time.UTC); err == nil {
			place = ahead.Location()
		}
	}
	known[name] = place
	return place
}

package report

import (
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/settings"
)

// maxYears of one question.
const maxYears = 5

// days is the range of a question, both included, counted in days since 1970-01-01. There are none where from is after
// to: a range of closed days on its first day.
type days struct {
	from, to, today int32
	// zone the days are of; nil: each device's own.
	zone *time.Location
}

// Today is the day of now where reports are drawn, counted in days since 1970-01-01, and the zone that they are drawn in:
// nil where days are the devices' own, and today is the collector's.
func Today(reports *settings.Reports, now time.Time) (today int32, zone *time.Location, err error) {
	if reports.TimeZone != "device" {
		if zone, err = time.LoadLocation(reports.TimeZone); err != nil {
			return 0, nil, err
		}
		now = now.In(zone)
	}
	return collector.LocalDay(now), zone, nil
}

// daysOf reads the range of a question.
func daysOf(ask *adminv1.ReportRequest, reports *settings.Reports, now time.Time) (d days, err error) {
	if d.today, d.zone, err = Today(reports, now); err != nil {
		return d, err
	}
	if ask.GetRange() != "" {
		if ask.From != "" || ask.To != "" {
			return d, collector.Refuse(collector.BadRequest, "range", "give either a range or its first and last day")
		}
		return d, d.relative(ask.Range, reports)
	}
	return d, d.absolute(ask.GetFrom(), ask.GetTo())
}

// absolute reads dates: empty from is today, empty to is from, or today if later.
func (d *days) absolute(from, to string) error {
	var err error
	if d.from, err = dayOf("from", from, d.today); err != nil {
		return err
	}
	if d.to, err = dayOf("to", to, max(d.from, d.today)); err != nil {
		return err
	}
	switch {
	case d.from > d.to:
		return collector.Refuse(collector.BadRequest, "from", "%s is after %s", dateOf(d.from), dateOf(d.to))
	case d.to > numberOf(midnight(d.from, time.UTC).AddDate(maxYears, 0, 0)):
		return collector.Refuse(collector.BadRequest, "from", "%s to %s is more than %d years", dateOf(d.from), dateOf(d.to), maxYears)
	}
	return nil
}

var (
	ranges = []string{
		"today", "yesterday", "this_week", "last_week", "this_month", "last_month", "this_year", "last_7_days",
		"last_30_days", "last_90_days",
	}
	weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
)

// relative reads a range told by its name. Those that reach up to today end the day before where the account leaves
// today out (product.md 9.1).
func (d *days) relative(name string, reports *settings.Reports) error {
	d.from, d.to = d.today, d.today
	if name == "today" {
		return nil
	}
	last := d.today
	if reports.ExcludeToday {
		last--
	}
	today := midnight(d.today, time.UTC)
	week := d.today - int32(int(today.Weekday())-slices.Index(weekdays, reports.WeekStart)+7)%7
	month := numberOf(today.AddDate(0, 0, 1-today.Day()))
	switch name {
	case "yesterday":
		d.from, d.to = d.today-1, d.today-1
	case "this_week":
		d.from, d.to = week, last
	case "last_week":
		d.from, d.to = week-7, week-1
	case "this_month":
		d.from, d.to = month, last
	case "last_month":
		d.from, d.to = numberOf(midnight(month, time.UTC).AddDate(0, -1, 0)), month-1
	case "this_year":
		d.from, d.to = numberOf(time.Date(today.Year(), 1, 1, 0, 0, 0, 0, time.UTC)), last
	case "last_7_days":
		d.from, d.to = last-6, last
	case "last_30_days":
		d.from, d.to = last-29, last
	case "last_90_days":
		d.from, d.to = last-89, last
	default:
		return collector.Refuse(collector.BadRequest, "range", "%q is none of %s", name, strings.Join(ranges, ", "))
	}
	return nil
}

func (d *days) none() bool { return d.from > d.to }

// message is the range as a report shows it.
func (d *days) message() *adminv1.Days {
	zone := "device"
	if d.zone != nil {
		zone = d.zone.String()
	}
	return &adminv1.Days{From: dateOf(d.from), To: dateOf(d.to), TimeZone: zone}
}

func dayOf(field, date string, empty int32) (int32, error) {
	if date == "" {
		return empty, nil
	}
	at, err := time.Parse(time.DateOnly, date)
	if err != nil || at.Year() < 1970 {
		return 0, collector.Refuse(collector.BadRequest, field, "%q is no date; write YYYY-MM-DD", date)
	}
	return numberOf(at), nil
}

// midnight is when a day begins in a zone.
func midnight(day int32, zone *time.Location) time.Time {
	return time.Date(1970, 1, 1+int(day), 0, 0, 0, 0, zone)
}

func numberOf(at time.Time) int32 { return collector.LocalDay(at) }

func dateOf(day int32) string { return midnight(day, time.UTC).Format(time.DateOnly) }

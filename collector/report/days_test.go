package report

import (
	"errors"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/settings"
)

// refused wants a refusal.
func refused(t *testing.T, what string, err error, code collector.Code, field, reason string) {
	t.Helper()
	var refusal *collector.Error
	if !errors.As(err, &refusal) || refusal.Code != code || refusal.Field != field || refusal.Reason != reason {
		t.Errorf("%s: %v, want %s: %s", what, err, field, reason)
	}
}

func TestRanges(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	// A Wednesday; the clocks were put forward on Sunday, 29th.
	wednesday := time.Date(2026, 4, 1, 0, 30, 0, 0, berlin)
	device := settings.Reports{TimeZone: "device", WeekStart: "mon"}
	with := func(change func(*settings.Reports)) settings.Reports { r := device; change(&r); return r }
	closed := with(func(r *settings.Reports) { r.ExcludeToday = true })
	for _, c := range []struct {
		name     string
		reports  settings.Reports
		now      time.Time
		from, to string
	}{
		{"today", device, wednesday, "2026-04-01", "2026-04-01"},
		{"yesterday", device, wednesday, "2026-03-31", "2026-03-31"},
		{"this_week", device, wednesday, "2026-03-30", "2026-04-01"},
		{"last_week", device, wednesday, "2026-03-23", "2026-03-29"},
		{"this_week", with(func(r *settings.Reports) { r.WeekStart = "sun" }), wednesday, "2026-03-29", "2026-04-01"},
		{"last_week", with(func(r *settings.Reports) { r.WeekStart = "sat" }), wednesday, "2026-03-21", "2026-03-27"},
		{"this_week", with(func(r *settings.Reports) { r.WeekStart = "wed" }), wednesday, "2026-04-01", "2026-04-01"},
		{"this_month", device, wednesday, "2026-04-01", "2026-04-01"},
		{"last_month", device, wednesday, "2026-03-01", "2026-03-31"},
		{"last_month", device, time.Date(2028, 3, 31, 12, 0, 0, 0, berlin), "2028-02-01", "2028-02-29"},
		{"this_year", device, wednesday, "2026-01-01", "2026-04-01"},
		{"last_7_days", device, wednesday, "2026-03-26", "2026-04-01"},
		{"last_30_days", device, wednesday, "2026-03-03", "2026-04-01"},
		// Today left out: of the relative ranges, and only of them.
		{"today", closed, wednesday, "2026-04-01", "2026-04-01"},
		{"yesterday", closed, wednesday, "2026-03-31", "2026-03-31"},
		{"last_7_days", closed, wednesday, "2026-03-25", "2026-03-31"},
		{"last_90_days", closed, wednesday, "2026-01-01", "2026-03-31"},
		{"last_30_days", closed, wednesday, "2026-03-02", "2026-03-31"},
		{"this_week", closed, wednesday, "2026-03-30", "2026-03-31"},
		{"last_week", closed, wednesday, "2026-03-23", "2026-03-29"},
		{"this_year", closed, wednesday, "2026-01-01", "2026-03-31"},
		// The month's first day has no closed one before it: no days at all.
		{"this_month", closed, wednesday, "2026-04-01", "2026-03-31"},
		// In Berlin it is Wednesday half past midnight; in New York it is still Tuesday, in Tokyo long Wednesday.
		{"today", with(func(r *settings.Reports) { r.TimeZone = "America/New_York" }), wednesday, "2026-03-31", "2026-03-31"},
		{"today", with(func(r *settings.Reports) { r.TimeZone = "Asia/Tokyo" }), wednesday.Add(-9 * time.Hour), "2026-03-31", "2026-03-31"},
		{"today", with(func(r *settings.Reports) { r.TimeZone = "Asia/Tokyo" }), wednesday.Add(-7 * time.Hour), "2026-04-01", "2026-04-01"},
	} {
		d, err := daysOf(&adminv1.ReportRequest{Range: c.name}, &c.reports, c.now)
		if err != nil {
			t.Error(err)
			continue
		}
		if m := d.message(); m.From != c.from || m.To != c.to || m.TimeZone != c.reports.TimeZone {
			t.Errorf("%s by %+v: %v, want %s to %s", c.name, c.reports, m, c.from, c.to)
		}
	}
}

func TestDates(t *testing.T) {
	device := &settings.Reports{TimeZone: "device", WeekStart: "mon", ExcludeToday: true}
	ask := func(from, to, name string) (*adminv1.Days, error) {
		d, err := daysOf(&adminv1.ReportRequest{From: from, To: to, Range: name}, device, now)
		return d.message(), err
	}
	for _, c := range [][4]string{
		{"", "", "2026-03-03", "2026-03-03"}, // today left out of relative ranges only
		{"2026-03-01", "", "2026-03-01", "2026-03-03"},
		{"2026-03-04", "", "2026-03-04", "2026-03-04"},
		{"2026-03-01", "2026-03-02", "2026-03-01", "2026-03-02"},
		{"2021-03-03", "", "2021-03-03", "2026-03-03"},
	} {
		if d, err := ask(c[0], c[1], ""); err != nil || d.From != c[2] || d.To != c[3] {
			t.Errorf("%v: %v %v", c, d, err)
		}
	}
	for _, c := range [][5]string{
		{"2026-03-03", "2026-03-02", "", "from", "2026-03-03 is after 2026-03-02"},
		{"", "2026-03-01", "", "from", "2026-03-03 is after 2026-03-01"},
		{"yesterday", "", "", "from", `"yesterday" is no date; write YYYY-MM-DD`},
		{"", "2026-02-30", "", "to", `"2026-02-30" is no date; write YYYY-MM-DD`},
		{"1969-12-31", "", "", "from", `"1969-12-31" is no date; write YYYY-MM-DD`},
		{"2021-03-02", "", "", "from", "2021-03-02 to 2026-03-03 is more than 5 years"},
		{"2026-03-03", "", "today", "range", "give either a range or its first and last day"},
		{"", "", "last_5_days", "range", `"last_5_days" is none of today, yesterday, this_week, last_week, this_month, last_month, this_year, last_7_days, last_30_days, last_90_days`},
	} {
		_, err := ask(c[0], c[1], c[2])
		refused(t, c[0]+c[2], err, collector.BadRequest, c[3], c[4])
	}
}

// An account in New York cuts the office's days at 06:00 of its own clocks: of Ana's Monday in Berlin, all but the 10
// minutes from 23:50 and 10 after midnight, which are 17:50 to 18:10, is 02:00 to 05:40 of the same day there.
func TestDaysOfAZone(t *testing.T) {
	o := openOffice(t)
	o.configure(t, account+"reports: {time_zone: America/New_York}\n", people+"  - {name: Contractors, people: [p-cy]}\n", classification)
	hours, err := o.Hours(t.Context(), administrator, on(monday, func(r *adminv1.ReportRequest) { r.Person = "Ana Lima" }))
	if err != nil || len(hours.Rows) != 1 {
		t.Fatalf("%v %v", hours, err)
	}
	row := hours.Rows[0]
	if row.TotalSeconds != 130*minute || row.FirstActivity != "2026-03-02T02:00:00.000-05:00" || row.LastActivity != "2026-03-02T18:10:00.000-05:00" {
		t.Errorf("%v", row)
	}
}

// TestHome: devices tell the name of their zone, or on Windows how far ahead it is.
func TestHome(t *testing.T) {
	q := &question{now: now, devices: map[string]collector.Device{
		"named": {TimeZone: "Asia/Kolkata"}, "windows": {TimeZone: "-03:30"}, "utc": {TimeZone: "+00:00"}, "strange": {TimeZone: "W. Europe"}, "silent": {},
	}}
	known := map[string]*time.Location{}
	for device, want := range map[string]int{"named": 19_800, "windows": -12_600, "utc": 0, "strange": zone, "silent": zone, "unknown": zone} {
		if _, got := now.In(q.home(device, known)).Zone(); got != want {
			t.Errorf("%s is %d s ahead, want %d", device, got, want)
		}
	}
}

package report

import (
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// By the schedule 09:00-12:00 and 13:00-17:00, of each gap what lies in it:
//
//	11:50-13:05  10 before noon and 5 after: 15
//	12:00-13:30  30
//	12:00-13:03  3, no break
//	12:00-13:05  5, not over 5
//	08:00-09:10  10
//	16:50-20:00  10
//	08:00-20:00  180 and 240
//
// On Saturday nothing does.
func TestBreaksAreTakenOutOfTheSchedule(t *testing.T) {
	office := episode.Schedule{"mon": {"09:00-12:00", "13:00-17:00"}}
	for _, c := range []struct {
		from, to  string
		schedules []episode.Schedule
		want      float64
	}{
		{"Mon 11:50", "Mon 13:05", []episode.Schedule{office}, 15},
		{"Mon 12:00", "Mon 13:30", []episode.Schedule{office}, 30},
		{"Mon 12:00", "Mon 13:03", []episode.Schedule{office}, 0},
		{"Mon 12:00", "Mon 13:05", []episode.Schedule{office}, 0},
		{"Mon 08:00", "Mon 09:10", []episode.Schedule{office}, 10},
		{"Mon 16:50", "Mon 20:00", []episode.Schedule{office}, 10},
		{"Mon 08:00", "Mon 20:00", []episode.Schedule{office}, 420},
		{"Sat 08:00", "Sat 20:00", []episode.Schedule{office}, 0},
		{"Mon 08:00", "Mon 20:00", []episode.Schedule{{}}, 0},
		// What is scheduled for any login counts once: 11:30-12:30 beside the office's hours adds the half hour from noon.
		{"Mon 11:00", "Mon 13:10", []episode.Schedule{office, {"mon": {"11:30-12:30"}}}, 60 + 30 + 10},
		// Over midnight: Sunday has no hours.
		{"Sun 23:00", "Mon 09:20", []episode.Schedule{office}, 20},
	} {
		var d duty
		for _, schedule := range c.schedules {
			d.add(schedule)
		}
		d.tidy()
		count, length := d.breaks([]collector.Gap{{From: clock(c.from), To: clock(c.to)}})
		if length.Minutes() != c.want || (count == 1) != (c.want > 0) {
			t.Errorf("%s to %s by %v: %d of %v, want %g minutes", c.from, c.to, c.schedules, count, length, c.want)
		}
	}
}

// Berlin's clocks go forward at 02:00 on 2026-03-29: from 01:00 (+01:00) to 09:30 (+02:00) half an hour is in the
// schedule. Of a computer taken to New York it is New York's nine o'clock.
func TestBreaksKeepToTheClockOnTheWall(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	d := duty{places: []*time.Location{berlin}}
	d.add(episode.Schedule{"sun": {"09:00-17:00"}})
	d.tidy()
	east, summer, away := time.FixedZone("", 3600), time.FixedZone("", 7200), time.FixedZone("", -4*3600)
	for _, gap := range []collector.Gap{
		{From: time.Date(2026, 3, 29, 1, 0, 0, 0, east), To: time.Date(2026, 3, 29, 9, 30, 0, 0, summer)},
		{From: time.Date(2026, 3, 29, 1, 0, 0, 0, away), To: time.Date(2026, 3, 29, 9, 30, 0, 0, away)},
	} {
		if got := d.of(gap); got != 30*time.Minute {
			t.Errorf("%v: %v", gap, got)
		}
	}
}

// Cy locks at 11:50 and is back at 13:05, passive at the end of the day: by the office's schedule 15 minutes of break.
// With a second login that no schedule holds for, or not tracked, it is the whole 75.
func TestBreaksByTheScheduleInForce(t *testing.T) {
	o := openOffice(t)
	o.upload(t, boDesk, does("cy", "Mon 11:00", 50, episode.Active, "code", "", ""),
		does("cy", "Mon 11:50", 75, episode.Locked, "", "", ""),
		does("cy", "Mon 13:05", 10, episode.Active, "code", "", ""),
		does("cy", "Mon 13:15", 10, episode.Passive, "code", "", ""))
	cy := on(monday, func(r *adminv1.ReportRequest) { r.Person = "Cy" })
	expected := func(name string, seconds float64) {
		t.Helper()
		hours, err := o.Hours(t.Context(), administrator, cy)
		if err != nil {
			t.Fatal(err)
		}
		if row := hours.Rows[0]; row.Breaks != 1 || row.BreakSeconds != seconds ||
			row.LastActivity != "2026-03-02T13:15:00.000+01:00" || row.LastRecord != "2026-03-02T13:25:00.000+01:00" {
			t.Errorf("%s: %v", name, row)
		}
	}
	expected("by the schedule", 15*minute)
	// The report's days in another zone do not move the schedule.
	o.configure(t, account+"reports: {time_zone: America/New_York}\n", people+"  - {name: Contractors, people: [p-cy]}\n", classification)
	hours, err := o.Hours(t.Context(), administrator, cy)
	if err != nil || hours.Rows[0].BreakSeconds != 15*minute || hours.Rows[0].LastRecord != "2026-03-02T07:25:00.000-05:00" {
		t.Errorf("in another zone: %v %v", hours, err)
	}
	o.configure(t, account, people+"  - {name: Contractors, devices: ["+cyDesk+"]}\n", classification)
	expected("one device without", 75*minute)
	o.configure(t, account, people+"  - {name: Contractors, people: [p-cy]}\ndo_not_track:\n  - {user: cy}\n", classification)
	expected("not tracked", 75*minute)
}

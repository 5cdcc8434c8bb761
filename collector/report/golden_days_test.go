package report

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// The days of golden_test.go, one by one.

func anasMonday() *adminv1.HoursRow {
	return &adminv1.HoursRow{
		Person: "p-ana", Name: "Ana Lima", Day: "2026-03-02",
		FirstActivity: "2026-03-02T08:00:00.000+01:00", LastActivity: "2026-03-03T00:00:00.000+01:00",
		LastRecord:    "2026-03-03T00:00:00.000+01:00",
		ActiveSeconds: 110 * minute, PassiveSeconds: 10 * minute, TotalSeconds: 120 * minute, LockedSeconds: 20 * minute,
		// 08:40-09:00 is 20, 09:40-11:10 is 90 since what is ignored ends no break, 11:40-23:50 is 730.
		Breaks: 3, BreakSeconds: 840 * minute, Times: minutes(70, 10, 10, 0, 30, 0),
	}
}

func none() *adminv1.Times { return &adminv1.Times{} }

// Ana and Bo begin on Monday, Cy on Friday. Cy's schedule has no weekend; Cy's device was in a session when it was last
// heard of, on Monday at 17:00; Bo has paused since 08:10.
func TestHours(t *testing.T) {
	o := openOffice(t)
	expect(t, &adminv1.HoursReport{Days: ofDays, Rows: []*adminv1.HoursRow{
		{
			// 12:00-13:00 is outside the schedule: nothing is left of it.
			Person: "p-cy", Name: "Cy", Day: "2026-02-27", FirstActivity: "2026-02-27T11:30:00.000+01:00", LastActivity: "2026-02-27T13:30:00.000+01:00",
			LastRecord:    "2026-02-27T13:30:00.000+01:00",
			ActiveSeconds: 60 * minute, TotalSeconds: 60 * minute, Times: minutes(60, 0, 0, 0, 0, 0),
		},
		{Person: "p-cy", Name: "Cy", Day: "2026-02-28", Times: none(), Absence: "outside_schedule"},
		{Person: "p-cy", Name: "Cy", Day: "2026-03-01", Times: none(), Absence: "outside_schedule"},
		anasMonday(),
		{
			// 10:05-10:08 is too short for a break.
			Person: "p-bo", Name: "Bo Berg", Day: "2026-03-02", FirstActivity: "2026-03-02T09:00:00.000+01:00", LastActivity: "2026-03-02T10:38:00.000+01:00",
			LastRecord:    "2026-03-02T10:38:00.000+01:00",
			ActiveSeconds: 90 * minute, PassiveSeconds: 5 * minute, TotalSeconds: 95 * minute, Times: minutes(60, 5, 0, 0, 30, 0),
		},
		{Person: "p-cy", Name: "Cy", Day: "2026-03-02", LockedSeconds: 45 * minute, Times: none(), Absence: "locked"},
		{
			// From the end of Monday's episode, at 00:10, to 11:50 is 700.
			Person: "p-ana", Name: "Ana Lima", Day: "2026-03-03", FirstActivity: "2026-03-03T00:00:00.000+01:00", LastActivity: "2026-03-03T12:00:00.000+01:00",
			LastRecord:    "2026-03-03T12:00:00.000+01:00",
			ActiveSeconds: 20 * minute, TotalSeconds: 20 * minute, Breaks: 1, BreakSeconds: 700 * minute, Times: minutes(20, 0, 0, 0, 0, 0),
		},
		{Person: "p-bo", Name: "Bo Berg", Day: "2026-03-03", Times: none(), Absence: "paused"},
		{Person: "p-cy", Name: "Cy", Day: "2026-03-03", Times: none(), Absence: "silent"},
	}}, o.Hours, administrator, friday)
	// Where some time only is asked for, its lack is no absence.
	expect(t, &adminv1.HoursReport{Days: ofDays, Rows: []*adminv1.HoursRow{{
		Person: "p-ana", Name: "Ana Lima", Day: "2026-03-02", FirstActivity: "2026-03-02T09:00:00.000+01:00", LastActivity: "2026-03-02T09:10:00.000+01:00",
		LastRecord:    "2026-03-02T09:10:00.000+01:00",
		ActiveSeconds: 10 * minute, TotalSeconds: 10 * minute, Times: minutes(0, 0, 10, 0, 0, 0),
	}}}, o.Hours, administrator, on(friday, func(r *adminv1.ReportRequest) { r.Status = "unproductive" }))
}

// Feed: Ana's 10 and Bo's 65. Report: Monday's 10, Tuesday's 10 and the 10 going on. main.go: 30 of Ana's, 60 of Cy's.
func TestTitles(t *testing.T) {
	o := openOffice(t)
	expect(t, &adminv1.TitlesReport{Days: ofDays, Rows: []*adminv1.TitlesRow{
		{Title: "main.go", ActiveSeconds: 90 * minute, TotalSeconds: 90 * minute, Share: 90.0 / 295, People: 2},
		{Title: "Feed", ActiveSeconds: 70 * minute, PassiveSeconds: 5 * minute, TotalSeconds: 75 * minute, Share: 75.0 / 295, People: 2},
		{Title: "Zeta", ActiveSeconds: 60 * minute, TotalSeconds: 60 * minute, Share: 60.0 / 295, People: 2},
		{Title: "Plan", ActiveSeconds: 30 * minute, PassiveSeconds: 10 * minute, TotalSeconds: 40 * minute, Share: 40.0 / 295, People: 1},
		{Title: "Report", ActiveSeconds: 30 * minute, TotalSeconds: 30 * minute, Share: 30.0 / 295, People: 1},
	}}, o.Titles, administrator, friday)
}

// Ana's Monday by the hour. At 08 winword has 40 of 40; at 09 code has 30 and facebook 10 (and 20 are locked); the 10
// ignored minutes of 11:00 are in no block and in no gap. Her desk has a session from 07:55 on.
func TestTimeline(t *testing.T) {
	o := openOffice(t)
	at := func(clock string) string { return "2026-03-02T" + clock + ":00.000+01:00" }
	timeline := func(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (*adminv1.TimelineReport, error) {
		return o.Timeline(ctx, viewer, &adminv1.TimelineRequest{Ask: ask, BlockSeconds: 3600})
	}
	ana := on(monday, func(r *adminv1.ReportRequest) { r.Person = "p-ana" })
	expect(t, &adminv1.TimelineReport{
		Days: ofMonday, Day: anasMonday(), BeginsAt: at("00:00"), EndsAt: "2026-03-03T00:00:00.000+01:00",
		Blocks: []*adminv1.TimelineBlock{
			{Start: at("08:00"), Seconds: 3600, Status: "productive", Times: minutes(30, 10, 0, 0, 0, 0), App: "winword"},
			{Start: at("09:00"), Seconds: 3600, Status: "productive", Times: minutes(30, 0, 10, 0, 0, 0), LockedSeconds: 20 * minute, App: "code", Product: "Code"},
			{Start: at("11:00"), Seconds: 3600, Status: "undefined", Times: minutes(0, 0, 0, 0, 30, 0), App: "zeta"},
			{Start: at("23:00"), Seconds: 3600, Status: "productive", Times: minutes(10, 0, 0, 0, 0, 0), App: "winword"},
		},
		Gaps: []*adminv1.TimelineGap{
			{Start: at("00:00"), Seconds: 475 * minute, Reason: "off"},
			{Start: at("07:55"), Seconds: 5 * minute, Reason: "inactive"},
			{Start: at("08:40"), Seconds: 20 * minute, Reason: "inactive"},
			{Start: at("09:40"), Seconds: 20 * minute, Reason: "locked"},
			{Start: at("10:00"), Seconds: 60 * minute, Reason: "inactive"},
			{Start: at("11:40"), Seconds: 730 * minute, Reason: "inactive"},
		},
	}, timeline, administrator, ana)

	// Of blocks of two hours from midnight on, 08-10 has productive 70 (60 active), unproductive 10; the first block of Cy's
	// Monday is all locked, and the schedule says why nothing is before 09:00, in the lunch hour and after 17:00, when
	// the device had fallen silent.
	two, err := o.Timeline(t.Context(), administrator, &adminv1.TimelineRequest{Ask: on(ana, func(r *adminv1.ReportRequest) { r.To = "" }), BlockSeconds: 7200})
	if err != nil || len(two.Blocks) != 3 || two.Blocks[0].Times.ProductiveActive != 60*minute || two.Blocks[0].App != "winword" {
		t.Errorf("%v %v", two, err)
	}
	cy, err := o.Timeline(t.Context(), administrator, &adminv1.TimelineRequest{Ask: on(monday, func(r *adminv1.ReportRequest) { r.Person = "Cy" })})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, gap := range cy.Gaps {
		told = append(told, fmt.Sprintf("%s+%g %s", gap.Start[11:16], gap.Seconds/minute, gap.Reason))
	}
	if got := strings.Join(told, ", "); got != "00:00+540 outside_schedule, 09:00+45 locked, 09:45+135 inactive, 12:00+60 outside_schedule, 13:00+240 inactive, 17:00+420 outside_schedule" {
		t.Error(got)
	}
	if len(cy.Blocks) != 3 || cy.Blocks[0].LockedSeconds != 15*minute || cy.Blocks[0].Status != "" || cy.Day.Absence != "locked" {
		t.Errorf("%v", cy)
	}
	// A day on which nothing was: no blocks, and one gap with the reason.
	bo, err := o.Timeline(t.Context(), administrator, &adminv1.TimelineRequest{Ask: &adminv1.ReportRequest{Person: "Bo Berg"}})
	if err != nil || len(bo.Blocks) != 0 || bo.Day.Absence != "paused" || len(bo.Gaps) != 2 {
		t.Errorf("%v %v", bo, err)
	}
	// The last ten seconds, since the last contact, are not told yet.
	if last := bo.Gaps[1]; last.Reason != "paused" || last.Start != "2026-03-03T08:10:00.000+01:00" || last.Seconds != 230*minute-10 {
		t.Errorf("%v", last)
	}
}

func TestColour(t *testing.T) {
	const p, u, x = collector.Productive, collector.Unproductive, collector.Undefined
	for _, c := range []struct {
		times collector.Times
		want  collector.Status
	}{
		{collector.Times{p: {2, 0}, u: {1, 2}, x: {0, 1}}, u},
		{collector.Times{p: {1, 1}, u: {2, 0}, x: {0, 2}}, p},
		{collector.Times{p: {1, 0}, u: {2, 0}, x: {0, 2}}, x},
	} {
		if got := colour(&c.times); got != c.want {
			t.Errorf("%v: %v", c.times, got)
		}
	}
}

func TestClocksChange(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		day   string
		place *time.Location
		long  time.Duration
		want  string
	}{
		{"2026-03-28", berlin, 24 * time.Hour, ""},
		{"2026-03-29", berlin, 23 * time.Hour, "2026-03-29T03:00:00.000+02:00"},
		{"2026-10-25", berlin, 25 * time.Hour, "2026-10-25T02:00:00.000+01:00"},
		{"2026-10-25", time.UTC, 24 * time.Hour, ""},
	} {
		day, err := dayOf("from", c.day, 0)
		if err != nil {
			t.Fatal(err)
		}
		from, to := midnight(day, c.place), midnight(day+1, c.place)
		if got := new(question).instant(clocksChange(from, to)); got != c.want || to.Sub(from) != c.long {
			t.Errorf("%s: %v, %q", c.day, to.Sub(from), got)
		}
	}
}

func TestActivity(t *testing.T) {
	o := openOffice(t)
	row := func(start string, length float64, change func(*adminv1.ActivityRow)) *adminv1.ActivityRow {
		r := &adminv1.ActivityRow{
			Device: desk, DeviceName: "Ana's desk", Login: `EXAMPLE\ana`, Person: "p-ana", PersonName: "Ana Lima", Session: "s-ana",
			State: "active", Start: start, Seconds: length * minute, Status: "productive", EndedBy: "focus",
		}
		change(r)
		return r
	}
	read := func(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (*adminv1.ListActivityResponse, error) {
		return o.ListActivity(ctx, viewer, &adminv1.ListActivityRequest{Ask: ask, NewestFirst: true})
	}
	// What is ignored is in the log, and so is what another device's time took the place of.
	expect(t, &adminv1.ListActivityResponse{Days: &adminv1.Days{From: "2026-03-02", To: "2026-03-03", TimeZone: "device"}, Rows: []*adminv1.ActivityRow{
		row("2026-03-03T11:50:00.000+01:00", 10, func(r *adminv1.ActivityRow) {
			r.App, r.Title, r.Category, r.Open, r.EndedBy = "winword", "Report", "Documents", true, ""
		}),
		row("2026-03-02T23:50:00.000+01:00", 20, func(r *adminv1.ActivityRow) { r.App, r.Title, r.Category = "winword", "Report", "Documents" }),
		row("2026-03-02T11:10:00.000+01:00", 30, func(r *adminv1.ActivityRow) { r.App, r.Title, r.Status = "zeta", "Zeta", "undefined" }),
		row("2026-03-02T11:00:00.000+01:00", 10, func(r *adminv1.ActivityRow) { r.App, r.Category, r.Status = "lock", "ignore", "undefined" }),
		row("2026-03-02T09:30:00.000+01:00", 30, func(r *adminv1.ActivityRow) {
			r.State, r.Reason, r.EndedBy, r.Status = "locked", "lock", "unlock", ""
		}),
		row("2026-03-02T09:10:00.000+01:00", 30, func(r *adminv1.ActivityRow) {
			r.Device, r.DeviceName, r.Login, r.Session = laptop, "LAPTOP", `EXAMPLE\lima`, "s-lima"
			r.App, r.Product, r.Title, r.Category = "code", "Code", "main.go", "Development"
		}),
		row("2026-03-02T09:00:00.000+01:00", 30, func(r *adminv1.ActivityRow) {
			r.App, r.Site, r.Title, r.Category, r.Status = "browser", "facebook.com", "Feed", "Social", "unproductive"
		}),
		row("2026-03-02T08:30:00.000+01:00", 10, func(r *adminv1.ActivityRow) {
			r.State, r.App, r.Title, r.Category = "passive", "winword", "Plan", "Documents"
		}),
		row("2026-03-02T08:20:00.000+01:00", 20, func(r *adminv1.ActivityRow) {
			r.Device, r.DeviceName, r.Login, r.Session = laptop, "LAPTOP", `EXAMPLE\lima`, "s-lima"
			r.State, r.App, r.Product, r.Title, r.Category = "passive", "code", "Code", "main.go", "Development"
		}),
		row("2026-03-02T08:00:00.000+01:00", 30, func(r *adminv1.ActivityRow) { r.App, r.Title, r.Category = "winword", "Plan", "Documents" }),
	}}, read, administrator, &adminv1.ReportRequest{From: "2026-03-02", Person: "Ana Lima"})
	// Shown to whom may not know logins.
	manager := collector.Viewer{User: "max@example.com", Role: collector.Manager, Groups: []string{"Support"}}
	page, err := o.ListActivity(t.Context(), manager, &adminv1.ListActivityRequest{Ask: &adminv1.ReportRequest{}})
	if err != nil || len(page.Rows) != 1 || page.Rows[0].Login != "" || page.Rows[0].PersonName != "Ana Lima" {
		t.Errorf("%v %v", page, err)
	}
}

func TestActivityPages(t *testing.T) {
	o := openOffice(t)
	var all []string
	ask := &adminv1.ListActivityRequest{Ask: &adminv1.ReportRequest{From: "2026-02-27", Search: "e"}, Limit: 3}
	for {
		page, err := o.ListActivity(t.Context(), administrator, ask)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range page.Rows {
			all = append(all, row.App+"/"+row.Title)
		}
		if ask.Cursor = page.NextCursor; ask.Cursor == "" {
			break
		}
		if len(page.Rows) != 3 {
			t.Fatalf("%v", page)
		}
	}
	// What contains an e: code by its name, browser, Report and Zeta; not winword's Plan, nor lock.
	if got := strings.Join(all, " "); got != "code/main.go code/main.go code/main.go browser/Feed browser/Feed code/main.go browser/Feed zeta/Zeta zeta/Zeta winword/Report winword/Report" {
		t.Error(got)
	}
	var streamed int
	if err := o.Activity(t.Context(), administrator, ask.Ask, func(rows []*adminv1.ActivityRow) error {
		streamed += len(rows)
		return nil
	}); err != nil || streamed != len(all) {
		t.Errorf("%d %v", streamed, err)
	}
	first, err := o.ListActivity(t.Context(), administrator, &adminv1.ListActivityRequest{Ask: monday, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]*adminv1.ListActivityRequest{
		"another person": {Ask: on(monday, func(r *adminv1.ReportRequest) { r.Person = "Bo Berg" })},
		"another group":  {Ask: on(monday, func(r *adminv1.ReportRequest) { r.Group = "Support" })},
		"another state":  {Ask: on(monday, func(r *adminv1.ReportRequest) { r.State = "active" })},
		"other days":     {Ask: friday},
		"another order":  {Ask: monday, NewestFirst: true},
	} {
		other.Cursor = first.NextCursor
		_, err := o.ListActivity(t.Context(), administrator, other)
		refused(t, name, err, collector.BadRequest, "cursor", "is not of this question")
	}
}

// storage.limit leaves whole days out of the log and out of no total.
func TestActivityBeginsWhereTheLimitLetsIt(t *testing.T) {
	o := openOffice(t)
	o.ActivityFrom = func(context.Context) (int32, error) { return mondayNo + 1, nil }
	page, err := o.ListActivity(t.Context(), administrator, &adminv1.ListActivityRequest{Ask: friday})
	if err != nil || len(page.Rows) != 1 || page.Rows[0].Start != "2026-03-03T11:50:00.000+01:00" {
		t.Errorf("%v %v", page, err)
	}
	if page, err = o.ListActivity(t.Context(), administrator, &adminv1.ListActivityRequest{Ask: monday}); err != nil || len(page.Rows) != 0 {
		t.Errorf("%v %v", page, err)
	}
	dashboard, err := o.Dashboard(t.Context(), administrator, monday)
	if err != nil || dashboard.Times.Total != 215*minute {
		t.Errorf("%v %v", dashboard, err)
	}
}

// Ana works; Bo has paused and is not shown; Cy's device was last heard of on Monday at 17:00, in a session.
func TestLive(t *testing.T) {
	o := openOffice(t)
	o.going[0].Product = "Word"
	ana := &adminv1.LiveRow{
		Person: "p-ana", Name: "Ana Lima", Device: desk, DeviceName: "Ana's desk", State: "active", Since: "2026-03-03T11:50:00.000+01:00",
		App: "winword", Product: "Word", Title: "Report", Status: "productive", Category: "Documents", LastContact: "2026-03-03T10:59:50Z",
		Today: minutes(20, 0, 0, 0, 0, 0),
	}
	expect(t, &adminv1.LiveReport{Rows: []*adminv1.LiveRow{ana, {
		Person: "p-cy", Name: "Cy", Device: cyDesk, DeviceName: "CY", State: "silent", Since: "2026-03-02T17:00:00.000+01:00",
		LastContact: "2026-03-02T16:00:00Z", Today: none(),
	}}}, o.Live, administrator, &adminv1.ReportRequest{})
	expect(t, &adminv1.LiveReport{Rows: []*adminv1.LiveRow{ana}}, o.Live, administrator, &adminv1.ReportRequest{State: "active"})
	expect(t, &adminv1.LiveReport{}, o.Live, administrator, &adminv1.ReportRequest{Person: "Bo Berg"})
}

// Wednesday at noon, Ana's desk was last heard of the longest ago first.
func TestLiveStates(t *testing.T) {
	o := openOffice(t)
	o.now = func() time.Time { return now.AddDate(0, 0, 1) }
	open := o.going[0]
	lock := func(o *office) { o.going[0].State, o.going[0].Identity = episode.Locked, episode.Identity{} }
	for _, c := range []struct {
		name    string
		unheard time.Duration
		change  func(*office)
		want    string
	}{
		{"silent", 10*time.Minute + time.Second, func(*office) {}, "silent 11:49 "},
		{"silent without an open episode", 10*time.Minute + time.Second, func(o *office) { o.going = nil }, "silent 11:49 "},
		{"not silent yet", 10 * time.Minute, func(*office) {}, "no_input 11:50 "},
		{"locked, in no hurry", 6 * time.Minute, lock, "locked 11:50 "},
		{"active, unconfirmed", 3 * time.Minute, func(*office) {}, "no_input 11:57 "},
		{"active", time.Minute, func(*office) {}, "active 11:50 winword"},
		{"passive", time.Minute, func(o *office) { o.going[0].State = episode.Passive }, "passive 11:50 winword"},
		{"locked", time.Minute, lock, "locked 11:50 "},
		{"no input", time.Minute, func(o *office) { o.going = nil }, "no_input 07:55 "},
		{"ignored", time.Minute, func(o *office) { o.going[0].App = "lock" }, "no_input 07:55 "},
	} {
		o.heard(t, desk, o.now().Add(-c.unheard))
		o.going = going{open}
		c.change(o)
		if got := o.live(t); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	o.now = func() time.Time { return now.AddDate(0, 0, 2).Add(time.Hour) }
	if got := o.live(t); got != "" {
		t.Errorf("long gone: %q", got)
	}
}

// live gives Ana's sessions: state, since and application.
func (o *office) live(t *testing.T) string {
	t.Helper()
	report, err := o.Live(t.Context(), administrator, &adminv1.ReportRequest{Person: "Ana Lima"})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, row := range report.Rows {
		told = append(told, row.State+" "+row.Since[11:16]+" "+row.App)
	}
	return strings.Join(told, "; ")
}

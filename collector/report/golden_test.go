package report

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// The days of the office that every report below is checked against, with a pencil. All clocks are an hour ahead of UTC;
// it is Tuesday, 2026-03-03, 12:00. Lengths are in minutes.
//
//	winword  productive, Documents          code   productive, Development      zeta  no rule
//	facebook.com  unproductive, Social; but productive for the group Marketing  lock  ignored
//
//	Ana Lima, two devices, in Support; the time counts once: active beats passive, then what began last wins
//	  desk    Mon 08:00-08:30 active winword "Plan"     30
//	          Mon 08:30-08:40 passive winword "Plan"    10
//	          Mon 09:00-09:30 active browser, facebook  10: from 09:10 on the laptop's code began later
//	          Mon 09:30-10:00 locked                    20: until 09:40 the laptop is active
//	          Mon 11:00-11:10 active lock                0: ignored
//	          Mon 11:10-11:40 active zeta               30
//	          Mon 23:50-00:10 active winword "Report"   10, and 10 of Tuesday
//	          Tue 11:50-      active winword "Report"   10, going on
//	  laptop  Mon 08:20-08:40 passive code               0: the desk is active, then passive since later
//	          Mon 09:10-09:40 active code "main.go"     30
//	Bo Berg, in Marketing
//	          Mon 09:00-10:00 active browser, facebook  60: productive here
//	          Mon 10:00-10:05 passive                    5
//	          Mon 10:08-10:38 active zeta               30
//	Cy, by the schedule mon-fri 09:00-12:00 and 13:00-17:00
//	          Fri 11:30-12:00 active code               30, ended by the schedule
//	          Fri 13:00-13:30 active code               30
//	          Mon 09:00-09:45 locked                    45
//
// Adding up:
//
//	           productive       unproductive  undefined  active  passive  total  locked
//	Ana  Mon   40+30 and 10 p.  10            30         110     10       120    20
//	     Tue   10+10                                      20               20
//	Bo   Mon   60 and 5 passive               30          90      5        95
//	Cy   Fri   30+30                                      60               60
//	     Mon                                                                      45
//	all  Mon   130 and 15 p.    10            60         200     15       215
//	     Fri to Tue: 210 and 15 passive       10, 60     280     15       295
const minute = 60.0

// minutes makes Times of productive, unproductive and undefined minutes, active and passive each.
func minutes(m ...float64) *adminv1.Times {
	for i := range m {
		m[i] *= minute
	}
	return &adminv1.Times{
		ProductiveActive: m[0], ProductivePassive: m[1], UnproductiveActive: m[2], UnproductivePassive: m[3],
		UndefinedActive: m[4], UndefinedPassive: m[5],
		Active: m[0] + m[2] + m[4], Passive: m[1] + m[3] + m[5], Total: m[0] + m[1] + m[2] + m[3] + m[4] + m[5],
	}
}

var (
	friday   = &adminv1.ReportRequest{From: "2026-02-27", To: "2026-03-03"}
	monday   = &adminv1.ReportRequest{From: "2026-03-02", To: "2026-03-02"}
	ofDays   = &adminv1.Days{From: "2026-02-27", To: "2026-03-03", TimeZone: "device"}
	ofMonday = &adminv1.Days{From: "2026-03-02", To: "2026-03-02", TimeZone: "device"}
)

func on(ask *adminv1.ReportRequest, change func(*adminv1.ReportRequest)) *adminv1.ReportRequest {
	ask = proto.CloneOf(ask)
	change(ask)
	return ask
}

// expect compares a report with what was worked out.
func expect[R proto.Message](t *testing.T, want R, report func(context.Context, collector.Viewer, *adminv1.ReportRequest) (R, error), viewer collector.Viewer, ask *adminv1.ReportRequest) {
	t.Helper()
	got, err := report(t.Context(), viewer, ask)
	if err != nil {
		t.Error(err)
		return
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

func anasRow() *adminv1.PeopleRow {
	return &adminv1.PeopleRow{
		Person: "p-ana", Name: "Ana Lima", ActiveSeconds: 130 * minute, PassiveSeconds: 10 * minute, TotalSeconds: 140 * minute,
		FirstActivity: "2026-03-02T08:00:00.000+01:00", LastActivity: "2026-03-03T12:00:00.000+01:00", Days: 2,
		Times: minutes(90, 10, 10, 0, 30, 0),
	}
}

func peopleRows() []*adminv1.PeopleRow {
	return []*adminv1.PeopleRow{
		anasRow(),
		{
			Person: "p-bo", Name: "Bo Berg", ActiveSeconds: 90 * minute, PassiveSeconds: 5 * minute, TotalSeconds: 95 * minute,
			FirstActivity: "2026-03-02T09:00:00.000+01:00", LastActivity: "2026-03-02T10:38:00.000+01:00", Days: 1,
			Times: minutes(60, 5, 0, 0, 30, 0),
		},
		{
			Person: "p-cy", Name: "Cy", ActiveSeconds: 60 * minute, TotalSeconds: 60 * minute,
			FirstActivity: "2026-02-27T11:30:00.000+01:00", LastActivity: "2026-02-27T13:30:00.000+01:00", Days: 1,
			Times: minutes(60, 0, 0, 0, 0, 0),
		},
	}
}

// Total 295. browser 10+65, code 30+60, winword 40+10+20, zeta 30+30; browser is productive for most of its time (65 of
// 75), and so is facebook.com.
func appsRows() []*adminv1.AppsRow {
	return []*adminv1.AppsRow{
		{App: "code", Product: "Code", ActiveSeconds: 90 * minute, TotalSeconds: 90 * minute, Share: 90.0 / 295, People: 2, Status: "productive", Category: "Development"},
		{App: "browser", ActiveSeconds: 70 * minute, PassiveSeconds: 5 * minute, TotalSeconds: 75 * minute, Share: 75.0 / 295, People: 2, Status: "productive", Category: "Social"},
		{App: "winword", ActiveSeconds: 60 * minute, PassiveSeconds: 10 * minute, TotalSeconds: 70 * minute, Share: 70.0 / 295, People: 1, Status: "productive", Category: "Documents"},
		{App: "zeta", ActiveSeconds: 60 * minute, TotalSeconds: 60 * minute, Share: 60.0 / 295, People: 2, Status: "undefined"},
	}
}

func sitesRows() []*adminv1.SitesRow {
	return []*adminv1.SitesRow{
		{Site: "facebook.com", ActiveSeconds: 70 * minute, PassiveSeconds: 5 * minute, TotalSeconds: 75 * minute, Share: 75.0 / 295, People: 2, Status: "productive", Category: "Social"},
	}
}

func categoriesRows() []*adminv1.CategoriesRow {
	return []*adminv1.CategoriesRow{
		{Category: "Development", ActiveSeconds: 90 * minute, TotalSeconds: 90 * minute, Share: 90.0 / 295, People: 2, Times: minutes(90, 0, 0, 0, 0, 0)},
		{Category: "Social", ActiveSeconds: 70 * minute, PassiveSeconds: 5 * minute, TotalSeconds: 75 * minute, Share: 75.0 / 295, People: 2, Times: minutes(60, 5, 10, 0, 0, 0)},
		{Category: "Documents", ActiveSeconds: 60 * minute, PassiveSeconds: 10 * minute, TotalSeconds: 70 * minute, Share: 70.0 / 295, People: 1, Times: minutes(60, 10, 0, 0, 0, 0)},
		{ActiveSeconds: 60 * minute, TotalSeconds: 60 * minute, Share: 60.0 / 295, People: 2, Times: minutes(0, 0, 0, 0, 60, 0)},
	}
}

func TestTotals(t *testing.T) {
	o := openOffice(t)
	expect(t, &adminv1.DashboardReport{
		Days: ofDays, Times: minutes(210, 15, 10, 0, 60, 0), PeopleCount: 3,
		Rows: []*adminv1.DashboardRow{
			{Day: "2026-02-27", Times: minutes(60, 0, 0, 0, 0, 0), People: 1},
			{Day: "2026-03-02", Times: minutes(130, 15, 10, 0, 60, 0), People: 2},
			{Day: "2026-03-03", Times: minutes(20, 0, 0, 0, 0, 0), People: 1},
		},
		People: peopleRows(), Apps: appsRows(), Sites: sitesRows(), Categories: categoriesRows(),
	}, o.Dashboard, administrator, friday)
	expect(t, &adminv1.PeopleReport{Days: ofDays, Rows: peopleRows()}, o.People, administrator, friday)
	expect(t, &adminv1.AppsReport{Days: ofDays, Rows: appsRows()}, o.Apps, administrator, friday)
	expect(t, &adminv1.SitesReport{Days: ofDays, Rows: sitesRows()}, o.Sites, administrator, friday)
	expect(t, &adminv1.CategoriesReport{Days: ofDays, Rows: categoriesRows()}, o.Categories, administrator, friday)
	// Support is Ana; Everybody is Ana, Bo, and whoever is on Cy's device, each once; Nobody has no time to show.
	expect(t, &adminv1.GroupsReport{Days: ofDays, Rows: []*adminv1.GroupsRow{
		{Group: "Support", People: 1, ActiveSeconds: 130 * minute, PassiveSeconds: 10 * minute, TotalSeconds: 140 * minute, MeanSeconds: 140 * minute, Times: minutes(90, 10, 10, 0, 30, 0)},
		{Group: "Marketing", People: 1, ActiveSeconds: 90 * minute, PassiveSeconds: 5 * minute, TotalSeconds: 95 * minute, MeanSeconds: 95 * minute, Times: minutes(60, 5, 0, 0, 30, 0)},
		{Group: "Everybody", People: 3, ActiveSeconds: 280 * minute, PassiveSeconds: 15 * minute, TotalSeconds: 295 * minute, MeanSeconds: 5900, Times: minutes(210, 15, 10, 0, 60, 0)},
		{Group: "Contractors", People: 1, ActiveSeconds: 60 * minute, TotalSeconds: 60 * minute, MeanSeconds: 60 * minute, Times: minutes(60, 0, 0, 0, 0, 0)},
	}}, o.Groups, administrator, friday)
}

// Each narrows before it adds up; shares are of what is left.
func TestFilters(t *testing.T) {
	o := openOffice(t)
	for name, c := range map[string]struct {
		change func(*adminv1.ReportRequest)
		total  float64
	}{
		"person":           {func(r *adminv1.ReportRequest) { r.Person = "Ana Lima" }, 140},
		"person by login":  {func(r *adminv1.ReportRequest) { r.Person = `example\LIMA` }, 140},
		"group":            {func(r *adminv1.ReportRequest) { r.Group = "marketing" }, 95},
		"device":           {func(r *adminv1.ReportRequest) { r.Device = "cy" }, 60},
		"device by alias":  {func(r *adminv1.ReportRequest) { r.Device = "Ana's desk" }, 130}, // without the laptop, facebook has its 30
		"passive":          {func(r *adminv1.ReportRequest) { r.State = "passive" }, 15},
		"unproductive":     {func(r *adminv1.ReportRequest) { r.Status = "unproductive" }, 10},
		"category":         {func(r *adminv1.ReportRequest) { r.Category = "Social" }, 75},
		"without category": {func(r *adminv1.ReportRequest) { r.Category = "-" }, 60},
		"app":              {func(r *adminv1.ReportRequest) { r.App = "code" }, 90},
		"site":             {func(r *adminv1.ReportRequest) { r.Site = "facebook.com" }, 75},
		"an ignored app":   {func(r *adminv1.ReportRequest) { r.App = "lock" }, 0},
		"both":             {func(r *adminv1.ReportRequest) { r.Person, r.Group = "Bo Berg", "Support" }, 0},
	} {
		ask := on(friday, c.change)
		dashboard, err := o.Dashboard(t.Context(), administrator, ask)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if dashboard.Times.Total != c.total*minute {
			t.Errorf("%s: %g minutes, want %g", name, dashboard.Times.Total/minute, c.total)
		}
		shares := 0.0
		for _, row := range dashboard.Apps {
			shares += row.Share
		}
		if c.total > 0 && (shares < 1-1e-9 || shares > 1+1e-9) {
			t.Errorf("%s: shares add up to %g", name, shares)
		}
	}
}

// TestApplicationsOfWindows: an application that a rule spells otherwise is the rule's on Windows, and another on Linux.
func TestApplicationsOfWindows(t *testing.T) {
	o := openOffice(t)
	o.configure(t, "settle: 2s\n", people, classification+"  - {app: Excel.exe, status: productive, category: Documents}\n")
	o.upload(t, desk, does("dora", "Mon 12:00", 20, episode.Active, "excel.exe", "", ""))
	o.upload(t, boDesk, does("erik", "Mon 12:00", 10, episode.Active, "excel.exe", "", ""))
	for status, want := range map[string]float64{"productive": 20, "undefined": 10} {
		ask := on(friday, func(r *adminv1.ReportRequest) { r.App, r.Status = "excel.exe", status })
		dashboard, err := o.Dashboard(t.Context(), administrator, ask)
		if err != nil {
			t.Fatal(err)
		}
		if got := dashboard.Times.Total / minute; got != want {
			t.Errorf("%s: %g minutes, want %g", status, got, want)
		}
	}
}

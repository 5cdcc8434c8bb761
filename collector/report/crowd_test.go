package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/directory"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// min_people 3, and vera sees everybody. Of Friday's to Tuesday's three people all have time, so that the total is
// shown; but two at most share an application, a site, a category or a day, and one a group or a row of people.
// Everybody is of three and is shown. On Monday alone there are two, and nothing is.
func TestMinPeople(t *testing.T) {
	o := openOffice(t)
	least := func(n int) {
		o.configure(t, account+fmt.Sprintf("privacy: {min_people: %d}\n", n), people+"  - {name: Contractors, people: [p-cy]}\n", classification)
	}
	least(3)
	ask := func(viewer collector.Viewer, ask *adminv1.ReportRequest) *adminv1.DashboardReport {
		t.Helper()
		dashboard, err := o.Dashboard(t.Context(), viewer, ask)
		if err != nil {
			t.Fatal(err)
		}
		return dashboard
	}
	d := ask(viewer, friday)
	if d.Times.Total != 295*minute || d.PeopleCount != 3 || len(d.People)+len(d.Apps)+len(d.Sites)+len(d.Categories)+len(d.Rows) != 0 {
		t.Errorf("%v", d)
	}
	// Who spent unproductive time is Ana alone, and the rest of the statuses would tell how much.
	if d.Times.ProductiveActive != 0 || d.Times.UnproductiveActive != 0 || d.Times.Active != 280*minute {
		t.Errorf("%v", d.Times)
	}
	groups, err := o.Groups(t.Context(), viewer, friday)
	if err != nil || len(groups.Rows) != 1 || groups.Rows[0].Group != "Everybody" {
		t.Fatalf("%v %v", groups, err)
	}
	if times := groups.Rows[0].Times; times.UnproductiveActive != 0 || times.ProductiveActive != 0 || times.Active != 280*minute {
		t.Errorf("%v", times)
	}
	hours, err := o.Hours(t.Context(), viewer, friday)
	if err != nil || len(hours.Rows) != 0 {
		t.Errorf("%v %v", hours, err)
	}
	for name, narrow := range map[string]func(*adminv1.ReportRequest){
		"a day":    func(r *adminv1.ReportRequest) { r.From, r.To = monday.From, monday.To },
		"a person": func(r *adminv1.ReportRequest) { r.Person = "p-ana" },
		"a group":  func(r *adminv1.ReportRequest) { r.Group = "Support" },
		"a device": func(r *adminv1.ReportRequest) { r.Device = boDesk },
		"an app":   func(r *adminv1.ReportRequest) { r.App = "code" },
		"a status": func(r *adminv1.ReportRequest) { r.Status = "unproductive" },
	} {
		if d := ask(viewer, on(friday, narrow)); d.Times.Total != 0 || d.PeopleCount != 0 {
			t.Errorf("%s: %v", name, d)
		}
	}
	// Bo sees what is Bo's own, and of the others, who are two, nothing; as one who counts two others, the two at least.
	all := collector.Viewer{User: "bo@example.com", Role: collector.ViewerRole, Everyone: true}
	if d := ask(all, friday); d.Times.Total != 95*minute || len(d.People) != 1 || len(d.Apps) != 2 {
		t.Errorf("%v", d)
	}
	least(2)
	if d := ask(all, friday); d.Times.Total != 295*minute || len(d.People) != 1 || d.People[0].Name != "Bo Berg" {
		t.Errorf("%v", d)
	}
	// Managers see single activities anyway.
	if d := ask(manager, friday); d.Times.Total != 140*minute || len(d.People) != 1 {
		t.Errorf("%v", d)
	}
}

// Of four rows one is of too few: what it leaves of the total is told by subtraction, so that the least of the others
// goes with it.
func TestWhatIsHiddenIsOfEnoughPeople(t *testing.T) {
	who := directory.New(&config.People{}, directory.Registered{}, 2)
	q := &question{scope: who.Scope(viewer)}
	of := func(row string, people ...int) part[string] {
		var c crowd
		for _, p := range people {
			c.add(p)
		}
		return part[string]{row, c}
	}
	for want, parts := range map[string][]part[string]{
		"a b":   {of("a", 1, 2), of("b", 2, 3), of("c", 3, 4), of("d", 1)},
		"a b c": {of("a", 1, 2), of("b", 2, 3), of("c", 100, 200), of("d", 1), of("e", 2)},
		"a":     {of("a", 1, 2)},
		"":      {of("a", 1, 2), of("b", 1)},
	} {
		if got := strings.Join(enough(q, parts), " "); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

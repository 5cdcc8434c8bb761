package report

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

var (
	manager = collector.Viewer{User: "max@example.com", Role: collector.Manager, Groups: []string{"Support"}}
	viewer  = collector.Viewer{User: "vera@example.com", Role: collector.ViewerRole, Everyone: true}
	nobody  = collector.Viewer{User: "nina@example.com", Role: collector.Manager}
	bo      = collector.Viewer{User: "bo@example.com", Role: collector.ViewerRole}
)

// peopleSeen are whom a viewer's reports and activity log are of, totals before activities.
func (o *office) peopleSeen(t *testing.T, viewer collector.Viewer) string {
	t.Helper()
	dashboard, err := o.Dashboard(t.Context(), viewer, friday)
	if err != nil {
		t.Fatal(err)
	}
	var totals, logged []string
	for _, row := range dashboard.People {
		totals = append(totals, row.Name)
	}
	if err := o.Activity(t.Context(), viewer, friday, func(rows []*adminv1.ActivityRow) error {
		for _, row := range rows {
			logged = append(logged, row.PersonName)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(logged)
	return strings.Join(totals, ", ") + "; " + strings.Join(slices.Compact(logged), ", ")
}

func TestScope(t *testing.T) {
	o := openOffice(t)
	for _, c := range []struct {
		viewer collector.Viewer
		want   string
	}{
		{administrator, "Ana Lima, Bo Berg, Cy; Ana Lima, Bo Berg, Cy"},
		{collector.Viewer{Role: collector.Configurator}, "Ana Lima, Bo Berg, Cy; Ana Lima, Bo Berg, Cy"},
		{manager, "Ana Lima; Ana Lima"},
		{viewer, "Ana Lima, Bo Berg, Cy; "},
		{nobody, "; "},
		{bo, "Bo Berg; Bo Berg"},
		{collector.Viewer{}, "; "},
	} {
		if got := o.peopleSeen(t, c.viewer); got != c.want {
			t.Errorf("%+v: %q, want %q", c.viewer, got, c.want)
		}
	}
}

// Of two that share nothing a manager of one asks for the other, and for what never was: one answer.
func TestOutsideIsAsWhatNeverWas(t *testing.T) {
	o := openOffice(t)
	for _, c := range []struct {
		viewer              collector.Viewer
		field, there, never string
	}{
		{manager, "person", "p-bo", "p-none"},
		{manager, "person", "Bo Berg", "Bo Borg"},
		{manager, "device", boDesk, "d-00000000000000ff"},
		{manager, "group", "Marketing", "Racketing"},
		{nobody, "person", "p-ana", "p-none"},
	} {
		for _, word := range []string{c.there, c.never} {
			ask := &adminv1.ReportRequest{From: "2026-03-02"}
			switch c.field {
			case "person":
				ask.Person = word
			case "device":
				ask.Device = word
			case "group":
				ask.Group = word
			}
			for name, report := range o.all(c.viewer) {
				refused(t, name, report(t.Context(), ask), collector.NotFound, c.field, fmt.Sprintf("there is no %s %q", c.field, word))
			}
		}
	}
	// A viewer's totals are of everybody, and single activities of nobody else.
	for name, ask := range map[string]func() error{
		"timeline": func() error {
			_, err := o.Timeline(t.Context(), viewer, &adminv1.TimelineRequest{Ask: &adminv1.ReportRequest{Person: "p-ana"}})
			return err
		},
		"titles": func() error {
			_, err := o.Titles(t.Context(), viewer, &adminv1.ReportRequest{Person: "p-ana"})
			return err
		},
	} {
		refused(t, name, ask(), collector.NotFound, "person", `there is no person "p-ana"`)
	}
}

// all are the reports as one viewer asks for them.
func (o *office) all(viewer collector.Viewer) map[string]func(context.Context, *adminv1.ReportRequest) error {
	return map[string]func(context.Context, *adminv1.ReportRequest) error{
		"dashboard": func(ctx context.Context, ask *adminv1.ReportRequest) error {
			_, err := o.Dashboard(ctx, viewer, ask)
			return err
		},
		"people": func(ctx context.Context, ask *adminv1.ReportRequest) error {
			_, err := o.People(ctx, viewer, ask)
			return err
		},
		"apps": func(ctx context.Context, ask *adminv1.ReportRequest) error {
			_, err := o.Apps(ctx, viewer, ask)
			return err
		},
		"sites": func(ctx context.Context, ask *adminv1.ReportRequest) error {
			_, err := o.Sites(ctx, viewer, ask)
			return err
		},
		"categories": func(ctx context.Context, ask *adminv1.ReportRequest) error {
			_, err := o.Categories(ctx, viewer, ask)
			return err
		},
		"hours": func(ctx context.Context, ask *adminv1.ReportRequest) error {
			_, err := o.Hours(ctx, viewer, ask)
			return err
		},
		"groups": func(ctx context.Context, ask *adminv1.ReportRequest) error {
			_, err := o.Groups(ctx, viewer, ask)
			return err
		},
		"pending": func(ctx context.Context, ask *adminv1.ReportRequest) error {
			_, err := o.Pending(ctx, viewer, ask)
			return err
		},
		"titles": func(ctx context.Context, ask *adminv1.ReportRequest) error {
			_, err := o.Titles(ctx, viewer, ask)
			return err
		},
		"list": func(ctx context.Context, ask *adminv1.ReportRequest) error {
			_, err := o.ListActivity(ctx, viewer, &adminv1.ListActivityRequest{Ask: ask})
			return err
		},
		"activity": func(ctx context.Context, ask *adminv1.ReportRequest) error {
			return o.Activity(ctx, viewer, ask, func([]*adminv1.ActivityRow) error { return nil })
		},
		"live": func(ctx context.Context, ask *adminv1.ReportRequest) error {
			_, err := o.Live(ctx, viewer, &adminv1.ReportRequest{Person: ask.Person, Group: ask.Group, Device: ask.Device})
			return err
		},
	}
}

func TestQuestionsThatMeanNothing(t *testing.T) {
	o := openOffice(t)
	for _, c := range []struct {
		report, field, reason string
		ask                   *adminv1.ReportRequest
	}{
		{"people", "state", `"locked" is not active or passive`, &adminv1.ReportRequest{State: "locked"}},
		{"list", "state", `"asleep" is not active, passive or locked`, &adminv1.ReportRequest{State: "asleep"}},
		{"apps", "status", `"good" is not productive, unproductive or undefined`, &adminv1.ReportRequest{Status: "good"}},
		{"hours", "search", "only the activity log can be searched", &adminv1.ReportRequest{Search: "x"}},
		{"titles", "search", "only the activity log can be searched", &adminv1.ReportRequest{Search: "x"}},
	} {
		refused(t, c.report, o.all(administrator)[c.report](t.Context(), c.ask), collector.BadRequest, c.field, c.reason)
	}
	for _, c := range []struct {
		seconds       float64
		ask           *adminv1.ReportRequest
		field, reason string
	}{
		{0, &adminv1.ReportRequest{}, "person", "a day is one person's: name one"},
		{0, &adminv1.ReportRequest{Person: "p-ana", From: "2026-03-02", To: "2026-03-03"}, "from", "a timeline is of one day, not of 2026-03-02 to 2026-03-03"},
		{240, &adminv1.ReportRequest{Person: "p-ana"}, "block_seconds", "a block is of 5 minutes to 2 hours, in whole minutes"},
		{901, &adminv1.ReportRequest{Person: "p-ana"}, "block_seconds", "a block is of 5 minutes to 2 hours, in whole minutes"},
	} {
		_, err := o.Timeline(t.Context(), administrator, &adminv1.TimelineRequest{Ask: c.ask, BlockSeconds: c.seconds})
		refused(t, c.field, err, collector.BadRequest, c.field, c.reason)
	}
	if entries := o.views(t); len(entries) != 0 {
		t.Errorf("nothing was looked at: %v", entries)
	}
}

// Nothing in this room asks the episode store but with the query that understand makes: no other function makes one.
func TestOneFunctionMakesQueries(t *testing.T) {
	fset := token.NewFileSet()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	makers := map[string]bool{}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, entry.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			function, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(function, func(n ast.Node) bool {
				if made, ok := n.(*ast.CompositeLit); ok && selects(made.Type, "Query") {
					makers[function.Name.Name] = true
				}
				if call, ok := n.(*ast.CallExpr); ok && selects(call.Fun, "Sum", "SumGroups", "Titles", "Pieces", "Episodes") && len(call.Args) > 1 {
					if !selects(call.Args[1], "query", "unignored") {
						t.Errorf("%s: the store is asked with something else than the question's query", fset.Position(call.Pos()))
					}
				}
				if assigned, ok := n.(*ast.AssignStmt); ok {
					for _, left := range assigned.Lhs {
						if index, ok := left.(*ast.IndexExpr); ok && selects(index.X, "Owners") {
							makers["admits in "+function.Name.Name] = true
						}
					}
				}
				return true
			})
		}
	}
	if len(makers) != 2 || !makers["understand"] || !makers["admits in admit"] {
		t.Errorf("%v", makers)
	}
}

// selects tells whether an expression is x.name, or a call of it, for one of the names.
func selects(expr ast.Expr, names ...string) bool {
	if call, ok := expr.(*ast.CallExpr); ok {
		expr = call.Fun
	}
	selector, ok := expr.(*ast.SelectorExpr)
	return ok && slices.Contains(names, selector.Sel.Name)
}

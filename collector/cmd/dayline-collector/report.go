package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector/listing"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

type reportCommand struct {
	Dashboard  reportDashboard  `cmd:"" help:"Totals by day, person, application, site and category."`
	People     reportPeople     `cmd:"" help:"Totals for each person."`
	Apps       reportApps       `cmd:"" help:"Time by application."`
	Sites      reportSites      `cmd:"" help:"Time by site."`
	Titles     reportTitles     `cmd:"" help:"Time by window title."`
	Categories reportCategories `cmd:"" help:"Time by category."`
	Hours      reportHours      `cmd:"" help:"First and last activity, totals and breaks for each person and day, or why there are none."`
	Groups     reportGroups     `cmd:"" help:"Groups side by side."`
	Timeline   reportTimeline   `cmd:"" help:"One person's day, in blocks."`
	Live       reportLive       `cmd:"" help:"Who is active now."`
	Activity   reportActivity   `cmd:"" help:"Every episode, oldest first."`
}

// narrowed is whose time, and which of it, counts.
type narrowed struct {
	Person   string `help:"A person's id, name or login."`
	Group    string `help:"A group."`
	Device   string `help:"A device's id, or its name where only one has it."`
	State    string `help:"active or passive (activity, live: locked too)."`
	Status   string `help:"productive, unproductive or undefined."`
	Category string `help:"A category; - for what has none."`
	App      string `help:"An application."`
	Site     string `help:"A site."`
}

func (n *narrowed) request() *adminv1.ReportRequest {
	return &adminv1.ReportRequest{
		Person: n.Person, Group: n.Group, Device: n.Device, State: n.State, Status: n.Status, Category: n.Category, App: n.App, Site: n.Site,
	}
}

// ranged is of which days.
type ranged struct {
	From  string `placeholder:"YYYY-MM-DD" help:"First day (default: today)."`
	To    string `placeholder:"YYYY-MM-DD" help:"Last day, included (default: today)."`
	Range string `placeholder:"NAME" help:"Instead: today, yesterday, this_week, last_week, this_month, last_month, this_year, last_7_days, last_30_days or last_90_days."`
}

func (r *ranged) in(ask *adminv1.ReportRequest) *adminv1.ReportRequest {
	ask.From, ask.To, ask.Range = r.From, r.To, r.Range
	return ask
}

// filed is where a report goes, and as what.
type filed struct {
	Format string `default:"table" enum:"table,json,csv,xlsx,parquet" help:"table, json, csv, xlsx or parquet."`
	Output string `placeholder:"FILE" help:"Write to a file instead of the screen."`
}

// write gives the report a file to go to where one is named.
func (f *filed) write(i *invocation, print func(*invocation) error) error {
	if f.Output == "" {
		return print(i)
	}
	return writeFile(f.Output, func(w io.Writer) error {
		into := *i
		into.out = w
		return print(&into)
	})
}

// asked is what most reports take.
type asked struct {
	narrowed
	ranged
	filed
}

func (a *asked) request() *adminv1.ReportRequest { return a.in(a.narrowed.request()) }

// empty says what was looked for where nothing of a kind was found.
func empty(kind string, ask *adminv1.ReportRequest) string {
	words := "There is no " + kind
	switch {
	case ask.Range != "":
		words += " " + map[string]string{"last_7_days": "in the ", "last_30_days": "in the ", "last_90_days": "in the "}[ask.Range] + strings.ReplaceAll(ask.Range, "_", " ")
	case ask.From != "" && ask.To != "" && ask.From != ask.To:
		words += " from " + ask.From + " to " + ask.To
	case ask.From != "" && ask.From == ask.To:
		words += " on " + ask.From
	case ask.From != "":
		words += " since " + ask.From
	case ask.To != "":
		words += " up to " + ask.To
	default:
		words += " today"
	}
	return words + narrowedBy(ask) + "."
}

// narrowedBy says in words what a question was narrowed to.
func narrowedBy(ask *adminv1.ReportRequest) string {
	words := ""
	for _, part := range []struct{ before, value string }{
		{" of ", ask.Person}, {" of the group ", ask.Group}, {" on ", ask.Device}, {" with ", ask.App}, {" on the site ", ask.Site},
		{" in the category ", ask.Category}, {" that is ", strings.Join(strings.Fields(ask.Status+" "+ask.State), " and ")},
		{" with the text ", ask.Search},
	} {
		if part.value != "" {
			words += part.before + part.value
		}
	}
	return words
}

const activity = "activity"

// procedure is a report that comes as one message.
type procedure[R any] func(adminv1connect.AdminServiceClient, context.Context, *connect.Request[adminv1.ReportRequest]) (*connect.Response[R], error)

// ask prints the rows of a report, or has the collector make a file of them.
func ask[R any, M proto.Message](i *invocation, f *filed, name string, request *adminv1.ReportRequest, none string, call procedure[R], rows func(*R) []M, columns ...string) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	if f.Format != listing.Table && f.Format != listing.JSON {
		return export(i, admin, f, name, request)
	}
	answer, err := call(admin, i.ctx, connect.NewRequest(request))
	if err != nil {
		return err
	}
	return f.write(i, func(i *invocation) error { return list(i, f.Format, rows(answer.Msg), none, columns...) })
}

func export(i *invocation, admin adminv1connect.AdminServiceClient, f *filed, name string, ask *adminv1.ReportRequest) error {
	stream, err := admin.Export(i.ctx, connect.NewRequest(&adminv1.ExportRequest{Report: name, Ask: ask, Format: f.Format}))
	if err != nil {
		return err
	}
	if f.Output == "" && f.Format == listing.CSV {
		defer stream.Close()
		return copyTo(i.out, stream)
	}
	return i.save(stream, f.Output)
}

type reportPeople struct{ asked }

// Run prints totals for each person.
func (c *reportPeople) Run(i *invocation) error {
	return ask(i, &c.filed, "people", c.request(), empty(activity, c.request()),
		adminv1connect.AdminServiceClient.ReportPeople, (*adminv1.PeopleReport).GetRows, peopleColumns...)
}

var (
	peopleColumns = []string{"name", "active_seconds", "passive_seconds", "total_seconds", "days", "first_activity", "last_activity", "person"}
	appsColumns   = []string{"app", "product", "active_seconds", "passive_seconds", "total_seconds", "share", "people", "status", "category"}
	sitesColumns  = []string{"site", "active_seconds", "passive_seconds", "total_seconds", "share", "people", "status", "category"}
	kindsColumns  = []string{"category", "active_seconds", "passive_seconds", "total_seconds", "share", "people"}
	hoursColumns  = []string{"name", "day", "first_activity", "last_activity", "active_seconds", "total_seconds", "breaks", "break_seconds", "absence"}
)

type reportApps struct{ asked }

// Run prints time by application.
func (c *reportApps) Run(i *invocation) error {
	return ask(i, &c.filed, "apps", c.request(), empty(activity, c.request()),
		adminv1connect.AdminServiceClient.ReportApps, (*adminv1.AppsReport).GetRows, appsColumns...)
}

type reportSites struct{ asked }

// Run prints time by site.
func (c *reportSites) Run(i *invocation) error {
	return ask(i, &c.filed, "sites", c.request(), empty("activity on a site", c.request()),
		adminv1connect.AdminServiceClient.ReportSites, (*adminv1.SitesReport).GetRows, sitesColumns...)
}

type reportTitles struct{ asked }

// Run prints time by window title.
func (c *reportTitles) Run(i *invocation) error {
	return ask(i, &c.filed, "titles", c.request(), empty(activity, c.request()),
		adminv1connect.AdminServiceClient.ReportTitles, (*adminv1.TitlesReport).GetRows,
		"active_seconds", "passive_seconds", "total_seconds", "share", "people", "title")
}

type reportCategories struct{ asked }

// Run prints time by category.
func (c *reportCategories) Run(i *invocation) error {
	return ask(i, &c.filed, "categories", c.request(), empty(activity, c.request()),
		adminv1connect.AdminServiceClient.ReportCategories, (*adminv1.CategoriesReport).GetRows, kindsColumns...)
}

type reportHours struct{ asked }

// Run prints each person's days.
func (c *reportHours) Run(i *invocation) error {
	return ask(i, &c.filed, "hours", c.request(), empty(activity, c.request()),
		adminv1connect.AdminServiceClient.ReportHours, (*adminv1.HoursReport).GetRows, hoursColumns...)
}

type reportGroups struct{ asked }

// Run prints groups side by side.
func (c *reportGroups) Run(i *invocation) error {
	return ask(i, &c.filed, "groups", c.request(), empty("activity of a group", c.request()),
		adminv1connect.AdminServiceClient.ReportGroups, (*adminv1.GroupsReport).GetRows,
		"group", "people", "active_seconds", "passive_seconds", "total_seconds", "mean_seconds")
}

type reportLive struct {
	narrowed
	filed
}

// Run prints who is active now.
func (c *reportLive) Run(i *invocation) error {
	none := "Nobody is in a session now" + narrowedBy(c.request()) + "."
	return ask(i, &c.filed, "live", c.request(), none,
		adminv1connect.AdminServiceClient.ReportLive, (*adminv1.LiveReport).GetRows,
		"name", "device_name", "state", "since", "today_total", "app", "site", "title")
}

type reportActivity struct {
	asked
	Search string `help:"What the title, address, application, product, bundle or site contains."`
	Newest bool   `help:"The newest first, a page at a time."`
	Limit  int32  `help:"A page of so many, at most 1000."`
	Cursor string `help:"The page after one that named this cursor."`
}

// Run prints episodes as they arrive, however many, or a page of them.
func (c *reportActivity) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	ask := c.request()
	ask.Search = c.Search
	paged := c.Newest || c.Limit != 0 || c.Cursor != ""
	if c.Format != listing.Table && c.Format != listing.JSON {
		if paged {
			return usage("a file holds all, oldest first: leave out --newest, --limit and --cursor")
		}
		return export(i, admin, &c.filed, "activity", ask)
	}
	return c.write(i, func(i *invocation) error {
		columns := []string{"start", "seconds", "state", "person_name", "device_name", "app", "site", "title", "open", "address_unavailable"}
		if paged {
			return c.page(i, admin, ask, columns)
		}
		return printRows(i, c.Format, &adminv1.ActivityRow{}, empty(activity, ask), columns, func(row func(*adminv1.ActivityRow) error) error {
			stream, err := admin.ReportActivity(i.ctx, connect.NewRequest(ask))
			if err != nil {
				return err
			}
			defer stream.Close()
			for stream.Receive() {
				for _, m := range stream.Msg().Rows {
					if err := row(m); err != nil {
						return err
					}
				}
			}
			return stream.Err()
		})
	})
}

// page prints one page and says on the error stream how to go on.
func (c *reportActivity) page(i *invocation, admin adminv1connect.AdminServiceClient, ask *adminv1.ReportRequest, columns []string) error {
	answer, err := admin.ListActivity(i.ctx, connect.NewRequest(&adminv1.ListActivityRequest{
		Ask: ask, NewestFirst: c.Newest, Limit: c.Limit, Cursor: c.Cursor,
	}))
	if err != nil {
		return err
	}
	if err := list(i, c.Format, answer.Msg.Rows, empty(activity, ask), columns...); err != nil {
		return err
	}
	if next := answer.Msg.NextCursor; next != "" {
		fmt.Fprintf(i.err, "There is more: --cursor %s\n", next)
	}
	return nil
}

// titled prints a table under a line that says what it is of; nothing without rows.
func titled[M proto.Message](i *invocation, title string, rows []M, columns ...string) error {
	if len(rows) == 0 {
		return nil
	}
	fmt.Fprintf(i.out, "\n%s\n", title)
	return list(i, listing.Table, rows, "", columns...)
}

// daysOf says in words which days a report is of.
func daysOf(d *adminv1.Days) string {
	words := d.GetFrom()
	if d.GetTo() != d.GetFrom() {
		words += " to " + d.GetTo()
	}
	if zone := cmp.Or(d.GetTimeZone(), "device"); zone != "device" {
		words += ", " + zone
	}
	return words
}

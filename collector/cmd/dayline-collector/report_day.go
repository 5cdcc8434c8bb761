package main

import (
	"fmt"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector/listing"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

type reportDashboard struct{ asked }

// Run prints the dashboard: for people one table after the other, for programs the one report in an array.
func (c *reportDashboard) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	ask := c.request()
	if c.Format != listing.Table && c.Format != listing.JSON {
		return export(i, admin, &c.filed, "dashboard", ask)
	}
	answer, err := admin.ReportDashboard(i.ctx, connect.NewRequest(ask))
	if err != nil {
		return err
	}
	return c.write(i, func(i *invocation) error {
		if c.Format == listing.JSON {
			return list(i, c.Format, []*adminv1.DashboardReport{answer.Msg}, "")
		}
		return dashboard(i, answer.Msg, empty(activity, ask))
	})
}

func dashboard(i *invocation, d *adminv1.DashboardReport, none string) error {
	if d.Times.GetTotal() == 0 {
		fmt.Fprintln(i.err, none)
		return nil
	}
	fmt.Fprintf(i.out, "%s: %s of %d people, %s of it active\n", daysOf(d.Days), listing.Length(d.Times.Total), d.PeopleCount,
		listing.Length(d.Times.Active))
	for _, print := range []func() error{
		func() error {
			return titled(i, "Days", d.Rows, "day", "times_productive_active", "times_unproductive_active", "times_undefined_active",
				"times_passive", "times_total", "people")
		},
		func() error { return titled(i, "People", d.People, peopleColumns...) },
		func() error { return titled(i, "Applications", d.Apps, appsColumns...) },
		func() error { return titled(i, "Sites", d.Sites, sitesColumns...) },
		func() error { return titled(i, "Categories", d.Categories, kindsColumns...) },
	} {
		if err := print(); err != nil {
			return err
		}
	}
	return nil
}

type reportTimeline struct {
	narrowed
	ranged
	Format string        `default:"table" enum:"table,json" help:"table or json."`
	Output string        `placeholder:"FILE" help:"Write to a file instead of the screen."`
	Block  time.Duration `placeholder:"15m" help:"Length of a block, 5m to 2h."`
}

// Run prints one person's day.
func (c *reportTimeline) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	ask := c.in(c.request())
	answer, err := admin.ReportTimeline(i.ctx, connect.NewRequest(&adminv1.TimelineRequest{Ask: ask, BlockSeconds: c.Block.Seconds()}))
	if err != nil {
		return err
	}
	f := filed{c.Format, c.Output}
	return f.write(i, func(i *invocation) error {
		if c.Format == listing.JSON {
			return list(i, c.Format, []*adminv1.TimelineReport{answer.Msg}, "")
		}
		return timeline(i, answer.Msg, empty(activity, ask))
	})
}

func timeline(i *invocation, t *adminv1.TimelineReport, none string) error {
	if t.Day == nil {
		fmt.Fprintln(i.err, none)
		return nil
	}
	if err := list(i, listing.Table, []*adminv1.HoursRow{t.Day}, "", hoursColumns...); err != nil {
		return err
	}
	if err := titled(i, "Blocks", t.Blocks, "start", "seconds", "status", "times_active", "times_passive", "locked_seconds", "app", "site"); err != nil {
		return err
	}
	return titled(i, "Gaps", t.Gaps, "start", "seconds", "reason")
}

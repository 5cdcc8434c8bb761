package main

import (
	"context"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

type reportCommand struct {
	Activity reportActivity `cmd:"" help:"Every episode, oldest first."`
	People   reportPeople   `cmd:"" help:"Totals for each person."`
	Apps     reportApps     `cmd:"" help:"Time by application."`
	Sites    reportSites    `cmd:"" help:"Time by site."`
	Hours    reportHours    `cmd:"" help:"First and last activity, totals and breaks for each person and day."`
}

// asked is what every report takes.
type asked struct {
	listed
	From   string `placeholder:"YYYY-MM-DD" help:"First day, of the device's own calendar (default: today)."`
	To     string `placeholder:"YYYY-MM-DD" help:"Last day, included (default: today)."`
	Person string `help:"A person's id, name or login."`
	Device string `help:"A device's id, or its name where only one has it."`
}

func (a *asked) request() *adminv1.ReportRequest {
	return &adminv1.ReportRequest{From: a.From, To: a.To, Person: a.Person, Device: a.Device}
}

// empty says what was looked for where nothing of a kind was found.
func (a *asked) empty(kind string) string {
	days := "today"
	switch {
	case a.From != "" && a.To != "" && a.From != a.To:
		days = "from " + a.From + " to " + a.To
	case a.From != "" && a.From == a.To:
		days = "on " + a.From
	case a.From != "":
		days = "since " + a.From
	case a.To != "":
		days = "up to " + a.To
	}
	words := "There is no " + kind + " " + days
	if a.Person != "" {
		words += " of " + a.Person
	}
	if a.Device != "" {
		words += " on " + a.Device
	}
	return words + "."
}

const activity = "activity"

type reportActivity struct{ asked }

// Run prints episodes as they arrive, however many.
func (c *reportActivity) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	columns := []string{"start", "seconds", "state", "person_name", "device_name", "app", "site", "title", "ended_by", "open"}
	return printRows(i, c.Format, &adminv1.ActivityRow{}, c.empty(activity), columns, func(row func(*adminv1.ActivityRow) error) error {
		stream, err := admin.ReportActivity(i.ctx, connect.NewRequest(c.request()))
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
}

type reportPeople struct{ asked }

// Run prints totals for each person.
func (c *reportPeople) Run(i *invocation) error {
	return totals(i, &c.asked, activity, adminv1connect.AdminServiceClient.ReportPeople, (*adminv1.PeopleReport).GetRows,
		"name", "active_seconds", "passive_seconds", "total_seconds", "days", "first_activity", "last_activity", "person")
}

type reportApps struct{ asked }

// Run prints time by application.
func (c *reportApps) Run(i *invocation) error {
	return totals(i, &c.asked, activity, adminv1connect.AdminServiceClient.ReportApps, (*adminv1.AppsReport).GetRows,
		"app", "product", "active_seconds", "passive_seconds", "total_seconds", "share", "people")
}

type reportSites struct{ asked }

// Run prints time by site.
func (c *reportSites) Run(i *invocation) error {
	return totals(i, &c.asked, "activity on a site", adminv1connect.AdminServiceClient.ReportSites, (*adminv1.SitesReport).GetRows,
		"site", "active_seconds", "passive_seconds", "total_seconds", "share", "people")
}

type reportHours struct{ asked }

// Run prints each person's days.
func (c *reportHours) Run(i *invocation) error {
	return totals(i, &c.asked, activity, adminv1connect.AdminServiceClient.ReportHours, (*adminv1.HoursReport).GetRows,
		"name", "day", "first_activity", "last_activity", "active_seconds", "passive_seconds", "total_seconds", "breaks",
		"break_seconds", "locked_seconds")
}

// totals asks for a report that comes as one message.
func totals[R any, M proto.Message](i *invocation, a *asked, kind string,
	ask func(adminv1connect.AdminServiceClient, context.Context, *connect.Request[adminv1.ReportRequest]) (*connect.Response[R], error),
	rows func(*R) []M, columns ...string) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := ask(admin, i.ctx, connect.NewRequest(a.request()))
	if err != nil {
		return err
	}
	return list(i, a.Format, rows(answer.Msg), a.empty(kind), columns...)
}

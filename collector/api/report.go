package api

import (
	"cmp"
	"context"

	"connectrpc.com/connect"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// Reports answers what administrators ask.
type Reports interface {
	// Activity calls yield with chunks of rows in order of start, once it is in the audit log that the viewer looks.
	Activity(ctx context.Context, viewer string, ask *adminv1.ReportRequest, yield func([]*adminv1.ActivityRow) error) error
	People(ctx context.Context, ask *adminv1.ReportRequest) ([]*adminv1.PeopleRow, error)
	Apps(ctx context.Context, ask *adminv1.ReportRequest) ([]*adminv1.AppsRow, error)
	Sites(ctx context.Context, ask *adminv1.ReportRequest) ([]*adminv1.SitesRow, error)
	Hours(ctx context.Context, ask *adminv1.ReportRequest) ([]*adminv1.HoursRow, error)
}

// activityRows of one message.
const activityRows = 1000

// ReportActivity sends every episode of the range, oldest first, a chunk at a time. That somebody looks at single
// activities is in the audit log before the first of them leaves.
func (a adminService) ReportActivity(ctx context.Context, req *connect.Request[adminv1.ReportRequest], stream *connect.ServerStream[adminv1.ActivityReport]) error {
	defer a.Agents.heads.forget()
	people, err := a.Registry.People(ctx)
	if err != nil {
		return err
	}
	names := make(map[string]string, len(people))
	for _, person := range people {
		names[person.ID] = person.Name
	}
	return a.Reports.Activity(ctx, LocalAdministrator, req.Msg, func(rows []*adminv1.ActivityRow) error {
		for _, row := range rows {
			row.PersonName, row.DeviceName = cmp.Or(names[row.Person], row.Login), a.Agents.devices.nameOf(row.Device)
		}
		for len(rows) > 0 {
			n := min(len(rows), activityRows)
			if err := stream.Send(&adminv1.ActivityReport{Rows: rows[:n]}); err != nil {
				return err
			}
			rows = rows[n:]
		}
		return nil
	})
}

// ReportPeople gives totals for each person.
func (a adminService) ReportPeople(ctx context.Context, req *connect.Request[adminv1.ReportRequest]) (*connect.Response[adminv1.PeopleReport], error) {
	rows, err := a.Reports.People(ctx, req.Msg)
	return connect.NewResponse(&adminv1.PeopleReport{Rows: rows}), err
}

// ReportApps gives time by application.
func (a adminService) ReportApps(ctx context.Context, req *connect.Request[adminv1.ReportRequest]) (*connect.Response[adminv1.AppsReport], error) {
	rows, err := a.Reports.Apps(ctx, req.Msg)
	return connect.NewResponse(&adminv1.AppsReport{Rows: rows}), err
}

// ReportSites gives time by site.
func (a adminService) ReportSites(ctx context.Context, req *connect.Request[adminv1.ReportRequest]) (*connect.Response[adminv1.SitesReport], error) {
	rows, err := a.Reports.Sites(ctx, req.Msg)
	return connect.NewResponse(&adminv1.SitesReport{Rows: rows}), err
}

// ReportHours gives each person's days.
func (a adminService) ReportHours(ctx context.Context, req *connect.Request[adminv1.ReportRequest]) (*connect.Response[adminv1.HoursReport], error) {
	rows, err := a.Reports.Hours(ctx, req.Msg)
	return connect.NewResponse(&adminv1.HoursReport{Rows: rows}), err
}

// Backup writes a backup while everything goes on.
func (a adminService) Backup(ctx context.Context, req *connect.Request[adminv1.BackupRequest]) (*connect.Response[adminv1.BackupResponse], error) {
	bytes, err := a.Admin.Backup(ctx, req.Msg.Directory)
	if err != nil {
		return nil, err
	}
	if err := a.audit(ctx, "backup", req.Msg.Directory, map[string]any{"bytes": bytes}); err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.BackupResponse{Bytes: float64(bytes)}), nil
}

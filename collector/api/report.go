package api

import (
	"context"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// Reports answers what a viewer asks, of what the viewer sees (collector/report).
type Reports interface {
	Dashboard(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (*adminv1.DashboardReport, error)
	People(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (*adminv1.PeopleReport, error)
	Apps(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (*adminv1.AppsReport, error)
	Sites(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (*adminv1.SitesReport, error)
	Categories(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (*adminv1.CategoriesReport, error)
	Hours(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (*adminv1.HoursReport, error)
	Groups(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (*adminv1.GroupsReport, error)
	// Pending is what the list of what has no status is made of.
	Pending(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) ([]collector.SubjectSum, error)
	// The rest show single activities: that the viewer looks is in the audit log first.

	Titles(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (*adminv1.TitlesReport, error)
	Timeline(ctx context.Context, viewer collector.Viewer, ask *adminv1.TimelineRequest) (*adminv1.TimelineReport, error)
	Live(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (*adminv1.LiveReport, error)
	ListActivity(ctx context.Context, viewer collector.Viewer, ask *adminv1.ListActivityRequest) (*adminv1.ListActivityResponse, error)
	// Activity calls yield with chunks of rows in order of start.
	Activity(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest, yield func([]*adminv1.ActivityRow) error) error
	// Whole calls yield with the questions that together ask for all there is of one person, and Episodes with the single
	// episodes of one, those too that have left the activity log.
	Whole(ctx context.Context, viewer collector.Viewer, person string, yield func(*adminv1.ReportRequest) error) error
	Episodes(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest, yield func([]*adminv1.ActivityRow) error) error
	// Since is the first day of which something is stored of the viewer itself; empty: nothing is.
	Since(ctx context.Context, viewer collector.Viewer) (day string, err error)
}

// activityRows of one message.
const activityRows = 1000

// answered makes an answer of a report.
func answered[Q, R any](ctx context.Context, req *connect.Request[Q], report func(context.Context, collector.Viewer, *Q) (*R, error)) (*connect.Response[R], error) {
	answer, err := report(ctx, viewerOf(ctx), req.Msg)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(answer), nil
}

// ReportDashboard gives totals by day, person, application, site and category.
func (a adminService) ReportDashboard(ctx context.Context, req *connect.Request[adminv1.ReportRequest]) (*connect.Response[adminv1.DashboardReport], error) {
	return answered(ctx, req, a.Reports.Dashboard)
}

// ReportPeople gives totals for each person.
func (a adminService) ReportPeople(ctx context.Context, req *connect.Request[adminv1.ReportRequest]) (*connect.Response[adminv1.PeopleReport], error) {
	return answered(ctx, req, a.Reports.People)
}

// ReportApps gives time by application.
func (a adminService) ReportApps(ctx context.Context, req *connect.Request[adminv1.ReportRequest]) (*connect.Response[adminv1.AppsReport], error) {
	return answered(ctx, req, a.Reports.Apps)
}

// ReportSites gives time by site.
func (a adminService) ReportSites(ctx context.Context, req *connect.Request[adminv1.ReportRequest]) (*connect.Response[adminv1.SitesReport], error) {
	return answered(ctx, req, a.Reports.Sites)
}

// ReportTitles gives time by window title.
func (a adminService) ReportTitles(ctx context.Context, req *connect.Request[adminv1.ReportRequest]) (*connect.Response[adminv1.TitlesReport], error) {
	defer a.Agents.heads.forget()
	return answered(ctx, req, a.Reports.Titles)
}

// ReportCategories gives time by category.
func (a adminService) ReportCategories(ctx context.Context, req *connect.Request[adminv1.ReportRequest]) (*connect.Response[adminv1.CategoriesReport], error) {
	return answered(ctx, req, a.Reports.Categories)
}

// ReportHours gives each person's days.
func (a adminService) ReportHours(ctx context.Context, req *connect.Request[adminv1.ReportRequest]) (*connect.Response[adminv1.HoursReport], error) {
	return answered(ctx, req, a.Reports.Hours)
}

// ReportGroups gives groups side by side.
func (a adminService) ReportGroups(ctx context.Context, req *connect.Request[adminv1.ReportRequest]) (*connect.Response[adminv1.GroupsReport], error) {
	return answered(ctx, req, a.Reports.Groups)
}

// ReportTimeline gives one person's day.
func (a adminService) ReportTimeline(ctx context.Context, req *connect.Request[adminv1.TimelineRequest]) (*connect.Response[adminv1.TimelineReport], error) {
	defer a.Agents.heads.forget()
	return answered(ctx, req, a.Reports.Timeline)
}

// ReportLive gives who is active now.
func (a adminService) ReportLive(ctx context.Context, req *connect.Request[adminv1.ReportRequest]) (*connect.Response[adminv1.LiveReport], error) {
	defer a.Agents.heads.forget()
	return answered(ctx, req, a.Reports.Live)
}

// ListActivity gives a page of the activity log.
func (a adminService) ListActivity(ctx context.Context, req *connect.Request[adminv1.ListActivityRequest]) (*connect.Response[adminv1.ListActivityResponse], error) {
	defer a.Agents.heads.forget()
	return answered(ctx, req, a.Reports.ListActivity)
}

// ReportActivity sends every episode of the range, oldest first, a chunk at a time.
func (a adminService) ReportActivity(ctx context.Context, req *connect.Request[adminv1.ReportRequest], stream *connect.ServerStream[adminv1.ActivityReport]) error {
	defer a.Agents.heads.forget()
	return a.Reports.Activity(ctx, viewerOf(ctx), req.Msg, func(rows []*adminv1.ActivityRow) error {
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

package api

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"

	"connectrpc.com/connect"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

// chunksAhead of rows are read before those before them are written.
const chunksAhead = 4

// exportable is a report or a list that can be a file: what the call of the procedure answers, with its rights, row by row.
type exportable struct {
	procedure string
	row       proto.Message
	each      func(a adminService, ctx context.Context, ask *adminv1.ReportRequest, row func(proto.Message) error) error
}

var exportables = map[string]exportable{
	"dashboard":  reported(adminv1connect.AdminServiceReportDashboardProcedure, adminService.ReportDashboard, (*adminv1.DashboardReport).GetRows),
	"people":     reported(adminv1connect.AdminServiceReportPeopleProcedure, adminService.ReportPeople, (*adminv1.PeopleReport).GetRows),
	"apps":       reported(adminv1connect.AdminServiceReportAppsProcedure, adminService.ReportApps, (*adminv1.AppsReport).GetRows),
	"sites":      reported(adminv1connect.AdminServiceReportSitesProcedure, adminService.ReportSites, (*adminv1.SitesReport).GetRows),
	"titles":     reported(adminv1connect.AdminServiceReportTitlesProcedure, adminService.ReportTitles, (*adminv1.TitlesReport).GetRows),
	"categories": reported(adminv1connect.AdminServiceReportCategoriesProcedure, adminService.ReportCategories, (*adminv1.CategoriesReport).GetRows),
	"hours":      reported(adminv1connect.AdminServiceReportHoursProcedure, adminService.ReportHours, (*adminv1.HoursReport).GetRows),
	"groups":     reported(adminv1connect.AdminServiceReportGroupsProcedure, adminService.ReportGroups, (*adminv1.GroupsReport).GetRows),
	"live":       reported(adminv1connect.AdminServiceReportLiveProcedure, adminService.ReportLive, (*adminv1.LiveReport).GetRows),
	"pending":    reported(adminv1connect.AdminServiceListPendingProcedure, adminService.ListPending, (*adminv1.PendingReport).GetRows),
	"timeline": whole(adminv1connect.AdminServiceReportTimelineProcedure, adminService.ReportTimeline, (*adminv1.TimelineReport).GetBlocks,
		func(_ collector.Viewer, ask *adminv1.ReportRequest) *adminv1.TimelineRequest {
			return &adminv1.TimelineRequest{Ask: ask}
		}),
	"activity": {adminv1connect.AdminServiceReportActivityProcedure, &adminv1.ActivityRow{}, adminService.eachActivity},

	"devices": listed(adminv1connect.AdminServiceListDevicesProcedure, adminService.ListDevices, (*adminv1.ListDevicesResponse).GetDevices),
	"users":   listed(adminv1connect.AdminServiceListUsersProcedure, adminService.ListUsers, (*adminv1.ListUsersResponse).GetUsers),
	"tokens":  listed(adminv1connect.AdminServiceListTokensProcedure, adminService.ListTokens, (*adminv1.ListTokensResponse).GetTokens),
	"links":   listed(adminv1connect.AdminServiceListLinksProcedure, adminService.ListLinks, (*adminv1.ListLinksResponse).GetLinks),
	"storage": listed(adminv1connect.AdminServiceStorageProcedure, adminService.Storage, (*adminv1.StorageReport).GetMonths),
	"sessions": whole(adminv1connect.AdminServiceListSessionsProcedure, adminService.ListSessions, (*adminv1.ListSessionsResponse).GetSessions,
		func(viewer collector.Viewer, _ *adminv1.ReportRequest) *adminv1.ListSessionsRequest {
			return &adminv1.ListSessionsRequest{Everyone: viewer.Role == collector.Admin}
		}),
	"audit": {adminv1connect.AdminServiceListAuditProcedure, &adminv1.AuditEntry{}, adminService.eachAudit},
}

// reported is one that takes the question as it is.
func reported[R any, M proto.Message](procedure string,
	call func(adminService, context.Context, *connect.Request[adminv1.ReportRequest]) (*connect.Response[R], error), rows func(*R) []M) exportable {
	return whole(procedure, call, rows, func(_ collector.Viewer, ask *adminv1.ReportRequest) *adminv1.ReportRequest { return ask })
}

// listed is of all there is, whatever is asked.
func listed[Q, R any, M proto.Message](procedure string,
	call func(adminService, context.Context, *connect.Request[Q]) (*connect.Response[R], error), rows func(*R) []M) exportable {
	return whole(procedure, call, rows, func(collector.Viewer, *adminv1.ReportRequest) *Q { return new(Q) })
}

// whole is what comes as one message; question gives what the call is asked.
func whole[Q, R any, M proto.Message](procedure string,
	call func(adminService, context.Context, *connect.Request[Q]) (*connect.Response[R], error), rows func(*R) []M,
	question func(collector.Viewer, *adminv1.ReportRequest) *Q) exportable {
	var example M
	return exportable{procedure, example, func(a adminService, ctx context.Context, ask *adminv1.ReportRequest, row func(proto.Message) error) error {
		answer, err := call(a, ctx, connect.NewRequest(question(viewerOf(ctx), ask)))
		if err != nil {
			return err
		}
		for _, m := range rows(answer.Msg) {
			if err := row(m); err != nil {
				return err
			}
		}
		return nil
	}}
}

// eachActivity reads on while rows are written: each is work for a processor of its own.
func (a adminService) eachActivity(ctx context.Context, ask *adminv1.ReportRequest, row func(proto.Message) error) error {
	defer a.Agents.heads.forget()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	read := make(chan []*adminv1.ActivityRow, chunksAhead)
	var reader errgroup.Group
	reader.Go(func() (err error) {
		defer close(read)
		defer func() {
			if cause := recover(); cause != nil { // it ends this call and nothing else, as a handler's does
				err = fmt.Errorf("api: export: panic: %v\n%s", cause, debug.Stack())
			}
		}()
		return a.Reports.Activity(ctx, viewerOf(ctx), ask, func(rows []*adminv1.ActivityRow) error {
			select {
			case read <- rows:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	var failed error
	for rows := range read {
		for i := 0; i < len(rows) && failed == nil; i++ {
			if failed = row(rows[i]); failed != nil {
				stop()
			}
		}
	}
	return cmp.Or(failed, reader.Wait())
}

// eachAudit gives the entries of the days asked for, however many.
func (a adminService) eachAudit(ctx context.Context, ask *adminv1.ReportRequest, row func(proto.Message) error) error {
	wanted, err := a.wantedEntries(ctx, &adminv1.ListAuditRequest{From: ask.From, To: ask.To})
	if err != nil {
		return err
	}
	return a.eachEntry(ctx, 0, func(e *collector.AuditEntry) (more bool, err error) {
		if wanted(e) {
			err = row(auditEntry(e))
		}
		return true, err
	})
}

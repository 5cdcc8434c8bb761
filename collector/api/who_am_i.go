package api

import (
	"context"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector/access"
	"github.com/dayline-project/dayline/collector/report"
	"github.com/dayline-project/dayline/collector/retention"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// WhoAmI tells callers who they are here, what they may do, and how reports are drawn.
func (a adminService) WhoAmI(ctx context.Context, _ *connect.Request[adminv1.WhoAmIRequest]) (*connect.Response[adminv1.WhoAmIResponse], error) {
	d, scope, err := a.within(ctx)
	if err != nil {
		return nil, err
	}
	viewer, account := viewerOf(ctx), a.Config().Account
	today, _, err := report.Today(&account.Reports, a.Now())
	if err != nil {
		return nil, err
	}
	answer := &adminv1.WhoAmIResponse{
		User: viewer.User, Role: string(viewer.Role), Everyone: scope.Everyone(), ViewableGroups: viewer.Groups,
		Person: scope.Self(), ReadOnly: viewer.ReadOnly, May: access.May(viewer),
		Clock: account.Reports.Clock, WeekStart: account.Reports.WeekStart, TimeZone: account.Reports.TimeZone,
		LandingPage: account.Reports.LandingPage, ExcludeToday: account.Reports.ExcludeToday, Today: dateOf(today),
	}
	if answer.Person != "" {
		answer.PersonName = d.PersonName(answer.Person)
	}
	if days := account.Retention.Days; days > 0 {
		answer.KeptFrom = dateOf(retention.KeptFrom(today, days))
	}
	return connect.NewResponse(answer), nil
}

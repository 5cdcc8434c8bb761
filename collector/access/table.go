package access

import (
	"slices"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

// rule says which roles may make a call, and whether it changes anything: read-only tokens may not make those.
type rule struct {
	roles   []collector.Role
	changes bool
}

var (
	all = []collector.Role{collector.Admin, collector.Configurator, collector.Manager, collector.ViewerRole}
	// setters set what counts as what, and for whom.
	setters = []collector.Role{collector.Admin, collector.Configurator}
	admins  = []collector.Role{collector.Admin}
)

// signIn is the one call that nobody needs to be known for.
const signIn = adminv1connect.AdminServiceSignInProcedure

// table is the whole of who may call what. What a call then shows is cut to the caller's scope, and what it changes is
// bounded by MayApply where it changes the configuration.
var table = map[string]rule{
	adminv1connect.AdminServiceWhoAmIProcedure:  {all, false},
	adminv1connect.AdminServiceSignOutProcedure: {all, false},
	// The caller's own; others' for administrators: see Access.
	adminv1connect.AdminServiceSetPasswordProcedure: {all, true},
	adminv1connect.AdminServiceCreateTokenProcedure: {all, true},
	adminv1connect.AdminServiceListTokensProcedure:  {all, false},
	adminv1connect.AdminServiceRevokeTokenProcedure: {all, true},

	adminv1connect.AdminServiceCreateLinkProcedure: {admins, true},
	adminv1connect.AdminServiceListLinksProcedure:  {admins, false},
	adminv1connect.AdminServiceRevokeLinkProcedure: {admins, true},

	adminv1connect.AdminServiceListDevicesProcedure:     {all, false},
	adminv1connect.AdminServiceDeleteDeviceProcedure:    {admins, true},
	adminv1connect.AdminServiceRevokeDeviceProcedure:    {admins, true},
	adminv1connect.AdminServiceUninstallDeviceProcedure: {admins, true},

	adminv1connect.AdminServiceListPeopleProcedure:   {all, false},
	adminv1connect.AdminServiceSetPersonProcedure:    {admins, true},
	adminv1connect.AdminServiceDeletePersonProcedure: {admins, true},
	// Everyone's for administrators, the caller's own for the others: see report.Whole.
	adminv1connect.AdminServiceExportPersonProcedure: {all, false},

	adminv1connect.AdminServiceListUsersProcedure:  {admins, false},
	adminv1connect.AdminServiceSetUserProcedure:    {admins, true},
	adminv1connect.AdminServiceRemoveUserProcedure: {admins, true},

	adminv1connect.AdminServiceShowConfigProcedure:    {setters, false},
	adminv1connect.AdminServiceSetConfigProcedure:     {setters, true},
	adminv1connect.AdminServiceConfigHistoryProcedure: {setters, false},
	adminv1connect.AdminServiceCheckConfigProcedure:   {setters, false},

	adminv1connect.AdminServiceListPendingProcedure:  {setters, false},
	adminv1connect.AdminServiceClassifyProcedure:     {setters, true},
	adminv1connect.AdminServiceExplainClassProcedure: {setters, false},
	adminv1connect.AdminServiceExportRulesProcedure:  {setters, false},

	adminv1connect.AdminServiceListAuditProcedure:    {admins, false},
	adminv1connect.AdminServiceVerifyAuditProcedure:  {admins, false},
	adminv1connect.AdminServiceStorageProcedure:      {admins, false},
	adminv1connect.AdminServiceCompactProcedure:      {admins, true},
	adminv1connect.AdminServiceStripPrivacyProcedure: {admins, true},
	adminv1connect.AdminServiceBackupProcedure:       {admins, true},

	// Totals.
	adminv1connect.AdminServiceReportDashboardProcedure:  {all, false},
	adminv1connect.AdminServiceReportPeopleProcedure:     {all, false},
	adminv1connect.AdminServiceReportAppsProcedure:       {all, false},
	adminv1connect.AdminServiceReportSitesProcedure:      {all, false},
	adminv1connect.AdminServiceReportCategoriesProcedure: {all, false},
	adminv1connect.AdminServiceReportHoursProcedure:      {all, false},
	adminv1connect.AdminServiceReportGroupsProcedure:     {all, false},
	// Single activities: a viewer sees its own.
	adminv1connect.AdminServiceReportTitlesProcedure:   {all, false},
	adminv1connect.AdminServiceReportTimelineProcedure: {all, false},
	adminv1connect.AdminServiceReportLiveProcedure:     {all, false},
	adminv1connect.AdminServiceReportActivityProcedure: {all, false},
	adminv1connect.AdminServiceListActivityProcedure:   {all, false},
	adminv1connect.AdminServiceExportProcedure:         {all, false},
}

// Permit refuses a call that a viewer may not make: SignedOut where nobody is signed in, Denied for a role or a token
// that may not, and for a call that the table does not have.
func Permit(viewer collector.Viewer, procedure string) error {
	if procedure == signIn {
		return nil
	}
	if viewer.Role == "" {
		return collector.Refuse(collector.SignedOut, "authorization", "sign in first")
	}
	rule, known := table[procedure]
	switch {
	case !known || !slices.Contains(rule.roles, viewer.Role):
		return collector.Refuse(collector.Denied, "", "a %s may not do this", viewer.Role)
	case rule.changes && viewer.ReadOnly:
		return collector.Refuse(collector.Denied, "", "this token only reads")
	}
	return nil
}

package access

import (
	"path"
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
	// everybody is all, and people who see nothing but their own.
	everybody = append(slices.Clip(all), collector.Measured)
)

// letIn are the calls that nobody needs to be known for: they let somebody in.
var letIn = []string{
	adminv1connect.AdminServiceSignInOptionsProcedure,
	adminv1connect.AdminServiceSignInProcedure,
	adminv1connect.AdminServiceBeginPasskeySignInProcedure,
	adminv1connect.AdminServiceFinishPasskeySignInProcedure,
	adminv1connect.AdminServiceCreateFirstAdminProcedure,
	adminv1connect.AdminServiceOpenMyDayProcedure,
}

// Open tells whether nobody needs to be known for a call.
func Open(procedure string) bool { return slices.Contains(letIn, procedure) }

// table is the whole of who may call what. What a call then shows is cut to the caller's scope, and what it changes is
// bounded by MayApply where it changes the configuration.
var table = map[string]rule{
	adminv1connect.AdminServiceWhoAmIProcedure:     {everybody, false},
	adminv1connect.AdminServiceSignOutProcedure:    {everybody, false},
	adminv1connect.AdminServiceShowMyDataProcedure: {everybody, false},
	// The caller's own; others' for administrators: see Access.
	adminv1connect.AdminServiceSetPasswordProcedure: {all, true},
	adminv1connect.AdminServiceCreateTokenProcedure: {all, true},
	adminv1connect.AdminServiceListTokensProcedure:  {all, false},
	adminv1connect.AdminServiceRevokeTokenProcedure: {all, true},

	adminv1connect.AdminServiceListSessionsProcedure:  {all, false},
	adminv1connect.AdminServiceRevokeSessionProcedure: {all, true},
	adminv1connect.AdminServiceShowSignInProcedure:    {all, false},
	adminv1connect.AdminServiceBeginTOTPProcedure:     {all, true},
	adminv1connect.AdminServiceEnableTOTPProcedure:    {all, true},
	adminv1connect.AdminServiceDisableTOTPProcedure:   {all, true},
	adminv1connect.AdminServiceBeginPasskeyProcedure:  {all, true},
	adminv1connect.AdminServiceFinishPasskeyProcedure: {all, true},
	adminv1connect.AdminServiceRemovePasskeyProcedure: {all, true},
	adminv1connect.AdminServiceResetSignInProcedure:   {admins, true},

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
	adminv1connect.AdminServiceExportPersonProcedure: {everybody, false},

	// Members of groups are shown to those who may change them.
	adminv1connect.AdminServiceListGroupsProcedure:     {all, false},
	adminv1connect.AdminServiceSetGroupProcedure:       {setters, true},
	adminv1connect.AdminServiceRemoveGroupProcedure:    {setters, true},
	adminv1connect.AdminServiceListDoNotTrackProcedure: {admins, false},
	adminv1connect.AdminServiceSetDoNotTrackProcedure:  {admins, true},

	adminv1connect.AdminServiceListUsersProcedure:  {admins, false},
	adminv1connect.AdminServiceSetUserProcedure:    {admins, true},
	adminv1connect.AdminServiceRemoveUserProcedure: {admins, true},

	adminv1connect.AdminServiceShowConfigProcedure:    {setters, false},
	adminv1connect.AdminServiceSetConfigProcedure:     {setters, true},
	adminv1connect.AdminServiceShowAccountProcedure:   {setters, false},
	adminv1connect.AdminServiceEditConfigProcedure:    {setters, true},
	adminv1connect.AdminServiceConfigHistoryProcedure: {setters, false},
	adminv1connect.AdminServiceCheckConfigProcedure:   {setters, false},
	adminv1connect.AdminServiceTryRedactionProcedure:  {setters, false},

	adminv1connect.AdminServiceListPendingProcedure:  {setters, false},
	adminv1connect.AdminServiceClassifyProcedure:     {setters, true},
	adminv1connect.AdminServiceExplainClassProcedure: {setters, false},
	adminv1connect.AdminServiceListRulesProcedure:    {setters, false},
	adminv1connect.AdminServiceExportRulesProcedure:  {setters, false},

	adminv1connect.AdminServiceListAuditProcedure:    {admins, false},
	adminv1connect.AdminServiceVerifyAuditProcedure:  {admins, false},
	adminv1connect.AdminServiceStorageProcedure:      {admins, false},
	adminv1connect.AdminServiceCompactProcedure:      {admins, true},
	adminv1connect.AdminServiceStripPrivacyProcedure: {admins, true},
	adminv1connect.AdminServiceBackupProcedure:       {admins, true},

	adminv1connect.AdminServiceShowExtensionProcedure:       {admins, false},
	adminv1connect.AdminServiceAddExtensionProcedure:        {admins, true},
	adminv1connect.AdminServiceRemoveExtensionProcedure:     {admins, true},
	adminv1connect.AdminServiceShowExtensionPolicyProcedure: {admins, false},

	adminv1connect.AdminServiceListReleasesProcedure:  {admins, false},
	adminv1connect.AdminServiceRemoveReleaseProcedure: {admins, true}, // and adding one: see api

	adminv1connect.AdminServiceShowUpdatesProcedure:  {admins, false},
	adminv1connect.AdminServiceSetRolloutProcedure:   {admins, true},
	adminv1connect.AdminServiceUpdateDeviceProcedure: {admins, true},

	// Totals.
	adminv1connect.AdminServiceReportDashboardProcedure:  {everybody, false},
	adminv1connect.AdminServiceReportPeopleProcedure:     {all, false},
	adminv1connect.AdminServiceReportAppsProcedure:       {everybody, false},
	adminv1connect.AdminServiceReportSitesProcedure:      {everybody, false},
	adminv1connect.AdminServiceReportCategoriesProcedure: {everybody, false},
	adminv1connect.AdminServiceReportHoursProcedure:      {everybody, false},
	adminv1connect.AdminServiceReportGroupsProcedure:     {all, false},
	// Single activities: a viewer sees its own.
	adminv1connect.AdminServiceReportTitlesProcedure:   {everybody, false},
	adminv1connect.AdminServiceReportTimelineProcedure: {everybody, false},
	adminv1connect.AdminServiceReportLiveProcedure:     {all, false},
	adminv1connect.AdminServiceReportActivityProcedure: {everybody, false},
	adminv1connect.AdminServiceListActivityProcedure:   {everybody, false},
	adminv1connect.AdminServiceExportProcedure:         {everybody, false},
}

// installing are the calls that other users too may make where installers.non_admins lets them: a link is made for one's own
// computers, and of others' nothing is seen.
var installing = []string{
	adminv1connect.AdminServiceCreateLinkProcedure,
	adminv1connect.AdminServiceListLinksProcedure,
	adminv1connect.AdminServiceRevokeLinkProcedure,
}

// May gives the calls that a viewer may make, by name, sorted.
func May(viewer collector.Viewer) (names []string) {
	for procedure := range table {
		if Permit(viewer, procedure) == nil {
			names = append(names, path.Base(procedure))
		}
	}
	slices.Sort(names)
	return names
}

// Permit refuses a call that a viewer may not make: SignedOut where nobody is signed in, Denied for a role or a token
// that may not, and for a call that the table does not have.
func Permit(viewer collector.Viewer, procedure string) error {
	if Open(procedure) {
		return nil
	}
	if viewer.Role == "" {
		return collector.Refuse(collector.SignedOut, "authorization", "sign in first")
	}
	rule, known := table[procedure]
	installs := viewer.Installs && slices.Contains(installing, procedure)
	switch {
	case !known || !installs && !slices.Contains(rule.roles, viewer.Role):
		return collector.Refuse(collector.Denied, "", "a %s may not do this", viewer.Role)
	case rule.changes && viewer.ReadOnly:
		return collector.Refuse(collector.Denied, "", "this token only reads")
	}
	return nil
}

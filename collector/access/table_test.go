package access

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

const service = "/" + adminv1connect.AdminServiceName + "/"

// procedures are those of the contract itself.
func procedures() (names []string) {
	methods := adminv1.File_dayline_admin_v1_admin_proto.Services().ByName("AdminService").Methods()
	for i := range methods.Len() {
		names = append(names, service+string(methods.Get(i).Name()))
	}
	return names
}

func TestTableIsTheContract(t *testing.T) {
	for _, name := range procedures() {
		if _, known := table[name]; known == Open(name) {
			t.Errorf("%s: in the table: %t", name, known)
		}
	}
	for name, rule := range table {
		if !slices.Contains(procedures(), name) {
			t.Errorf("%s is no call of the contract", name)
		}
		if !slices.Contains(rule.roles, collector.Admin) {
			t.Errorf("%s: not even administrators may", name)
		}
	}
}

// What each role may call, written out: a change of the table is seen here.
func TestPermit(t *testing.T) {
	anybody := []string{"BeginPasskeySignIn", "CreateFirstAdmin", "FinishPasskeySignIn", "OpenMyDay", "SignIn", "SignInOptions"}
	person := slices.Concat(anybody, []string{
		"WhoAmI", "SignOut", "ShowMyData", "ExportPerson", "ReportDashboard", "ReportApps", "ReportSites", "ReportTitles",
		"ReportCategories", "ReportHours", "ReportTimeline", "ReportActivity", "ListActivity", "Export",
	})
	everybody := slices.Concat(anybody, []string{
		"WhoAmI", "SignOut", "ShowMyData", "ListGroups", "ListSessions", "ShowSignIn", "ListDevices", "ListPeople", "ListTokens", "ReportDashboard", "ReportPeople", "ReportApps",
		"ReportSites", "ReportTitles", "ReportCategories", "ReportHours", "ReportGroups", "ReportTimeline", "ReportLive",
		"ReportActivity", "ListActivity", "Export", "ExportPerson",
	})
	own := []string{
		"SetPassword", "CreateToken", "RevokeToken", "RevokeSession", "BeginTOTP", "EnableTOTP", "DisableTOTP", "BeginPasskey",
		"FinishPasskey", "RemovePasskey",
	}
	setting := []string{"ShowAccount", "ListRules", "ShowConfig", "ConfigHistory", "CheckConfig", "TryRedaction", "ListPending", "ExplainClass", "ExportRules"}
	set := []string{"SetConfig", "EditConfig", "Classify", "SetGroup", "RemoveGroup"}
	reading := []string{"ListDoNotTrack", "ListLinks", "ListUsers", "ListAudit", "VerifyAudit", "Storage", "ShowExtension", "ShowExtensionPolicy", "ListReleases", "ShowUpdates"}
	acting := []string{
		"CreateLink", "RevokeLink", "DeleteDevice", "RevokeDevice", "UninstallDevice", "SetPerson", "DeletePerson", "SetUser",
		"RemoveUser", "ResetSignIn", "SetDoNotTrack", "Compact", "StripPrivacy", "Backup", "AddExtension", "RemoveExtension", "RemoveRelease",
		"SetRollout", "UpdateDevice",
	}
	links := []string{"CreateLink", "ListLinks", "RevokeLink"}
	for _, c := range []struct {
		viewer collector.Viewer
		may    []string
	}{
		{collector.Viewer{}, anybody},
		{collector.Viewer{Role: "owner"}, anybody},
		{collector.Viewer{Role: collector.Measured}, person},
		{collector.Viewer{Role: collector.ViewerRole}, slices.Concat(everybody, own)},
		{collector.Viewer{Role: collector.ViewerRole, Installs: true}, slices.Concat(everybody, own, links)},
		{collector.Viewer{Role: collector.ViewerRole, Installs: true, ReadOnly: true}, slices.Concat(everybody, links[1:2])},
		{collector.Viewer{Role: collector.Manager}, slices.Concat(everybody, own)},
		{collector.Viewer{Role: collector.Manager, ReadOnly: true}, everybody},
		{collector.Viewer{Role: collector.Configurator}, slices.Concat(everybody, own, setting, set)},
		{collector.Viewer{Role: collector.Configurator, ReadOnly: true}, slices.Concat(everybody, setting)},
		{collector.Viewer{Role: collector.Admin}, slices.Concat(everybody, own, setting, set, reading, acting)},
		{collector.Viewer{Role: collector.Admin, ReadOnly: true}, slices.Concat(everybody, setting, reading)},
	} {
		var may []string
		for _, name := range append(procedures(), service+"Unheard", "", "WhoAmI") {
			switch err := Permit(c.viewer, name); {
			case err == nil:
				may = append(may, name[len(service):])
			case c.viewer.Role == "" && collector.CodeOf(err) != collector.SignedOut,
				c.viewer.Role != "" && collector.CodeOf(err) != collector.Denied:
				t.Errorf("%s: %v", name, err)
			}
		}
		slices.Sort(may)
		if diff := cmp.Diff(slices.Sorted(slices.Values(c.may)), may); diff != "" {
			t.Errorf("%s, only reading %t: %s", c.viewer.Role, c.viewer.ReadOnly, diff)
		}
	}
}

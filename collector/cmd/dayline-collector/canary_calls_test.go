package main

import (
	"fmt"
	"time"
)

// changes are calls that change something: whoever may not make them is refused, whatever they name.
var changes = []string{
	"CreateLink", "RevokeLink", "DeleteDevice", "RevokeDevice", "UninstallDevice", "SetPerson", "DeletePerson", "SetUser", "RemoveUser",
	"SetPassword", "CreateToken", "RevokeToken", "SetConfig", "Classify", "Compact", "StripPrivacy", "Backup",
	"RevokeSession", "BeginTOTP", "EnableTOTP", "DisableTOTP", "BeginPasskey", "FinishPasskey", "RemovePasskey", "ResetSignIn",
	"SetGroup", "RemoveGroup", "SetDoNotTrack", "EditConfig", "SetRollout", "UpdateDevice",
}

// callsOf gives, for each call of the contract, its questions about what words name.
func callsOf(now time.Time) map[string]func(names) []string {
	from, today := now.AddDate(0, 0, -3).Format(time.DateOnly), now.Format(time.DateOnly)
	day := now.AddDate(0, 0, -2).Format(time.DateOnly)
	always := func(bodies ...string) func(names) []string { return func(names) []string { return bodies } }
	with := func(form string, of func(names) string) func(names) []string {
		return func(w names) (bodies []string) {
			if word := of(w); word != "" {
				bodies = []string{fmt.Sprintf(form, word)}
			}
			return bodies
		}
	}
	// ask narrows a report of the days to what some words mean.
	ask := func(fields ...string) (filters []string) {
		filters = []string{fmt.Sprintf(`{"from":"%s","to":"%s"}`, from, today)}
		for i := 0; i < len(fields); i += 2 {
			if fields[i+1] != "" {
				filters = append(filters, fmt.Sprintf(`{"from":"%s","to":"%s","%s":"%s"}`, from, today, fields[i], fields[i+1]))
			}
		}
		return filters
	}
	// Every report finds what a question names in the same way, so that not each is asked in each.
	group := func(w names) []string { return ask("group", w.group) }
	asks := func(w names) []string { return ask("person", w.person, "device", w.device, "group", w.group) }
	every := func(w names) []string {
		return append(asks(w), append(ask("person", w.name, "person", w.login, "device", w.deviceName, "app", w.app, "site", w.site, "category", "Work"),
			`{"range":"today"}`)...)
	}
	wrapped := func(form string, asks []string) (all []string) {
		for _, ask := range asks {
			all = append(all, fmt.Sprintf(form, ask))
		}
		return all
	}
	device := func(w names) string { return w.device }
	user := func(w names) string { return w.user }
	inGroup := func(w names) string { return w.group }
	person := func(w names) string { return w.person }
	return map[string]func(names) []string{
		"WhoAmI": always("{}"), "SignOut": always(), // it ends what the others need; it answers nothing
		"SignInOptions": always("{}"), "BeginPasskeySignIn": always("{}"), "ShowSignIn": always("{}"), "ShowMyData": always("{}"),
		// Failures of these are few a minute, and they answer with a session or nothing.
		"SignIn": always(), "FinishPasskeySignIn": always(), "CreateFirstAdmin": always(), "OpenMyDay": always(),
		"ListSessions": func(w names) []string {
			return []string{"{}", `{"everyone":true}`, fmt.Sprintf(`{"email":"%s"}`, w.user)}
		},
		"RevokeSession": always(`{"id":"t-000000000000"}`), "ResetSignIn": with(`{"email":"%s"}`, user),
		"BeginTOTP": always("{}"), "EnableTOTP": always(`{"code":"000000"}`), "DisableTOTP": always(`{"code":"000000"}`),
		"BeginPasskey": always("{}"), "FinishPasskey": always("{}"), "RemovePasskey": always(`{"id":"AAAA"}`),
		"ListGroups": always("{}"), "SetGroup": with(`{"name":"%s","add_people":["a-bob"]}`, inGroup), "RemoveGroup": with(`{"name":"%s"}`, inGroup),
		"ListDoNotTrack": always("{}"), "SetDoNotTrack": always(`{"add":[{"user":"zqlogin-ana","domain":"*"}]}`),
		"ShowAccount": always("{}"), "ListRules": always("{}"), "TryRedaction": always(`{"patterns":["x"],"title":"a x"}`),
		"EditConfig": func(w names) []string {
			return []string{
				fmt.Sprintf(`{"file":"people.yaml","edits":[{"key":"users[%s].role","value":"admin"}]}`, w.user),
				`{"revision":"00","edits":[{"key":"privacy.min_people","value":"1"}]}`,
			}
		},
		"CreateLink": always(`{"os":"linux"}`), "ListLinks": always("{}"), "RevokeLink": always(`{"id":"l-1"}`),
		"ListDevices": always("{}"), "DeleteDevice": with(`{"id":"%s"}`, device), "RevokeDevice": with(`{"id":"%s"}`, device),
		"UninstallDevice": with(`{"id":"%s"}`, device),
		"ListPeople":      always("{}"), "SetPerson": with(`{"person":"%s","name":"x"}`, person), "DeletePerson": with(`{"person":"%s"}`, person),
		"ExportPerson": with(`{"person":"%s"}`, person),
		"ListUsers":    always("{}"), "SetUser": with(`{"email":"%s","role":"admin"}`, user), "RemoveUser": with(`{"email":"%s"}`, user),
		"SetPassword": with(`{"email":"%s","password":"a long enough one"}`, user), "CreateToken": with(`{"email":"%s"}`, user),
		"ListTokens": always("{}"), "RevokeToken": always(`{"id":"t-000000000000"}`),
		"ShowConfig": with(`{"device":"%s"}`, device), "ConfigHistory": always("{}"),
		"CheckConfig": always(`{"files":[{"name":"classification.yaml","text":"rules: []\nx: 1\n"}]}`),
		"SetConfig": func(w names) []string {
			var all []string
			for key, value := range map[string]string{
				"users[" + mail("conny") + "].role": "admin", "users[" + mail("max") + "].viewable_groups": "all", "groups[zqgroup-alpha].people": "[a-bob]",
				"groups[zqgroup-desk].devices": "[" + idOf("d1") + "]", "people[a-bob].email": mail("max"), "do_not_track": "[{user: zqlogin-ana}]",
			} {
				all = append(all, fmt.Sprintf(`{"file":"people.yaml","key":"%s","value":"%s"}`, key, value))
			}
			return all
		},
		"ListPending": group, "Classify": always(`{"rules":[{"app":"editor","status":"unproductive"}]}`),
		"ExplainClass": with(`{"app":"editor","person":"%s"}`, person), "ExportRules": always("{}"),
		"ListAudit": always("{}"), "VerifyAudit": always("{}"), "Storage": always("{}"), "Compact": always("{}"),
		"StripPrivacy": always(`{"before":"2020-01-01","titles":true}`), "Backup": always(`{"directory":"/nowhere/at/all"}`),
		"ShowExtension": always("{}"), "AddExtension": always("{}"), "RemoveExtension": always("{}"),
		"ShowUpdates": always("{}"), "SetRollout": always(`{"os":"linux","version":"1.2.3","halt":true}`), "UpdateDevice": with(`{"id":"%s"}`, device),
		"ListReleases": always("{}"), "RemoveRelease": always(`{"version":"1.2.3"}`),
		"ShowExtensionPolicy": always(`{"browser":"firefox","os":"linux"}`),
		"ReportDashboard":     group, "ReportPeople": every, "ReportApps": group, "ReportSites": group, "ReportTitles": asks, "ReportCategories": group,
		"ReportHours": asks, "ReportGroups": group, "ReportLive": asks, "ReportActivity": group,
		"ReportTimeline": func(w names) []string {
			all := []string{`{}`}
			for _, who := range []string{w.person, w.name, w.login} {
				if who != "" {
					all = append(all, fmt.Sprintf(`{"ask":{"from":"%s","person":"%s"},"block_seconds":3600}`, day, who))
				}
			}
			return all
		},
		"ListActivity": func(w names) []string {
			return append(append(wrapped(`{"ask":%s,"newest_first":true}`, every(w)), wrapped(`{"ask":%s,"limit":2}`, ask())...),
				wrapped(`{"ask":%s}`, ask("search", w.app))...)
		},
		"Export": func(w names) []string {
			var all []string
			for _, format := range []string{"csv", "xlsx", "parquet"} {
				all = append(all, wrapped(`{"report":"activity","format":"`+format+`","ask":%s}`, ask("person", w.person))...)
			}
			for _, report := range []string{"dashboard", "people", "apps", "sites", "titles", "categories", "hours", "groups", "live", "pending"} {
				all = append(all, wrapped(`{"report":"`+report+`","format":"csv","ask":%s}`, ask())...)
			}
			return all
		},
	}
}

package config_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/shared/settings"
	"github.com/dayline-project/dayline/shared/stream"
)

const shownAccount = `passive:
  start: 3m
schedules:
  office: {mon: ["08:00-18:00"]}
schedule:
  groups:
    - {group: Support, use: office}
overrides:
  - devices: [d-1]
    settle: 1s
  - groups: [Support]
    passive:
      stop: 0m
`

const shownPeople = `groups: [{name: Support, devices: [d-1], logins: ['CORP\ana']}]
do_not_track:
  - {user: root}
  - {user: ana, domain: CORP}
`

func TestShow(t *testing.T) {
	set := load(t, map[string]string{config.AccountFile: shownAccount, config.PeopleFile: shownPeople})
	ana := stream.Login{Authority: "corp.example", Account: "ana", Name: `CORP\ana`}
	subject := &settings.Subject{ID: "d-1", Logins: []settings.SubjectLogin{{Login: ana}}}
	device := shown(t, set, subject, "")
	login := shown(t, set, subject, settings.LoginKey(ana))
	other := shown(t, set, &settings.Subject{ID: "d-2", Logins: subject.Logins}, settings.LoginKey(ana))
	account := map[string]string{}
	for _, v := range set.Show() {
		account[v.Key] = v.Value + " from " + v.Source
	}
	for _, test := range []struct {
		shown     map[string]string
		key, want string
	}{
		{account, "passive.start", "3m from account.yaml:2"},
		{account, "passive.stop", "5m from default"},
		{account, "settle", "2s from default"},
		{account, "overrides[1].passive.stop", "0m from account.yaml:13"},
		{account, "schedules.office.mon", "['08:00-18:00'] from account.yaml:4"},
		{account, "schedule.groups[0].use", "office from account.yaml:7"},
		{account, "updates.linux", "latest from default"},
		{account, "updates.rollout.plan", "[1, 10, 50, 100] from default"},
		{account, "installers.link_expiry", "72h from default"},
		{account, "storage.limit", "none from default"},
		{account, "agents.buffer.size", "64MB from default"},
		{account, "always_active", "[] from default"},
		{device, "passive.start", "3m from account.yaml:2"},
		{device, "passive.stop", "0m from account.yaml:13 (overrides[1])"},
		{device, "settle", "1s from account.yaml:10 (overrides[0])"},
		{device, "active.limit", "60m from default"},
		{device, "schedule", "office from account.yaml:7 (schedule.groups[0])"},
		{device, "schedules.office.mon", "['08:00-18:00'] from account.yaml:4"},
		{device, "tracked", ""},
		{login, "tracked", "false from people.yaml:4 (do_not_track[1])"},
		{other, "settle", "2s from default"},
		{other, "schedule", "office from account.yaml:7 (schedule.groups[0])"},
	} {
		if got := test.shown[test.key]; got != test.want {
			t.Errorf("%s is %q, want %q", test.key, got, test.want)
		}
	}
}

func shown(t testing.TB, set *config.Set, subject *settings.Subject, login string) map[string]string {
	t.Helper()
	why, err := settings.Explain(set.Account, set.Facts, subject, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, v := range set.ShowDevice(why, login) {
		all[v.Key] = v.Value + " from " + v.Source
	}
	return all
}

// TestShowIsTheDocument: whatever the overrides, what is shown of a device is what its agent gets, and its source says it.
func TestShowIsTheDocument(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := func(label string) string {
			pick := func(key string, values ...string) string {
				if v := rapid.SampledFrom(append(values, "")).Draw(t, label+key); v != "" {
					return ", " + fmt.Sprintf(key, v)
				}
				return ""
			}
			return pick("settle: %s", "0s", "1s") + pick("passive: {stop: %s}", "1m", "indefinitely") +
				pick("privacy: {urls: %s, titles: false}", "none", "full") + pick("always_active: [%s]", "zoom.exe") +
				pick("agents: {sync_every: %s}", "10s") + pick("browsers: {unknown_private: %s, accessibility: false}", "title")
		}
		account := "reports: {clock: 12h}\n"
		if own := rules("own "); own != "" {
			account += strings.ReplaceAll(own[2:], "}, ", "}\n")
			account = strings.ReplaceAll(strings.ReplaceAll(account, "s, ", "s\n"), "], ", "]\n") + "\n"
		}
		account += "overrides:\n"
		for n := range rapid.IntRange(1, 4).Draw(t, "overrides") {
			who := rapid.SampledFrom([]string{"devices: [d-1]", "groups: [G]", "devices: [d-2]", "groups: [H]"}).Draw(t, "who")
			account += "- {" + who + rules(fmt.Sprint(n, " ")) + "}\n"
		}
		files := map[string][]byte{}
		for _, name := range config.Files {
			files[name], _ = config.Default(name)
		}
		files[config.AccountFile] = []byte(account)
		files[config.PeopleFile] = []byte("groups: [{name: G, devices: [d-1]}, {name: H, devices: [d-2]}]\n")
		set, problems := config.Parse(files)
		if set == nil {
			t.Fatalf("%v\n%s", problems, account)
		}
		why, err := settings.Explain(set.Account, set.Facts, &settings.Subject{ID: "d-1"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		document := why.Document
		urls, _ := json.Marshal(document.Settings.Privacy.URLs)
		want := map[string]string{
			"settle": settings.Length(document.Settings.Settle), "passive.stop": settings.Length(document.Settings.Passive.Stop),
			"privacy.titles": fmt.Sprint(document.Settings.Privacy.Titles), "privacy.urls": strings.Trim(string(urls), `"`),
			"always_active":            "[" + strings.Join(document.Settings.AlwaysActive, ", ") + "]",
			"agents.sync_every":        settings.Length(document.Agents.SyncEvery),
			"browsers.unknown_private": document.Browsers.UnknownPrivate,
			"browsers.accessibility":   fmt.Sprint(document.Browsers.Accessibility),
		}
		lines := strings.Split(account, "\n")
		for _, v := range set.ShowDevice(why, "") {
			if w, known := want[v.Key]; known && w != v.Value {
				t.Errorf("%s is shown as %s, and is %s", v.Key, v.Value, w)
			}
			var line int
			if _, err := fmt.Sscanf(v.Source, "account.yaml:%d", &line); err != nil {
				continue
			}
			last := v.Key[strings.LastIndexByte(v.Key, '.')+1:]
			if !strings.Contains(lines[line-1], last+":") {
				t.Errorf("%s is said to stand in %q", v.Key, lines[line-1])
			}
		}
	})
}

// TestSettings: what the account page shows is what the file says, with the defaults, in JSON.
func TestSettings(t *testing.T) {
	account := shownAccount + "updates: {linux: {pinned: 1.4.2}}\nretention:\n  days: 0\nnotice: {text: Hello, version: 2}\n"
	set := load(t, map[string]string{config.AccountFile: account, config.PeopleFile: shownPeople})
	shown := map[string]string{}
	var order []string
	for _, s := range set.Settings() {
		order = append(order, s.Path)
		shown[s.Path] = fmt.Sprint(s.Value, " ", s.Default, " ", s.Said, " ", s.Overridden)
	}
	for key, want := range map[string]string{
		"passive.start": `"3m" "2m" true []`, "passive.stop": `"5m" "5m" false [overrides[1]]`, "settle": `"2s" "2s" false [overrides[0]]`,
		"schedules": `{"office":{"mon":["08:00-18:00"]}} {} true []`,
		"schedule":  `{"default":"always","groups":[{"group":"Support","use":"office"}]} {"default":"always"} true []`,
		"overrides": `[{"devices":["d-1"],"settle":"1s"},{"groups":["Support"],"passive":{"stop":"0m"}}] [] true []`,
		"notice":    `{"acknowledge":false,"text":"Hello","version":2} null true []`, "updates.linux": `{"pinned":"1.4.2"} "latest" true []`,
		"updates.macos": `"latest" "latest" false []`, "updates.rollout": `{"every":"24h","halt":5,"plan":[1,10,50,100]} {"every":"24h","halt":5,"plan":[1,10,50,100]} false []`,
		"retention.days": `0 180 true []`, "agents.buffer.size": `"64MB" "64MB" false []`, "storage.limit": `"none" "none" false []`,
		"privacy.redact": `[] [] false []`, "privacy.titles": `true true false []`,
	} {
		if shown[key] != want {
			t.Errorf("%s is %s, want %s", key, shown[key], want)
		}
	}
	// Nothing of the file is left out: what config show tells of is one of them, or below one.
	for _, v := range set.Show() {
		if !slices.ContainsFunc(order, func(key string) bool {
			return v.Key == key || strings.HasPrefix(v.Key, key+".") || strings.HasPrefix(v.Key, key+"[")
		}) {
			t.Errorf("%s is not among the keys", v.Key)
		}
	}
	// All can be written back as they are shown.
	var edits []config.Edit
	for _, s := range set.Settings() {
		edits = append(edits, config.Edit{File: config.AccountFile, Key: s.Path, Value: s.Value})
	}
	content, err := config.Apply(set.Content, edits)
	if err != nil {
		t.Fatal(err)
	}
	again, problems := config.Parse(content)
	if again == nil {
		t.Fatal(problems)
	}
	for i, back := range again.Settings() {
		if back.Value != set.Settings()[i].Value || !back.Said {
			t.Errorf("%s became %s", back.Path, back.Value)
		}
	}
}

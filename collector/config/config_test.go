package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/shared/settings"
)

// folder writes the four files, those given in place of the defaults, and gives their folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := config.WriteDefaults(dir); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		write(t, dir, name, content)
	}
	return dir
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, files map[string]string) *config.Set {
	t.Helper()
	set, problems := config.Load(folder(t, files))
	if set == nil {
		t.Fatalf("problems: %v", problems)
	}
	return set
}

func TestDefaultsAreTheDefaults(t *testing.T) {
	dir := folder(t, nil)
	set, problems := config.Load(dir)
	if set == nil || len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	var people settings.People
	subject := &settings.Subject{ID: "d-1"}
	fromFile, err := settings.Resolve(set.Account, set.Facts, subject, []byte("salt"))
	if err != nil {
		t.Fatal(err)
	}
	without, err := settings.Resolve(settings.Default(), &people, subject, []byte("salt"))
	if err != nil {
		t.Fatal(err)
	}
	a, _, _ := fromFile.Encode()
	b, _, _ := without.Encode()
	if a != b {
		t.Fatal("the written file says something else than the defaults")
	}
	write(t, dir, config.PeopleFile, "users: []\n")
	if written, err := config.WriteDefaults(dir); err != nil || len(written) > 0 {
		t.Fatalf("wrote over %v (%v)", written, err)
	}
}

func TestEveryKey(t *testing.T) {
	set := load(t, map[string]string{
		config.CollectorFile: `
listen: {agents: "0.0.0.0:9443", web: "[::1]:9444"}
public_url: https://dayline.example.com:8443
data_dir: /srv/dayline
tls: {mode: files, cert: /etc/c.pem, key: /etc/k.pem, names: [a.example.com, 192.0.2.1]}
trusted_proxies: [10.0.0.0/8, "::1"]
storage: {memory: 1GB, floor: 5GiB}
sign_in: {oidc: {issuer: "https://id.example.com", client_id: x, client_secret_file: /etc/s}}
log: {level: debug, format: json}
metrics: {listen: ""}
`,
		config.AccountFile: `
passive: {start: 3m, stop: indefinitely}
active: {limit: 120m}
settle: 500ms
always_active: [zoom.exe, meet.example.com]
privacy: {titles: false, urls: path, redact: ['\d{4}'], pause: true, min_people: 3}
browsers: {unknown_private: title, accessibility: false}
notice: {text: We measure., purpose: Planning, contact: ada@example.com, version: 2, acknowledge: false}
schedules: {office: {mon-fri: ["08:00-12:00", "13:00-18:00"], sat: ["10:00-12:00"]}}
schedule: {default: office, groups: [{group: Support, use: always}]}
overrides: [{devices: [d-1], groups: [Support], passive: {stop: 0m}, privacy: {urls: none}, agents: {buffer: {days: 5}}}]
installers: {link_expiry: 1h, max_devices: 3, max_per_minute: 2, non_admins: true}
updates: {windows: paused, macos: off, linux: {pinned: 1.4.2-rc.1}, rollout: {plan: [50], every: 1h}}
reports: {time_zone: Europe/Lisbon, week_start: sun, clock: 12h, landing_page: live, exclude_today: true}
storage: {limit: 3GB}
retention: {days: 0}
agents: {sync_every: 10s, buffer: {size: 8MB, days: 30}}
`,
		config.PeopleFile: `
users: [{email: ada@example.com, role: admin, break_glass: true}, {email: v@example.com, role: viewer, viewable_groups: all}]
people: [{id: p-1, name: Ana, logins: ['CORP\ana'], email: a@example.com, namesake: true}, {id: p-2, name: ana, namesake: true}]
devices: [{id: d-1, alias: Desk}]
groups: [{name: Support, people: [p-1], logins: ['CORP\x'], devices: [d-1]}]
do_not_track: [{user: admin, domain: "*"}, {user: root}, {domain: LAB}]
`,
		config.ClassificationFile: `
categories: [Mail]
rules: [{app: a.exe, status: productive, category: Mail}, {url: "https://x.example/y", category: ignore, exceptions: [{group: Support, status: undefined}]}]
`,
	})
	account := set.Account
	if account.Updates.Linux.Pinned != "1.4.2-rc.1" || account.Updates.Windows.Mode != "paused" || account.Storage.Limit != 3e9 ||
		*account.Overrides[0].Privacy.URLs != "none" || *account.Overrides[0].Agents.Buffer.Days != 5 || account.Overrides[0].Privacy.Titles != nil || *account.Browsers.Accessibility {
		t.Errorf("account: %+v", account)
	}
	if c := set.Collector; c.Storage.Floor != 5<<30 || c.SignIn.OIDC.ClientID != "x" || c.TLS.Cert != "/etc/c.pem" || c.Metrics.Listen != "" {
		t.Errorf("collector: %+v", c)
	}
	if u := set.People.Users[1]; !u.ViewableGroups.All {
		t.Errorf("user: %+v", u)
	}
}

func TestRefusals(t *testing.T) {
	const c, a, p, k = config.CollectorFile, config.AccountFile, config.PeopleFile, config.ClassificationFile
	for _, test := range []struct{ file, content, want string }{
		{a, "", "account.yaml: the file is empty"},
		{a, "# only a comment\n", "account.yaml: the file is empty"},
		{a, "---\n", "account.yaml: the file is empty"},
		{a, "null\n", "account.yaml: the file is empty"},
		{a, "text\n", `account.yaml:1: is "text"; keys with values are wanted`},
		{a, "[]\n", "account.yaml:1: is a list; keys with values are wanted"},
		{a, "settle: 1s\n---\nsettle: 2s\n", "account.yaml:3: a second document"},
		{a, "settle: 1s\nsettle: 2s\n", "account.yaml:2: "},
		{a, "privacy: {titles: true, titles: false}\n", "account.yaml:1: "},
		{a, "settle: 1s\n\npasive:\n  start: 2m\n", "account.yaml:3: pasive: there is no such key; the nearest is passive"},
		{a, "passive:\n  strat: 2m\n", "account.yaml:2: passive.strat: there is no such key; the nearest is passive.start"},
		{a, "titles: true\n", "account.yaml:1: titles: there is no such key; the nearest is privacy.titles"},
		{a, "passive:\n  start: 15m\n", "account.yaml:2: passive.start: 15m is not allowed; allowed: 1m–10m, whole minutes"},
		{a, "passive: {start: 90s}\n", "account.yaml:1: passive.start: 1m30s is not allowed"},
		{a, "passive: {stop: 31m}\n", "passive.stop: 31m is not allowed; allowed: 0m–30m, whole minutes, or indefinitely"},
		{a, "active: {limit: 10m}\n", "active.limit: 10m is not allowed; allowed: 30m–120m, whole minutes, or indefinitely"},
		{a, "settle: 11s\n", "settle: 11s is not allowed; allowed: 0s–10s"},
		{a, "settle: soon\n", "account.yaml:1: settle: want a length"},
		{a, "settle: -1s\n", "account.yaml:1: settle: want a length"},
		{a, "settle:\n", "account.yaml:1: settle: has no value"},
		{a, "settle: [1s]\n", "account.yaml:1: settle: is a list; a single value is wanted"},
		{a, "privacy: {titles: yes}\n", `privacy.titles: "yes" is neither true nor false`},
		{a, "privacy: {urls: all}\n", `privacy.urls: "all" is not allowed; allowed: none, host, path or full`},
		{a, "privacy:\n  redact:\n    - ok\n    - '('\n", "account.yaml:4: privacy.redact[1]: "},
		{a, "privacy: {redact: [" + strings.Repeat("a, ", 32) + "a]}\n", "privacy.redact: 33 patterns is not allowed; allowed: at most 32"},
		{a, "privacy: {redact: [" + strings.Repeat("a", 257) + "]}\n", "privacy.redact[0]: a pattern of 257 bytes"},
		{a, "privacy: {min_people: 0}\n", "privacy.min_people: 0 is not allowed; allowed: 1–1000"},
		{a, "browsers: {unknown_private: show}\n", "browsers.unknown_private"},
		{a, "browsers: {accessibility: title}\n", `browsers.accessibility: "title" is neither true nor false`},
		{a, "schedules: {office: {mon-fry: ['08:00-18:00']}}\n", "schedules.office.mon-fry"},
		{a, "schedules: {office: {mon: ['18:00-08:00']}}\n", "schedules.office.mon[0]"},
		{a, "schedules: {office: {mon: ['08:00-24:01']}}\n", "schedules.office.mon[0]"},
		{a, "schedules: {always: {}}\n", "schedules.always"},
		{a, "schedule: {default: ofice}\nschedules: {office: {}}\n", `schedule.default: "ofice" is not allowed; allowed: always or office`},
		{a, "schedule: {groups: [{group: Nobody, use: always}]}\n", `schedule.groups[0].group: there is no group "Nobody"`},
		{a, "overrides:\n  - passive: {stop: 0m}\n", "overrides[0]: no devices and no groups"},
		{a, "overrides:\n  - groups: [Nobody]\n    settle: 1s\n", "account.yaml:2: overrides[0].groups[0]"},
		{a, "overrides:\n  - devices: [d-1]\n    settle: 1s\n  - devices: [d-1]\n    settle: 60s\n", "account.yaml:5: overrides[1].settle"},
		{a, "overrides:\n  - devices: [d-1]\n    retention: {days: 1}\n", "overrides[0].retention: there is no such key"},
		{a, "overrides:\n  - devices: [d-1]\n    privacy: {min_people: 2}\n", "overrides[0].privacy.min_people"},
		{a, "installers: {link_expiry: 169h}\n", "installers.link_expiry: 169h is not allowed; allowed: 1h–168h"},
		{a, "installers: {max_devices: 1.5}\n", `installers.max_devices: "1.5" is not a whole number`},
		{a, "updates: {linux: newest}\n", `updates.linux: "newest" is none of latest`},
		{a, "updates: {linux: {pinned: 1.4}}\n", `updates.linux.pinned: "1.4" is not allowed`},
		{a, "updates: {rollout: {plan: [10, 5]}}\n", "updates.rollout.plan"},
		{a, "reports: {time_zone: Mars/Base}\n", "reports.time_zone"},
		{a, "reports: {time_zone: ../../etc/passwd}\n", "reports.time_zone"},
		{a, "storage: {limit: 3}\n", "storage.limit"},
		{a, "retention: {days: -1}\n", "account.yaml:1: retention.days: -1 is not allowed; allowed: 0–36500"},
		{a, "notice: {text: x, version: 0}\n", "notice.version: 0 is not allowed"},
		{a, "always_active: ['']\n", "always_active[0]"},
		{a, "agents: {sync_every: 11m}\n", "agents.sync_every: 11m is not allowed; allowed: 1s–10m"},
		{a, "agents: {buffer: {size: 5GB}}\n", "agents.buffer.size: 5GB is not allowed; allowed: 1MB–4GB"},
		{a, "a: &x 1\nb: *x\n", "account.yaml:1: a: there is no such key"},
		{a, "settle: &x 1s\n", "account.yaml:1: settle: anchors, aliases and tags have no place here"},
		{a, "settle: \xff\n", "account.yaml: the file is not UTF-8 text"},
		{a, "passive: {start: 2m\n", "account.yaml:"},
		{a, "\tsettle: 1s\n", "account.yaml:1: "},
		{a, "x: " + strings.Repeat("[", 100_000), "nest deeper"},
		{a, strings.Repeat("- ", 100_000), "nest deeper"},
		{a, strings.Repeat("{a: ", 100_000), "nest deeper"},
		{a, strings.Repeat("# 5678901234567890\n", 60_000), "the file has over 1048576 bytes"},

		{c, "tls: {mode: acme}\n", "tls.mode: this version does not offer acme; offered: self-signed, files or off"},
		{c, "tls: {mode: files}\n", "tls.cert: mode files needs an absolute path"},
		{c, "tls: {mode: off}\n", "tls.mode: off beyond this computer needs trusted_proxies"},
		{c, "tls: {mode: selfsigned}\n", `tls.mode: "selfsigned" is not allowed`},
		{c, "listen: {agents: '8443'}\n", `listen.agents: "8443" is not an address`},
		{c, "listen: {agents: ':99999'}\n", "listen.agents"},
		{c, "public_url: http://dayline.example.com\n", "public_url: "},
		{c, "public_url: https://dayline.example.com/path\n", "public_url: "},
		{c, "web_url: http://dayline.example.com\n", "web_url: "},
		{c, "web_url: dayline.example.com\n", "web_url: "},
		{c, "data_dir: data\n", `data_dir: "data" is not an absolute path`},
		{c, "trusted_proxies: [proxy]\n", "trusted_proxies[0]"},
		{c, "storage: {memory: 1MB}\n", "storage.memory: 1MB is not allowed; allowed: 64MB–10TB"},
		{c, "storage: {floor: some}\n", "storage.floor"},
		{c, "log: {level: loud}\n", "log.level"},
		{c, "sign_in: {oidc: {}}\n", "sign_in.oidc.issuer"},

		{p, "users: [{email: ada, role: admin}]\n", "users[0].email: is not an e-mail address"},
		{p, "users: [{email: a@b.c, role: boss}]\n", `people.yaml:1: users[0].role: "boss" is not allowed; allowed: admin, configurator, manager, viewer`},
		{p, "\nusers:\n- {email: a@b.c, role: manager}\n", "people.yaml:2: users: none of them has the role admin"},
		{p, "users:\n- {email: a@b.c, role: admin}\n- {email: A@b.c, role: admin}\n", "people.yaml:3: users[1].email: stands at users[0].email already"},
		{p, "groups: [{name: Support}]\nusers: [{email: a@b.c, role: viewer, viewable_groups: [Suport]}]\n", `there is no group "Suport"; the nearest is "Support"`},
		{p, "users: [{email: a@b.c, role: viewer, viewable_groups: some}]\n", "a list of groups, or all, is wanted"},
		{p, "people: [{name: Ana}]\n", "people[0].id: is missing or empty"},
		{p, "people:\n- {id: p-1, name: Ana}\n- {id: p-2, name: ana}\n", "people.yaml:3: people[1].name: is the name of people[0] too"},
		{p, "people: [{id: p-1, logins: [ana]}]\n", `people[0].logins[0]: is not a login such as 'CORP\ana'`},
		{p, "people: [{id: p-1, logins: ['A\\x']}, {id: p-2, logins: ['a\\X']}]\n", "people[1].logins[0]: stands at people[0].logins[0] already"},
		{p, "groups: [{name: A}, {name: a}]\n", "groups[1].name: stands at groups[0].name already"},
		{p, "groups: [{name: A, members: []}]\n", "groups[0].members: there is no such key"},
		{p, "do_not_track: [{}]\n", "do_not_track[0]: names neither a user nor a domain"},
		{p, "do_not_track: [{user: 'CORP\\ana'}]\n", "do_not_track[0]: user and domain stand apart"},

		{k, "rules: [{status: productive}]\n", "rules[0]: names 0 of app, site and url"},
		{k, "rules: [{app: a, site: b, status: productive}]\n", "rules[0]: names 2 of app, site and url"},
		{k, "rules: [{app: a}]\n", "rules[0]: says neither status nor category"},
		{k, "rules: [{app: a, status: good}]\n", `rules[0].status: "good" is not allowed`},
		{k, "rules: [{app: a, category: Mial}]\ncategories: [Mail]\n", `rules[0].category: "Mial" is not allowed; allowed: Mail, ignore`},
		{k, "rules: [{site: 'https://x', status: productive}]\n", "rules[0].site"},
		{k, "rules: [{url: x, status: productive}]\n", "rules[0].url"},
		{k, "rules:\n- {site: x, status: productive}\n- {site: X, status: productive}\n", "classification.yaml:3: rules[1]: stands at rules[0] already"},
		{k, "rules:\n- {site: x.org, status: productive}\n- {site: www.X.org., status: productive}\n", "classification.yaml:3: rules[1]: stands at rules[0] already"},
		{k, "rules:\n- {url: 'https://x.org/a', status: productive}\n- {url: 'http://www.x.org:80/%61/', status: productive}\n", "classification.yaml:3: rules[1]: stands at rules[0] already"},
		{k, "rules: [{site: '*.x.org', status: productive}]\n", "rules[0].site"},
		{k, "rules:\n- app: a\n  exceptions:\n  - {group: Nobody, status: productive}\n", "classification.yaml:4: rules[0].exceptions[0].group: there is no group"},
	} {
		files := map[string][]byte{}
		for _, name := range config.Files {
			files[name], _ = config.Default(name)
		}
		files[test.file] = []byte(test.content)
		set, problems := config.Parse(files)
		if set != nil {
			t.Errorf("%.60q: accepted", test.content)
			continue
		}
		found := slices.ContainsFunc(problems, func(p config.Problem) bool { return strings.Contains(p.String(), test.want) })
		if !found {
			t.Errorf("%.60q:\n got %v\nwant %s", test.content, problems, test.want)
		}
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	dir := folder(t, map[string]string{
		config.AccountFile: "settle: 20s\npassive: {start: 0m, stop: 40m}\n", config.PeopleFile: "user: []\n",
	})
	if err := os.Remove(filepath.Join(dir, config.ClassificationFile)); err != nil {
		t.Fatal(err)
	}
	_, problems := config.Load(dir)
	var got []string
	for _, p := range problems {
		got = append(got, p.File+" "+p.Key)
	}
	want := []string{"account.yaml settle", "account.yaml passive.start", "account.yaml passive.stop", "people.yaml user", "classification.yaml "}
	if !slices.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
}

func TestManyProblems(t *testing.T) {
	var keys strings.Builder
	for n := range 3_000 {
		fmt.Fprintf(&keys, "k%d: 1\n", n)
	}
	_, problems := config.Load(folder(t, map[string]string{config.AccountFile: keys.String()}))
	if len(problems) != 100 {
		t.Fatalf("told of %d problems", len(problems))
	}
}

func TestKept(t *testing.T) {
	data := t.TempDir()
	dir := folder(t, map[string]string{
		config.CollectorFile: "data_dir: " + data + "\n", config.AccountFile: "settle: 3s\n",
	})
	set, problems := config.Load(dir)
	if set == nil {
		t.Fatal(problems)
	}
	if _, err := config.Kept(data); err == nil {
		t.Fatal("nothing was kept yet")
	}
	if err := config.Keep(data, set); err != nil {
		t.Fatal(err)
	}
	for _, broken := range []string{"settle: 3h\n", "{", ""} {
		write(t, dir, config.AccountFile, broken)
		again, problems, err := config.LoadOrKept(dir)
		if err != nil || len(problems) == 0 || time.Duration(*again.Account.Settle) != 3*time.Second {
			t.Fatalf("%q: %v, %v", broken, problems, err)
		}
	}
	// An error beside data_dir in collector.yaml does not hide where the data is.
	write(t, dir, config.CollectorFile, "data_dir: "+data+"\nlog: {level: loud}\n")
	if _, _, err := config.LoadOrKept(dir); err != nil {
		t.Fatal(err)
	}
	write(t, dir, config.CollectorFile, "data_dir: "+t.TempDir()+"\nx: 1\n")
	if set, problems, err := config.LoadOrKept(dir); err == nil || set != nil || len(problems) == 0 {
		t.Fatal("neither good files nor a kept set, and no error")
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range config.Files {
		content, err := config.Default(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	for _, seed := range []string{"a: [", "? x\n: y", "<<: *a", "- - -", "!!map {}", "a: |\n  b", "{}", "schedules: {x: {? : 1}}", "\"\\uD800\": 1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		files := map[string][]byte{}
		for _, name := range config.Files {
			files[name] = content
		}
		set, problems := config.Parse(files)
		if set == nil && len(problems) == 0 {
			t.Fatal("refused without a reason")
		}
		// An edit of whatever this is ends well or with an error, never otherwise.
		for _, edit := range []config.Edit{
			{File: config.AccountFile, Key: "settle", Value: "1s"}, {File: config.PeopleFile, Key: "groups[A].people[x]"},
			{File: config.AccountFile, Key: "passive.start", Unset: true}, {File: config.ClassificationFile, Key: "rules", Value: "[]"},
		} {
			after, err := config.Apply(files, []config.Edit{edit})
			if err == nil && set != nil && !edit.Unset {
				if _, problems := config.Parse(after); len(problems) > 0 && problems[0].Line == 0 {
					t.Fatalf("%+v made it unreadable: %v", edit, problems)
				}
			}
		}
	})
}

// Linux tells Slack from slack, and a rule about a search would hold for the whole page: the one is no problem, the other
// a warning.
func TestRulesThatHoldAllTheSame(t *testing.T) {
	files := map[string][]byte{}
	for _, name := range config.Files {
		files[name], _ = config.Default(name)
	}
	files[config.ClassificationFile] = []byte("rules:\n- {app: Slack, status: productive}\n- {app: slack, status: unproductive}\n" +
		"- {site: '::1', status: productive}\n- {url: 'https://x.org/watch?v=1', status: productive}\n")
	set, problems := config.Parse(files)
	if set == nil || len(set.Classification.Rules) != 4 {
		t.Fatal(problems)
	}
	if len(problems) != 1 || problems[0].String() != "classification.yaml:5: warning: rules[3].url: what follows ? or # is not compared: the rule holds for the whole page" {
		t.Errorf("%v", problems)
	}
}

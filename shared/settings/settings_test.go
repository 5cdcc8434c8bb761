package settings_test

import (
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/settings"
	"github.com/dayline-project/dayline/shared/stream"
)

var (
	ana    = stream.Login{Account: "Ana", Name: `PC-1\Ana`}
	max    = stream.Login{Authority: "S-1-5-21", Account: "1104", Name: `CORP\Max`}
	admin  = stream.Login{Authority: "S-1-5-21", Account: "500", Name: `CORP\Administrator`}
	nobody = settings.NewPeople(nil, nil, nil)
)

func subject(logins ...stream.Login) *settings.Subject {
	s := &settings.Subject{ID: "d-1", Name: "PC-1"}
	for _, login := range logins {
		s.Logins = append(s.Logins, settings.SubjectLogin{Login: login})
	}
	return s
}

func resolve(t *testing.T, account *settings.Account, people *settings.People, s *settings.Subject) *settings.Device {
	t.Helper()
	if faults := account.Check(); len(faults) > 0 {
		t.Fatal(faults)
	}
	device, err := settings.Resolve(account, people, s, settings.Salt([]byte("secret"), s.ID))
	if err != nil {
		t.Fatal(err)
	}
	return device
}

// sent gives what the agent reads of a device's document.
func sent(t *testing.T, device *settings.Device) *settings.Device {
	t.Helper()
	revision, document, err := device.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := settings.ParseDevice(document)
	if err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	if read.Settings.Revision != revision {
		t.Fatalf("revision %q, want %q", read.Settings.Revision, revision)
	}
	return read
}

func TestDefaultIsTheTable(t *testing.T) {
	device := resolve(t, settings.Default(), nobody, subject())
	got := device.Settings
	got.AlwaysActive, got.Privacy.Redact = nil, nil
	if diff := cmp.Diff(*episode.DefaultSettings(), got); diff != "" {
		t.Fatal(diff)
	}
}

func TestOverrides(t *testing.T) {
	minutes := func(n int) *episode.Duration { return new(episode.Duration(time.Duration(n) * time.Minute)) }
	account := settings.Default()
	account.Overrides = []settings.Override{
		{Devices: []string{"D-1"}, Rules: settings.Rules{Passive: settings.PassiveRules{Start: minutes(3), Stop: minutes(0)}}},
		{Groups: []string{"Lab"}, Rules: settings.Rules{Passive: settings.PassiveRules{Stop: minutes(9)}, Settle: new(episode.Duration(0))}},
		{Devices: []string{"pc-1"}, Rules: settings.Rules{Privacy: settings.PrivacyRules{Titles: new(false), Redact: &[]string{"x"}}}},
		{Devices: []string{"d-2"}, Groups: []string{"Other"}, Rules: settings.Rules{Active: settings.ActiveRules{Limit: minutes(30)}}},
	}
	people := settings.NewPeople([]settings.Group{{Name: "Lab", Devices: []string{"d-1"}}, {Name: "Other", Devices: []string{"d-9"}}}, nil, nil)
	got := resolve(t, account, people, subject()).Settings
	want := *episode.DefaultSettings()
	want.Passive = episode.PassiveSettings{Start: *minutes(3), Stop: *minutes(9)}
	want.Settle = 0
	want.Privacy = episode.Privacy{Titles: false, URLs: "host", Redact: []string{"x"}}
	want.AlwaysActive = []string{}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	// A name that another device has, or had before, means nobody.
	unnamed := &settings.Subject{ID: "d-1"}
	if !resolve(t, account, people, unnamed).Settings.Privacy.Titles {
		t.Fatal("a rule for a name held for a device whose name is not its own")
	}
	if resolve(t, settings.Default(), people, subject()).Settings.Settle == 0 {
		t.Fatal("an override changed the defaults")
	}
}

// TestAccessibility: an override may turn the reading of addresses off for some computers, and a document that says nothing
// of it, as of a collector that does not know the key, turns it off.
func TestAccessibility(t *testing.T) {
	account := settings.Default()
	account.Overrides = []settings.Override{
		{Devices: []string{"d-1"}, Rules: settings.Rules{Browsers: settings.BrowserRules{Accessibility: new(false)}}},
	}
	for device, want := range map[string]bool{"d-1": false, "d-2": true} {
		read := sent(t, resolve(t, account, nobody, &settings.Subject{ID: device}))
		if got := read.For(max, nil, nil).Accessibility; got != want {
			t.Errorf("%s reads addresses: %t", device, got)
		}
	}
	_, document, err := resolve(t, settings.Default(), nobody, subject()).Encode()
	if err != nil {
		t.Fatal(err)
	}
	unsaid := strings.Replace(string(document), `,"accessibility":true`, "", 1)
	old, err := settings.ParseDevice([]byte(unsaid))
	if err != nil || unsaid == string(document) {
		t.Fatalf("%v\n%s", err, document)
	}
	if old.For(max, nil, nil).Accessibility {
		t.Error("addresses are read although the settings do not say so")
	}
}

func TestSchedules(t *testing.T) {
	account := settings.Default()
	account.Schedules = map[string]settings.Days{
		"office": {"mon-fri": {"13:00-18:00", "08:00-12:00"}, "fri": {"12:00-13:00", "17:00-19:00"}},
		"never":  {},
		"nights": {"sat-mon": {"20:00-24:00"}},
	}
	account.Schedule = settings.ScheduleUse{Default: "office", Groups: []settings.ScheduleGroup{
		{Group: "Support", Use: "nights"}, {Group: "Lab", Use: "never"}, {Group: "Free", Use: "always"},
	}}
	groups := []settings.Group{
		{Name: "Support", Logins: []string{`corp\MAX`}}, {Name: "Free", People: []string{"p-ana"}}, {Name: "Lab", Devices: []string{"d-lab"}},
	}
	people := settings.NewPeople(groups, map[string]string{`PC-1\ana`: "p-ana"}, nil)
	device := sent(t, resolve(t, account, people, subject(ana, max, admin)))
	office := episode.Schedule{
		"mon": {"08:00-12:00", "13:00-18:00"}, "tue": {"08:00-12:00", "13:00-18:00"}, "wed": {"08:00-12:00", "13:00-18:00"},
		"thu": {"08:00-12:00", "13:00-18:00"}, "fri": {"08:00-19:00"},
	}
	nights := episode.Schedule{"sat": {"20:00-24:00"}, "sun": {"20:00-24:00"}, "mon": {"20:00-24:00"}}
	for name, want := range map[string]struct {
		login    stream.Login
		schedule episode.Schedule
	}{"by person": {ana, nil}, "by login": {max, nights}, "by default": {admin, office}, "not asked": {stream.Login{Account: "new"}, office}} {
		if diff := cmp.Diff(want.schedule, device.For(want.login, nil, nil).Settings.Schedule); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	lab := resolve(t, account, people, &settings.Subject{ID: "d-lab", Logins: subject(ana, max).Logins})
	if got := sent(t, lab).For(max, nil, nil).Settings.Schedule; !cmp.Equal(got, nights) {
		t.Errorf("the first group that fits: %v", got)
	}
	if got := sent(t, lab).For(ana, nil, nil).Settings.Schedule; got == nil || len(got) > 0 {
		t.Errorf("never is %v", got)
	}
}

// TestLookAlike: a local account of a renamed computer is not the one that rules and groups mean.
func TestLookAlike(t *testing.T) {
	account := settings.Default()
	account.Schedules = map[string]settings.Days{"never": {}}
	account.Schedule.Groups = []settings.ScheduleGroup{{Group: "Boss", Use: "never"}}
	people := settings.NewPeople([]settings.Group{{Name: "Boss", Logins: []string{`CORP\boss`, `PC-1\ana`, `d-1\eve`}}}, nil, nil)
	for _, test := range []struct {
		login  stream.Login
		device settings.Subject
		meant  bool
	}{
		{stream.Login{Authority: "S-1", Account: "7", Name: `CORP\Boss`}, settings.Subject{ID: "d-9"}, true},
		{stream.Login{Account: "boss", Name: `CORP\boss`}, settings.Subject{ID: "d-9", Name: "OTHER"}, false},
		{ana, settings.Subject{ID: "d-1", Name: "PC-1"}, true},
		{ana, settings.Subject{ID: "d-1"}, false},
		{stream.Login{Account: "eve", Name: `ANY\eve`}, settings.Subject{ID: "d-1"}, true},
		{stream.Login{Account: "eve", Name: `d-1\eve`}, settings.Subject{ID: "d-2"}, false},
	} {
		test.device.Logins = []settings.SubjectLogin{{Login: test.login}}
		schedule := sent(t, resolve(t, account, people, &test.device)).For(test.login, nil, nil).Settings.Schedule
		if (schedule != nil) != test.meant {
			t.Errorf("%+v on %+v: meant is %v", test.login, test.device, !test.meant)
		}
	}
}

func TestDoNotTrack(t *testing.T) {
	list := []episode.Account{{User: "administrator", Domain: "*"}, {User: "ANA", Domain: "pc-1"}, {User: "root"}, {Domain: "LAB"}}
	people := settings.NewPeople(nil, nil, list)
	for _, test := range []struct {
		login   stream.Login
		tracked bool
	}{
		{admin, false},
		{ana, false},
		{stream.Login{Account: "ana", Name: `PC-2\ana`}, true},
		{max, true},
		{stream.Login{Account: "root"}, false},
		{stream.Login{Account: "x", Name: `lab\x`}, false},
	} {
		asked := sent(t, resolve(t, settings.Default(), people, &settings.Subject{
			ID: "d-1", Logins: []settings.SubjectLogin{{Login: test.login}},
		})).For(test.login, nil, nil)
		if !asked.Known || asked.Tracked != test.tracked || asked.Collect() != test.tracked || (asked.Reason == "") != test.tracked {
			t.Errorf("asked about %v: %+v", test.login, asked)
		}
		document := resolve(t, settings.Default(), people, &settings.Subject{ID: "d-1"})
		unasked := sent(t, document).For(test.login, nil, nil)
		if unasked.Tracked != test.tracked || unasked.Known == test.tracked || unasked.Collect() {
			t.Errorf("not asked about %v: %+v", test.login, unasked)
		}
		_, text, _ := document.Encode()
		for _, name := range []string{"administrator", "ANA", "root", "LAB"} {
			if strings.Contains(strings.ToLower(string(text)), strings.ToLower(name)) {
				t.Errorf("%s stands in the document", name)
			}
		}
	}
	one := resolve(t, settings.Default(), people, &settings.Subject{ID: "d-1"})
	two := resolve(t, settings.Default(), people, &settings.Subject{ID: "d-2"})
	if slices.Equal(one.DoNotTrackHashes, two.DoNotTrackHashes) {
		t.Error("two devices have the same hashes")
	}
}

// TestHashes holds the hash to a value worked out elsewhere: agents of another age compare with it.
func TestHashes(t *testing.T) {
	people := settings.NewPeople(nil, nil, []episode.Account{{User: "Ana", Domain: "CORP"}})
	device, err := settings.Resolve(settings.Default(), people, &settings.Subject{ID: "d-1"}, []byte("salt"))
	if err != nil {
		t.Fatal(err)
	}
	// printf 'corp\\ana' | openssl dgst -sha256 -hmac salt
	const want = "65a402e5aa744318a6b7a1ae7cb6f70f38c830ea33f1ce8991bff6256b334be7"
	if device.DoNotTrackSalt != hex.EncodeToString([]byte("salt")) || device.DoNotTrackHashes[0] != want {
		t.Fatalf("salt %s, hashes %v", device.DoNotTrackSalt, device.DoNotTrackHashes)
	}
}

func TestEncodeIsDeterministic(t *testing.T) {
	people := settings.NewPeople(nil, nil, []episode.Account{{User: "a"}, {User: "b"}, {User: "c"}})
	reversed := settings.NewPeople(nil, nil, []episode.Account{{User: "c"}, {User: "b"}, {User: "a"}, {User: "A", Domain: "*"}})
	first, document, err := resolve(t, settings.Default(), people, subject(ana, max, admin)).Encode()
	if err != nil {
		t.Fatal(err)
	}
	second, _, _ := resolve(t, settings.Default(), reversed, subject(admin, max, ana)).Encode()
	if first != second || len(first) != len("r-")+16 {
		t.Fatalf("%s and %s for the same rules", first, second)
	}
	again, same, _ := sent(t, resolve(t, settings.Default(), people, subject(ana, max, admin))).Encode()
	if again != first || string(same) != string(document) {
		t.Fatal("reading and writing changes the document")
	}
}

func TestRequires(t *testing.T) {
	account := settings.Default()
	account.Privacy.URLs = new(episode.URLsFull)
	device := resolve(t, account, nobody, subject(max))
	device.Requires = []string{"redact-v2"}
	lacking := sent(t, device).For(max, []string{"other"}, nil)
	if !lacking.NamesOnly || lacking.Settings.Privacy.Titles || lacking.Settings.Privacy.URLs != "none" || !lacking.Collect() {
		t.Fatalf("%+v", lacking)
	}
	having := sent(t, device).For(max, []string{"redact-v2"}, nil)
	if having.NamesOnly || !having.Settings.Privacy.Titles || having.Settings.Privacy.URLs != "full" {
		t.Fatalf("%+v", having)
	}
}

func TestNotice(t *testing.T) {
	account := settings.Default()
	account.Notice = &settings.Notice{Text: "We measure.", Version: 1, Acknowledge: true}
	device := sent(t, resolve(t, account, nobody, subject(max)))
	if got := device.For(max, nil, nil); got.Collect() || got.Reason == "" {
		t.Fatalf("an agent that cannot show the notice collects: %+v", got)
	}
	if got := device.For(max, []string{settings.FeatureNotice}, nil); !got.Collect() || got.Notice.Version != 1 || got.NamesOnly {
		t.Fatalf("%+v", got)
	}
}

func TestBadRedaction(t *testing.T) {
	device := resolve(t, settings.Default(), nobody, subject(max))
	device.Settings.Privacy = episode.Privacy{Titles: true, URLs: "full", Redact: []string{"ok", "("}}
	got := sent(t, device).For(max, nil, nil)
	if !got.BadRedaction || got.Settings.Privacy.Titles || got.Settings.Privacy.URLs != "host" {
		t.Fatalf("%+v", got.Settings.Privacy)
	}
}

func TestParseDeviceRefuses(t *testing.T) {
	_, good, err := resolve(t, settings.Default(), nobody, subject(max)).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []struct{ key, value, want string }{
		{"device", `""`, "device"},
		{"settings.passive.start", `"11m"`, "passive.start"},
		{"settings.passive.start", `"soon"`, ""},
		{"settings.passive.stop", `"31m"`, "passive.stop"},
		{"settings.active.limit", `"1s"`, "active.limit"},
		{"settings.settle", `"20s"`, "settle"},
		{"settings.privacy.urls", `"everything"`, "privacy.urls"},
		{"settings.privacy.redact", `["` + strings.Repeat("x", 257) + `"]`, "privacy.redact"},
		{"settings.schedule", `{"mon-fri":["08:00-18:00"]}`, "schedule"},
		{"settings.schedule", `{"mon":["18:00-08:00"]}`, "schedule"},
		{"logins", `{"a\\b":{"tracked":true,"schedule":{"mon":["x"]}}}`, "schedule"},
		{"browsers.unknown_private", `"show"`, "browsers.unknown_private"},
		{"agents.sync_every", `"0s"`, "agents.sync_every"},
		{"agents.buffer.bytes", `-1`, "agents.buffer.size"},
		{"agents.buffer.days", `0`, "agents.buffer.days"},
		{"do_not_track_salt", `"xyz"`, "do_not_track_salt"},
		{"notice", `{"text":"","version":1}`, "notice.text"},
	} {
		var document map[string]any
		if err := json.Unmarshal(good, &document); err != nil {
			t.Fatal(err)
		}
		at := document
		keys := strings.Split(change.key, ".")
		for _, key := range keys[:len(keys)-1] {
			at = at[key].(map[string]any)
		}
		at[keys[len(keys)-1]] = json.RawMessage(change.value)
		bad, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := settings.ParseDevice(bad); err == nil || !strings.Contains(err.Error(), change.want) {
			t.Errorf("%s: %s: got %v", change.key, change.value, err)
		}
	}
	for _, bad := range []string{"", "{}", "null", "[]", "{", string(good[:len(good)-1]), string(good) + "x"} {
		if _, err := settings.ParseDevice([]byte(bad)); err == nil {
			t.Errorf("accepted %.20q", bad)
		}
	}
	if _, err := settings.ParseDevice(make([]byte, settings.MaxDocument+1)); err == nil {
		t.Error("accepted a huge document")
	}
	unknown := strings.Replace(string(good), "{", `{"from_the_future":{"x":1},`, 1)
	if _, err := settings.ParseDevice([]byte(unknown)); err != nil {
		t.Errorf("an unknown key: %v", err)
	}
}

func TestCeiling(t *testing.T) {
	account := settings.Default()
	account.Privacy.URLs = new(episode.URLsPath)
	account.Privacy.Redact = &[]string{"one", "two"}
	account.Schedules = map[string]settings.Days{"office": {"mon": {"08:00-12:00", "13:00-18:00"}, "tue": {"08:00-18:00"}}}
	account.Schedule.Default = "office"
	device := sent(t, resolve(t, account, nobody, subject(max)))
	for _, test := range []struct {
		ceiling string
		want    episode.Settings
	}{
		{`{}`, episode.Settings{}},
		{`{"privacy":{"titles":true,"urls":"full","redact":[]}}`, episode.Settings{}},
		{
			`{"privacy":{"titles":false,"urls":"host","redact":["two","three"]},"schedule":{"mon-wed":["10:00-14:00","17:00-24:00"]}}`,
			episode.Settings{
				Privacy:  episode.Privacy{URLs: "host", Redact: []string{"one", "two", "three"}},
				Schedule: episode.Schedule{"mon": {"10:00-12:00", "13:00-14:00", "17:00-18:00"}, "tue": {"10:00-14:00", "17:00-18:00"}},
			},
		},
		{`{"schedule":{}}`, episode.Settings{Schedule: episode.Schedule{}}},
		{`{"privacy":{"urls":"none","redact":["\\p{Greek}"]}}`, episode.Settings{Privacy: episode.Privacy{
			Titles: true, URLs: "none", Redact: []string{"one", "two", `\p{Greek}`},
		}}},
	} {
		ceiling, err := settings.ParseCeiling([]byte(test.ceiling))
		if err != nil {
			t.Fatal(err)
		}
		got := device.For(max, nil, ceiling).Settings
		open := device.For(max, nil, nil).Settings
		want := *open
		if test.want.Privacy.URLs != "" {
			want.Privacy = test.want.Privacy
		}
		if test.want.Schedule != nil {
			want.Schedule = test.want.Schedule
		}
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("%s: %s", test.ceiling, diff)
		}
		if !slices.Equal(open.Privacy.Redact, []string{"one", "two"}) {
			t.Fatal("the ceiling changed the document")
		}
	}
	always := sent(t, resolve(t, settings.Default(), nobody, subject(max)))
	ceiling, err := settings.ParseCeiling([]byte(`{"schedule":{"fri":["08:00-09:00"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := always.For(max, nil, ceiling).Settings.Schedule; !cmp.Equal(got, episode.Schedule{"fri": {"08:00-09:00"}}) {
		t.Errorf("always under a ceiling is %v", got)
	}
	for _, bad := range []string{``, `[]`, `{"titles":false}`, `{"privacy":{"title":false}}`, `{"privacy":{"urls":"some"}}`,
		`{"privacy":{"redact":["("]}}`, `{"schedule":{"mon":["9-17"]}}`, `{"schedule":{"monday":[]}}`, `{} {}`, `{"privacy":{"titles":"no"}}`} {
		if _, err := settings.ParseCeiling([]byte(bad)); err == nil {
			t.Errorf("accepted %s", bad)
		}
	}
}

func TestBytes(t *testing.T) {
	for text, want := range map[string]settings.Bytes{
		"64MB": 64e6, "3GB": 3e9, "512KiB": 512 << 10, "1.5 GiB": 3 << 29, "10b": 10, "2tb": 2e12, "7kb": 7000,
	} {
		if got, err := settings.ParseBytes(text); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
		if again, err := settings.ParseBytes(want.String()); err != nil || again != want {
			t.Errorf("%s written as %s", text, want)
		}
	}
	for _, text := range []string{"", "64", "MB", "-1MB", "1e30TB", "NaNMB", "InfGB", "1 2MB", "0x10MB", "64 M"} {
		if got, err := settings.ParseBytes(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}

func TestLoginKey(t *testing.T) {
	keys := map[string]bool{}
	for _, login := range []stream.Login{ana, max, admin, {Account: "ana", Authority: "EXAMPLE.COM"}} {
		keys[settings.LoginKey(login)] = true
	}
	want := []string{`\ana`, `example.com\ana`, `s-1-5-21\1104`, `s-1-5-21\500`}
	if got := slices.Sorted(maps.Keys(keys)); !slices.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
	if settings.LoginKey(stream.Login{Account: "ANA", Name: "x"}) != settings.LoginKey(ana) {
		t.Error("case or the shown name changed the key")
	}
}

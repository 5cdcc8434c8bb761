package episode_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dayline-project/dayline/shared/episode"
)

func TestParseSettingsDefaults(t *testing.T) {
	got, err := episode.ParseSettings([]byte(`{"colour": [1, 2], "passive": {"other": null}}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(episode.DefaultSettings(), got); diff != "" {
		t.Error(diff)
	}
	if err := got.CheckRanges(); err != nil {
		t.Error(err)
	}
}

func TestSettingsRoundTrip(t *testing.T) {
	for _, schedule := range []episode.Schedule{nil, {}, {"mon": {"08:00-12:00", "13:00-24:00"}, "sun": {}}} {
		want := &episode.Settings{
			Revision:     "r7",
			Passive:      episode.PassiveSettings{Start: episode.Duration(90 * time.Second), Stop: episode.Indefinitely},
			Active:       episode.ActiveSettings{Limit: episode.Duration(time.Hour)},
			Settle:       episode.Duration(1500 * time.Millisecond),
			AlwaysActive: []string{"zoom.exe"},
			Privacy:      episode.Privacy{URLs: episode.URLsPath, Redact: []string{`\d+`}},
			Schedule:     schedule,
			DoNotTrack:   []episode.Account{{User: "ana"}},
		}
		raw, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := episode.ParseSettings(raw)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", raw, diff)
		}
		var plain episode.Settings
		if err := json.Unmarshal(raw, &plain); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, &plain); diff != "" {
			t.Errorf("encoding/json: %s:\n%s", raw, diff)
		}
	}
}

func TestParseSettingsRefuses(t *testing.T) {
	for _, c := range []struct{ document, want string }{
		{``, `settings: want a JSON object`},
		{`[]`, `settings: want a JSON object`},
		{`null`, `settings: want a JSON object`},
		{`{} {}`, `settings: want a JSON object: invalid character '{' after top-level value`},
		{"{\"revision\": \"\xff\"}", `settings: want text in UTF-8`},
		{`{"passive": 5}`, `passive: 5: want a JSON object`},
		{`{"passive": {"start": "2x"}}`, `passive.start: "2x": want a length such as 2m, 90s or 1h30m, not negative`},
		{`{"passive": {"start": "-2m"}}`, `passive.start: "-2m": want a length such as`},
		{`{"passive": {"start": "indefinitely"}}`, `passive.start: "indefinitely": want a length such as`},
		{`{"passive": {"stop": 300}}`, `passive.stop: 300: want a length such as 2m, 90s or 1h30m, not negative, or indefinitely`},
		{`{"active": {"limit": null}}`, `active.limit: null: want`},
		{`{"settle": "Indefinitely"}`, `settle: "Indefinitely": want`},
		{`{"always_active": "zoom.exe"}`, `always_active: "zoom.exe": want a list`},
		{`{"always_active": ["a", 1]}`, `always_active[1]: 1: want a text`},
		{`{"privacy": {"titles": "yes"}}`, `privacy.titles: "yes": want true or false`},
		{`{"privacy": {"urls": "Full"}}`, `privacy.urls: "Full": want none, host, path or full`},
		{`{"privacy": {"redact": ["a", "("]}}`, `privacy.redact[1]: "(": want an RE2 pattern: error parsing regexp: missing closing ): `},
		{`{"privacy": {"redact": ["` + strings.Repeat("a", 257) + `"]}}`, `privacy.redact[0]: want an RE2 pattern: longer than 256 bytes`},
		{`{"privacy": {"redact": [` + strings.Repeat(`"a",`, 32) + `"a"]}}`, `privacy.redact: want at most 32 patterns`},
		{`{"schedule": null}`, `schedule: null: want a JSON object`},
		{`{"schedule": {"monday": []}}`, `schedule.monday: want a weekday: mon, tue, wed, thu, fri, sat, sun`},
		{`{"schedule": {"mon": "08:00-09:00"}}`, `schedule.mon: "08:00-09:00": want a list`},
		{`{"schedule": {"mon": ["09:00-08:00"]}}`, `schedule.mon: "09:00-08:00": want HH:MM-HH:MM, start before end, 24:00 allowed as end`},
		{`{"do_not_track": ["ana"]}`, `do_not_track[0]: "ana": want a JSON object`},
		{`{"do_not_track": [{"user": 1}]}`, `do_not_track[0].user: 1: want a text`},
	} {
		_, err := episode.ParseSettings([]byte(c.document))
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s:\n got %v\nwant %s", c.document, err, c.want)
		}
	}
}

func TestScheduleSpans(t *testing.T) {
	for span, ok := range map[string]bool{
		"00:00-24:00": true, "23:59-24:00": true, "08:30-08:31": true,
		"08:00-08:00": false, "24:00-24:00": false, "00:00-24:01": false, "08:60-09:00": false, "25:00-26:00": false,
		"8:00-9:00": false, "08:00 - 09:00": false, "08.00-09:00": false, "0a:00-09:00": false, "+8:00-09:00": false, "": false,
	} {
		if err := (episode.Schedule{"tue": {span}}).Check(); (err == nil) != ok {
			t.Errorf("%q: %v", span, err)
		}
	}
}

func TestCheckRanges(t *testing.T) {
	s := episode.DefaultSettings()
	s.Passive.Start = episode.Duration(90 * time.Second)
	s.Passive.Stop = episode.Duration(31 * time.Minute)
	s.Active.Limit = episode.Duration(29 * time.Minute)
	s.Settle = episode.Duration(11 * time.Second)
	want := "passive.start: 90s: want 1m–10m in whole minutes\n" +
		"passive.stop: 31m: want 0m–30m in whole minutes, or indefinitely\n" +
		"active.limit: 29m: want 30m–120m in whole minutes, or indefinitely\n" +
		"settle: 11s: want 0s–10s"
	if err := s.CheckRanges(); err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	s = episode.DefaultSettings()
	s.Passive.Stop, s.Active.Limit = episode.Indefinitely, episode.Indefinitely
	if err := s.CheckRanges(); err != nil {
		t.Error(err)
	}
	s.Passive.Start = episode.Indefinitely
	if s.CheckRanges() == nil {
		t.Error("passive.start indefinitely was allowed")
	}
}

// What plain encoding/json lets through forbids rather than allows.
func TestCompileForbids(t *testing.T) {
	focus := episode.Focus{App: "a", Title: "Secret", URL: "https://x.example/Secret"}
	var zero episode.Settings
	if got, want := zero.Compile().Reduce(focus), (episode.Identity{App: "a"}); got != want {
		t.Errorf("zero settings let through %+v", got)
	}
	broken := episode.DefaultSettings()
	broken.Privacy.URLs = episode.URLsFull
	broken.Privacy.Redact = []string{"("}
	if got, want := broken.Compile().Reduce(focus), (episode.Identity{App: "a", Site: "x.example"}); got != want {
		t.Errorf("a pattern that does not compile let through %+v", got)
	}
	never := episode.DefaultSettings()
	never.Schedule = episode.Schedule{"mon": {"08:00-18:00", "nonsense"}}
	if never.Compile().Scheduled(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)) {
		t.Error("a schedule that does not read collects")
	}
}

func TestAccountMatches(t *testing.T) {
	for _, c := range []struct {
		account episode.Account
		login   string
		want    bool
	}{
		{episode.Account{User: "Ana", Domain: "*"}, `CORP\ana`, true},
		{episode.Account{User: "ana", Domain: "corp"}, `CORP\ANA`, true},
		{episode.Account{User: "ana", Domain: "corp"}, `OTHER\ana`, false},
		{episode.Account{User: "ana", Domain: "corp"}, `ana`, false},
		{episode.Account{User: "ana"}, `ana`, true},
		{episode.Account{Domain: "corp"}, `corp\bob`, true},
		{episode.Account{User: "an*"}, `corp\ana`, false},
	} {
		if got := c.account.Matches(c.login); got != c.want {
			t.Errorf("%+v matches %s: %v", c.account, c.login, got)
		}
	}
}

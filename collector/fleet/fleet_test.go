package fleet

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/directory"
	"github.com/dayline-project/dayline/collector/sqlite"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

// noon of a Monday.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

var inSession = []*agentv1.Span{{Kind: "pause"}, {Kind: "session"}}

func TestADeviceInASessionIsSilentAfterTenMinutes(t *testing.T) {
	d := collector.Device{ID: "d-1", LastContactAt: noon}
	for name, c := range map[string]struct {
		change func(*collector.Device)
		going  []*agentv1.Span
		after  time.Duration
		want   bool
	}{
		"at the tenth minute": {after: SilentAfter, going: inSession},
		"within the eleventh": {after: SilentAfter + time.Second, going: inSession, want: true},
		"days later":          {after: 90 * time.Hour, going: inSession, want: true},
		"nobody was there":    {after: time.Hour, going: inSession[:1]},
		"revoked":             {after: time.Hour, going: inSession, change: func(d *collector.Device) { d.RevokedAt = noon }},
		"never came":          {after: time.Hour, going: inSession, change: func(d *collector.Device) { d.LastContactAt = time.Time{} }},
	} {
		d := d
		if c.change != nil {
			c.change(&d)
		}
		if got := Silent(&d, c.going, noon.Add(c.after)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// people has ana on d-1 and d-2, bo on d-2; d-1 is in the group Support, whose manager is max.
func people() (*directory.Directory, *Seen) {
	seen := &Seen{
		Devices: []collector.Device{
			{ID: "d-1", Name: "desk", OS: "linux", AgentVersion: "1.9.0", Flags: []string{"fork"}, LastContactAt: noon, LastEpisodeAt: noon},
			{ID: "d-2", Name: "LAPTOP", OS: "linux", AgentVersion: "1.10.0", LastContactAt: noon.Add(-time.Hour)},
			{ID: "d-3", OS: "windows", AgentVersion: "0.1.0", LastContactAt: noon.Add(-8 * 24 * time.Hour)},
		},
		Going: map[string][]*agentv1.Span{"d-1": {{Kind: "blind", Reason: "switched off"}}, "d-2": inSession},
		Health: map[string]*agentv1.Health{"d-1": {
			Capture: []*agentv1.Capture{
				{Subject: "idle", Level: "full"}, {Subject: "desktop", Level: "title_only", Reason: "no window"}, {Subject: "desktop", Level: "title_only", Reason: "no window"},
				{Subject: "firefox", Level: "title_only", Reason: "no extension"},
			},
			MissingPermissions: []string{"accessibility"}, Errors: []string{"disk full"}, QuarantinedEpisodes: 2, BufferedEpisodes: 7, LostEpisodes: 3,
		}},
	}
	file := &config.People{
		Devices: []config.Device{{ID: "d-1", Alias: "Reception"}},
		Groups:  []config.Group{{Name: "Support", Devices: []string{"d-1"}}, {Name: "Others", Devices: []string{"d-1", "d-2"}}},
	}
	return directory.New(file, directory.Registered{
		Devices: seen.Devices,
		Logins: []collector.Login{
			{Key: `s-1\1`, Name: `CORP\ana`, Person: "p-ana"}, {Key: `d-2\bo`, Name: `LAPTOP\bo`, Device: "d-2", Person: "p-bo"},
		},
		Names:  map[collector.Owner]string{{Device: "d-1", LoginKey: `s-1\1`}: `CORP\ana`, {Device: "d-2", LoginKey: `s-1\1`}: `CORP\Ana`},
		People: []collector.Person{{ID: "p-ana"}, {ID: "p-bo"}},
	}, 1), seen
}

func TestRows(t *testing.T) {
	dir, seen := people()
	all := Rows(dir, dir.Scope(collector.Viewer{User: "ada", Role: collector.Admin}), seen, noon.Add(time.Minute))
	var told []string
	for _, d := range all {
		told = append(told, fmt.Sprintf("%s %q %s %v %v %v %v", d.Id, d.Alias, d.State, d.Silent, d.Flags, d.Logins, d.Groups))
	}
	want := []string{
		`d-3 "" stale false [] [] []`,
		`d-2 "" quiet true [] [CORP\Ana LAPTOP\bo] [Others]`, // an episode never came
		`d-1 "Reception" healthy false [blind buffer fork outdated permission] [CORP\ana] [Support Others]`,
	}
	if !slices.Equal(told, want) {
		t.Errorf("%q", told)
	}
	one := all[2]
	if fmt.Sprint(one.Limits) != "[desktop: title_only: no window missing: accessibility session: none: switched off]" || one.BufferedEpisodes != 7 || one.LostEpisodes != 3 ||
		fmt.Sprint(one.Errors) != "[disk full 2 episodes were refused and are kept aside]" || len(one.Browsers) != 1 || one.Browsers[0].App != "firefox" {
		t.Errorf("%v", one)
	}

	// A manager knows the devices of the group, whose groups it may know, and no logins.
	few := Rows(dir, dir.Scope(collector.Viewer{User: "max", Role: collector.Manager, Groups: []string{"Support"}}), seen, noon)
	if len(few) != 1 || few[0].Id != "d-1" || len(few[0].Logins) > 0 || fmt.Sprint(few[0].Groups) != "[Support]" {
		t.Errorf("%v", few)
	}
	// Of a device that another uses too, the manager of one of them is not told of the other.
	of := func(account string) *agentv1.Login { return &agentv1.Login{Account: account} }
	seen.Health["d-2"] = &agentv1.Health{BufferedEpisodes: 7, Capture: []*agentv1.Capture{
		{Subject: "desktop", Level: "none", Login: of("bo")}, {Subject: "idle", Level: "none", Login: of("cleo")}, {Subject: "firefox", Level: "none", Login: of("cleo")},
	}}
	seen.Going["d-2"], seen.Devices[1].LastEpisodeAt = []*agentv1.Span{{Kind: "blind", Reason: "switched off", Login: of("cleo")}}, noon
	dir = directory.New(&config.People{Groups: []config.Group{{Name: "Bo", Logins: []string{`LAPTOP\bo`}}}}, directory.Registered{
		Devices: seen.Devices, Logins: []collector.Login{{Key: `d-2\bo`, Name: `LAPTOP\bo`, Device: "d-2"}, {Key: `d-2\cleo`, Name: `LAPTOP\cleo`, Device: "d-2"}},
	}, 1)
	part := Rows(dir, dir.Scope(collector.Viewer{User: "max", Role: collector.Manager, Groups: []string{"Bo"}}), seen, noon)
	if len(part) != 1 || fmt.Sprint(part[0].Limits) != "[desktop: none]" || len(part[0].Browsers) > 0 || len(part[0].Flags) > 0 || part[0].BufferedEpisodes > 0 || part[0].LastEpisode != "" {
		t.Errorf("%v", part)
	}
	// Nor by the state: whether there was an episode lately may be the other's doing.
	for _, last := range []time.Time{noon, {}} {
		seen.Devices[1].LastEpisodeAt = last
		if part := Rows(dir, dir.Scope(collector.Viewer{User: "max", Role: collector.Manager, Groups: []string{"Bo"}}), seen, noon); part[0].State != "healthy" {
			t.Errorf("last episode %v: %s", last, part[0].State)
		}
	}
	if none := Rows(dir, dir.Scope(collector.Viewer{User: "vera", Role: collector.ViewerRole}), seen, noon); len(none) != 0 {
		t.Errorf("%v", none)
	}
}

func TestOlder(t *testing.T) {
	for _, c := range []struct {
		version, than string
		want          bool
	}{
		{"1.9.0", "1.10.0", true}, {"1.10.0", "1.9.0", false}, {"1.2", "1.2.1", true}, {"1.2.0", "1.2.0", false},
		{"v1.2.0", "1.3.0-rc1", true}, {"dev", "1.0.0", false}, {"1.0.0", "dev", false}, {"", "1.0", true}, {"1.0", "", false},
	} {
		if got := older(c.version, c.than); got != c.want {
			t.Errorf("%q older than %q: %v", c.version, c.than, got)
		}
	}
}

func registry(t *testing.T, dir string) *sqlite.Registry {
	t.Helper()
	r, err := sqlite.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// entries gives the days and devices of the weekly entries.
func entries(t *testing.T, r *sqlite.Registry) (told []string) {
	t.Helper()
	all, err := r.AuditEntries(context.Background(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.Action == "device.silent" {
			told = append(told, e.At.Format(time.DateOnly)+" "+e.Detail)
		}
	}
	return told
}

func TestOneEntryAWeek(t *testing.T) {
	dir := t.TempDir()
	r := registry(t, dir)
	for n, last := range []time.Duration{time.Hour, 7 * 24 * time.Hour, 12 * 24 * time.Hour, 31 * 24 * time.Hour} {
		d := collector.Device{ID: fmt.Sprint("d-", n), PublicKey: []byte(fmt.Sprintf("%032d", n)), EnrolledAt: noon.AddDate(-1, 0, 0), LastContactAt: noon.Add(-last)}
		if n == 2 {
			d.RevokedAt = noon
		}
		if err := r.AddDevice(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	now := noon
	w := &Weekly{Registry: r, Zone: func() *time.Location { return time.FixedZone("", 3*3600) }, Now: func() time.Time { return now }, Log: slog.Default()}
	at := func(day int, clock string) {
		t.Helper()
		now, _ = time.Parse("2006-01-02 15:04", fmt.Sprintf("2026-03-%02d %s", day, clock))
		if err := w.write(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	at(2, "12:00") // the collector did not run on Sunday, the 1st
	at(3, "12:00")
	at(7, "20:59")
	at(7, "21:00") // midnight in UTC+3
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r = registry(t, dir)
	defer r.Close()
	w.Registry = r
	at(8, "12:00")
	at(13, "12:00")
	at(15, "10:00")
	at(22, "10:00") // d-1 was seen too long ago by now, and d-0 has been away for 20 days
	if err := r.Contacts(t.Context(), []collector.Contact{{Device: "d-0", At: now}, {Device: "d-1", At: now}}); err != nil {
		t.Fatal(err)
	}
	at(29, "00:00")
	want := []string{
		`2026-03-02 {"devices":["d-1"]}`, `2026-03-07 {"devices":["d-1"]}`, `2026-03-15 {"devices":["d-0","d-1"]}`, `2026-03-22 {"devices":["d-0","d-1"]}`,
	}
	if got := entries(t, r); !slices.Equal(got[:min(len(got), 4)], want) {
		t.Errorf("%q", got)
	}
	if got := entries(t, r); len(got) != 4 {
		t.Errorf("an entry about nobody: %q", got[4:])
	}
}

// still is a registry that never fails; the real one has goroutines that a bubble would wait for.
type still struct {
	devices []collector.Device
	done    time.Time
	written int
}

func (s *still) Devices(context.Context) ([]collector.Device, error) { return s.devices, nil }
func (s *still) WorkDone(context.Context, string) (time.Time, error) { return s.done, nil }
func (s *still) FinishWork(_ context.Context, _ string, at time.Time, e ...collector.AuditEntry) error {
	s.done, s.written = at, s.written+len(e)
	return nil
}

func TestWeeklyRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &still{devices: []collector.Device{{ID: "d-1", LastContactAt: time.Now().AddDate(0, 0, -8)}}}
		w := &Weekly{Registry: s, Zone: func() *time.Location { return time.UTC }, Log: slog.Default()}
		done := make(chan error, 1)
		go func() { done <- w.Run(ctx) }()
		time.Sleep(21 * 24 * time.Hour)
		cancel()
		if err := <-done; err != nil || s.written != 4 { // at once, and on three Sundays
			t.Errorf("%d entries, %v", s.written, err)
		}
	})
}

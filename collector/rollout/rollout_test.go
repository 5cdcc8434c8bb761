package rollout

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/fleet"
	"github.com/dayline-project/dayline/collector/shelf"
	"github.com/dayline-project/dayline/collector/shelf/shelftest"
	"github.com/dayline-project/dayline/collector/sqlite"
	"github.com/dayline-project/dayline/shared/episode"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/settings"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// released is a release that agents of Linux with one processor update by.
func released(t *testing.T, version, least string) *shelf.Release {
	t.Helper()
	v, err := release.ParseVersion(version)
	if err != nil {
		t.Fatal(err)
	}
	return &shelf.Release{Version: v, Manifest: release.Manifest{MinVersion: least, Packages: []release.Package{
		{OS: release.Linux, Arch: release.AMD64, Kind: release.Zst}, {OS: release.Linux, Arch: release.ARM64, Kind: release.Deb},
	}}}
}

func TestTheSameDevicesStayInAsTheShareGrows(t *testing.T) {
	const devices = 20_000
	in := map[int]int{}
	var first, other []int
	for n := range devices {
		id := fmt.Sprintf("d-%016x", n)
		for _, percent := range []int{0, 1, 10, 50, 99, 100} {
			if In(id, "1.2.0", percent) {
				in[percent]++
			} else if percent > 1 && In(id, "1.2.0", 1) {
				t.Fatalf("%s is in 1 %%, and not in %d %%", id, percent)
			}
		}
		if In(id, "1.2.0", 1) {
			first = append(first, n)
		}
		if In(id, "1.3.0", 1) {
			other = append(other, n)
		}
	}
	if in[0] != 0 || in[100] != devices {
		t.Errorf("none and all: %v", in)
	}
	for _, percent := range []int{1, 10, 50, 99} {
		if want := devices * percent / 100; in[percent] < want*8/10 || in[percent] > want*12/10 {
			t.Errorf("%d %%: %d of %d", percent, in[percent], devices)
		}
	}
	if slices.Equal(first, other) {
		t.Error("each version begins with the same devices")
	}
}

func TestWhatADeviceIsTold(t *testing.T) {
	const latest = "latest"
	aim := released(t, "1.2.0", "")
	device := collector.Device{ID: "d-1", OS: release.Linux, Arch: release.AMD64, AgentVersion: "1.1.0"}
	for name, c := range map[string]struct {
		change func(s *system, d *collector.Device, says *agentv1.SelfUpdate, o *order)
		want   string
	}{
		"its system's": {want: "1.2.0"},
		"runs it":      {change: func(_ *system, d *collector.Device, _ *agentv1.SelfUpdate, _ *order) { d.AgentVersion = "1.2.0" }},
		"runs newer":   {change: func(_ *system, d *collector.Device, _ *agentv1.SelfUpdate, _ *order) { d.AgentVersion = "1.3.0" }},
		"runs a build of no release": {want: "1.2.0",
			change: func(_ *system, d *collector.Device, _ *agentv1.SelfUpdate, _ *order) { d.AgentVersion = "of today" }},
		"newer, and pinned": {want: "1.2.0 pinned", change: func(s *system, d *collector.Device, _ *agentv1.SelfUpdate, _ *order) {
			s.policy, d.AgentVersion, s.rollout.Percent = settings.UpdatePolicy{Pinned: "1.2.0"}, "1.3.0", 1
		}},
		"another system":    {change: func(_ *system, d *collector.Device, _ *agentv1.SelfUpdate, _ *order) { d.OS = release.Windows }},
		"another processor": {change: func(_ *system, d *collector.Device, _ *agentv1.SelfUpdate, _ *order) { d.Arch = release.ARM64 }},
		"too old": {change: func(s *system, _ *collector.Device, _ *agentv1.SelfUpdate, _ *order) {
			s.aim = released(t, "1.2.0", "1.1.1")
		}},
		"just not too old": {want: "1.2.0",
			change: func(s *system, _ *collector.Device, _ *agentv1.SelfUpdate, _ *order) {
				s.aim = released(t, "1.2.0", "1.1.0")
			}},
		"says off":          {change: func(_ *system, _ *collector.Device, says *agentv1.SelfUpdate, _ *order) { says.Off = "packaged" }},
		"not its turn":      {change: func(s *system, _ *collector.Device, _ *agentv1.SelfUpdate, _ *order) { s.rollout.Percent = 0 }},
		"paused":            {change: func(s *system, _ *collector.Device, _ *agentv1.SelfUpdate, _ *order) { s.policy.Mode = Paused }},
		"halted":            {change: func(s *system, _ *collector.Device, _ *agentv1.SelfUpdate, _ *order) { s.rollout.HaltedAt = noon }},
		"nothing to aim at": {change: func(s *system, _ *collector.Device, _ *agentv1.SelfUpdate, _ *order) { s.aim = nil }},
		"ordered": {want: "1.0.0 pinned now", change: func(s *system, _ *collector.Device, _ *agentv1.SelfUpdate, o *order) {
			s.rollout.HaltedAt, s.policy.Mode, s.aim = noon, Paused, nil
			o.Version, o.Pinned, o.release = "1.0.0", true, released(t, "1.0.0", "")
		}},
		"ordered, and off": {change: func(s *system, _ *collector.Device, _ *agentv1.SelfUpdate, o *order) {
			s.policy.Mode = Off
			o.Version, o.release = "1.2.0", aim
		}},
		"ordered, and failed since": {change: func(_ *system, _ *collector.Device, says *agentv1.SelfUpdate, o *order) {
			o.Version, o.release, o.FailedMs = "1.2.0", aim, 5
			says.Failed = []*agentv1.FailedUpdate{{Version: "1.2.0", AtMs: 6}}
		}},
		"ordered, and failed before": {want: "1.2.0 now", change: func(_ *system, _ *collector.Device, says *agentv1.SelfUpdate, o *order) {
			o.Version, o.release, o.FailedMs = "1.2.0", aim, 5
			says.Failed = []*agentv1.FailedUpdate{{Version: "1.2.0", AtMs: 5}}
		}},
		"ordered, and agents take none": {change: func(_ *system, _ *collector.Device, _ *agentv1.SelfUpdate, o *order) { o.Version = "1.2.0" }},
	} {
		s := system{policy: settings.UpdatePolicy{Mode: latest}, aim: aim, rollout: collector.Rollout{Version: "1.2.0", Percent: 100}}
		d, says, o := device, &agentv1.SelfUpdate{}, order{}
		if c.change != nil {
			c.change(&s, &d, says, &o)
		}
		p := &Plan{systems: map[string]system{release.Linux: s}, orders: map[string]order{}}
		if o.Version != "" {
			p.orders[d.ID] = o
		}
		got := ""
		if told := p.Tell(&d, says); told != nil {
			got = told.Version
			if told.Pinned {
				got += " pinned"
			}
			if told.Now {
				got += " now"
			}
		}
		if got != c.want {
			t.Errorf("%s: told %q, want %q", name, got, c.want)
		}
	}
}

func TestWhoIsLost(t *testing.T) {
	going := []*agentv1.Span{{Kind: "session"}}
	rolledBack := func(version string, at time.Time) *agentv1.SelfUpdate {
		return &agentv1.SelfUpdate{Failed: []*agentv1.FailedUpdate{{Version: version, Step: probation, AtMs: at.UnixMilli(), RolledBack: true}}}
	}
	// The roll-out began at noon, and it is six in the evening.
	now := noon.Add(6 * time.Hour)
	updated := collector.Device{ID: "d-1", OS: release.Linux, AgentVersion: "1.2.0", VersionAt: noon.Add(time.Hour), LastContactAt: now}
	for name, c := range map[string]struct {
		change  func(d *collector.Device)
		says    *agentv1.SelfUpdate
		forgot  bool
		upAt    time.Time
		tallied Tally
	}{
		"well":              {tallied: Tally{Tried: 1}},
		"has not tried":     {change: func(d *collector.Device) { d.AgentVersion = "1.1.0" }},
		"had it before":     {change: func(d *collector.Device) { d.VersionAt = noon.Add(-time.Hour) }},
		"came with it":      {change: func(d *collector.Device) { d.VersionAt = time.Time{} }},
		"another system":    {change: func(d *collector.Device) { d.OS = release.Windows }},
		"revoked":           {change: func(d *collector.Device) { d.RevokedAt = now }},
		"silent":            {change: func(d *collector.Device) { d.LastContactAt = d.VersionAt.Add(5 * time.Minute) }, tallied: Tally{Tried: 1, Silent: 1}},
		"silent in the end": {change: func(d *collector.Device) { d.LastContactAt = d.VersionAt.Add(2 * time.Hour) }, tallied: Tally{Tried: 1}},
		"the collector was away": {change: func(d *collector.Device) { d.LastContactAt = d.VersionAt.Add(5 * time.Minute) },
			upAt: now.Add(-5 * time.Minute), tallied: Tally{Tried: 1}},
		"went back": {change: func(d *collector.Device) { d.AgentVersion = "1.1.0" }, says: rolledBack("1.2.0", noon.Add(time.Hour)),
			tallied: Tally{Tried: 1, Failed: 1}},
		"its clock is slow": {change: func(d *collector.Device) { d.AgentVersion = "1.1.0" }, says: rolledBack("1.2.0", noon.Add(-time.Hour)),
			tallied: Tally{Tried: 1, Failed: 1}},
		"went back, and that is forgotten": {change: func(d *collector.Device) { d.AgentVersion, d.VersionAt = "1.1.0", noon.Add(2*time.Hour) },
			says: rolledBack("1.2.0", noon.Add(2*time.Hour)), forgot: true},
		"its clock is ahead": {change: func(d *collector.Device) { d.AgentVersion = "1.1.0" }, says: rolledBack("1.2.0", noon.AddDate(1, 0, 0)),
			tallied: Tally{Tried: 1, Failed: 1}},
		"its clock is ahead, and that is forgotten": {change: func(d *collector.Device) { d.AgentVersion, d.VersionAt = "1.1.0", noon.Add(2*time.Hour) },
			says: rolledBack("1.2.0", noon.AddDate(1, 0, 0)), forgot: true},
		"went back, and runs it now": {says: rolledBack("1.2.0", noon.Add(time.Hour)), tallied: Tally{Tried: 1}},
		"went back from another":     {change: func(d *collector.Device) { d.AgentVersion = "1.1.0" }, says: rolledBack("1.0.9", noon.Add(time.Hour))},
		"could not fetch it": {change: func(d *collector.Device) { d.AgentVersion = "1.1.0" },
			says: &agentv1.SelfUpdate{Failed: []*agentv1.FailedUpdate{{Version: "1.2.0", Step: "fetch"}}}},
		"failed in the swap": {change: func(d *collector.Device) { d.AgentVersion = "1.1.0" },
			says: &agentv1.SelfUpdate{Failed: []*agentv1.FailedUpdate{{Version: "1.2.0", Step: swap}}}, tallied: Tally{Tried: 1, Failed: 1}},
		"in the swap": {change: func(d *collector.Device) { d.AgentVersion, d.LastContactAt = "1.1.0", now.Add(-29*time.Minute) },
			says: &agentv1.SelfUpdate{Version: "1.2.0", Step: swap}, tallied: Tally{Tried: 1}},
		"gone in the swap": {change: func(d *collector.Device) { d.AgentVersion, d.LastContactAt = "1.1.0", now.Add(-31*time.Minute) },
			says: &agentv1.SelfUpdate{Version: "1.2.0", Step: swap}, tallied: Tally{Tried: 1, Silent: 1}},
	} {
		d := updated
		if c.change != nil {
			c.change(&d)
		}
		seen := &fleet.Seen{
			Devices: []collector.Device{d}, Going: map[string][]*agentv1.Span{d.ID: going},
			Health: map[string]*agentv1.Health{d.ID: {Update: c.says}},
		}
		o := collector.Rollout{OS: release.Linux, Version: "1.2.0", BeganAt: noon, CountedFrom: noon}
		if c.forgot {
			o.CountedFrom = noon.Add(3 * time.Hour)
		}
		if got := Tallied(o, seen, c.upAt, now); got != c.tallied {
			t.Errorf("%s: %+v, want %+v", name, got, c.tallied)
		}
	}
}

func TestHowManyAreTooMany(t *testing.T) {
	for _, c := range []struct {
		t       Tally
		percent int
		want    bool
	}{
		{Tally{}, 0, false}, {Tally{Tried: 1}, 0, false}, {Tally{Tried: 1, Failed: 1}, 5, true}, {Tally{Tried: 20, Silent: 1}, 5, false},
		{Tally{Tried: 19, Silent: 1}, 5, true}, {Tally{Tried: 1000, Failed: 30, Silent: 21}, 5, true}, {Tally{Tried: 1000, Failed: 1}, 0, true},
		{Tally{Tried: 1, Failed: 1}, 100, false},
	} {
		if got := c.t.TooMany(c.percent); got != c.want {
			t.Errorf("%+v of %d %%: %t", c.t, c.percent, got)
		}
	}
}

func TestAPlanIsFollowed(t *testing.T) {
	plan := settings.Rollout{Plan: []int{1, 10, 100}, Every: episode.Duration(24 * time.Hour), Halt: 5}
	s := system{policy: settings.UpdatePolicy{Mode: "latest"}, aim: released(t, "1.2.0", ""), rollout: begin(release.Linux, "1.2.0", plan, noon)}
	// at takes the roll-out to an hour after it began.
	at := func(hour int, lost Tally, want string, percent int) {
		t.Helper()
		now := noon.Add(time.Duration(hour) * time.Hour)
		next, act := advance(s, plan, lost, noon.Add(-24*time.Hour), now)
		if act != want || next.Percent != percent {
			t.Fatalf("after %d hours: %q, %d %%; want %q, %d %%", hour, act, next.Percent, want, percent)
		}
		s.rollout = next
	}
	well, bad := Tally{Tried: 10}, Tally{Tried: 10, Failed: 1}
	at(0, well, "", 1)
	at(23, well, "", 1)
	at(24, well, raised, 10)
	at(24, well, "", 10)
	s.policy.Mode = Paused
	at(30, well, "", 10)
	at(130, bad, "", 10) // who fails while nobody is told halts nothing
	s.policy.Mode = "latest"
	at(130, well, "", 10)
	at(147, well, "", 10)
	at(148, well, raised, 100) // 6 hours before the pause, 18 after
	at(999, well, "", 100)
	at(1000, bad, halted, 100)
	if !strings.Contains(s.rollout.HaltedWhy, "of 10 devices that tried it 1 went back") || s.rollout.StoodAt.IsZero() {
		t.Errorf("halted: %+v", s.rollout)
	}
	at(1001, bad, "", 100)

	// After a start the collector waits until it can have seen who is lost.
	s.rollout = begin(release.Linux, "1.2.0", plan, noon)
	later := noon.Add(48 * time.Hour)
	if _, act := advance(s, plan, well, later.Add(-goneAfter+time.Second), later); act != "" {
		t.Errorf("just started: %q", act)
	}
	if _, act := advance(s, plan, well, later.Add(-goneAfter), later); act != raised {
		t.Errorf("started long enough ago: %q", act)
	}
	s.policy = settings.UpdatePolicy{Pinned: "1.2.0"}
	if next, act := advance(s, plan, well, noon, later); act != "" || next.Percent != 1 || s.percent() != 100 {
		t.Errorf("pinned: %q, %+v", act, next)
	}
	if _, act := advance(s, plan, bad, noon, later); act != halted {
		t.Errorf("pinned, and bad: %q", act)
	}
}

// What devices failed at, and what they are told, as people see it.
func TestHowADeviceStands(t *testing.T) {
	now := noon.Add(time.Hour)
	failed := func(version, step string) *agentv1.SelfUpdate {
		return &agentv1.SelfUpdate{Failed: []*agentv1.FailedUpdate{{Version: version, Step: step, Reason: "no", AtMs: now.UnixMilli()}}}
	}
	for name, c := range map[string]struct {
		runs, pinned, least, arch string
		percent                   int
		says                      *agentv1.SelfUpdate
		ordered                   string
		want                      string
	}{
		"told":                    {runs: "1.1.0", percent: 100, want: "1.2.0 check "},
		"not yet":                 {runs: "1.1.0"},
		"runs it":                 {runs: "1.2.0", percent: 100},
		"on its way":              {runs: "1.1.0", percent: 100, says: &agentv1.SelfUpdate{Version: "1.2.0", Step: "fetch", Waits: "for its turn"}, want: "1.2.0 fetch for its turn"},
		"being watched":           {runs: "1.2.0", percent: 100, says: &agentv1.SelfUpdate{Version: "1.2.0", Step: probation}, want: "1.2.0 probation "},
		"failed":                  {runs: "1.1.0", percent: 100, says: failed("1.2.0", swap), want: "1.2.0 swap no"},
		"failed, and went past":   {runs: "1.2.0", percent: 100, says: failed("1.1.5", swap)},
		"failed to be older":      {runs: "1.3.0", pinned: "1.2.0", percent: 1, says: failed("1.2.0", "verify"), want: "1.2.0 verify no"},
		"too old":                 {runs: "1.0.0", least: "1.1.0", percent: 100, want: "1.2.0 check 1.0.0 is too old to become 1.2.0: that takes 1.1.0 or newer"},
		"nothing for it":          {runs: "1.1.0", arch: release.ARM64, percent: 100, want: "1.2.0 check release 1.2.0 has no update for linux on arm64 on the shelf"},
		"does not update itself":  {runs: "1.1.0", percent: 100, says: &agentv1.SelfUpdate{Off: "a package manager does"}},
		"ordered":                 {runs: "1.1.0", ordered: "1.1.5", says: failed("1.2.0", swap), want: "1.1.5 check  ordered"},
		"ordered, on its way":     {runs: "1.1.0", ordered: "1.2.0", says: &agentv1.SelfUpdate{Version: "1.2.0", Step: "fetch"}, want: "1.2.0 fetch  ordered"},
		"ordered, and failed":     {runs: "1.1.0", ordered: "1.2.0", says: failed("1.2.0", swap), want: "1.2.0 swap no"},
		"ordered, and runs it":    {runs: "1.2.0", ordered: "1.2.0", percent: 100},
		"ordered, and not itself": {runs: "1.1.0", ordered: "1.2.0", says: &agentv1.SelfUpdate{Off: "a package manager does"}, want: "1.2.0 check  ordered"},
		"too old, and not itself": {runs: "1.0.0", least: "1.1.0", percent: 100, says: &agentv1.SelfUpdate{Off: "a package manager does"}},
	} {
		r := &Rollouts{}
		orders := map[string]order{}
		if c.ordered != "" {
			orders["d-1"] = order{collector.UpdateOrder{Device: "d-1", Version: c.ordered}, released(t, c.ordered, "")}
		}
		r.plan.Store(&Plan{orders: orders, systems: map[string]system{release.Linux: {
			policy: settings.UpdatePolicy{Mode: "latest", Pinned: c.pinned}, aim: released(t, "1.2.0", c.least),
			rollout: collector.Rollout{Version: "1.2.0", Percent: c.percent},
		}}})
		d := &collector.Device{ID: "d-1", OS: release.Linux, Arch: cmp.Or(c.arch, release.AMD64), AgentVersion: c.runs}
		got := ""
		if shown := r.Device(d, c.says); shown != nil {
			got = shown.Version + " " + shown.Step + " " + shown.Reason
			if shown.Ordered {
				got += " ordered"
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// The actor looks when it is told that something changed, and what it did is told to devices and kept.
func TestItLooksWhenTold(t *testing.T) {
	key, dir := shelftest.Signer(t), t.TempDir()
	registry, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer registry.Close()
	releases, err := shelf.OpenReleases(dir, shelftest.Trust(1, key), func(int64) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	updates := settings.Default().Updates
	updates.Rollout.Plan = []int{100}
	r, err := New(t.Context(), Options{
		Registry: registry, Releases: releases, Updates: func() *settings.Updates { return &updates },
		Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	d := &collector.Device{ID: "d-1", OS: release.Linux, Arch: release.AMD64, AgentVersion: "1.0.0"}
	if told := r.Tell(d, nil); told != nil {
		t.Errorf("nothing is there, and it is told %v", told)
	}
	files := shelftest.Updating(t, "1.2.0", release.Linux)
	maps.Copy(files, shelftest.Channel(t, 1, noon, "1.2.0", ""))
	if _, err := releases.Add(shelftest.Sent(shelftest.Signed(t, files, key))); err != nil {
		t.Fatal(err)
	}
	r.Changed()
	for r.Tell(d, nil) == nil {
		runtime.Gosched()
	}
	cancel()
	running.Wait()
	if kept, err := registry.Rollouts(t.Context()); err != nil || len(kept) != 1 || kept[0].Version != "1.2.0" || kept[0].Percent != 100 {
		t.Errorf("kept: %v, %v", kept, err)
	}
}

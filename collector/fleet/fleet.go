// Package fleet tells how the devices do: which have fallen silent, what keeps them from capturing in full, and what
// they run. It decides by what the registry and the directory say; time is an argument.
package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/directory"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// SilentAfter a contact in a session without another, a device is silent (product.md 9.7).
const SilentAfter = 10 * time.Minute

// Silent tells whether a device that had going spans at its last contact should have come since.
func Silent(d *collector.Device, going []*agentv1.Span, now time.Time) bool {
	return d.RevokedAt.IsZero() && !d.LastContactAt.IsZero() && now.Sub(d.LastContactAt) > SilentAfter && has(going, "session")
}

func has(spans []*agentv1.Span, kind string) bool {
	return slices.ContainsFunc(spans, func(s *agentv1.Span) bool { return s.GetKind() == kind })
}

// Seen is what the collector knows of its devices, those by id.
type Seen struct {
	Devices []collector.Device
	Going   map[string][]*agentv1.Span
	Health  map[string]*agentv1.Health
	// Addresses: the account collects pages' addresses, so that a browser that tells none lacks something.
	Addresses bool
}

// Rows tells of each device that the scope knows of, by name. Where it sees logins and not the device itself, what others
// do there is not told, and whether there are others neither.
func Rows(dir *directory.Directory, scope directory.Scope, seen *Seen, now time.Time) []*adminv1.Device {
	logins := loginsOf(dir, scope)
	known := slices.DeleteFunc(slices.Clone(seen.Devices), func(d collector.Device) bool { return !scope.Device(d.ID) })
	newest := newestVersions(known, now)
	rows := []*adminv1.Device{}
	for i := range known {
		d := &known[i]
		health, going, lastEpisodeAt := seen.Health[d.ID], seen.Going[d.ID], d.LastEpisodeAt
		if !scope.Totals(collector.Owner{Device: d.ID}) {
			health, going = within(scope, d.ID, health, going)
			lastEpisodeAt = time.Time{} // nobody knows whose it was, so that the state is told by contacts alone
			d.LastEpisodeAt = d.LastContactAt
		}
		row := &adminv1.Device{
			Id: d.ID, Name: d.Name, Os: d.OS, OsVersion: d.OSVersion, AgentVersion: d.AgentVersion, Arch: d.Arch, TimeZone: d.TimeZone,
			Enrolled: instant(d.EnrolledAt), LastContact: instant(d.LastContactAt), LastEpisode: instant(lastEpisodeAt),
			State: d.State(now), Silent: Silent(d, going, now), Revoked: !d.RevokedAt.IsZero(),
			Flags: flags(d, health, going, newest, seen.Addresses), Limits: limits(health, going), Errors: errorsOf(health),
			Browsers:         browsers(health, now),
			BufferedEpisodes: float64(health.GetBufferedEpisodes()), LostEpisodes: float64(health.GetLostEpisodes()),
			Logins: logins[d.ID], Groups: groupsOf(dir, scope, d.ID),
		}
		if shown := dir.DeviceName(d.ID); shown != d.Name && shown != d.ID {
			row.Alias = shown
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b *adminv1.Device) int {
		return cmp.Or(strings.Compare(strings.ToLower(cmp.Or(a.Alias, a.Name)), strings.ToLower(cmp.Or(b.Alias, b.Name))), strings.Compare(a.Id, b.Id))
	})
	return rows
}

// within leaves what the device or a login that the scope sees has to do with.
func within(scope directory.Scope, device string, health *agentv1.Health, going []*agentv1.Span) (*agentv1.Health, []*agentv1.Span) {
	outside := func(l *agentv1.Login) bool {
		login := stream.Login{Authority: l.GetAuthority(), Account: l.GetAccount(), Name: l.GetName()}
		return l != nil && !scope.Totals(collector.Owner{Device: device, LoginKey: collector.LoginKey(device, login)})
	}
	shown := &agentv1.Health{MissingPermissions: health.GetMissingPermissions(), Errors: health.GetErrors()}
	for _, c := range health.GetCapture() {
		if !outside(c.Login) {
			shown.Capture = append(shown.Capture, c)
		}
	}
	going = slices.DeleteFunc(slices.Clone(going), func(s *agentv1.Span) bool { return outside(s.GetLogin()) })
	return shown, going
}

// loginsOf are the names of the logins of each device whose data the scope sees, for those who see logins.
func loginsOf(dir *directory.Directory, scope directory.Scope) map[string][]string {
	logins := map[string][]string{}
	if !scope.SeesLogins() {
		return logins
	}
	for _, owner := range dir.Owners() {
		if owner.Device != "" && scope.Totals(owner) {
			logins[owner.Device] = append(logins[owner.Device], cmp.Or(dir.LoginName(owner), owner.LoginKey))
		}
	}
	for id, names := range logins {
		slices.Sort(names)
		logins[id] = slices.Compact(names)
	}
	return logins
}

// groupsOf are the groups that hold the device itself and that the scope knows of.
func groupsOf(dir *directory.Directory, scope directory.Scope, id string) []string {
	var groups []string
	for _, name := range dir.Groups() {
		if scope.Group(name) && dir.InGroup(name, collector.Owner{Device: id}) {
			groups = append(groups, name)
		}
	}
	return groups
}

// flags are those the registry keeps and what holds now: blind (a tracked session without a helper), buffer (episodes
// were lost), outdated (another device of its system runs a newer agent), permission (the system keeps something from the
// agent that somebody can grant), addresses (pages' addresses are wanted, and a browser tells none or not all).
func flags(d *collector.Device, health *agentv1.Health, going []*agentv1.Span, newest map[string]string, addresses bool) []string {
	all := slices.Clone(d.Flags)
	for flag, holds := range map[string]bool{
		"blind":      has(going, "blind"),
		"buffer":     health.GetLostEpisodes() > 0,
		"outdated":   older(d.AgentVersion, newest[d.OS]),
		"permission": len(health.GetMissingPermissions()) > 0,
		"addresses": addresses && slices.ContainsFunc(health.GetCapture(), func(c *agentv1.Capture) bool {
			return IsBrowser(c) && c.Level != Full
		}),
	} {
		if holds {
			all = append(all, flag)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// limits are what keeps a device from capturing in full, browsers aside.
func limits(health *agentv1.Health, going []*agentv1.Span) []string {
	var all []string
	for _, span := range going {
		if span.GetKind() == "blind" && span.GetReason() != "" {
			all = append(all, "session: none: "+span.Reason)
		}
	}
	for _, c := range health.GetCapture() {
		if c.Level == Full || IsBrowser(c) {
			continue
		}
		text := c.Subject + ": " + c.Level
		if c.Reason != "" {
			text += ": " + c.Reason
		}
		all = append(all, text)
	}
	for _, permission := range health.GetMissingPermissions() {
		all = append(all, "missing: "+permission)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func errorsOf(health *agentv1.Health) []string {
	all := slices.Clone(health.GetErrors())
	if n := health.GetQuarantinedEpisodes(); n > 0 {
		all = append(all, fmt.Sprintf("%d episodes were refused and are kept aside", n))
	}
	if n := health.GetEmptiedTitles(); n > 0 {
		all = append(all, fmt.Sprintf("%d titles were emptied: redacting them took too long", n))
	}
	return all
}

// newestVersions are the newest versions that devices of each system ran in the last 30 days.
func newestVersions(devices []collector.Device, now time.Time) map[string]string {
	newest := map[string]string{}
	for _, d := range devices {
		if active(&d, now) && older(newest[d.OS], d.AgentVersion) {
			newest[d.OS] = d.AgentVersion
		}
	}
	return newest
}

// older compares versions number by number; one that is no version is older than none, and none newer than it.
func older(version, than string) bool {
	a, okA := numbers(version)
	b, okB := numbers(than)
	return okB && (version == "" || okA && slices.Compare(a, b) < 0)
}

func numbers(version string) (parts []int, ok bool) {
	core, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), "-")
	for part := range strings.SplitSeq(core, ".") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return nil, false
		}
		parts = append(parts, n)
	}
	return parts, true
}

// instant is a time as the contract shows it, empty for never.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

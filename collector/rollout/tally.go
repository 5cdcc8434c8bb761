package rollout

import (
	"fmt"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/fleet"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/release"
)

const (
	// goneAfter a last word in the swap or in probation, a device is lost.
	goneAfter = 30 * time.Minute
	// settledAfter so long of running a version and coming, a device that falls silent was switched off, or fell asleep: by then it
	// is not the version's doing.
	settledAfter = time.Hour
)

// Steps of an update in which the new version runs, or nearly does (agent/internal/update).
const (
	check     = "check"
	swap      = "swap"
	probation = "probation"
)

// Tally is how it went with the devices that tried a version since its roll-out began.
type Tally struct {
	// Tried counts them all, Failed those that went back or failed in the swap, Silent those that have not come since.
	Tried, Failed, Silent int
}

// Lost devices by the version.
func (t Tally) Lost() int { return t.Failed + t.Silent }

// TooMany tells whether more are lost than so many per cent of those that tried.
func (t Tally) TooMany(percent int) bool { return t.Lost() > 0 && 100*t.Lost() > percent*t.Tried }

// why says so in people's words.
func (t Tally) why(percent int) string {
	return fmt.Sprintf("of %d devices that tried it %d went back or failed in the swap, and %d fell silent: that is more than %d %%",
		t.Tried, t.Failed, t.Silent, percent)
}

// Tallied counts for a roll-out. upAt is since when the collector can be reached: nobody fell silent by its being away.
func Tallied(o collector.Rollout, seen *fleet.Seen, upAt, now time.Time) (t Tally) {
	for i := range seen.Devices {
		d := &seen.Devices[i]
		if d.OS != o.OS || !d.RevokedAt.IsZero() {
			continue
		}
		says := seen.Health[d.ID].GetUpdate()
		ran := d.AgentVersion == o.Version && !d.VersionAt.IsZero() && !d.VersionAt.Before(o.CountedFrom)
		swapping := says.GetVersion() == o.Version && ranAt(says.GetStep()) && !d.LastContactAt.Before(o.CountedFrom)
		here := *d
		if here.LastContactAt.Before(upAt) {
			here.LastContactAt = upAt
		}
		switch {
		case failed(o, d, says, now):
			t.Failed++
		case swapping && now.Sub(here.LastContactAt) > goneAfter,
			ran && d.LastContactAt.Sub(d.VersionAt) < settledAfter && fleet.Silent(&here, seen.Going[d.ID], now):
			t.Silent++
		case !ran && !swapping:
			continue
		}
		t.Tried++
	}
	return t
}

func ranAt(step string) bool { return step == swap || step == probation }

// failed tells whether a device tried the version and does not run it. Its clock says when, which counts only where some are forgotten;
// of one that is ahead all is, else nobody could let the roll-out go on.
func failed(o collector.Rollout, d *collector.Device, says *agentv1.SelfUpdate, now time.Time) bool {
	for _, f := range says.GetFailed() {
		if f.GetVersion() == o.Version && (f.GetRolledBack() || ranAt(f.GetStep())) {
			at := time.UnixMilli(f.GetAtMs())
			forgotten := o.CountedFrom.After(o.BeganAt) && (at.Before(o.CountedFrom) || at.After(now))
			return d.AgentVersion != o.Version && !forgotten
		}
	}
	return false
}

// failedMs is when a device last failed to become a version, by its own clock; 0: never.
func failedMs(says *agentv1.SelfUpdate, version string) (ms int64) {
	for _, f := range says.GetFailed() {
		if f.GetVersion() == version {
			ms = max(ms, f.GetAtMs())
		}
	}
	return ms
}

// failure is what a device last failed to become; nil where it never failed, became that after all, or went on to a newer one that
// it was not pinned back from.
func (s system) failure(d *collector.Device, says *agentv1.SelfUpdate) *adminv1.DeviceUpdate {
	if len(says.GetFailed()) == 0 || says.Failed[0].GetVersion() == d.AgentVersion {
		return nil
	}
	f := says.Failed[0]
	failed, err := release.ParseVersion(f.GetVersion())
	runs, err2 := release.ParseVersion(d.AgentVersion)
	if err == nil && err2 == nil && runs.Compare(failed) > 0 && s.policy.Pinned != f.Version {
		return nil
	}
	return &adminv1.DeviceUpdate{
		Device: d.ID, Name: d.Name, Os: d.OS, From: d.AgentVersion, Version: f.Version, Step: f.Step, Reason: f.Reason,
		At: instant(milli(f.AtMs)), RolledBack: f.RolledBack, Until: instant(milli(f.UntilMs)),
	}
}

func milli(ms int64) time.Time {
	if ms <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

package rollout

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

// maxFailures are shown, the newest.
const maxFailures = 500

// Lights of an aim.
const (
	green  = "green"
	yellow = "yellow"
	red    = "red"
)

// Show tells how updates stand, over the devices that came within a time; 0: ever.
func (r *Rollouts) Show(ctx context.Context, activeFor time.Duration) (*adminv1.ShowUpdatesResponse, error) {
	v, err := r.look(ctx)
	if err != nil {
		return nil, err
	}
	now := r.Now()
	answer := &adminv1.ShowUpdatesResponse{}
	if err := r.Releases.Vouched().Unheard(now); err != nil {
		answer.Problem = err.Error()
	}
	active := v.active(activeFor, now)
	for _, os := range systems {
		if aim := v.aimShown(os, active); aim.Devices > 0 || v.systems[os].aims() {
			answer.Aims = append(answer.Aims, aim)
		}
	}
	for i := range active {
		if f := v.systems[active[i].OS].failure(&active[i], v.Health[active[i].ID].GetUpdate()); f != nil {
			answer.Failures = append(answer.Failures, f)
		}
	}
	slices.SortStableFunc(answer.Failures, func(a, b *adminv1.DeviceUpdate) int { return strings.Compare(b.At, a.At) })
	answer.Failures = answer.Failures[:min(len(answer.Failures), maxFailures)]
	return answer, nil
}

// active are the devices that came within a time; 0: ever.
func (v *view) active(within time.Duration, now time.Time) []collector.Device {
	return slices.DeleteFunc(slices.Clone(v.Devices), func(d collector.Device) bool {
		return !d.RevokedAt.IsZero() || within > 0 && now.Sub(d.LastContactAt) > within
	})
}

// aimShown tells of a system, with its devices of these.
func (v *view) aimShown(os string, devices []collector.Device) *adminv1.UpdateAim {
	s, t := v.systems[os], v.tallies[os]
	shown := &adminv1.UpdateAim{Os: os, Tried: int32(t.Tried), Lost: int32(t.Lost())}
	shown.Light, shown.Reason = s.light()
	if s.aims() {
		shown.Version = s.aim.Version.String()
		shown.Percent, shown.Since = int32(s.percent()), instant(s.rollout.BeganAt)
		shown.Halted, shown.HaltedBy, shown.HaltedWhy = instant(s.rollout.HaltedAt), s.rollout.HaltedBy, s.rollout.HaltedWhy
	}
	if next := nextOf(v.updates.Rollout.Plan, s.rollout.Percent); s.runs() && s.policy.Pinned == "" && next > 0 {
		shown.Next, shown.NextPercent = instant(s.rollout.RaisedAt.Add(time.Duration(v.updates.Rollout.Every))), int32(next)
	}
	for i := range devices {
		d := &devices[i]
		if d.OS != os {
			continue
		}
		shown.Devices++
		if d.AgentVersion == shown.Version {
			shown.There++
		}
		if v.Health[d.ID].GetUpdate().GetOff() != "" {
			shown.Elsewhere++
		}
	}
	return shown
}

// light gives the circle and what it means, in people's words.
func (s system) light() (light, reason string) {
	switch pinned := s.policy.Pinned != ""; {
	case s.is(Off):
		return red, "updating is off"
	case !s.aims():
		return red, s.problem.Error()
	case !s.rollout.HaltedAt.IsZero() && s.rollout.HaltedWhy != "":
		return red, "halted: " + s.rollout.HaltedWhy
	case !s.rollout.HaltedAt.IsZero():
		return red, "halted by " + s.rollout.HaltedBy
	case pinned:
		return red, "pinned to " + s.policy.Pinned
	case s.is(Paused):
		return yellow, "paused"
	case s.percent() < 100:
		return yellow, fmt.Sprintf("in a roll-out to %d %% of the devices", s.percent())
	}
	return green, "updating is on"
}

// Device tells how updating stands on a device, nil where there is nothing to say, by what it said last of it.
func (r *Rollouts) Device(d *collector.Device, says *agentv1.SelfUpdate) *adminv1.DeviceUpdate {
	p := r.plan.Load()
	order, ordered := p.orders[d.ID]
	ordered = ordered && !done(order.UpdateOrder, d, says)
	shown := &adminv1.DeviceUpdate{Device: d.ID, Name: d.Name, Os: d.OS, From: d.AgentVersion, Step: check, Ordered: ordered}
	s := p.systems[d.OS]
	tell, failed := p.Tell(d, says), s.failure(d, says)
	switch {
	case says.GetVersion() != "" && says.GetVersion() != d.AgentVersion || ranAt(says.GetStep()):
		shown.Version, shown.Step, shown.Reason = says.GetVersion(), says.GetStep(), says.GetWaits()
	case failed != nil && !ordered:
		return failed
	case tell != nil:
		shown.Version = tell.Version
	case ordered: // not told at the moment
		shown.Version = order.Version
	case s.aims() && says.GetOff() == "" && unfit(s.aim, d) != nil:
		shown.Version, shown.Reason = s.aim.Version.String(), unfit(s.aim, d).Error()
	default:
		return nil
	}
	return shown
}

// instant is a time as the contract shows it, empty for never.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

package rollout

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/shelf"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/settings"
)

// Modes of settings.UpdatePolicy.
const (
	Paused = "paused"
	Off    = "off"
)

// Plan is what devices are told. It does not change.
type Plan struct {
	systems map[string]system
	// orders by device.
	orders map[string]order
}

// order of a device.
type order struct {
	collector.UpdateOrder
	// release to become; nil: agents take none at the moment.
	release *shelf.Release
}

// system is what the devices of one are told.
type system struct {
	policy settings.UpdatePolicy
	// aim is what they are to become; nil where there is nothing, and problem says why.
	aim     *shelf.Release
	problem error
	// rollout to aim.
	rollout collector.Rollout
}

// aims tells whether there is something to become.
func (s system) aims() bool { return s.aim != nil }

// is tells whether a mode of the policy holds: a pinned version goes before it.
func (s system) is(mode string) bool { return s.policy.Pinned == "" && s.policy.Mode == mode }

// runs tells whether devices are told now.
func (s system) runs() bool { return s.aims() && !s.is(Paused) && s.rollout.HaltedAt.IsZero() }

// percent of the devices that are told: a pinned version is for all at once.
func (s system) percent() int {
	if s.policy.Pinned != "" {
		return 100
	}
	return s.rollout.Percent
}

// In tells whether a device is among the first so many per cent that become a version: as the share grows none leaves it, and each
// version begins with other devices.
func In(device, version string, percent int) bool {
	sum := sha256.Sum256([]byte(device + "\n" + version))
	return binary.BigEndian.Uint64(sum[:])%100 < uint64(max(percent, 0))
}

// Tell gives what a device is told to become, nil for nothing, by what it said last of its updates.
func (p *Plan) Tell(d *collector.Device, says *agentv1.SelfUpdate) *agentv1.Update {
	one, known := p.systems[d.OS]
	if !known || says.GetOff() != "" || one.is(Off) {
		return nil
	}
	if order, told := p.orders[d.ID]; told {
		if order.release == nil || unfit(order.release, d) != nil || done(order.UpdateOrder, d, says) {
			return nil
		}
		return &agentv1.Update{Version: order.Version, Pinned: order.Pinned, Now: true}
	}
	if !one.runs() || !In(d.ID, one.rollout.Version, one.percent()) || !one.wants(d) {
		return nil
	}
	return &agentv1.Update{Version: one.rollout.Version, Pinned: one.policy.Pinned != ""}
}

// done tells whether a device runs what it was ordered to become, or failed to since.
func done(o collector.UpdateOrder, d *collector.Device, says *agentv1.SelfUpdate) bool {
	return d.AgentVersion == o.Version || failedMs(says, o.Version) != o.FailedMs && failedMs(says, o.Version) != 0
}

// wants tells whether a device should and can become what its system aims at.
func (s system) wants(d *collector.Device) bool {
	if !s.aims() || d.AgentVersion == s.aim.Version.String() || unfit(s.aim, d) != nil {
		return false
	}
	return s.policy.Pinned != "" || !isNewer(d, s.aim)
}

// isNewer tells whether a device runs a newer version than a release.
func isNewer(d *collector.Device, one *shelf.Release) bool {
	runs, err := release.ParseVersion(d.AgentVersion)
	return err == nil && runs.Compare(one.Version) > 0
}

package collector

import "time"

// Rollout is how far the computers of a system are told to become a version of the agent.
type Rollout struct {
	// OS is release.Windows and so on.
	OS      string
	Version string
	// Percent of the devices are told, 1 to 100.
	Percent int
	// BeganAt is when the first were, RaisedAt when Percent last rose, moved on by as long as the roll-out stood still since.
	BeganAt  time.Time
	RaisedAt time.Time
	// CountedFrom: devices that were lost before are not counted.
	CountedFrom time.Time
	// StoodAt is since when nobody is told: it is halted, paused, or its system aims at another version. Zero: it goes on.
	StoodAt time.Time
	// HaltedAt is zero where it was not halted. HaltedBy is who did (AuditEntry.Actor), empty: the collector by itself.
	HaltedAt  time.Time
	HaltedBy  string
	HaltedWhy string
}

// UpdateOrder has one device update now, whatever share of its system's does. It ends when the device runs the version, or failed to.
type UpdateOrder struct {
	Device  string
	Version string
	// Pinned: it is meant also where it is older than what runs.
	Pinned bool
	At     time.Time
	By     string
	// FailedMs is when the device last failed to become the version before, by its own clock, as it said it: not again that. 0: never.
	FailedMs int64
}

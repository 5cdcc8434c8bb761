package ingest

import (
	"sync/atomic"
	"time"
)

type counters struct {
	stored, refused, forbidden, deleted, corrected, lost     atomic.Int64
	expired                                                  atomic.Int64
	repeats, forks, badBatches, busy, commits, failedCommits atomic.Int64
	commitNanos                                              atomic.Int64
}

// Counters are sums since the start. They hold no names.
type Counters struct {
	// Episodes: stored; refused by themselves; dropped because their settings forbade them; dropped because they were
	// deleted before they came; stored with a corrected clock; missing in a stream; dropped because they are of days that
	// are not kept any more.
	Stored, Refused, Forbidden, Deleted, Corrected, Lost, Expired int64
	// Batches: known already; not continuing their stream; refused as a whole; put off because too much waited.
	Repeats, Forks, BadBatches, Busy int64
	// Transactions of the episode store, and how long they took together.
	Commits, FailedCommits int64
	CommittingFor          time.Duration
}

// Counters gives the sums until now.
func (i *Ingest) Counters() Counters {
	c := &i.counters
	return Counters{
		Stored: c.stored.Load(), Refused: c.refused.Load(), Forbidden: c.forbidden.Load(), Deleted: c.deleted.Load(),
		Corrected: c.corrected.Load(), Lost: c.lost.Load(), Expired: c.expired.Load(), Repeats: c.repeats.Load(), Forks: c.forks.Load(),
		BadBatches: c.badBatches.Load(), Busy: c.busy.Load(), Commits: c.commits.Load(),
		FailedCommits: c.failedCommits.Load(), CommittingFor: time.Duration(c.commitNanos.Load()),
	}
}

package rollout

import (
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/settings"
)

// What advance did that people are told of, as audit actions.
const (
	began  = "rollout.begin"
	raised = "rollout.raise"
	halted = "rollout.halt"
)

// begin gives the roll-out of a version that none has begun for.
func begin(os, version string, plan settings.Rollout, now time.Time) collector.Rollout {
	return collector.Rollout{OS: os, Version: version, Percent: plan.Plan[0], BeganAt: now, RaisedAt: now, CountedFrom: now}
}

// advance gives how far a roll-out is now, by its plan and by what became of the devices, and what was done (empty: nothing to tell
// of). A plan waits while the roll-out stands still, and until the collector was there long enough to see who is lost.
func advance(s system, plan settings.Rollout, t Tally, upAt, now time.Time) (o collector.Rollout, act string) {
	o = s.rollout
	every := time.Duration(plan.Every)
	o = stand(o, s.runs(), now)
	if !s.runs() {
		return o, ""
	}
	if t.TooMany(plan.Halt) {
		o.HaltedAt, o.HaltedWhy = now, t.why(plan.Halt)
		return stand(o, false, now), halted
	}
	next := nextOf(plan.Plan, o.Percent)
	if s.policy.Pinned == "" && next > 0 && now.Sub(o.RaisedAt) >= every && now.Sub(upAt) >= min(every, goneAfter) {
		o.Percent, o.RaisedAt = next, now
		return o, raised
	}
	return o, ""
}

// stand notes since when a roll-out stands still and, once it goes on, has its plan wait for as long.
func stand(o collector.Rollout, runs bool, now time.Time) collector.Rollout {
	switch {
	case !runs && o.StoodAt.IsZero():
		o.StoodAt = now
	case runs && !o.StoodAt.IsZero():
		o.RaisedAt = o.RaisedAt.Add(max(now.Sub(o.StoodAt), 0))
		o.StoodAt = time.Time{}
	}
	return o
}

// nextOf gives the plan's next share above one; 0: none.
func nextOf(plan []int, percent int) int {
	for _, step := range plan {
		if step > percent {
			return step
		}
	}
	return 0
}

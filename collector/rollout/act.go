package rollout

import (
	"context"
	"slices"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/shelf"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// goneOn is Set's audit action where it lets a roll-out go on; it raises and halts under the actions of the plan.
const goneOn = "rollout.go_on"

// Set raises, halts or lets go on what a system aims at, by hand. Conflict where that is another version than was meant, or the
// roll-out is not so that it can be done; what is so already is no error.
func (r *Rollouts) Set(ctx context.Context, m *adminv1.SetRolloutRequest, actor string) (*adminv1.UpdateAim, error) {
	if !slices.Contains(systems, m.Os) {
		return nil, collector.Refuse(collector.BadRequest, "os", "there is no system %q: windows, macos or linux", m.Os)
	}
	r.looking.Lock()
	defer r.looking.Unlock()
	v, err := r.lookOnce(ctx)
	if err != nil {
		return nil, err
	}
	s := v.systems[m.Os]
	switch {
	case !s.aims() && s.is(Off):
		return nil, collector.Refuse(collector.Conflict, "", "updates.%s is off, so that there is no roll-out", m.Os)
	case !s.aims():
		return nil, collector.Refuse(collector.Conflict, "", "there is no roll-out: %v", s.problem)
	case m.Version != s.rollout.Version:
		return nil, collector.Refuse(collector.Conflict, "", "%s aims at %s, and no longer at %q", m.Os, s.rollout.Version, m.Version)
	}
	next, act, err := s.set(m, actor, r.Now())
	if err != nil {
		return nil, err
	}
	if act != "" {
		if err := r.put(context.WithoutCancel(ctx), next, act, actor); err != nil {
			return nil, err
		}
		if v, err = r.lookOnce(ctx); err != nil {
			return nil, err
		}
	}
	return v.aimShown(m.Os, v.active(0, r.Now())), nil
}

// set gives what becomes of the roll-out, and what is done; nothing where it is so already.
func (s system) set(m *adminv1.SetRolloutRequest, actor string, now time.Time) (next collector.Rollout, act string, err error) {
	next = s.rollout
	isHalted := !next.HaltedAt.IsZero()
	switch do := m.Act.(type) {
	case *adminv1.SetRolloutRequest_Percent:
		return s.raise(int(do.Percent), now)
	case *adminv1.SetRolloutRequest_Halt:
		if do.Halt && !isHalted {
			next.HaltedAt, next.HaltedBy, act = now, actor, halted
		}
	case *adminv1.SetRolloutRequest_GoOn:
		if do.GoOn && isHalted {
			next.HaltedAt, next.HaltedBy, next.HaltedWhy = time.Time{}, "", ""
			next.CountedFrom, act = now, goneOn
		}
	default:
		err = collector.Refuse(collector.BadRequest, "act", "say what to do: percent, halt or go_on")
	}
	return next, act, err
}

func (s system) raise(percent int, now time.Time) (next collector.Rollout, act string, err error) {
	next = s.rollout
	switch {
	case s.policy.Pinned != "":
		err = collector.Refuse(collector.Conflict, "", "updates.%s is pinned to %s, which all devices are told at once", next.OS, s.policy.Pinned)
	case !next.HaltedAt.IsZero():
		err = collector.Refuse(collector.Conflict, "", "the roll-out is halted: let it go on first")
	case percent <= next.Percent || percent > 100:
		err = collector.Refuse(collector.BadRequest, "percent", "%d is not more than the %d %% that it is at, and 100 at most", percent, next.Percent)
	}
	next.Percent, next.RaisedAt = percent, now
	if !next.StoodAt.IsZero() {
		next.StoodAt = now // from here the plan waits
	}
	return next, raised, err
}

// Order has one device become a version now; empty: what its system aims at. It gives the version.
func (r *Rollouts) Order(ctx context.Context, id, version, actor string) (string, error) {
	r.looking.Lock()
	defer r.looking.Unlock()
	v, err := r.lookOnce(ctx)
	if err != nil {
		return "", err
	}
	at := slices.IndexFunc(v.Devices, func(d collector.Device) bool { return d.ID == id })
	if at < 0 {
		return "", collector.Refuse(collector.NotFound, "id", "there is no such device")
	}
	d, says := &v.Devices[at], v.Health[id].GetUpdate()
	one, err := r.orderable(v.systems[d.OS], d, says.GetOff(), version)
	if err != nil {
		return "", err
	}
	version = one.Version.String()
	o := collector.UpdateOrder{
		Device: id, Version: version, Pinned: v.systems[d.OS].policy.Pinned != "" || one != v.systems[d.OS].aim,
		At: r.Now(), By: actor, FailedMs: failedMs(says, version),
	}
	entry, err := r.entry("device.update", id, actor, map[string]any{"version": version})
	if err != nil {
		return "", err
	}
	ctx = context.WithoutCancel(ctx)
	if err := r.Registry.PutUpdateOrder(ctx, o, entry); err != nil {
		return "", err
	}
	_, err = r.lookOnce(ctx)
	return version, err
}

// orderable gives the release that a device can be told to become now.
func (r *Rollouts) orderable(s system, d *collector.Device, off, version string) (one *shelf.Release, err error) {
	refuse := func(format string, args ...any) (*shelf.Release, error) {
		return nil, collector.Refuse(collector.Conflict, "", format, args...)
	}
	switch {
	case !d.RevokedAt.IsZero():
		return refuse("the device was revoked")
	case s.is(Off):
		return refuse("updates.%s is off", d.OS)
	case off != "":
		return refuse("the device does not update itself: %s", off)
	case version != "":
		one, err = find(r.Releases, d.OS, version, r.Now())
	case !s.aims():
		one, err = nil, s.problem
	case isNewer(d, s.aim) && s.policy.Pinned == "":
		return refuse("the device runs %s, which is newer than %s", d.AgentVersion, s.aim.Version)
	default:
		one = s.aim
	}
	if err != nil {
		return nil, err
	}
	if err := unfit(one, d); err != nil {
		return refuse("%v", err)
	}
	if d.AgentVersion == one.Version.String() {
		return refuse("the device runs %s already", d.AgentVersion)
	}
	return one, nil
}

// Cancel takes an order back.
func (r *Rollouts) Cancel(ctx context.Context, id, actor string) error {
	r.looking.Lock()
	defer r.looking.Unlock()
	entry, err := r.entry("device.update_cancel", id, actor, map[string]any{})
	if err != nil {
		return err
	}
	if err := r.Registry.EndUpdateOrder(ctx, id, entry); err != nil {
		return err
	}
	_, err = r.lookOnce(ctx)
	return err
}

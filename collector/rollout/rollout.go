// Package rollout says which release of the agent each device is to become, raises the share of devices that are told so by the
// account's plan, and halts it where devices are lost by it. It decides by what the registry, the shelf and the account say; time is
// an argument.
package rollout

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/fleet"
	"github.com/dayline-project/dayline/collector/shelf"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/settings"
)

// lookEvery is how often it looks how devices do, where nothing else has it look.
const lookEvery = 10 * time.Second

// byItself is who is written down for what the plan and the halt do.
const byItself = "collector"

// Registry is what is needed of the registry.
type Registry interface {
	Devices(ctx context.Context) ([]collector.Device, error)
	Healths(ctx context.Context) (map[string]*agentv1.Health, error)
	GoingSpans(ctx context.Context) (map[string][]*agentv1.Span, error)
	Rollouts(ctx context.Context) ([]collector.Rollout, error)
	PutRollout(ctx context.Context, rollout collector.Rollout, entries ...collector.AuditEntry) error
	UpdateOrders(ctx context.Context) ([]collector.UpdateOrder, error)
	PutUpdateOrder(ctx context.Context, order collector.UpdateOrder, entries ...collector.AuditEntry) error
	EndUpdateOrder(ctx context.Context, device string, entries ...collector.AuditEntry) error
}

// Options are the rooms it stands on.
type Options struct {
	Registry Registry
	Releases *shelf.Releases
	// Updates are the account's.
	Updates func() *settings.Updates
	Now     func() time.Time
	Log     *slog.Logger
}

// Rollouts has devices become releases. Safe for use by several at once.
type Rollouts struct {
	Options
	// upAt is since when devices can come.
	upAt    time.Time
	changed chan struct{}
	// looking is held by whoever looks and decides.
	looking sync.Mutex
	plan    atomic.Pointer[Plan]
}

// New looks once, so that devices are told from the first on.
func New(ctx context.Context, o Options) (*Rollouts, error) {
	r := &Rollouts{Options: o, upAt: o.Now(), changed: make(chan struct{}, 1)}
	_, err := r.look(ctx)
	return r, err
}

// Run raises and halts until the context ends.
func (r *Rollouts) Run(ctx context.Context) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		if _, err := r.look(ctx); err != nil && ctx.Err() == nil {
			r.Log.Error("roll-outs stand as they were; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-r.changed:
		}
	}
}

// Changed tells that the account or the shelf may have.
func (r *Rollouts) Changed() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// Tell gives what a device is told to become, nil for nothing, by what it said last of its updates.
func (r *Rollouts) Tell(d *collector.Device, says *agentv1.SelfUpdate) *agentv1.Update {
	return r.plan.Load().Tell(d, says)
}

// view is what was seen and decided in one look.
type view struct {
	*Plan
	fleet.Seen
	updates settings.Updates
	// tallies by system, of its aim.
	tallies map[string]Tally
}

// look sees how things stand, decides, and has devices told so from then on.
func (r *Rollouts) look(ctx context.Context) (*view, error) {
	r.looking.Lock()
	defer r.looking.Unlock()
	return r.lookOnce(ctx)
}

func (r *Rollouts) lookOnce(ctx context.Context) (*view, error) {
	now := r.Now()
	v := &view{
		Plan:    &Plan{systems: map[string]system{}, orders: map[string]order{}},
		updates: *r.Updates(), tallies: map[string]Tally{},
	}
	var err error
	if v.Devices, err = r.Registry.Devices(ctx); err != nil {
		return nil, err
	}
	if v.Health, err = r.Registry.Healths(ctx); err != nil {
		return nil, err
	}
	if v.Going, err = r.Registry.GoingSpans(ctx); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx) // what is decided is kept
	if err := r.advance(ctx, v, now); err != nil {
		return nil, err
	}
	if err := r.keepOrders(ctx, v, now); err != nil {
		return nil, err
	}
	r.plan.Store(v.Plan)
	return v, nil
}

// advance takes each system's roll-out on, and has those that are none of these stand still.
func (r *Rollouts) advance(ctx context.Context, v *view, now time.Time) error {
	kept, err := r.Registry.Rollouts(ctx)
	if err != nil {
		return err
	}
	by := map[[2]string]collector.Rollout{}
	for _, o := range kept {
		by[[2]string{o.OS, o.Version}] = o
	}
	for _, os := range systems {
		s := system{policy: v.updates.Of(os)}
		if !s.is(Off) {
			s.aim, s.problem = r.Releases.Aim(os, s.policy.Pinned, now)
		}
		if s.aims() {
			key := [2]string{os, s.aim.Version.String()}
			if s.rollout, v.tallies[os], err = r.rollOn(ctx, v, os, s, by[key], now); err != nil {
				return err
			}
			delete(by, key)
		}
		v.systems[os] = s
	}
	for _, o := range by {
		if next := stand(o, false, now); next != o {
			if err := r.Registry.PutRollout(ctx, next); err != nil {
				return err
			}
		}
	}
	return nil
}

// rollOn takes the roll-out of what a system aims at on, from how far it was (the zero one: none began), and keeps it.
func (r *Rollouts) rollOn(ctx context.Context, v *view, os string, s system, former collector.Rollout, now time.Time) (collector.Rollout, Tally, error) {
	s.rollout = former
	act := ""
	if former.Version == "" {
		s.rollout, act = begin(os, s.aim.Version.String(), v.updates.Rollout, now), began
	}
	t := Tallied(s.rollout, &v.Seen, r.upAt, now)
	next, did := advance(s, v.updates.Rollout, t, r.upAt, now)
	if next == former {
		return next, t, nil
	}
	return next, t, r.put(ctx, next, cmp.Or(did, act), byItself)
}

// put keeps a roll-out and writes down what was done, where there is something to tell of.
func (r *Rollouts) put(ctx context.Context, o collector.Rollout, act, actor string) error {
	if act == "" {
		return r.Registry.PutRollout(ctx, o)
	}
	detail := map[string]any{"version": o.Version, "percent": o.Percent}
	if act == halted && o.HaltedWhy != "" {
		detail["why"] = o.HaltedWhy
	}
	entry, err := r.entry(act, o.OS, actor, detail)
	if err != nil {
		return err
	}
	if act == halted && actor == byItself {
		r.Log.Warn("roll-out halted", "os", o.OS, "version", o.Version)
	}
	return r.Registry.PutRollout(ctx, o, entry)
}

func (r *Rollouts) entry(act, subject, actor string, detail map[string]any) (collector.AuditEntry, error) {
	text, err := json.Marshal(detail)
	if err != nil {
		return collector.AuditEntry{}, fmt.Errorf("rollout: %w", err)
	}
	return collector.AuditEntry{At: r.Now(), Actor: actor, Action: act, Subject: subject, Detail: string(text)}, nil
}

// keepOrders ends those that are done with: the device runs the version, failed to, is refused, or agents may not take it any more.
func (r *Rollouts) keepOrders(ctx context.Context, v *view, now time.Time) error {
	orders, err := r.Registry.UpdateOrders(ctx)
	if err != nil {
		return err
	}
	for _, o := range orders {
		at := slices.IndexFunc(v.Devices, func(d collector.Device) bool { return d.ID == o.Device })
		if at < 0 {
			continue // it was enrolled after they were looked at
		}
		d := &v.Devices[at]
		one, err := find(r.Releases, d.OS, o.Version, now)
		gone := err != nil && r.Releases.Vouched().Unheard(now) == nil
		if gone || !d.RevokedAt.IsZero() || done(o, d, v.Health[d.ID].GetUpdate()) {
			if err := r.Registry.EndUpdateOrder(ctx, d.ID); err != nil {
				return err
			}
			continue
		}
		v.orders[d.ID] = order{o, one}
	}
	return nil
}

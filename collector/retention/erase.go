package retention

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// Erasure is whose history is to be deleted, up to now.
type Erasure struct {
	// Action and Subject as the audit log has them: "person.delete", "p-7f3a00000000".
	Action, Subject string
	// Owners whose data goes: a login on a device, a login wherever it is, or a device with all that is on it; the
	// other field is empty.
	Owners []collector.Owner
	// Names by which the person was known: they go from what the registry keeps of past settings, unless people.yaml
	// still has them.
	Names []string
	// Later leaves writing the episode file anew for the night.
	Later bool
}

// Erased is what an erasure came to.
type Erased struct {
	Episodes int64
	// Named: people.yaml still names the person, and so do the settings of the past.
	Named bool
}

// Erase deletes a history: the tombstones first, so that nothing of it comes in any more, then what is stored, then the
// bytes it left behind. It is carried through and written down also where it fails or its caller is gone.
func (r *Retention) Erase(ctx context.Context, who string, what Erasure) (Erased, error) {
	r.working.Lock()
	defer r.working.Unlock()
	ctx = context.WithoutCancel(ctx)
	erased, err := r.erase(ctx, who, &what)
	if err == nil && !what.Later {
		err = r.rewrite(ctx)
	}
	return erased, errors.Join(err, r.registry.Audit(ctx, r.entry(who, what.Action, what.Subject, map[string]any{
		"episodes": erased.Episodes, "complete": err == nil, "rewritten": err == nil && !what.Later,
	})))
}

func (r *Retention) erase(ctx context.Context, who string, what *Erasure) (erased Erased, err error) {
	now := r.now()
	var added []collector.Tombstone
	for _, owner := range what.Owners {
		added = append(added, collector.Tombstone{Device: owner.Device, LoginKey: owner.LoginKey, Before: now, At: now})
	}
	// First of all: should this be cut off anywhere, Run carries it through, and the audit log has who asked for it.
	finish, err := r.begin(ctx)
	if err == nil {
		err = r.registry.AddTombstones(ctx, added, r.entry(who, what.Action, what.Subject, map[string]any{"begun": true}))
	}
	if err != nil {
		return erased, fmt.Errorf("retention: erase: %w", err)
	}
	known, err := r.namesOf(ctx, added)
	if err != nil {
		return erased, err
	}
	if erased.Episodes, err = r.bury(ctx, added); err != nil {
		return erased, err
	}
	if err := r.removeSetAside(ctx, who); err != nil {
		return erased, err
	}
	if len(what.Names) > 0 {
		if erased.Named, err = r.eraseNames(ctx, append(known, what.Names...)); err != nil {
			return erased, err
		}
	}
	return erased, finish()
}

// begun tells when an erasure was begun last, and up to which of them all are carried through.
func (r *Retention) begun(ctx context.Context) (erased, buried time.Time, err error) {
	if erased, err = r.registry.WorkDone(ctx, workErased); err == nil {
		buried, err = r.registry.WorkDone(ctx, workBuried)
	}
	return erased, buried, err
}

// begin marks that an erasure begins; finish, that it is carried through, unless another was cut off before: then Run
// goes through both.
func (r *Retention) begin(ctx context.Context) (finish func() error, err error) {
	erased, buried, err := r.begun(ctx)
	now := r.now()
	if err == nil {
		err = r.registry.FinishWork(ctx, workErased, now)
	}
	if err != nil {
		return nil, fmt.Errorf("retention: begin: %w", err)
	}
	return func() error {
		if erased.After(buried) {
			return nil
		}
		return r.registry.FinishWork(ctx, workBuried, now)
	}, nil
}

// resume carries erasures through that were begun after a time and cut off; the last began at another. The names go
// first, while the registry still knows whose they are. The caller holds working.
func (r *Retention) resume(ctx context.Context, after, last time.Time) error {
	all, err := r.registry.Tombstones(ctx)
	if err != nil {
		return fmt.Errorf("retention: resume: %w", err)
	}
	begun := slices.DeleteFunc(slices.Clone(all), func(t collector.Tombstone) bool { return !t.At.After(after) })
	names, err := r.namesOf(ctx, begun)
	if err != nil {
		return err
	}
	if _, err := r.eraseNames(ctx, names); err != nil {
		return err
	}
	var told []collector.AuditEntry
	if len(all) > 0 {
		deleted, err := r.bury(ctx, all)
		if err != nil {
			return err
		}
		told = append(told, r.entry(actor, "erasure.resume", "", map[string]any{"episodes": deleted}))
	}
	if err := r.removeSetAside(ctx, actor); err != nil {
		return err
	}
	if err := r.registry.FinishWork(ctx, workBuried, last, told...); err != nil {
		return fmt.Errorf("retention: resume: %w", err)
	}
	return nil
}

// bury deletes what tombstones cover, and forgets the logins that have nothing left.
func (r *Retention) bury(ctx context.Context, tombstones []collector.Tombstone) (deleted int64, err error) {
	if err := r.buried(ctx); err != nil {
		return 0, fmt.Errorf("retention: erase: %w", err)
	}
	for _, t := range tombstones {
		n, err := r.store.Delete(ctx, t.Device, t.LoginKey, t.Before)
		if err != nil {
			return deleted, fmt.Errorf("retention: erase: %w", err)
		}
		deleted += n
	}
	r.used.forget()
	if err := r.forget(ctx, tombstones); err != nil {
		return deleted, fmt.Errorf("retention: erase: %w", err)
	}
	// Once more: a login that goes on is to be made known anew.
	if err := r.buried(ctx); err != nil {
		return deleted, fmt.Errorf("retention: erase: %w", err)
	}
	return deleted, nil
}

// forget makes the registry forget covered logins without an episode, and what covered devices said of themselves.
func (r *Retention) forget(ctx context.Context, tombstones []collector.Tombstone) error {
	used, err := r.store.Usage(ctx)
	if err != nil {
		return err
	}
	stored := map[string]bool{}
	for owner := range used.Owners {
		stored[owner.LoginKey], stored[owner.Device] = true, true
	}
	covered, err := r.covered(ctx, tombstones)
	if err != nil {
		return err
	}
	for _, t := range tombstones {
		if t.LoginKey != "" || stored[t.Device] {
			continue
		}
		if err := r.registry.ForgetDevice(ctx, t.Device); err != nil {
			return err
		}
	}
	maps.DeleteFunc(covered, func(key string, _ bool) bool { return stored[key] })
	return r.registry.ForgetLogins(ctx, slices.Sorted(maps.Keys(covered)))
}

// covered are the keys of the logins that tombstones name, or that are on devices they name.
func (r *Retention) covered(ctx context.Context, tombstones []collector.Tombstone) (map[string]bool, error) {
	names, err := r.registry.LoginNames(ctx)
	if err != nil {
		return nil, err
	}
	logins, err := r.registry.Logins(ctx)
	if err != nil {
		return nil, err
	}
	devices, keys := map[string]bool{}, map[string]bool{}
	for _, t := range tombstones {
		if t.LoginKey != "" {
			keys[t.LoginKey] = true
		} else {
			devices[t.Device] = true
		}
	}
	for owner := range names {
		if devices[owner.Device] {
			keys[owner.LoginKey] = true
		}
	}
	for _, login := range logins {
		if login.Device != "" && devices[login.Device] {
			keys[login.Key] = true
		}
	}
	return keys, nil
}

// removeSetAside deletes the episode files that could not be read: whose episodes they hold, nobody can tell.
func (r *Retention) removeSetAside(ctx context.Context, who string) error {
	files, err := r.store.DropSetAside(ctx)
	if len(files) > 0 {
		err = errors.Join(err, r.registry.Audit(ctx, r.entry(who, "storage.remove", strings.Join(files, " "), map[string]any{
			"reason": "an erasure, and what these unreadable files hold cannot be told",
		})))
	}
	if err != nil {
		return fmt.Errorf("retention: unreadable files: %w", err)
	}
	return nil
}

// reapply deletes again what any tombstone covers. The caller holds working.
func (r *Retention) reapply(ctx context.Context) (int64, error) {
	all, err := r.registry.Tombstones(ctx)
	if err != nil || len(all) == 0 {
		return 0, err
	}
	return r.bury(ctx, all)
}

// Restored makes a restored collector know what was deleted: by its own tombstones and by those of a later state of it.
// Whatever they cover is gone when it returns, and in no byte of the files.
func (r *Retention) Restored(ctx context.Context, later []collector.Tombstone) (deleted int64, err error) {
	r.working.Lock()
	defer r.working.Unlock()
	own, err := r.registry.Tombstones(ctx)
	if err != nil {
		return 0, fmt.Errorf("retention: restored: %w", err)
	}
	unknown := Unknown(own, later)
	if err := r.registry.AddTombstones(ctx, unknown); err != nil {
		return 0, fmt.Errorf("retention: restored: %w", err)
	}
	names, err := r.namesOf(ctx, unknown)
	if err != nil {
		return 0, err
	}
	if deleted, err = r.reapply(ctx); err != nil {
		return deleted, err
	}
	if len(unknown) == 0 && deleted == 0 {
		return 0, nil
	}
	if _, err := r.eraseNames(ctx, names); err != nil {
		return deleted, err
	}
	return deleted, r.rewrite(ctx)
}

// Unknown are those of later tombstones that own ones do not cover.
func Unknown(own, later []collector.Tombstone) []collector.Tombstone {
	return slices.DeleteFunc(slices.Clone(later), func(t collector.Tombstone) bool {
		return slices.ContainsFunc(own, func(o collector.Tombstone) bool {
			return !t.Before.After(o.Before) && (o.Device == "" || o.Device == t.Device) && (o.LoginKey == "" || o.LoginKey == t.LoginKey)
		})
	})
}

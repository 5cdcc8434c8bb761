// Package retention keeps no more than it should: it deletes days that are past their time, and people's, logins' and
// devices' histories when told to, so that no byte of them is left in the data directory; and it tells how much is
// stored and how long there is room (docs/retention.md).
package retention

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"sync"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

// Store is what is asked of the episode store.
type Store interface {
	collector.Upkeep
	Stats(ctx context.Context) (collector.StoreStats, error)
	// DropSetAside deletes the files that could not be read, and names them.
	DropSetAside(ctx context.Context) ([]string, error)
}

// Registry is what is asked of the collector's registry.
type Registry interface {
	Logins(ctx context.Context) ([]collector.Login, error)
	LoginNames(ctx context.Context) (map[collector.Owner]string, error)
	People(ctx context.Context) ([]collector.Person, error)
	AddTombstones(ctx context.Context, tombstones []collector.Tombstone, entries ...collector.AuditEntry) error
	Tombstones(ctx context.Context) ([]collector.Tombstone, error)
	ForgetLogins(ctx context.Context, keys []string) error
	ForgetDevice(ctx context.Context, device string) error
	DropSpans(ctx context.Context, before time.Time) (int64, error)
	PruneDocuments(ctx context.Context, before time.Time) (int64, error)
	FileRevisions(ctx context.Context, file string, limit int) ([]collector.FileRevision, error)
	EditFileRevisions(ctx context.Context, file string, edit func(content []byte) []byte) error
	Audit(ctx context.Context, entry collector.AuditEntry) error
	AuditEntries(ctx context.Context, after uint64, limit int) ([]collector.AuditEntry, error)
	EraseAudit(ctx context.Context, sequences ...uint64) error
	WorkDone(ctx context.Context, work string) (time.Time, error)
	FinishWork(ctx context.Context, work string, at time.Time, entries ...collector.AuditEntry) error
}

// Options of a Retention.
type Options struct {
	Registry Registry
	Store    Store
	// Set is the configuration in force.
	Set func() *config.Set
	// Buried is told that tombstones were added, before anything is deleted, and again when logins were forgotten:
	// nothing that they cover is taken in from then on. Nil where nobody takes anything in.
	Buried func(ctx context.Context) error
	// Free gives the free bytes of the disk and the floor below which nothing is taken in.
	Free func() (free, floor int64, err error)
	// Now tells the time; nil is time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Retention deletes. Run must run for what is due by itself.
type Retention struct {
	registry Registry
	store    Store
	set      func() *config.Set
	buried   func(ctx context.Context) error
	free     func() (free, floor int64, err error)
	now      func() time.Time
	log      *slog.Logger

	// working is held by one deletion or rewriting at a time.
	working sync.Mutex
	// tidied is what the last dropping of old days went by.
	tidied struct {
		today int32
		days  int
	}
	changed chan struct{}
	used    usage
}

// New makes a Retention.
func New(o Options) *Retention {
	if o.Buried == nil {
		o.Buried = func(context.Context) error { return nil }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Retention{
		registry: o.Registry, store: o.Store, set: o.Set, buried: o.Buried, free: o.Free, now: o.Now, log: o.Log,
		changed: make(chan struct{}, 1),
	}
}

// The collector's own acts are written down as this actor's.
const actor = "collector"

// Works that recur, as the registry remembers when they were done.
const (
	workErased    = "erasure"   // an erasure was begun
	workBuried    = "burial"    // the erasure begun then is carried through, but for the file's bytes
	workDropped   = "retention" // days were dropped
	workRewritten = "rewrite"   // the episode file was written anew
)

// lookEvery is how often Run looks whether something is due; clocks that jump and computers that sleep cost no more.
const lookEvery = time.Hour

// Run does what is due at its start, every hour, and when the settings change, until the context ends.
func (r *Retention) Run(ctx context.Context) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		if err := r.work(ctx); err != nil && ctx.Err() == nil {
			r.log.Error("retention failed; it is tried again within the hour", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-r.changed:
		}
	}
}

// Changed tells that the settings may have.
func (r *Retention) Changed() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// KeptFrom is the first local day that is kept: all before it are older than days. 0 days keep for ever.
func KeptFrom(today int32, days int) int32 {
	if days <= 0 {
		return math.MinInt32
	}
	return today - int32(days)
}

// KeptFrom is the first local day that is kept now.
func (r *Retention) KeptFrom() int32 { return KeptFrom(r.today(), r.set().Account.Retention.Days) }

// today is the day of the zone that reports are drawn in, else of this computer's.
func (r *Retention) today() int32 { return collector.LocalDay(r.now().In(Zone(r.set()))) }

// Zone of the account's calendar: that of its reports, else this computer's.
func Zone(set *config.Set) *time.Location {
	if zone, err := time.LoadLocation(set.Account.Reports.TimeZone); err == nil && set.Account.Reports.TimeZone != "device" {
		return zone
	}
	return time.Local
}

// work does what is due.
func (r *Retention) work(ctx context.Context) error {
	r.working.Lock()
	defer r.working.Unlock()
	erased, buried, err := r.begun(ctx)
	if err != nil {
		return err
	}
	if erased.After(buried) {
		// One was cut off: reports may still have what somebody was told is going.
		if err := r.resume(ctx, buried, erased); err != nil {
			return err
		}
	}
	if err := r.tidy(ctx); err != nil {
		return err
	}
	dropped, err := r.registry.WorkDone(ctx, workDropped)
	if err != nil {
		return err
	}
	rewritten, err := r.registry.WorkDone(ctx, workRewritten)
	if err != nil || !rewriteDue(r.now().In(Zone(r.set())), erased, dropped, rewritten) {
		return err
	}
	return r.rewrite(ctx)
}

// tidy deletes the days that are past their time and the settings that no episode can name any more, once for each day
// and each change of the days.
func (r *Retention) tidy(ctx context.Context) error {
	today, account := r.today(), r.set().Account
	if r.tidied.today == today && r.tidied.days == account.Retention.Days {
		return nil
	}
	if err := r.drop(ctx, KeptFrom(today, account.Retention.Days)); err != nil {
		return err
	}
	buffered := *account.Agents.Buffer.Days + bufferMargin
	if _, err := r.registry.PruneDocuments(ctx, r.now().AddDate(0, 0, -buffered)); err != nil {
		return fmt.Errorf("retention: prune documents: %w", err)
	}
	r.tidied.today, r.tidied.days = today, account.Retention.Days
	return nil
}

// bufferMargin in days: what is older than a buffer's days by a day is refused at ingest, and another goes to clocks.
const bufferMargin = 2

// drop deletes what is of days before one.
func (r *Retention) drop(ctx context.Context, before int32) error {
	if before == math.MinInt32 {
		return nil
	}
	used, err := r.store.Usage(ctx)
	if err != nil {
		return fmt.Errorf("retention: drop days: %w", err)
	}
	for day := range used.Days {
		if day < before {
			// What is deleted is written down, also where this is cut off.
			begun := r.entry(actor, "retention", dateOf(before), map[string]any{"before": dateOf(before), "begun": true})
			if err := r.registry.FinishWork(ctx, workDropped, begun.At, begun); err != nil {
				return fmt.Errorf("retention: %w", err)
			}
			break
		}
	}
	episodes, err := r.store.DropDays(ctx, before)
	if err != nil {
		return fmt.Errorf("retention: drop days: %w", err)
	}
	spans, err := r.registry.DropSpans(ctx, collector.Began(before))
	if err != nil {
		return fmt.Errorf("retention: drop spans: %w", err)
	}
	if episodes+spans > 0 {
		entry := r.entry(actor, "retention", dateOf(before), map[string]any{"before": dateOf(before), "episodes": episodes, "spans": spans})
		if err := r.registry.FinishWork(ctx, workDropped, entry.At, entry); err != nil {
			return fmt.Errorf("retention: %w", err)
		}
		r.used.forget()
		r.log.Info("old days deleted", "episodes", episodes, "spans", spans)
	}
	return nil
}

const (
	// nightFrom and nightTo bound the hours in which a rewriting that can wait is made.
	nightFrom, nightTo = 2, 5
	// erasedWithin and droppedWithin: an erasure is out of the file within 24 hours, what retention dropped within a week;
	// the hours that are left are for another try.
	erasedWithin  = 20 * time.Hour
	droppedWithin = 7*24*time.Hour + 12*time.Hour
	week          = 7 * 24 * time.Hour
)

// rewriteDue tells whether the file is to be written anew: after what was erased within a day, and weekly after what
// retention dropped; at night where that is early enough. The times are those of the last of each; zero for never.
func rewriteDue(now, erased, dropped, rewritten time.Time) bool {
	night := now.Hour() >= nightFrom && now.Hour() < nightTo
	if erased.After(rewritten) && (night || now.Sub(erased) >= erasedWithin) {
		return true
	}
	ago := now.Sub(rewritten)
	return dropped.After(rewritten) && (night && ago >= week || ago >= droppedWithin)
}

// rewrite writes the episode file anew. The caller holds working.
func (r *Retention) rewrite(ctx context.Context) error {
	began := r.now()
	if err := r.store.Rewrite(ctx); err != nil {
		return fmt.Errorf("retention: rewrite: %w", err)
	}
	r.used.forget()
	if err := r.registry.FinishWork(ctx, workRewritten, began); err != nil {
		return fmt.Errorf("retention: %w", err)
	}
	return nil
}

// Compact writes the episode file anew, and gives its bytes before and after.
func (r *Retention) Compact(ctx context.Context, who string) (before, after int64, err error) {
	r.working.Lock()
	defer r.working.Unlock()
	ctx = context.WithoutCancel(ctx)
	was, err := r.store.Stats(ctx)
	if err != nil {
		return 0, 0, err
	}
	if err := r.rewrite(ctx); err != nil {
		return 0, 0, err
	}
	is, err := r.store.Stats(ctx)
	if err != nil {
		return 0, 0, err
	}
	return was.Bytes, is.Bytes, r.registry.Audit(ctx, r.entry(who, "storage.compact", "", map[string]any{"bytes_before": was.Bytes, "bytes_after": is.Bytes}))
}

// Strip clears titles, addresses or both of the episodes before a day, and writes the file anew, or leaves that for the
// night.
func (r *Retention) Strip(ctx context.Context, who string, before int32, titles, addresses, later bool) (int64, error) {
	r.working.Lock()
	defer r.working.Unlock()
	ctx = context.WithoutCancel(ctx)
	finish, err := r.begin(ctx)
	if err != nil {
		return 0, err
	}
	detail := map[string]any{"before": dateOf(before), "titles": titles, "addresses": addresses}
	begun := maps.Clone(detail)
	begun["begun"] = true
	if err := r.registry.Audit(ctx, r.entry(who, "privacy.strip", dateOf(before), begun)); err != nil {
		return 0, fmt.Errorf("retention: strip: %w", err)
	}
	episodes, err := r.store.Strip(ctx, before, titles, addresses)
	if err == nil {
		err = r.removeSetAside(ctx, who)
	}
	if err == nil {
		err = finish()
	}
	if err == nil && !later {
		err = r.rewrite(ctx)
	}
	detail["episodes"], detail["complete"], detail["rewritten"] = episodes, err == nil, err == nil && !later
	return episodes, errors.Join(err, r.registry.Audit(ctx, r.entry(who, "privacy.strip", dateOf(before), detail)))
}

// entry makes an audit entry; its detail holds no names.
func (r *Retention) entry(who, action, subject string, detail map[string]any) collector.AuditEntry {
	text, err := json.Marshal(detail)
	if err != nil {
		panic(err) // counts, dates and claims alone
	}
	return collector.AuditEntry{At: r.now(), Actor: who, Action: action, Subject: subject, Detail: string(text)}
}

func dateOf(day int32) string { return time.Unix(int64(day)*86400, 0).UTC().Format(time.DateOnly) }

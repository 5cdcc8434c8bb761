// Package ingest decides what of a sync is stored, and stores it: whether a batch continues its stream, which episodes
// hold by themselves, what the settings they were recorded under forbade, and what was deleted already. Many syncs
// become one transaction of the episode store; none is acknowledged before it is durable.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// Registry is what ingest asks of the collector's registry.
type Registry interface {
	LoginPeople(ctx context.Context, device string, logins []stream.Login) (map[string]collector.Login, error)
	PutSpans(ctx context.Context, device string, spans []*agentv1.Span) error
	Document(ctx context.Context, revision string) ([]byte, error)
	Tombstones(ctx context.Context) ([]collector.Tombstone, error)
	FlagDevice(ctx context.Context, id, flag string) error
}

// Store is what ingest asks of the episode store.
type Store interface {
	Append(ctx context.Context, uploads []collector.Upload) error
	Batches(ctx context.Context, key collector.StreamKey) ([]collector.StreamBatch, error)
	Marks(ctx context.Context, key collector.StreamKey, first, last uint64) ([]collector.Mark, error)
}

// Options of an Ingest.
type Options struct {
	Store    Store
	Registry Registry
	// CollectFor is how long uploads are collected for one transaction; 0: 50 ms.
	CollectFor time.Duration
	// BufferDays is how many days agents buffer, by the account's settings; nil: 60.
	BufferDays func() int
	// KeptFrom is the first local day that is kept; what is older is acknowledged and not stored. Nil: all are.
	KeptFrom func() int32
	// Floor is asked before anything is let in; its error is the answer. Nil: never.
	Floor func() error
	Log   *slog.Logger
}

const (
	collectFor = 50 * time.Millisecond
	// quietShare of that without another upload, and waiting on is only delay: who would send has sent. It holds for a
	// group of worthwhile size; fewer wait on, since a transaction costs about as much for one upload as for many.
	quietShare = 8
	worthwhile = 32
	// commitRows are enough for a transaction: no use in waiting longer.
	commitRows = 20_000
	// maxWaitingRows bounds what is held in memory between admission and the disk, some 100 MB.
	maxWaitingRows = 150_000
	bufferDays     = 60
)

// Ingest admits syncs. Run must run.
type Ingest struct {
	registry Registry
	store    Store
	options  Options
	queue    chan *pending
	// stopped is closed when Run takes nothing more.
	stopped chan struct{}
	waiting atomic.Int64

	devices devices
	logins  logins
	rules   rules
	floods  floods
	// committing is held while a transaction is made, so that a deletion has none on its way past it.
	committing sync.Mutex
	tombstones atomic.Pointer[[]collector.Tombstone]

	counters counters
}

// New makes an Ingest.
func New(ctx context.Context, options Options) (*Ingest, error) {
	if options.CollectFor == 0 {
		options.CollectFor = collectFor
	}
	if options.BufferDays == nil {
		options.BufferDays = func() int { return bufferDays }
	}
	if options.KeptFrom == nil {
		options.KeptFrom = func() int32 { return math.MinInt32 }
	}
	if options.Floor == nil {
		options.Floor = func() error { return nil }
	}
	if options.Log == nil {
		options.Log = slog.Default()
	}
	i := &Ingest{
		registry: options.Registry, store: options.Store, options: options,
		queue: make(chan *pending), stopped: make(chan struct{}), rules: rules{registry: options.Registry},
	}
	if err := i.ReloadTombstones(ctx); err != nil {
		return nil, fmt.Errorf("ingest: tombstones: %w", err)
	}
	return i, nil
}

// Result is what a sync's answer says of its batch.
type Result struct {
	// LastSequence up to which this batch is stored, refused or known already; 0 without a batch or after a fork.
	LastSequence uint64
	Refusals     []*agentv1.Refusal
	// Fork: the batch does not continue what is stored, and nothing of it was.
	Fork bool
	// LastEpisodeAt is the end of the newest episode stored; zero where none was.
	LastEpisodeAt time.Time
}

// Admit takes in a sync's batch, spans and open episodes. What Result acknowledges is durable. Refusals of the whole
// are *collector.Error: BadRequest with the field, TooMany when more waits than memory is given to, NoSpace.
func (i *Ingest) Admit(ctx context.Context, device string, req *agentv1.SyncRequest, now time.Time) (Result, error) {
	if err := i.options.Floor(); err != nil {
		return Result{}, err
	}
	if err := checkSpans(req.GetSpans()); err != nil {
		return Result{}, err
	}
	if len(req.GetOpen()) > maxOpen {
		return Result{}, collector.Refuse(collector.BadRequest, "open", "%d, more than %d", len(req.Open), maxOpen)
	}
	count := int64(len(req.GetBatch().GetEpisodes()))
	if i.waiting.Add(count) > maxWaitingRows {
		i.waiting.Add(-count)
		i.counters.busy.Add(1)
		return Result{}, collector.Refuse(collector.TooMany, "", "the collector is busy storing; come back in a moment")
	}
	defer i.waiting.Add(-count)
	state, err := i.devices.hold(ctx, device)
	if err != nil {
		return Result{}, err
	}
	defer state.release()
	clock := i.clock(req, now)
	var result Result
	if req.Batch != nil {
		if result, err = i.admitBatch(ctx, state, req.Batch, clock); err != nil {
			return Result{}, err
		}
	}
	if len(req.Spans) > 0 {
		if err := i.registry.PutSpans(ctx, device, clean(i.kept(req.Spans))); err != nil {
			return Result{}, err
		}
	}
	return result, i.takeOpen(ctx, state, req.Open, clock)
}

// admitBatch is Admit for the batch; the caller holds the device.
func (i *Ingest) admitBatch(ctx context.Context, state *deviceState, batch *agentv1.Batch, clock clock) (Result, error) {
	opened, err := stream.Open(batch)
	var fault *stream.Fault
	if errors.As(err, &fault) {
		i.counters.badBatches.Add(1)
		return Result{}, &collector.Error{Code: collector.BadRequest, Field: fault.Field, Reason: fault.Reason}
	}
	if err != nil {
		return Result{}, err
	}
	key := collector.StreamKey{Device: state.device, Stream: opened.ID}
	verdict, err := i.judge(ctx, state, key, opened)
	if err != nil {
		return Result{}, err
	}
	switch verdict.kind {
	case fork:
		i.counters.forks.Add(1)
		return Result{Fork: true}, i.flag(ctx, state, "fork")
	case repeat:
		i.counters.repeats.Add(1)
		return Result{LastSequence: opened.Last}, nil
	}
	a := &admission{Ingest: i, state: state, opened: opened, clock: clock}
	if err := a.admit(ctx, verdict.from); err != nil {
		return Result{}, err
	}
	if verdict.lost > 0 {
		i.counters.lost.Add(int64(verdict.lost))
		if err := i.registry.PutSpans(ctx, state.device, []*agentv1.Span{lossSpan(opened, verdict.lost, clock.now)}); err != nil {
			return Result{}, err
		}
	}
	upload := collector.Upload{
		StreamKey: key, First: verdict.from, Last: opened.Last, DigestBefore: verdict.before,
		DigestAfter: opened.Entries[len(opened.Entries)-1].After, Rows: a.rows,
	}
	if err := i.commit(&upload); err != nil {
		state.forgetHead(opened.ID)
		return Result{}, err
	}
	state.putHead(opened.ID, head{last: upload.Last, digest: upload.DigestAfter})
	i.floods.count(a.rows)
	return Result{LastSequence: opened.Last, Refusals: a.refusals, LastEpisodeAt: a.lastEpisodeAt}, a.flags(ctx)
}

// ReloadTombstones reads them again; after it returns nothing that they cover reaches the store. Call it between
// adding a tombstone and deleting, and once more where the registry forgot logins: those that go on are made known anew.
func (i *Ingest) ReloadTombstones(ctx context.Context) error {
	tombstones, err := i.registry.Tombstones(ctx)
	if err != nil {
		return err
	}
	i.committing.Lock()
	i.tombstones.Store(&tombstones)
	i.committing.Unlock()
	i.devices.dropCovered(tombstones)
	i.logins.forget()
	return nil
}

// flag marks a device, once for as long as it is remembered.
func (i *Ingest) flag(ctx context.Context, state *deviceState, flag string) error {
	if state.flagged[flag] {
		return nil
	}
	if err := i.registry.FlagDevice(ctx, state.device, flag); err != nil && collector.CodeOf(err) != collector.NotFound {
		return err
	}
	if state.flagged == nil {
		state.flagged = map[string]bool{}
	}
	state.flagged[flag] = true
	return nil
}

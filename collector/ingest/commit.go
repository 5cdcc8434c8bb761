package ingest

import (
	"context"
	"slices"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// pending is an upload on its way to the store.
type pending struct {
	upload *collector.Upload
	done   chan error
}

// commit waits until the upload is durable, or is not stored at all. It does not end with its caller: what was handed
// over may be stored any moment, and who holds the device must know.
func (i *Ingest) commit(upload *collector.Upload) error {
	p := &pending{upload: upload, done: make(chan error, 1)}
	select {
	case i.queue <- p:
		return <-p.done
	case <-i.stopped:
		return collector.Refuse(collector.TooMany, "", "the collector is stopping; come back in a moment")
	}
}

// Run stores what is admitted until the context ends, and what waits then.
func (i *Ingest) Run(ctx context.Context) error {
	defer close(i.stopped)
	for {
		select {
		case <-ctx.Done():
			return nil
		case first := <-i.queue:
			i.write(ctx, i.collect(ctx, first))
		}
	}
}

// collect takes what else comes until time is up, enough came and no more does, a transaction is full, or the context
// ends.
func (i *Ingest) collect(ctx context.Context, first *pending) []*pending {
	enough := time.NewTimer(i.options.CollectFor)
	defer enough.Stop()
	quiet := time.NewTimer(i.options.CollectFor / quietShare)
	defer quiet.Stop()
	group := []*pending{first}
	rows := len(first.upload.Rows)
	for rows < commitRows {
		select {
		case next := <-i.queue:
			group = append(group, next)
			rows += len(next.upload.Rows)
			quiet.Reset(i.options.CollectFor / quietShare)
		case <-quiet.C:
			if len(group) >= worthwhile {
				return group
			}
		case <-enough.C:
			return group
		case <-ctx.Done():
			return group
		}
	}
	return group
}

func (i *Ingest) write(ctx context.Context, group []*pending) {
	i.committing.Lock()
	defer i.committing.Unlock()
	uploads := make([]collector.Upload, len(group))
	rows := int64(0)
	for n, p := range group {
		i.dropDeleted(p.upload)
		uploads[n] = *p.upload
		rows += int64(len(p.upload.Rows))
	}
	began := time.Now()
	err := i.store.Append(context.WithoutCancel(ctx), uploads)
	if err != nil {
		i.counters.failedCommits.Add(1)
		i.options.Log.Error("episodes could not be stored", "uploads", len(uploads), "error", err)
	} else {
		i.counters.commits.Add(1)
		i.counters.stored.Add(rows)
		i.counters.commitNanos.Add(int64(time.Since(began)))
	}
	for _, p := range group {
		p.done <- err
	}
}

// dropDeleted takes out what was deleted before it came (security.md §7). The caller holds committing.
func (i *Ingest) dropDeleted(upload *collector.Upload) {
	tombstones := *i.tombstones.Load()
	if len(tombstones) == 0 {
		return
	}
	before := len(upload.Rows)
	upload.Rows = slices.DeleteFunc(upload.Rows, func(row collector.Row) bool {
		return covered(tombstones, upload.Device, row.LoginKey, row.Start)
	})
	i.counters.deleted.Add(int64(before - len(upload.Rows)))
}

func covered(tombstones []collector.Tombstone, device, loginKey string, start time.Time) bool {
	for _, tombstone := range tombstones {
		if tombstone.Covers(device, loginKey, start) {
			return true
		}
	}
	return false
}

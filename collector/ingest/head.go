package ingest

import (
	"context"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/stream"
)

// head is how far a stream is stored.
type head struct {
	last   uint64
	digest stream.Digest
}

// verdict is what a batch is to its stream (security.md §3).
type verdict struct {
	kind kind
	// from is the first sequence to store, before the digest there.
	from   uint64
	before stream.Digest
	// lost counts the sequences that never came.
	lost uint64
}

type kind int

const (
	store kind = iota
	repeat
	fork
	// unsure: a repeat as far as digests tell; only the stored episodes know.
	unsure
)

// judge compares a batch with what is stored of its stream.
func (i *Ingest) judge(ctx context.Context, state *deviceState, key collector.StreamKey, opened *stream.Opened) (verdict, error) {
	if h, known := state.heads[key.Stream]; known {
		if v, sure := againstHead(h, opened); sure {
			return v, nil
		}
	}
	batches, err := i.store.Batches(ctx, key)
	if err != nil {
		return verdict{}, err
	}
	v := againstBatches(batches, opened)
	if v.kind != unsure {
		return v, nil
	}
	marks, err := i.store.Marks(ctx, key, v.from, opened.Last)
	if err != nil {
		return verdict{}, err
	}
	return againstMarks(marks, opened), nil
}

// againstHead decides what the newest stored record alone can tell. A batch that ends before it needs more.
func againstHead(h head, opened *stream.Opened) (v verdict, sure bool) {
	switch {
	case opened.First > h.last+1:
		return verdict{kind: store, from: opened.First, before: opened.Before, lost: opened.First - h.last - 1}, true
	case opened.Last < h.last:
		return verdict{}, false
	case digestAt(opened, h.last) != h.digest:
		return verdict{kind: fork}, true
	case opened.Last == h.last:
		return verdict{kind: repeat}, true
	}
	return verdict{kind: store, from: h.last + 1, before: h.digest}, true
}

// againstBatches decides by all remembered boundaries.
func againstBatches(batches []collector.StreamBatch, opened *stream.Opened) verdict {
	if len(batches) == 0 {
		return verdict{kind: store, from: opened.First, before: opened.Before, lost: opened.First - 1}
	}
	newest := batches[len(batches)-1]
	if v, sure := againstHead(head{newest.Last, newest.DigestAfter}, opened); sure {
		return v
	}
	// All of it was stored once, if it is the same. Every boundary inside must agree; beyond the last one inside, the
	// episodes themselves have to.
	proven := opened.First - 1
	for _, batch := range batches {
		for _, boundary := range []head{{batch.First - 1, batch.DigestBefore}, {batch.Last, batch.DigestAfter}} {
			if boundary.last+1 < opened.First || boundary.last > opened.Last {
				continue
			}
			if digestAt(opened, boundary.last) != boundary.digest {
				return verdict{kind: fork}
			}
			proven = max(proven, boundary.last)
		}
	}
	if proven == opened.Last {
		return verdict{kind: repeat}
	}
	return verdict{kind: unsure, from: proven + 1}
}

// againstMarks decides by the stored episodes: the same ones begin and last alike. What was refused or dropped when it
// came has no mark and cannot contradict.
func againstMarks(marks []collector.Mark, opened *stream.Opened) verdict {
	for _, mark := range marks {
		record := &opened.Entries[mark.Sequence-opened.First]
		if record.Fault != nil || record.For != mark.For || !mark.ClockCorrected && !record.Start.Equal(mark.Start) {
			return verdict{kind: fork}
		}
	}
	return verdict{kind: repeat}
}

// digestAt gives the batch's digest after a sequence, from the one before its first.
func digestAt(opened *stream.Opened, sequence uint64) stream.Digest {
	if sequence+1 == opened.First {
		return opened.Before
	}
	return opened.Entries[sequence-opened.First].After
}

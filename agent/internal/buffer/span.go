package buffer

import (
	"bytes"
	"time"

	bolt "go.etcd.io/bbolt"
	"google.golang.org/protobuf/proto"

	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// keptSpans bounds what waits for an acknowledgement; the oldest of the login with most go first.
const keptSpans = 2000

// Kinds of spans (agent.proto, Span).
const (
	SpanSession = "session"
	SpanPause   = "pause"
	SpanBlind   = "blind"
	SpanLoss    = "loss"
)

// PutSpan keeps a span until the collector has acknowledged it as it is now. A span that goes on (no end) is kept
// beyond that, so that a crash can end it. An empty id is filled in.
func (b *Buffer) PutSpan(span *agentv1.Span) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(span.Id) == 0 {
		span.Id = newSpanID()
	}
	return b.update("put span", func(tx *bolt.Tx) error { return putSpan(tx, span, true) })
}

// Spans gives at most max spans to send.
func (b *Buffer) Spans(max int) ([]*agentv1.Span, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var spans []*agentv1.Span
	err := b.view("list spans", func(tx *bolt.Tx) error {
		return eachSpan(tx, func(span *agentv1.Span, toSend bool) error {
			if toSend && len(spans) < max {
				spans = append(spans, span)
			}
			return nil
		})
	})
	return spans, err
}

// OpenSpans gives the spans that have no end yet.
func (b *Buffer) OpenSpans() ([]*agentv1.Span, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var spans []*agentv1.Span
	err := b.view("list spans", func(tx *bolt.Tx) error {
		return eachSpan(tx, func(span *agentv1.Span, _ bool) error {
			if span.EndMs == 0 {
				spans = append(spans, span)
			}
			return nil
		})
	})
	return spans, err
}

// DeleteSpans takes the acknowledgement of spans as they were sent; one that changed meanwhile stays to be sent.
func (b *Buffer) DeleteSpans(sent []*agentv1.Span) error {
	if len(sent) == 0 {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.freeing("delete spans", func(tx *bolt.Tx) error {
		for _, span := range sent {
			payload, ok := get(tx, spansBucket, span.Id)
			if !ok || len(payload) == 0 || !bytes.Equal(payload[1:], marshalSpan(span)) {
				continue
			}
			var err error
			if span.EndMs == 0 {
				err = putSpan(tx, span, false)
			} else {
				err = tx.Bucket(spansBucket).Delete(span.Id)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func marshalSpan(span *agentv1.Span) []byte {
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(span)
	if err != nil {
		return nil // only text that is not UTF-8 fails, and it is repaired before
	}
	return raw
}

func putSpan(tx *bolt.Tx, span *agentv1.Span, toSend bool) error {
	flag := byte(0)
	if toSend {
		flag = 1
	}
	bucket := tx.Bucket(spansBucket)
	if bucket.Get(span.Id) == nil && bucket.Stats().KeyN >= keptSpans {
		if err := dropOldestSpan(tx); err != nil {
			return err
		}
	}
	return put(tx, spansBucket, span.Id, append([]byte{flag}, marshalSpan(span)...))
}

// dropOldestSpan takes it from the login that has most, so that nobody's spans come at another's cost.
func dropOldestSpan(tx *bolt.Tx) error {
	counts, oldest := map[string]int{}, map[string]*agentv1.Span{}
	most := ""
	if err := eachSpan(tx, func(span *agentv1.Span, _ bool) error {
		login := loginKey(stream.Login{Authority: span.Login.GetAuthority(), Account: span.Login.GetAccount()})
		counts[login]++
		if counts[login] > counts[most] {
			most = login
		}
		if oldest[login] == nil || span.StartMs < oldest[login].StartMs {
			oldest[login] = span
		}
		return nil
	}); err != nil || oldest[most] == nil {
		return err
	}
	return tx.Bucket(spansBucket).Delete(oldest[most].Id)
}

func eachSpan(tx *bolt.Tx, visit func(span *agentv1.Span, toSend bool) error) error {
	return tx.Bucket(spansBucket).ForEach(func(key, value []byte) error {
		payload, ok := unseal(spansBucket, key, value)
		if !ok || len(payload) == 0 {
			return nil
		}
		span := &agentv1.Span{}
		if proto.Unmarshal(payload[1:], span) != nil {
			return nil
		}
		return visit(span, payload[0] == 1)
	})
}

// lossOf is the beginning of a span of kind loss.
func lossOf(reason string, login stream.Login) *agentv1.Span {
	span := &agentv1.Span{Kind: SpanLoss, Reason: reason}
	if login.Account != "" {
		span.Login = Login(login)
	}
	return span
}

func (b *Buffer) recordLosses(tx *bolt.Tx, reason string, dropped map[string]loss) error {
	for _, gone := range dropped {
		if err := b.recordLoss(tx, lossOf(reason, gone.login), gone); err != nil {
			return err
		}
	}
	return nil
}

// recordLoss counts what was dropped and tells it by a span; one of the same login and reason that still waits to be
// sent grows instead.
func (b *Buffer) recordLoss(tx *bolt.Tx, span *agentv1.Span, gone loss) error {
	span.Id, span.Count = newSpanID(), gone.count
	span.StartMs, span.OffsetMinutes, span.EndMs = gone.from.UnixMilli(), offsetMinutes(gone.from), max(gone.to.UnixMilli(), 1)
	if err := eachSpan(tx, func(other *agentv1.Span, toSend bool) error {
		if toSend && other.Kind == SpanLoss && other.Reason == span.Reason && proto.Equal(other.Login, span.Login) {
			span.Id = other.Id
			span.Count += other.Count
			span.EndMs = max(span.EndMs, other.EndMs)
			if other.StartMs < span.StartMs {
				span.StartMs, span.OffsetMinutes = other.StartMs, other.OffsetMinutes
			}
		}
		return nil
	}); err != nil {
		return err
	}
	b.stats.Lost += gone.count
	if err := putNumber(tx, "lost", b.stats.Lost); err != nil {
		return err
	}
	return putSpan(tx, span, true)
}

// RecordLoss tells of episodes that never came to be buffered: the disk was full for longer than memory holds.
func (b *Buffer) RecordLoss(reason string, login stream.Login, count int64, from, to time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.change("record loss", func(tx *bolt.Tx) error {
		return b.recordLoss(tx, lossOf(reason, login), loss{count: count, from: from, to: to})
	})
}

package ingest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

const (
	// maxSpans of one sync.
	maxSpans = 1000
	// maxSpanBytes of one span's texts.
	maxSpanBytes = 512
	spanIDBytes  = 8
	// maxMillis is the last millisecond of the year 9999.
	maxMillis = 253402300799999
)

func checkSpans(spans []*agentv1.Span) error {
	if len(spans) > maxSpans {
		return collector.Refuse(collector.BadRequest, "spans", "%d, more than %d", len(spans), maxSpans)
	}
	for i, span := range spans {
		if field, reason := spanFault(span); field != "" {
			return collector.Refuse(collector.BadRequest, fmt.Sprintf("spans[%d].%s", i, field), "%s", reason)
		}
	}
	return nil
}

func spanFault(span *agentv1.Span) (field, reason string) {
	switch span.GetKind() {
	case "session", "pause", "blind", "loss":
	default:
		return "kind", "unknown"
	}
	login := span.GetLogin()
	switch {
	case len(span.GetId()) != spanIDBytes:
		return "id", fmt.Sprintf("%d bytes instead of %d", len(span.GetId()), spanIDBytes)
	case len(span.GetReason()) > maxSpanBytes:
		return "reason", "too long"
	case len(span.GetSession()) > stream.MaxSessionBytes:
		return "session", "too long"
	case len(login.GetAuthority())+len(login.GetAccount())+len(login.GetName()) > 3*stream.MaxLoginNameBytes:
		return "login", "too long"
	case span.GetStartMs() < 0 || span.GetStartMs() > maxMillis:
		return "start_ms", "not between the years 1970 and 9999"
	case span.GetEndMs() < 0 || span.GetEndMs() > maxMillis || span.GetEndMs() != 0 && span.GetEndMs() < span.GetStartMs():
		return "end_ms", "before the start, or beyond the year 9999"
	case span.GetOffsetMinutes() < -18*60 || span.GetOffsetMinutes() > 18*60:
		return "offset_minutes", "beyond 18 hours"
	case span.GetCount() < 0:
		return "count", "negative"
	}
	return "", ""
}

// kept leaves out the spans that ended before the first day that is kept began anywhere.
func (i *Ingest) kept(spans []*agentv1.Span) []*agentv1.Span {
	first := i.options.KeptFrom()
	if first == math.MinInt32 {
		return spans
	}
	from := collector.Began(first).UnixMilli()
	return slices.DeleteFunc(slices.Clone(spans), func(span *agentv1.Span) bool { return span.EndMs != 0 && span.EndMs < from })
}

// clean gives copies without what could act on a screen.
func clean(spans []*agentv1.Span) []*agentv1.Span {
	cleaned := make([]*agentv1.Span, len(spans))
	for i, span := range spans {
		span = proto.CloneOf(span)
		span.Reason, span.Session = stream.Printable(span.Reason), stream.Printable(span.Session)
		if span.Login != nil {
			span.Login.Name = stream.Printable(span.Login.Name)
		}
		cleaned[i] = span
	}
	return cleaned
}

// lossSpan records that a part of a stream never came. The same gap always has the same id.
func lossSpan(opened *stream.Opened, lost uint64, now time.Time) *agentv1.Span {
	id := sha256.Sum256(binary.BigEndian.AppendUint64(opened.ID[:], opened.First))
	at := now
	if first := &opened.Entries[0]; first.Fault == nil {
		at = first.Start
	}
	_, offset := at.Zone()
	return &agentv1.Span{
		Id: id[:spanIDBytes], Kind: "loss", Reason: "gap in the stream", Count: int64(lost),
		StartMs: at.UnixMilli(), OffsetMinutes: int32(offset / 60), EndMs: at.UnixMilli(),
	}
}

package api

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"connectrpc.com/connect"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/semaphore"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/gen/dayline/agent/v1/agentv1connect"
	"github.com/dayline-project/dayline/shared/stream"
)

// The bounds of security.md 3 on a call's body, and what all calls together may hold.
const (
	maxBodyBytes    = stream.MaxBodyBytes
	maxDecodedBytes = stream.MaxDecodedBytes
	maxWindowBytes  = 8 << 20
	// maxSmallBytes is the bound of every call but Sync: they come before anybody is known.
	maxSmallBytes = 16 << 10
	// maxReceiving is what bodies may hold while they arrive and wait.
	maxReceiving = 32 << 20
	// maxWorking is what decoded messages may hold until they are answered, each counted growth times.
	maxWorking = 96 << 20
	growth     = 4
	// maxCalls at once; a group commit gathers some hundred.
	maxCalls = 2048
)

// limits bounds what calls cost before their handler sees them: it receives the body whole, decompresses it within its
// bound, and waits until there is memory for the message.
type limits struct {
	receiving *semaphore.Weighted
	working   *semaphore.Weighted
	calls     *semaphore.Weighted
	zstd      *zstd.Decoder
	refusals  *connect.ErrorWriter
	metrics   *Metrics
}

func newLimits(metrics *Metrics) *limits {
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxDecodedBytes),
		zstd.WithDecoderMaxWindow(maxWindowBytes), zstd.WithDecoderLowmem(true))
	if err != nil {
		panic(err) // the options are constants
	}
	return &limits{
		receiving: semaphore.NewWeighted(maxReceiving),
		working:   semaphore.NewWeighted(maxWorking),
		calls:     semaphore.NewWeighted(maxCalls),
		zstd:      decoder,
		refusals:  connect.NewErrorWriter(),
		metrics:   metrics,
	}
}

// bound wraps the service. Only Connect's unary protocol is spoken here: what others wrap inside their envelopes could
// not be bounded.
func (l *limits) bound(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
		if r.Method != http.MethodPost || (kind != "application/proto" && kind != "application/json") {
			w.Header().Set("Accept-Post", "application/proto, application/json")
			http.Error(w, "POST application/proto or application/json", http.StatusUnsupportedMediaType)
			return
		}
		if !l.calls.TryAcquire(1) {
			l.refuse(w, r, collector.Refuse(collector.TooMany, "", "the collector has too much to do; come back soon"))
			return
		}
		defer l.calls.Release(1)
		next.ServeHTTP(w, r)
	})
}

func (l *limits) refuse(w http.ResponseWriter, r *http.Request, err error) {
	l.metrics.refused(string(collector.CodeOf(err)))
	_ = l.refusals.Write(w, r, problem(err)) // the caller may be gone
}

// whole receives the body and hands it on decompressed; the caller was let in before.
func (l *limits) whole(w http.ResponseWriter, r *http.Request, next http.Handler) {
	limit := maxSmallBytes
	if r.URL.Path == agentv1connect.AgentServiceSyncProcedure {
		limit = maxBodyBytes
	}
	body, held, err := receive(w, r, l.receiving, limit)
	defer func() { l.receiving.Release(held) }()
	if err != nil {
		l.refuse(w, r, err)
		return
	}
	decoded, err := l.decode(body, r.Header.Get("Content-Encoding"), limit)
	if err != nil {
		l.refuse(w, r, err)
		return
	}
	weight := int64(growth*len(decoded) + 1<<10)
	if err := l.working.Acquire(r.Context(), weight); err != nil {
		return // the caller is gone
	}
	defer l.working.Release(weight)
	r.Header.Del("Content-Encoding")
	r.ContentLength = int64(len(decoded))
	r.Body = io.NopCloser(bytes.NewReader(decoded))
	next.ServeHTTP(w, r)
}

// receive reads the body; held is what it holds of the memory for bodies. The listener's timeouts end slow ones.
func receive(w http.ResponseWriter, r *http.Request, memory *semaphore.Weighted, limit int) (body []byte, held int64, err error) {
	if r.ContentLength > int64(limit) {
		return nil, 0, tooLarge(limit)
	}
	source := http.MaxBytesReader(w, r.Body, int64(limit))
	for {
		if cap(body)-len(body) == 0 {
			more := max(2<<10, cap(body))
			if !memory.TryAcquire(int64(more)) {
				return nil, held, collector.Refuse(collector.TooMany, "", "too many bodies arrive at once; come back soon")
			}
			held += int64(more)
			body = append(make([]byte, 0, cap(body)+more), body...)
		}
		n, err := source.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		var large *http.MaxBytesError
		switch {
		case errors.Is(err, io.EOF):
			return body, held, nil
		case errors.As(err, &large):
			return nil, held, tooLarge(limit)
		case err != nil:
			return nil, held, collector.Refuse(collector.BadRequest, "", "the body ended before its end or came too slowly")
		}
	}
}

func tooLarge(limit int) error {
	return collector.Refuse(collector.TooLarge, "", "the body exceeds %d bytes", limit)
}

// decode decompresses within the bound; it never holds more than that.
func (l *limits) decode(body []byte, encoding string, limit int) ([]byte, error) {
	bound := maxDecodedBytes
	if limit == maxSmallBytes {
		bound = maxSmallBytes
	}
	switch encoding {
	case "", "identity":
		return body, nil
	case "zstd":
		return l.decodeZstd(body, bound)
	case "gzip":
		return decodeGzip(body, bound)
	}
	return nil, collector.Refuse(collector.BadRequest, "content-encoding", "it must be zstd, gzip or identity")
}

func (l *limits) decodeZstd(body []byte, bound int) ([]byte, error) {
	decoded, err := l.zstd.DecodeAll(body, nil)
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded), err == nil && len(decoded) > bound:
		return nil, collector.Refuse(collector.TooLarge, "", "the decompressed body exceeds %d bytes", bound)
	case err != nil:
		return nil, collector.Refuse(collector.BadRequest, "", "the body is no zstd")
	}
	return decoded, nil
}

func decodeGzip(body []byte, bound int) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, collector.Refuse(collector.BadRequest, "", "the body is no gzip")
	}
	source := io.LimitReader(reader, int64(bound)+1)
	decoded := make([]byte, 0, min(4*len(body)+512, bound+1))
	for {
		if len(decoded) == cap(decoded) {
			decoded = slices.Grow(decoded, min(len(decoded), bound+1-len(decoded)))
		}
		n, err := source.Read(decoded[len(decoded):cap(decoded)])
		decoded = decoded[:len(decoded)+n]
		switch {
		case len(decoded) > bound:
			return nil, collector.Refuse(collector.TooLarge, "", "the decompressed body exceeds %d bytes", bound)
		case errors.Is(err, io.EOF):
			return decoded, nil
		case err != nil:
			return nil, collector.Refuse(collector.BadRequest, "", "the body is no gzip")
		}
	}
}

// newZstdWriter is for answers. Requests were decompressed before Connect sees them.
func newZstdWriter() connect.Compressor {
	writer, err := zstd.NewWriter(io.Discard, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<17), zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(err) // the options are constants
	}
	return writer
}

// zstdReader satisfies Connect, which wants both directions.
type zstdReader struct{ *zstd.Decoder }

// Close of connect.Decompressor.
func (z zstdReader) Close() error { z.Decoder.Close(); return nil }

func newZstdReader() connect.Decompressor {
	reader, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindowBytes),
		zstd.WithDecoderMaxMemory(maxDecodedBytes), zstd.WithDecoderLowmem(true))
	if err != nil {
		panic(err) // the options are constants
	}
	return zstdReader{reader}
}

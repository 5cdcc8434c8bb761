package api

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/api/apitest"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/agent/v1/agentv1connect"
	"github.com/dayline-project/dayline/shared/stream"
)

type serverBounds = http.Server

func asConnect(err error, target **connect.Error) bool { return errors.As(err, target) }

func get(t *testing.T, h *house, path string) int {
	t.Helper()
	answer, err := h.client().Get(h.url() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

// post sends raw bytes as a sync and gives the status and the answer.
func post(t *testing.T, a *apitest.Agent, kind, encoding string, body []byte) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.URL+agentv1connect.AgentServiceSyncProcedure, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Authorization", "Bearer "+a.Token)
	if encoding != "" {
		req.Header.Set("Content-Encoding", encoding)
	}
	answer, err := a.HTTP.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// allocated is the most the heap grew by while do ran, measured at its end and in between.
func allocated(do func()) uint64 {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func zstdOf(t *testing.T, content []byte, options ...zstd.EOption) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, options...)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(content, nil)
}

func gzipOf(t *testing.T, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.CopyN(w, zeros{}, size); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestHostileBodies(t *testing.T) {
	h := open(t, t.TempDir())
	a := h.enrolled()
	noise := make([]byte, maxBodyBytes+1)
	rng := rand.NewChaCha8([32]byte{1})
	_, _ = rng.Read(noise)
	// A hundred zstd frames that say nothing of their size, each far below the bound.
	many := bytes.Repeat(zstdOf(t, make([]byte, 1<<20), zstd.WithWindowSize(1<<20)), 100)
	episodes := bytes.Repeat([]byte{0x32, 0}, 4<<20)
	batchOf := func(content []byte) []byte {
		return append([]byte{7<<3 | 2, byte(len(content)&0x7f | 0x80), byte(len(content)>>7&0x7f | 0x80), byte(len(content)>>14&0x7f | 0x80), byte(len(content) >> 21)}, content...)
	}
	strings2 := bytes.Repeat([]byte{0x22, 0}, 100000)
	const protobuf, text = "application/proto", "application/json"
	for _, c := range []struct {
		name, kind, encoding string
		body                 []byte
		status               int
		code                 string
	}{
		{"empty", protobuf, "", nil, 400, "bad_request"},
		{"noise", protobuf, "", noise[:1000], 400, "bad_request"},
		{"noise as json", text, "", noise[:1000], 400, "bad_request"},
		{"noise as zstd", protobuf, "zstd", noise[:1000], 400, "bad_request"},
		{"noise as gzip", protobuf, "gzip", noise[:1000], 400, "bad_request"},
		{"unknown encoding", protobuf, "br", noise[:1000], 400, "bad_request"},
		{"too large", protobuf, "", noise, 400, "too_large"},
		{"zstd bomb", protobuf, "zstd", zstdOf(t, make([]byte, 64<<20)), 400, "too_large"},
		{"zstd bomb of many frames", protobuf, "zstd", many, 400, "too_large"},
		{"zstd window", protobuf, "zstd", zstdOf(t, make([]byte, 9<<20), zstd.WithWindowSize(16<<20), zstd.WithSingleSegment(false)), 400, "too_large"},
		{"gzip bomb", protobuf, "gzip", gzipOf(t, 256<<20), 400, "too_large"},
		{"gzip just over", protobuf, "gzip", gzipOf(t, maxDecodedBytes+1), 400, "too_large"},
		{"zstd of 4 million empty episodes", protobuf, "zstd", zstdOf(t, batchOf(episodes[:8<<20-16])), 400, "bad_request"},
		{"100,000 empty strings", protobuf, "", batchOf(strings2), 400, "bad_request"},
		{"a million empty objects", text, "gzip", gzipText(t, `{"protocol":1,"batch":{"episodes":[`+strings.Repeat("{},", 1<<20)+`{}]}}`), 400, "bad_request"},
		{"deep json", text, "", []byte(strings.Repeat(`{"a":`, 10000)), 400, "bad_request"},
		{"a form", "application/x-www-form-urlencoded", "", []byte("a=b"), 415, ""},
		{"gRPC", "application/grpc", "", []byte{0, 0, 0, 0, 0}, 415, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var status int
			var answer string
			grew := allocated(func() { status, answer = post(t, a, c.kind, c.encoding, c.body) })
			if status != c.status || !strings.Contains(answer, c.code) {
				t.Errorf("status %d, answer %.200s", status, answer)
			}
			if grew > 96<<20 {
				t.Errorf("it cost %d MB", grew>>20)
			}
		})
	}
	if stats, _ := h.store.Stats(t.Context()); stats.Episodes != 0 {
		t.Errorf("%d episodes stored", stats.Episodes)
	}
	if _, err := a.Sync(t.Context(), a.Record(time.Minute, "still here")); err != nil {
		t.Errorf("the device that sent them is not served any more: %v", err)
	}
}

func gzipText(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestLargeBodiesNeedASession(t *testing.T) {
	h := open(t, t.TempDir())
	a := apitest.NewAgent(t, h.url(), h.client())
	if status, answer := post(t, a, "application/proto", "", make([]byte, maxBodyBytes)); status != 401 || !strings.Contains(answer, "signed_out") {
		t.Errorf("status %d, answer %.200s", status, answer)
	}
	err := a.Enroll(t.Context(), strings.Repeat("x", maxSmallBytes))
	wantCode(t, err, collector.TooLarge)
}

func TestHostileSyncs(t *testing.T) {
	h := open(t, t.TempDir())
	a, b := h.enrolled(), h.enrolled()
	ctx := t.Context()
	if _, err := a.Sync(ctx, a.Record(10*time.Minute, "one"), a.Record(9*time.Minute, "two")); err != nil {
		t.Fatal(err)
	}
	count := func() int64 {
		stats, err := h.store.Stats(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return stats.Episodes
	}

	t.Run("replayed", func(t *testing.T) {
		m := a.Request(a.Record(8*time.Minute, "three"))
		for range 3 {
			if answer, err := a.Send(ctx, proto.CloneOf(m)); err != nil || answer.LastSequence != 3 || answer.Fork {
				t.Fatalf("%v, %v", answer, err)
			}
		}
		if n := count(); n != 3 {
			t.Errorf("%d episodes after a replay", n)
		}
	})
	t.Run("foreign stream", func(t *testing.T) {
		// B sends what continues A's stream: it is another stream, since it is B's, and A's stands as it did.
		thief := *b
		thief.Stream, thief.Next, thief.Digest = a.Stream, a.Next, a.Digest
		if _, err := thief.Send(ctx, thief.Request(thief.Record(7*time.Minute, "b"))); err != nil {
			t.Fatal(err)
		}
		rows, err := h.store.Batches(ctx, collector.StreamKey{Device: a.Credential.Device, Stream: a.Stream})
		if err != nil || rows[len(rows)-1].Last != 3 {
			t.Errorf("A's stream stands at %v, %v", rows, err)
		}
	})
	t.Run("out of order", func(t *testing.T) {
		late := *b
		late.NewStream()
		m := late.Request(late.Record(7*time.Minute, "x"))
		m.Batch.FirstSequence = 50
		m.Batch.Digest = bytes.Repeat([]byte{7}, 16)
		if answer, err := late.Send(ctx, m); err != nil || answer.LastSequence != 50 {
			t.Fatalf("a gap: %v, %v", answer, err)
		}
		m = late.Request(late.Record(7*time.Minute, "y"))
		before := count()
		if answer, err := late.Send(ctx, m); err == nil && !answer.Fork && count() != before {
			t.Errorf("an earlier run was stored after a later one: %v", answer)
		}
	})
	t.Run("fork", func(t *testing.T) {
		forked := *b
		forked.NewStream()
		if _, err := forked.Sync(ctx, forked.Record(7*time.Minute, "x")); err != nil {
			t.Fatal(err)
		}
		before := count()
		forked.Next, forked.Digest = 1, stream.Digest{}
		answer, err := forked.Send(ctx, forked.Request(forked.Record(6*time.Minute, "another past")))
		if err != nil || !answer.Fork || count() != before {
			t.Errorf("%v, %v", answer, err)
		}
	})
	before := count()
	for name, change := range map[string]func(m *agentv1.SyncRequest){
		"5,001 episodes": func(m *agentv1.SyncRequest) {
			for len(m.Batch.Episodes) <= stream.MaxEpisodes {
				m.Batch.Episodes = append(m.Batch.Episodes, m.Batch.Episodes[0])
			}
		},
		"20,001 strings": func(m *agentv1.SyncRequest) {
			m.Batch.Strings = append(m.Batch.Strings, make([]string, stream.MaxStrings)...)
		},
		"a long string": func(m *agentv1.SyncRequest) {
			m.Batch.Strings = append(m.Batch.Strings, strings.Repeat("x", stream.MaxStringBytes+1))
		},
		"a string index":   func(m *agentv1.SyncRequest) { m.Batch.Episodes[0].App = 1 << 31 },
		"a login index":    func(m *agentv1.SyncRequest) { m.Batch.Episodes[0].Login = 9 },
		"a short stream":   func(m *agentv1.SyncRequest) { m.Batch.Stream = m.Batch.Stream[:3] },
		"sequence 0":       func(m *agentv1.SyncRequest) { m.Batch.FirstSequence = 0 },
		"the last number":  func(m *agentv1.SyncRequest) { m.Batch.FirstSequence = 1<<64 - 1 },
		"no logins, a lot": func(m *agentv1.SyncRequest) { m.Logins = make([]*agentv1.Login, 200) },
		"facts too long": func(m *agentv1.SyncRequest) {
			m.Facts = &agentv1.DeviceFacts{Name: strings.Repeat("x", 300)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := *b
			c.NewStream()
			m := c.Request(c.Record(5*time.Minute, "x"))
			change(m)
			_, err := c.Send(ctx, m)
			if p := wantCode(t, err, collector.BadRequest); p.Field == "" && name != "20,001 strings" {
				t.Errorf("the refusal names no field: %s", p.Reason)
			}
		})
	}
	if n := count(); n != before {
		t.Errorf("%d episodes of refused batches were stored", n-before)
	}
}

func TestDeviceClocks(t *testing.T) {
	h := open(t, t.TempDir())
	for name, c := range map[string]time.Time{
		"2001": time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC), "2040": time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		t.Run(name, func(t *testing.T) {
			a := h.enrolled()
			record := a.Record(0, "x")
			record.Start = c
			m := a.Request(record)
			m.DeviceTimeMs = c.UnixMilli()
			offset := time.Until(c).Milliseconds()
			m.ClockOffsetMs = proto.Int64(-offset - 60_000)
			answer, err := a.Send(t.Context(), m)
			if err != nil || len(answer.Refusals) != 0 || answer.LastSequence != 1 {
				t.Errorf("with the offset known: %v, %v", answer, err)
			}
			a.NewStream()
			answer, err = a.Send(t.Context(), a.Request(record))
			if err != nil || len(answer.Refusals) != 1 || answer.LastSequence != 1 {
				t.Errorf("without it: %v, %v", answer, err)
			}
		})
	}
	if stats, _ := h.store.Stats(t.Context()); stats.Episodes != 2 {
		t.Errorf("%d episodes", stats.Episodes)
	}
}

func TestSlowClientsAreCutOff(t *testing.T) {
	quick := func(_ *house, _ *Options, s *serverBounds) {
		s.ReadHeaderTimeout, s.ReadTimeout = 150*time.Millisecond, 300*time.Millisecond
	}
	h := open(t, t.TempDir(), quick)
	a := h.enrolled()
	for name, say := range map[string]string{
		"nothing":    "",
		"no TLS":     "GET / HTTP/1.1\r\n\r\n",
		"headers":    "POST " + agentv1connect.AgentServiceSyncProcedure + " HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"body":       "POST " + agentv1connect.AgentServiceSyncProcedure + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + a.Token + "\r\nContent-Type: application/proto\r\nContent-Length: 1000000\r\n\r\nabc",
		"chunks":     "POST " + agentv1connect.AgentServiceSyncProcedure + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + a.Token + "\r\nContent-Type: application/proto\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
		"early body": "POST " + agentv1connect.AgentServiceEnrollProcedure + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/proto\r\nContent-Length: 1000\r\n\r\nabc",
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := net.Dial("tcp", h.listener.Address())
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			conn := net.Conn(raw)
			if name != "no TLS" && name != "nothing" {
				conn = tls.Client(raw, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
			}
			if _, err := io.WriteString(conn, say); err != nil {
				t.Fatal(err)
			}
			// The collector ends it; the deadline is only for a test that fails.
			_ = raw.SetReadDeadline(time.Now().Add(10 * time.Second))
			_, err = io.Copy(io.Discard, conn)
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				t.Error("a slow client was not cut off")
			}
		})
	}
	if _, err := a.Sync(t.Context(), a.Record(time.Minute, "quick")); err != nil {
		t.Errorf("others are not served: %v", err)
	}
}

func TestSlowStreamsAreCutOff(t *testing.T) {
	h := open(t, t.TempDir(), func(_ *house, _ *Options, s *serverBounds) {
		s.ReadHeaderTimeout, s.ReadTimeout = 150*time.Millisecond, 300*time.Millisecond
	})
	a := h.enrolled()
	body, never := io.Pipe()
	defer never.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.URL+agentv1connect.AgentServiceSyncProcedure, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/proto")
	req.Header.Set("Authorization", "Bearer "+a.Token)
	answer, err := a.HTTP.Do(req) // its own timeout is 20 s
	if err == nil {
		answer.Body.Close()
		if answer.ProtoMajor != 2 || answer.StatusCode == http.StatusOK {
			t.Errorf("%s %d", answer.Proto, answer.StatusCode)
		}
	} else if errors.Is(err, context.DeadlineExceeded) {
		t.Error("a slow stream was not cut off")
	}
	if _, err := a.Sync(t.Context()); err != nil {
		t.Errorf("the device's one call is still taken: %v", err)
	}
}

func TestLongHeadersAreRefused(t *testing.T) {
	h := open(t, t.TempDir())
	a := apitest.NewAgent(t, h.url(), h.client())
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, a.URL+"/livez", nil)
	req.Header.Set("X-Long", strings.Repeat("x", maxHeaderBytes+8<<10))
	answer, err := a.HTTP.Do(req)
	if err == nil {
		answer.Body.Close()
		if answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("status %d", answer.StatusCode)
		}
	}
}

func TestOneCallOfADeviceAtATime(t *testing.T) {
	h := open(t, t.TempDir())
	a := h.enrolled()
	one := h.agents.devices.find(a.Credential.Device)
	if err := one.begin(); err != nil {
		t.Fatal(err)
	}
	_, err := a.Sync(t.Context())
	wantCode(t, err, collector.TooMany)
	one.end()
	if _, err := a.Sync(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAPanicEndsOneCall(t *testing.T) {
	panics := func(_ *house, o *Options, _ *serverBounds) { o.Admission = panicking{o.Admission} }
	h := open(t, t.TempDir(), panics)
	a := h.enrolled()
	m := a.Request()
	m.SettingsRevision = "panic"
	_, err := a.Send(t.Context(), m)
	wantCode(t, err, collector.Internal)
	if strings.Contains(fmt.Sprint(err), "secret") {
		t.Error("the panic's words left the collector")
	}
	if _, err := a.Sync(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestJSONOverPlainHTTP(t *testing.T) {
	h := open(t, t.TempDir())
	a := apitest.NewAgent(t, h.url(), h.client(), connect.WithProtoJSON())
	if _, _, err := a.Challenge(t.Context()); err != nil {
		t.Fatal(err)
	}
	req, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, a.URL+agentv1connect.AgentServiceChallengeProcedure, strings.NewReader(`{"protocol":1,"unknown":2}`))
	req.Header.Set("Content-Type", "application/json")
	answer, err := a.HTTP.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != 200 || !bytes.Contains(text, []byte(`"collector_time_ms":`)) {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
}

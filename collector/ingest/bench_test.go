package ingest_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector/duckdb"
	"github.com/dayline-project/dayline/collector/ingest"
	"github.com/dayline-project/dayline/collector/sqlite"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// BenchmarkAdmit decodes, admits and stores batches, durably, from 64 devices, many at once.
func BenchmarkAdmit(b *testing.B) {
	for _, size := range []int{30, 5000} {
		b.Run(fmt.Sprintf("batches of %d", size), func(b *testing.B) { benchmarkAdmit(b, size) })
	}
}

func benchmarkAdmit(b *testing.B, size int) {
	dir := b.TempDir()
	registry, err := sqlite.Open(b.Context(), dir)
	if err != nil {
		b.Fatal(err)
	}
	defer registry.Close()
	store, err := duckdb.Open(b.Context(), dir, duckdb.Options{Threads: 2})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	in, err := ingest.New(b.Context(), ingest.Options{Store: store, Registry: registry})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = in.Run(ctx) })
	defer running.Wait()
	defer stop()
	wire := benchBatch(b, size)
	for n := range 64 {
		if _, err := in.Admit(ctx, fmt.Sprintf("d-%016x", n), newLine(b, 1, record(0, func(r *stream.Record) { r.Login.Authority = "" })).sync(1, 1), now); err != nil {
			b.Fatal(err)
		}
	}
	var next atomic.Uint64
	b.SetParallelism(max(4, 1000/size))
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := next.Add(1)
			req := new(agentv1.SyncRequest)
			if err := proto.Unmarshal(wire, req); err != nil {
				b.Error(err)
			}
			// Each is a stream of its own on a day of its own: what is measured is storing, neither repeats nor floods.
			binary.BigEndian.PutUint64(req.Batch.Stream, n)
			for _, e := range req.Batch.Episodes {
				e.StartMs -= int64(n/64%60) * 86_400_000
			}
			result, err := in.Admit(ctx, fmt.Sprintf("d-%016x", n%64), req, now)
			if err != nil || result.LastSequence != uint64(size) || len(result.Refusals) != 0 {
				b.Errorf("%d refusals %v", len(result.Refusals), err)
			}
		}
	})
	b.ReportMetric(float64(size*b.N)/b.Elapsed().Seconds(), "episodes/s")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "uploads/s")
}

// benchBatch is a batch of a day's work: three in four texts have been there before.
func benchBatch(b *testing.B, size int) []byte {
	builder := stream.NewBuilder(stream.ID{}, stream.Digest{})
	for n := range size {
		r := record(0, func(r *stream.Record) {
			r.Login.Authority = ""
			r.Start, r.For = r.Start.Add(time.Duration(n)*time.Second), 900*time.Millisecond
			r.App, r.Product, r.Site = fmt.Sprintf("application-%d", n%40), fmt.Sprintf("Application %d", n%40), fmt.Sprintf("site-%d.example.com", n%20)
			r.Title = fmt.Sprintf("A document of some length, number %d - Application", n*n%(size/4+1))
		})
		if err := builder.Add(uint64(n+1), stream.AppendRecord(nil, &r)); err != nil {
			b.Fatal(err)
		}
	}
	wire, err := proto.Marshal(&agentv1.SyncRequest{Batch: builder.Batch()})
	if err != nil {
		b.Fatal(err)
	}
	return wire
}

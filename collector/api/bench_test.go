package api

import (
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector/api/apitest"
	"github.com/dayline-project/dayline/collector/link"
	"github.com/dayline-project/dayline/shared/stream"
)

// BenchmarkSyncs is many devices that upload 30 episodes each, over HTTPS and durably, in one process with the
// collector: twice the work of the collector alone.
func BenchmarkSyncs(b *testing.B) {
	for _, size := range []int{0, 30, 1000} {
		b.Run(map[int]string{0: "contact", 30: "30", 1000: "1000"}[size], func(b *testing.B) { benchmarkSyncs(b, size) })
	}
}

func benchmarkSyncs(b *testing.B, size int) {
	h := open(b, b.TempDir())
	const devices = 300
	agents := make(chan *apitest.Agent, devices)
	secret := h.secret(link.Request{})
	for range devices {
		h.later(time.Minute / enrollsPerAddress)
		a := apitest.NewAgent(b, h.url(), h.client(), connect.WithSendGzip())
		if err := a.Enroll(b.Context(), secret); err != nil {
			b.Fatal(err)
		}
		if err := a.SignIn(b.Context()); err != nil {
			b.Fatal(err)
		}
		if _, err := a.Sync(b.Context()); err != nil {
			b.Fatal(err)
		}
		agents <- a
	}
	var episodes atomic.Int64
	b.SetParallelism(devices / 4)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		records := make([]stream.Record, size)
		for pb.Next() {
			a := <-agents
			for n := range records {
				records[n] = a.Record(time.Duration(size-n)*time.Minute, "a title of the usual length, one of many")
			}
			if _, err := a.Sync(b.Context(), records...); err != nil {
				b.Error(err)
			}
			episodes.Add(int64(size))
			agents <- a
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "syncs/s")
	b.ReportMetric(float64(episodes.Load())/b.Elapsed().Seconds(), "episodes/s")
}

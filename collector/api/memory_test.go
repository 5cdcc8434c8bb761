package api

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector/api/apitest"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// heaviest is a sync that decodes to as much as is let in and is refused only when it is taken apart.
func heaviest(a *apitest.Agent) []byte {
	m := a.Request(a.Record(time.Minute, "x"))
	for n := range stream.MaxStrings - len(m.Batch.Strings) {
		m.Batch.Strings = append(m.Batch.Strings, fmt.Sprintf("%s %d", strings.Repeat("y", 195), n))
	}
	for len(m.Batch.Episodes) <= stream.MaxEpisodes {
		m.Batch.Episodes = append(m.Batch.Episodes, proto.CloneOf(m.Batch.Episodes[0]))
	}
	m.Batch.Logins = append(m.Batch.Logins, make([]*agentv1.Login, 1000)...)
	body, err := proto.Marshal(m)
	if err != nil {
		panic(err) // a test's own mistake
	}
	return body
}

// All bounds at once: what many devices make the collector hold together stays within what calls are given.
func TestMemoryIsBoundedUnderAttack(t *testing.T) {
	h := open(t, t.TempDir())
	const attackers, rounds = 32, 3
	var agents []*apitest.Agent
	for range attackers {
		agents = append(agents, h.enrolled())
	}
	heavy := zstdOf(t, heaviest(agents[0]), zstd.WithEncoderLevel(zstd.SpeedFastest))
	bomb := zstdOf(t, make([]byte, 64<<20))
	if _, answer := post(t, agents[0], "application/proto", "zstd", heavy); !strings.Contains(answer, "batch.episodes") {
		t.Fatalf("the attack is not as heavy as it should be: %.200s", answer)
	}
	// What serve leaves for calls of 512 MB.
	limit := debug.SetMemoryLimit(192 << 20)
	defer debug.SetMemoryLimit(limit)
	runtime.GC()
	peak := watchHeap(t)
	var attack sync.WaitGroup
	for _, a := range agents {
		attack.Go(func() {
			for range rounds {
				for _, body := range [][]byte{heavy, bomb} {
					if status, answer := post(t, a, "application/proto", "zstd", body); status == 200 {
						t.Errorf("let in: %.200s", answer)
					}
				}
			}
		})
	}
	attack.Wait()
	if most := peak(); most > 256<<20 {
		t.Errorf("the heap grew to %d MB", most>>20)
	} else {
		t.Logf("the heap grew to %d MB", most>>20)
	}
	for _, a := range agents[:3] {
		if _, err := a.Sync(t.Context(), a.Record(time.Minute, "still here")); err != nil {
			t.Error(err)
		}
	}
}

// watchHeap gives, when asked, the largest heap seen since.
func watchHeap(t *testing.T) func() uint64 {
	t.Helper()
	stop, seen := make(chan struct{}), make(chan uint64)
	go func() {
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		var most uint64
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
			select {
			case <-ticker.C:
			case <-stop:
				seen <- most
				return
			}
		}
	}()
	return func() uint64 { close(stop); return <-seen }
}

package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/duckdb"
	"github.com/dayline-project/dayline/collector/ingest"
	"github.com/dayline-project/dayline/collector/sqlite"
	"github.com/dayline-project/dayline/collector/storetest"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// now is when the tests take place, on a Monday.
var now = time.Date(2026, 3, 2, 18, 0, 0, 0, time.FixedZone("", 3600))

const device = "d-0011223344556677"

// house is a registry, a store and an ingest over them, as the collector has them.
type house struct {
	t        *testing.T
	dir      string
	registry *sqlite.Registry
	store    *duckdb.Store
	*ingest.Ingest
	stop     func()
	keptFrom int32
}

func open(t *testing.T, dir string, floor func() error) *house {
	t.Helper()
	h := &house{t: t, dir: dir}
	var err error
	if h.registry, err = sqlite.Open(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if h.store, err = duckdb.Open(t.Context(), dir, duckdb.Options{Threads: 1}); err != nil {
		t.Fatal(err)
	}
	if h.Ingest, err = ingest.New(t.Context(), ingest.Options{
		Store: h.store, Registry: h.registry, CollectFor: time.Microsecond, Floor: floor, KeptFrom: func() int32 { return h.keptFrom },
	}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := h.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	h.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		if err := errors.Join(h.store.Close(), h.registry.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(h.stop)
	return h
}

func fresh(t *testing.T) *house {
	h := open(t, t.TempDir(), nil)
	if err := h.registry.AddDevice(t.Context(), collector.Device{ID: device, PublicKey: make([]byte, 32), EnrolledAt: now}); err != nil {
		t.Fatal(err)
	}
	return h
}

// reopened is the house after a restart.
func (h *house) reopened() *house {
	h.stop()
	return open(h.t, h.dir, nil)
}

func (h *house) admit(req *agentv1.SyncRequest) ingest.Result {
	h.t.Helper()
	result, err := h.Admit(h.t.Context(), device, req, now)
	if err != nil {
		h.t.Fatal(err)
	}
	return result
}

func (h *house) rows() []*adminv1.ActivityRow {
	h.t.Helper()
	return storetest.Stored(h.t, h.store)
}

// apps of all that is stored, in order of start.
func (h *house) apps() string {
	h.t.Helper()
	var apps []string
	for _, row := range h.rows() {
		apps = append(apps, row.App)
	}
	return strings.Join(apps, " ")
}

func (h *house) flags() []string {
	h.t.Helper()
	d, err := h.registry.Device(h.t.Context(), device)
	if err != nil {
		h.t.Fatal(err)
	}
	return d.Flags
}

// record n minutes after 8 o'clock.
func record(n int, change ...func(*stream.Record)) stream.Record {
	r := stream.Record{
		Login: stream.Login{Authority: "example", Account: "ana", Name: `EXAMPLE\ana`}, Session: "s1",
		Episode: episode.Episode{
			State: episode.Active, Start: time.Date(2026, 3, 2, 8, n, 0, 0, now.Location()), For: time.Minute,
			Identity: episode.Identity{App: fmt.Sprintf("a%d", n)}, EndedBy: episode.ByFocus,
		},
	}
	for _, change := range change {
		change(&r)
	}
	return r
}

func records(from, to int) []stream.Record {
	var list []stream.Record
	for n := from; n <= to; n++ {
		list = append(list, record(n))
	}
	return list
}

// line is an agent's stream: what it buffered, and the digest after each.
type line struct {
	t       testing.TB
	id      stream.ID
	records []stream.Record
}

func (l *line) digest(last int) stream.Digest {
	var digest stream.Digest
	for i := range l.records[:last] {
		digest = digest.Next(stream.AppendRecord(nil, &l.records[i]))
	}
	return digest
}

// sync carries the records from first to last, counted from 1.
func (l *line) sync(first, last int) *agentv1.SyncRequest {
	l.t.Helper()
	b := stream.NewBuilder(l.id, l.digest(first-1))
	for n := first; n <= last; n++ {
		if err := b.Add(uint64(n), stream.AppendRecord(nil, &l.records[n-1])); err != nil {
			l.t.Fatal(err)
		}
	}
	return &agentv1.SyncRequest{Batch: b.Batch()}
}

func newLine(t testing.TB, id byte, list ...stream.Record) *line {
	return &line{t: t, id: stream.ID{id}, records: list}
}

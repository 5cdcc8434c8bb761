package buffer

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/stream"
)

// office makes episodes like an office day's: few applications and sites used often, many titles used seldom (Zipf).
type office struct {
	random        *rand.Rand
	apps, pages   *rand.Zipf
	titles, sites *rand.Zipf
}

func newOffice() *office {
	random := rand.New(rand.NewPCG(1, 2))
	return &office{
		random: random, apps: rand.NewZipf(random, 1.3, 1, 39), sites: rand.NewZipf(random, 1.2, 1, 299),
		titles: rand.NewZipf(random, 1.1, 3, 4999), pages: rand.NewZipf(random, 1.1, 3, 2999),
	}
}

func (o *office) record(at time.Time) *stream.Record {
	app, site := o.apps.Uint64(), o.sites.Uint64()
	r := &stream.Record{Login: anna, Session: "5f3a9c0d1e2b4a67", Product: fmt.Sprintf("Product Name %d", app), Episode: episode.Episode{
		State: episode.Active, Start: at, For: time.Duration(1+o.random.IntN(20000)) * time.Millisecond, EndedBy: episode.ByFocus,
		Identity: episode.Identity{App: fmt.Sprintf("program-%d", app), Title: fmt.Sprintf("Quarterly report %d, final version — editor", o.titles.Uint64())},
		Revision: "r-5d41402abc4b2a76",
	}}
	if app < 2 {
		r.Site = fmt.Sprintf("www%d.example.com", site)
		r.URL = fmt.Sprintf("https://www%d.example.com/projects/%d/board", site, o.pages.Uint64())
	}
	return r
}

const (
	perDay = 2500
	days   = 30
)

// BenchmarkMonth is target T5: 30 days of 2,500 episodes, each appended in a transaction of its own, with the
// checkpoints of an open episode in between. The file may have 25 MB.
func BenchmarkMonth(b *testing.B) {
	for b.Loop() {
		path := filepath.Join(b.TempDir(), "buffer.db")
		buffer := reopen(b, path)
		buffer.db.NoSync = true // the size is looked at; BenchmarkAppend measures the writing
		o, at := newOffice(), noon
		for n := range uint64(perDay * days) {
			record := o.record(at)
			if n%3 == 0 {
				if err := buffer.Checkpoint("1000/anna", record, at); err != nil {
					b.Fatal(err)
				}
			}
			if err := buffer.Append("1000/anna", n+1, record, at); err != nil {
				b.Fatal(err)
			}
			at = at.Add(record.For)
		}
		stats := buffer.Stats()
		if stats.Episodes != perDay*days {
			b.Fatalf("%+v", stats)
		}
		b.ReportMetric(float64(stats.FileBytes)/1e6, "MB/month")
		b.ReportMetric(float64(stats.FileBytes)/float64(stats.Episodes), "B/episode")
		buffer.Close()
	}
}

// BenchmarkAppend is one durable episode.
func BenchmarkAppend(b *testing.B) {
	buffer := reopen(b, filepath.Join(b.TempDir(), "buffer.db"))
	o, at, n := newOffice(), noon, uint64(0)
	for b.Loop() {
		n++
		if err := buffer.Append("1000/anna", n, o.record(at), at); err != nil {
			b.Fatal(err)
		}
		at = at.Add(10 * time.Second)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "episodes/s")
}

// BenchmarkOpenMonth is a start with a month in the buffer: structure checked, every row read.
func BenchmarkOpenMonth(b *testing.B) {
	path := filepath.Join(b.TempDir(), "buffer.db")
	buffer := reopen(b, path)
	o := newOffice()
	for n := range uint64(days) {
		if err := buffer.appendMany("1000/anna", n*perDay, perDay, o.record(noon)); err != nil {
			b.Fatal(err)
		}
	}
	buffer.Close()
	for b.Loop() {
		again, err := Open(path, DefaultLimits)
		if err != nil {
			b.Fatal(err)
		}
		again.Close()
	}
}

// BenchmarkBatches tells the bytes of a day's batches as they travel: one every 48 s of eight hours.
func BenchmarkBatches(b *testing.B) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		o, at, total := newOffice(), noon, 0
		const batches = 8 * 3600 / 48
		var digest stream.Digest
		sequence := uint64(0)
		for batch := range batches {
			builder := stream.NewBuilder(stream.ID{1}, digest)
			for ; sequence < uint64((batch+1)*perDay/batches); sequence++ {
				record := o.record(at)
				at = at.Add(record.For)
				if err := builder.Add(sequence+1, stream.AppendRecord(nil, record)); err != nil {
					b.Fatal(err)
				}
			}
			digest = builder.Digest()
			raw, err := proto.Marshal(builder.Batch())
			if err != nil {
				b.Fatal(err)
			}
			total += len(encoder.EncodeAll(raw, nil))
		}
		b.ReportMetric(float64(total)/1000, "kB/day")
	}
}

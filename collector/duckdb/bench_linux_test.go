package duckdb

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/storetest"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

func newCompany() *storetest.Company {
	return storetest.NewCompany(time.Date(2026, 1, 5, 0, 0, 0, 0, time.FixedZone("", 3600)))
}

func peopleOf(c *storetest.Company) map[string]collector.Person {
	known := map[string]collector.Person{}
	for _, d := range c.Desks {
		known[d.LoginKey] = collector.Person{ID: "p-" + d.Login.Account, Name: d.Login.Account}
	}
	return known
}

// BenchmarkAppend: 100 uploads of 30 rows become one transaction.
func BenchmarkAppend(b *testing.B) {
	c := newCompany()
	store := open(b, b.TempDir())
	var rows []collector.Row
	for _, upload := range c.Day(0) {
		rows = append(rows, upload.Rows...)
	}
	next := uint64(0)
	b.ResetTimer()
	for b.Loop() {
		b.StopTimer()
		var uploads []collector.Upload
		for n := range 100 {
			at := (int(next) * 30) % (len(rows) - 30)
			next++
			uploads = append(uploads, collector.Upload{
				StreamKey: collector.StreamKey{Device: c.Desks[n].Device, Stream: stream.ID{byte(n)}},
				First:     next, Last: next, Rows: rows[at : at+30],
			})
		}
		b.StartTimer()
		if err := store.Append(b.Context(), uploads); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(3000*b.N)/b.Elapsed().Seconds(), "episodes/s")
}

// BenchmarkReports asks each report of 27 million episodes, over 7 and over 90 days, and weighs the file.
func BenchmarkReports(b *testing.B) {
	c := newCompany()
	store := open(b, b.TempDir())
	began := time.Now()
	episodes, err := c.Fill(b.Context(), store, 90)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d episodes stored in %v", episodes, time.Since(began))
	b.Run("size", func(b *testing.B) {
		for b.Loop() {
			if _, err := store.file.db.ExecContext(b.Context(), "CHECKPOINT"); err != nil {
				b.Fatal(err)
			}
		}
		stats, err := store.Stats(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(stats.Bytes)/float64(stats.Episodes), "bytes/episode")
	})
	last := collector.LocalDay(c.First) + 89
	for _, days := range []int32{7, 90} {
		filter := collector.Filter{FromDay: last - days + 1, ToDay: last, People: peopleOf(c)}
		one := filter
		one.LoginKeys = []string{c.Desks[7].LoginKey}
		for _, report := range []struct {
			name string
			ask  func(context.Context) error
		}{
			{"people", func(ctx context.Context) error { _, err := store.People(ctx, filter); return err }},
			{"hours", func(ctx context.Context) error { _, err := store.Hours(ctx, filter); return err }},
			{"apps", func(ctx context.Context) error { _, err := store.Apps(ctx, filter); return err }},
			{"sites", func(ctx context.Context) error { _, err := store.Sites(ctx, filter); return err }},
			{"activity of one person", func(ctx context.Context) error {
				return store.Activity(ctx, one, func([]*adminv1.ActivityRow) error { return nil })
			}},
		} {
			b.Run(fmt.Sprintf("%s over %d days", report.name, days), func(b *testing.B) { latency(b, report.ask) })
		}
	}
}

func latency(b *testing.B, ask func(context.Context) error) {
	var took []time.Duration
	busy := processorTime(b)
	for range 20 {
		began := time.Now()
		if err := ask(b.Context()); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	busy = processorTime(b) - busy
	slices.Sort(took)
	// On a machine with other work the processor time says more than the clock.
	b.ReportMetric(float64(busy.Microseconds())/1000/float64(len(took)), "cpu-ms")
	b.ReportMetric(float64(took[10].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[18].Microseconds())/1000, "p95-ms")
	b.ReportMetric(0, "ns/op")
}

func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

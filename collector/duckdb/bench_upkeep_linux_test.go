package duckdb

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// BenchmarkUpkeep reads the log of 27 million episodes by pages and whole, and then clears it away.
func BenchmarkUpkeep(b *testing.B) {
	c := newCompany()
	store, err := Open(b.Context(), b.TempDir(), Options{Threads: 2, MemoryBytes: 256 << 20})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	if _, err := c.Fill(b.Context(), store, 90); err != nil {
		b.Fatal(err)
	}
	one := map[collector.Owner]collector.Share{{Device: c.Desks[7].Device, LoginKey: c.Desks[7].LoginKey}: {}}
	for _, days := range []int32{7, 90} {
		for _, log := range []struct {
			name   string
			owners map[collector.Owner]collector.Share // nil: all
			page   collector.Page
		}{
			{"newest page", nil, collector.Page{Limit: 100, NewestFirst: true}},
			{"page of one person", one, collector.Page{Limit: 100}},
			{"page of a common word", nil, collector.Page{Limit: 100, Search: "REPORT"}},
			{"page of a word never said", nil, collector.Page{Limit: 100, Search: "never said"}},
			{"everything of one person", one, collector.Page{}},
		} {
			q := office(c, days)
			if log.owners != nil {
				q.Owners = log.owners
			}
			b.Run(fmt.Sprintf("%s over %d days", log.name, days), func(b *testing.B) {
				latency(b, func(ctx context.Context) error { _, err := countRows(ctx, store, q, log.page); return err })
			})
		}
	}
	b.Run("stream", func(b *testing.B) {
		began, rows := time.Now(), 0
		for b.Loop() {
			n, err := countRows(b.Context(), store, office(c, 7), collector.Page{})
			if err != nil {
				b.Fatal(err)
			}
			rows += n
		}
		b.ReportMetric(float64(rows)/time.Since(began).Seconds(), "episodes/s")
	})
	b.Run("usage", func(b *testing.B) {
		latency(b, func(ctx context.Context) error { _, err := store.Usage(ctx); return err })
	})
	last := collector.LocalDay(c.First) + 89
	for _, act := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"rewrite all", store.Rewrite},
		{"delete one login", func(ctx context.Context) error {
			_, err := store.Delete(ctx, "", c.Desks[3].LoginKey, time.Now().AddDate(100, 0, 0))
			return err
		}},
		{"drop 30 days", func(ctx context.Context) error { _, err := store.DropDays(ctx, last-59); return err }},
		{"strip 30 days", func(ctx context.Context) error { _, err := store.Strip(ctx, last-29, true, true); return err }},
		{"rewrite what is left", store.Rewrite},
	} {
		began := time.Now()
		if err := act.do(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.Logf("%s: %v", act.name, time.Since(began).Round(time.Millisecond))
	}
}

// countRows counts what a page gives.
func countRows(ctx context.Context, store *Store, q *collector.Query, page collector.Page) (n int, err error) {
	_, err = store.Episodes(ctx, q, page, func(rows []*adminv1.ActivityRow) error {
		n += len(rows)
		return nil
	})
	return n, err
}

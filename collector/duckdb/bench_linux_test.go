package duckdb

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/storetest"
	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/stream"
)

func newCompany() *storetest.Company {
	return storetest.NewCompany(time.Date(2026, 1, 5, 0, 0, 0, 0, time.FixedZone("", 3600)))
}

// office is a query of a company as a large office asks it: 2,000 rules with exceptions in 8 variants, 5 people merged
// with others, and an episode going on on every second device.
func office(c *storetest.Company, days int32) *collector.Query {
	today := collector.LocalDay(c.First) + 89
	q := &collector.Query{
		FromDay: today - days + 1, ToDay: today, Owners: map[collector.Owner]collector.Share{},
		People: make([]collector.Person, storetest.CompanyPeople), Classify: classifier(),
	}
	for i, desk := range c.Desks {
		person := desk.Person
		if person%100 == 1 {
			person--
		}
		q.People[person] = collector.Person{ID: fmt.Sprintf("p-%d", person)}
		q.Owners[collector.Owner{Device: desk.Device, LoginKey: desk.LoginKey}] = collector.Share{Person: person, Variant: desk.Person % variants}
		if i%2 == 0 {
			start := c.First.AddDate(0, 0, 89).Add(17 * time.Hour)
			q.Open = append(q.Open, collector.OpenRow{Device: desk.Device, Row: collector.Row{
				LoginKey: desk.LoginKey, Day: today, Record: stream.Record{Login: desk.Login, Episode: episode.Episode{
					State: episode.Active, Start: start, For: 3 * time.Minute, Identity: episode.Identity{App: "application-7"},
				}},
			}})
		}
	}
	return q
}

const variants = 8

// classifier has a rule for each application and for 1,700 sites, every tenth with exceptions.
func classifier() collector.Classifier {
	rules := map[string][]collector.Class{}
	for n := range 2000 {
		name := fmt.Sprintf("site-%d.example.com", n-300)
		if n < 300 {
			name = fmt.Sprintf("application-%d", n)
		}
		classes := []collector.Class{{Status: collector.Status(n % 3), Category: fmt.Sprintf("category %d", n%17)}}
		if n%10 == 0 {
			for v := range variants - 1 {
				classes = append(classes, collector.Class{Status: collector.Status((n + v) % 3), Category: classes[0].Category})
			}
		}
		rules[name] = classes
	}
	return func(s collector.Subject) []collector.Class {
		if classes := rules[s.Site]; classes != nil {
			return classes
		}
		if classes := rules[s.App]; classes != nil {
			return classes
		}
		return []collector.Class{{}}
	}
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
	store, err := Open(b.Context(), b.TempDir(), Options{Threads: 2, MemoryBytes: 256 << 20}) // as serve does by default
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
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
	for _, days := range []int32{7, 90} {
		for _, report := range reportsOf(store, c, days) {
			b.Run(fmt.Sprintf("%s over %d days", report.name, days), func(b *testing.B) { latency(b, report.ask) })
		}
	}
	b.Run("memory of four dashboards over 90 days while episodes arrive", func(b *testing.B) { memoryOfFour(b, store, c) })
}

type report struct {
	name string
	ask  func(context.Context) error
}

func reportsOf(store *Store, c *storetest.Company, days int32) []report {
	q := office(c, days)
	sum := func(q *collector.Query, want collector.Want) func(context.Context) error {
		return func(ctx context.Context) error { _, err := store.Sum(ctx, q, want); return err }
	}
	one, elsewhere, browser := *q, *q, *q
	one.Owners = map[collector.Owner]collector.Share{}
	for _, desk := range c.Desks[20:22] {
		owner := collector.Owner{Device: desk.Device, LoginKey: desk.LoginKey}
		one.Owners[owner] = q.Owners[owner]
	}
	elsewhere.Zone = time.UTC
	browser.Only.App = "application-1"
	groups := make([]map[collector.Owner]bool, 40)
	for i := range groups {
		groups[i] = map[collector.Owner]bool{}
		for n, desk := range c.Desks {
			if n%len(groups) == i || n%7 == i%7 {
				groups[i][collector.Owner{Device: desk.Device, LoginKey: desk.LoginKey}] = true
			}
		}
	}
	return []report{
		{"dashboard", sum(q, collector.Want{Days: true, Subjects: true})},
		{"people", sum(q, collector.Want{Days: true})},
		{"working hours", sum(q, collector.Want{Days: true, Gaps: true})},
		{"applications", sum(q, collector.Want{Subjects: true})},
		{"dashboard of one person", sum(&one, collector.Want{Days: true, Subjects: true})},
		{"dashboard in another zone", sum(&elsewhere, collector.Want{Days: true, Subjects: true})},
		{"40 groups", func(ctx context.Context) error { _, err := store.SumGroups(ctx, q, groups); return err }},
		{"titles of one application", func(ctx context.Context) error { _, err := store.Titles(ctx, &browser, 100); return err }},
	}
}

// memoryOfFour asks four dashboards at once, again and again, while some 20,000 episodes a second arrive, and gives the
// most memory that the process had meanwhile, with Go's share limited as serve does by default.
func memoryOfFour(b *testing.B, store *Store, c *storetest.Company) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(192 << 20))
	q := office(c, 90)
	const seconds = 4
	uploads := slices.Clone(c.Day(90)[:seconds*10_000])
	debug.FreeOSMemory()
	ctx, cancel := context.WithTimeout(b.Context(), seconds*time.Second)
	defer cancel()
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for ctx.Err() == nil {
				if _, err := store.Sum(ctx, q, collector.Want{Days: true, Subjects: true}); err != nil && ctx.Err() == nil {
					b.Error(err)
				}
			}
		})
	}
	every := time.NewTicker(50 * time.Millisecond)
	defer every.Stop()
	stored, peak := 0, 0
	for began := time.Now(); ctx.Err() == nil; <-every.C {
		for ; len(uploads) > 0 && float64(stored) < 20_000*time.Since(began).Seconds(); uploads = uploads[min(500, len(uploads)):] {
			group := uploads[:min(500, len(uploads))]
			if err := store.Append(b.Context(), group); err != nil {
				b.Fatal(err)
			}
			for i := range group {
				stored += len(group[i].Rows)
			}
		}
		peak = max(peak, resident(b))
	}
	b.ReportMetric(float64(stored)/seconds, "stored/s")
	work.Wait()
	b.ReportMetric(float64(peak)/(1<<20), "peak-MB")
	b.ReportMetric(0, "ns/op")
}

// resident is the memory of the process in bytes.
func resident(b *testing.B) int {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Fatal(err)
	}
	var all, pages int
	if _, err := fmt.Sscan(string(statm), &all, &pages); err != nil {
		b.Fatal(err)
	}
	return pages * os.Getpagesize()
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

package duckdb

import (
	"context"
	"fmt"
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

// office is a query of a company as a large office asks it: 2,000 rules with exceptions in 8 variants, 20 people merged
// with others, and an episode going on on every second device.
func office(c *storetest.Company, days int32) *collector.Query {
	today := collector.LocalDay(c.First) + 89
	q := &collector.Query{
		FromDay: today - days + 1, ToDay: today, Owners: map[collector.Owner]collector.Share{},
		People: make([]collector.Person, storetest.CompanyPeople), Classify: classifier(),
	}
	for i, desk := range c.Desks {
		person := desk.Person
		if person%25 == 1 {
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
		{"working hours", sum(q, collector.Want{Days: true, Breaks: true})},
		{"applications", sum(q, collector.Want{Subjects: true})},
		{"dashboard of one person", sum(&one, collector.Want{Days: true, Subjects: true})},
		{"dashboard in another zone", sum(&elsewhere, collector.Want{Days: true, Subjects: true})},
		{"40 groups", func(ctx context.Context) error { _, err := store.SumGroups(ctx, q, groups); return err }},
		{"titles of one application", func(ctx context.Context) error { _, err := store.Titles(ctx, &browser, 100); return err }},
	}
}

// memoryOfFour asks four dashboards at once, again and again, while 20,000 episodes a second arrive.
func memoryOfFour(b *testing.B, store *Store, c *storetest.Company) {
	q := office(c, 90)
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Second)
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
	uploads := c.Day(90)
	every := time.NewTicker(50 * time.Millisecond)
	defer every.Stop()
	for ctx.Err() == nil && len(uploads) > 500 {
		<-every.C
		if err := store.Append(b.Context(), uploads[:500]); err != nil {
			b.Fatal(err)
		}
		uploads = uploads[500:]
	}
	work.Wait()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(used.Maxrss)/1024, "peak-MB")
	b.ReportMetric(0, "ns/op")
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

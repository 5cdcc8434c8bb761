package duckdb

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// company makes the episodes of an office: 500 people at about 600 episodes a day, one in ten on two devices, each
// device syncing every 48 s; applications, sites and titles by Zipf, some titles seen once only.
type company struct {
	random  *rand.Rand
	devices []desk
	apps    *rand.Zipf
	sites   *rand.Zipf
	own     *rand.Zipf
	shared  *rand.Zipf
	unique  int
	first   time.Time
}

type desk struct {
	id    string
	login stream.Login
	key   string
	app   int
	share float64
}

const (
	people   = 500
	browsers = 4
)

func newCompany() *company {
	random := rand.New(rand.NewPCG(1, 2))
	c := &company{
		random: random, apps: rand.NewZipf(random, 1.3, 2, 299), sites: rand.NewZipf(random, 1.2, 3, 2999),
		own: rand.NewZipf(random, 1.2, 4, 999), shared: rand.NewZipf(random, 1.1, 10, 49_999),
		first: time.Date(2026, 1, 5, 0, 0, 0, 0, time.FixedZone("", 3600)),
	}
	for n := range people {
		login := stream.Login{Authority: "example.com", Account: fmt.Sprintf("person%d", n), Name: fmt.Sprintf(`EXAMPLE\person%d`, n)}
		desks := 1
		if n%10 == 0 {
			desks = 2
		}
		for d := range desks {
			id := fmt.Sprintf("d-%015x%d", n, d)
			c.devices = append(c.devices, desk{
				id: id, login: login, key: collector.LoginKey(id, login), app: random.IntN(50), share: 1 / float64(desks),
			})
		}
	}
	return c
}

func (c *company) people() map[string]collector.Person {
	known := map[string]collector.Person{}
	for _, d := range c.devices {
		known[d.key] = collector.Person{ID: "p-" + d.login.Account, Name: d.login.Account}
	}
	return known
}

// sent is an upload with the time it arrives.
type sent struct {
	at     time.Time
	upload collector.Upload
}

// day gives one day's uploads as they arrive.
func (c *company) day(n int) []collector.Upload {
	var all []sent
	for i := range c.devices {
		all = append(all, c.desk(n, i)...)
	}
	slices.SortStableFunc(all, func(a, b sent) int { return a.at.Compare(b.at) })
	uploads := make([]collector.Upload, len(all))
	for i := range all {
		uploads[i] = all[i].upload
	}
	return uploads
}

func (c *company) desk(day, index int) []sent {
	d := &c.devices[index]
	date := c.first.AddDate(0, 0, day)
	key := collector.StreamKey{Device: d.id, Stream: stream.ID(sum(day, index))}
	session := fmt.Sprintf("%x", sum(day, index))[:8]
	now := date.Add(8*time.Hour + time.Duration(c.random.NormFloat64()*30*float64(time.Minute)))
	phase := time.Duration(index) * 48 * time.Second / time.Duration(len(c.devices))
	var uploads []sent
	var current *sent
	for n := range int(600 * d.share) {
		row := c.row(d, session, uint64(n+1), now)
		if now = now.Add(row.For); c.random.Float64() < 0.02 {
			now = now.Add(time.Duration(c.random.ExpFloat64() * 10 * float64(time.Minute))) // away
		}
		due := now.Add(-phase).Truncate(48 * time.Second).Add(phase + 48*time.Second)
		if current == nil || !current.at.Equal(due) {
			uploads = append(uploads, sent{at: due, upload: collector.Upload{StreamKey: key, First: row.Sequence}})
			current = &uploads[len(uploads)-1]
			current.upload.DigestBefore = stream.Digest(sum(day, index, n))
		}
		current.upload.Rows = append(current.upload.Rows, row)
		current.upload.Last = row.Sequence
		current.upload.DigestAfter = stream.Digest(sum(day, index, n+1))
	}
	return uploads
}

func (c *company) row(d *desk, session string, sequence uint64, start time.Time) collector.Row {
	// Few episodes are long: the median is 15 s, the mean about 45 s.
	length := time.Duration(500+math.Exp(9.6+1.3*c.random.NormFloat64())) * time.Millisecond
	row := collector.Row{Sequence: sequence, LoginKey: d.key, Record: stream.Record{
		Login: d.login, Session: session,
		Episode: episode.Episode{
			State: episode.Active, Start: start.Truncate(time.Millisecond), For: min(length, time.Hour), EndedBy: episode.ByFocus,
		},
	}}
	row.Day = collector.LocalDay(row.Start)
	switch chance := c.random.Float64(); {
	case chance < 0.02:
		row.State, row.EndedBy, row.Reason = episode.Locked, episode.ByUnlock, episode.ReasonLock
		return row
	case chance < 0.06:
		row.State, row.EndedBy = episode.Passive, episode.ByInput
	case chance < 0.10:
		row.EndedBy = episode.ByIdle
	case chance < 0.102:
		row.ObservedFor = row.For + time.Duration(c.random.IntN(1e6))*time.Millisecond
	}
	app := (int(c.apps.Uint64()) + d.app*int(c.random.Uint64()%2)) % 300
	if c.random.Float64() < 0.35 {
		app = d.app % browsers
	}
	row.App, row.Product = fmt.Sprintf("application-%d", app), fmt.Sprintf("Application Number %d", app)
	if app < browsers {
		row.Site = fmt.Sprintf("site-%d.example.com", c.sites.Uint64())
	}
	row.Title = c.title(d)
	return row
}

func (c *company) title(d *desk) string {
	switch chance := c.random.Float64(); {
	case chance < 0.65:
		return text(d.key, c.own.Uint64())
	case chance < 0.97:
		return text("shared", c.shared.Uint64())
	}
	c.unique++
	return text("unique", uint64(c.unique))
}

var words = []string{
	"Report", "Quarterly", "Invoice", "Meeting", "Notes", "Draft", "Budget", "Project", "Inbox", "Calendar", "Review",
	"Customer", "Contract", "Overview", "Plan", "Holiday", "Request", "Design", "Release", "Support", "Ticket", "Summary",
}

// text makes a title of some 40 letters.
func text(owner string, n uint64) string {
	h := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(owner), n))
	return fmt.Sprintf("%s %s %s %d - %s", words[int(h[0])%len(words)], words[int(h[1])%len(words)], words[int(h[2])%len(words)],
		binary.BigEndian.Uint16(h[4:]), words[int(h[3])%len(words)])
}

func sum(numbers ...int) [16]byte {
	h := sha256.Sum256(fmt.Append(nil, numbers))
	return [16]byte(h[:16])
}

// fill stores days of the company, some thousand rows at a time. It gives how many episodes there are.
func (c *company) fill(b *testing.B, store *Store, days int) (episodes int) {
	b.Helper()
	for day := range days {
		var group []collector.Upload
		rows := 0
		uploads := c.day(day)
		for i, upload := range uploads {
			group = append(group, upload)
			if rows += len(upload.Rows); rows >= 5000 || i == len(uploads)-1 {
				if err := store.Append(b.Context(), group); err != nil {
					b.Fatal(err)
				}
				episodes += rows
				group, rows = group[:0], 0
			}
		}
	}
	return episodes
}

// BenchmarkAppend: 100 uploads of 30 rows become one transaction.
func BenchmarkAppend(b *testing.B) {
	c := newCompany()
	store := open(b, b.TempDir())
	var rows []collector.Row
	for _, upload := range c.day(0) {
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
				StreamKey: collector.StreamKey{Device: c.devices[n].id, Stream: stream.ID{byte(n)}},
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
	episodes := c.fill(b, store, 90)
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
	last := collector.LocalDay(c.first) + 89
	for _, days := range []int32{7, 90} {
		filter := collector.Filter{FromDay: last - days + 1, ToDay: last, People: c.people()}
		one := filter
		one.LoginKeys = []string{c.devices[7].key}
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

package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/stream"
)

// Company makes the episodes of an office: 500 people at about 600 episodes a day, one in ten on two devices, each
// device syncing every 48 s; applications, sites and titles by Zipf, some titles seen once only. The same days in the same
// order are always the same episodes.
type Company struct {
	// First is the midnight that day 0 begins with.
	First time.Time
	Desks []Desk

	random *rand.Rand
	apps   *rand.Zipf
	sites  *rand.Zipf
	own    *rand.Zipf
	shared *rand.Zipf
	unique int
}

// Desk is one person's login on one device.
type Desk struct {
	Device   string
	Login    stream.Login
	LoginKey string
	// Person is its number.
	Person int

	app   int
	share float64
}

const (
	// CompanyPeople is how many people a company has.
	CompanyPeople = 500
	browsers      = 4
)

// NewCompany makes a company whose first day begins at a midnight.
func NewCompany(first time.Time) *Company {
	random := rand.New(rand.NewPCG(1, 2))
	c := &Company{
		First: first, random: random, apps: rand.NewZipf(random, 1.3, 2, 299), sites: rand.NewZipf(random, 1.2, 3, 2999),
		own: rand.NewZipf(random, 1.2, 4, 999), shared: rand.NewZipf(random, 1.1, 10, 49_999),
	}
	for n := range CompanyPeople {
		login := stream.Login{Authority: "example.com", Account: fmt.Sprintf("person%d", n), Name: fmt.Sprintf(`EXAMPLE\person%d`, n)}
		desks := 1
		if n%10 == 0 {
			desks = 2
		}
		for d := range desks {
			id := fmt.Sprintf("d-%015x%d", n, d)
			c.Desks = append(c.Desks, Desk{
				Device: id, Login: login, LoginKey: collector.LoginKey(id, login), Person: n,
				app: random.IntN(50), share: 1 / float64(desks),
			})
		}
	}
	return c
}

// sent is an upload with the time it arrives.
type sent struct {
	at     time.Time
	upload collector.Upload
}

// Day gives one day's uploads as they arrive.
func (c *Company) Day(n int) []collector.Upload {
	var all []sent
	for i := range c.Desks {
		all = append(all, c.desk(n, i)...)
	}
	slices.SortStableFunc(all, func(a, b sent) int { return a.at.Compare(b.at) })
	uploads := make([]collector.Upload, len(all))
	for i := range all {
		uploads[i] = all[i].upload
	}
	return uploads
}

func (c *Company) desk(day, index int) []sent {
	d := &c.Desks[index]
	date := c.First.AddDate(0, 0, day)
	key := collector.StreamKey{Device: d.Device, Stream: stream.ID(sum(day, index))}
	session := fmt.Sprintf("%x", sum(day, index))[:8]
	now := date.Add(8*time.Hour + time.Duration(c.random.NormFloat64()*30*float64(time.Minute)))
	phase := time.Duration(index) * 48 * time.Second / time.Duration(len(c.Desks))
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

func (c *Company) row(d *Desk, session string, sequence uint64, start time.Time) collector.Row {
	// Few episodes are long: the median is 15 s, the mean about 45 s.
	length := time.Duration(500+math.Exp(9.6+1.3*c.random.NormFloat64())) * time.Millisecond
	row := collector.Row{Sequence: sequence, LoginKey: d.LoginKey, Record: stream.Record{
		Login: d.Login, Session: session,
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

func (c *Company) title(d *Desk) string {
	switch chance := c.random.Float64(); {
	case chance < 0.65:
		return text(d.LoginKey, c.own.Uint64())
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

// Fill stores days of the company from day 0 on, some thousand rows at a time. It gives how many episodes they hold.
func (c *Company) Fill(ctx context.Context, store collector.EpisodeStore, days int) (episodes int, err error) {
	for day := range days {
		var group []collector.Upload
		rows := 0
		uploads := c.Day(day)
		for i, upload := range uploads {
			group = append(group, upload)
			if rows += len(upload.Rows); rows >= 5000 || i == len(uploads)-1 {
				if err := store.Append(ctx, group); err != nil {
					return episodes, err
				}
				episodes += rows
				group, rows = group[:0], 0
			}
		}
	}
	return episodes, nil
}

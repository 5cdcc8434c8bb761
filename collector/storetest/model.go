package storetest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
)

// Model answers a query the plain way: it looks at every instant at which anything changes, and asks every episode who
// has it. It is slow, and what a store is measured by.
type Model struct {
	query  *collector.Query
	claims []claim
	// Settled time in order of person and start, cut at the query's days, before Only.
	settled []share
}

// claim is one episode of an owner asked for.
type claim struct {
	owner      collector.Owner
	share      collector.Share
	row        *collector.Row
	class      collector.Class
	start, end int64
}

// share is a stretch of one person's time, with the episode that has it.
type share struct {
	*claim
	day        int32
	start, end int64
}

// NewModel settles the uploads' episodes and the query's open ones.
func NewModel(q *collector.Query, uploads []collector.Upload) *Model {
	m := &Model{query: q}
	for i := range uploads {
		for n := range uploads[i].Rows {
			m.add(uploads[i].Device, &uploads[i].Rows[n])
		}
	}
	for i := range q.Open {
		m.add(q.Open[i].Device, &q.Open[i].Row)
	}
	m.settle()
	return m
}

func (m *Model) add(device string, row *collector.Row) {
	owner := collector.Owner{Device: device, LoginKey: row.LoginKey}
	whose, asked := m.query.Owners[owner]
	if !asked {
		return
	}
	one := claim{owner: owner, share: whose, row: row, start: row.Start.UnixMilli(), end: row.Start.Add(row.For).UnixMilli()}
	if row.State != episode.Locked && m.query.Classify != nil {
		classes := m.query.Classify(collector.Subject{App: row.App, Bundle: row.Bundle, Site: row.Site, URL: row.URL})
		one.class = classes[min(whose.Variant, len(classes)-1)]
		if one.class.Ignored {
			return
		}
	}
	m.claims = append(m.claims, one)
}

func (m *Model) settle() {
	for person := range m.query.People {
		var mine []*claim
		borders := map[int64]bool{}
		for i := range m.claims {
			one := &m.claims[i]
			if one.share.Person != person {
				continue
			}
			mine = append(mine, one)
			borders[one.start], borders[one.end] = true, true
			for at := m.nextDay(one, one.start); at < one.end; at = m.nextDay(one, at) {
				borders[at] = true
			}
		}
		instants := slices.Sorted(maps.Keys(borders))
		for i := 1; i < len(instants); i++ {
			from, to := instants[i-1], instants[i]
			var winner *claim
			for _, one := range mine {
				if one.start <= from && one.end >= to && (winner == nil || one.beats(winner)) {
					winner = one
				}
			}
			if winner == nil {
				continue
			}
			day := m.dayOf(winner, from)
			if n := len(m.settled); n > 0 && m.settled[n-1].claim == winner && m.settled[n-1].end == from && m.settled[n-1].day == day {
				m.settled[n-1].end = to
			} else {
				m.settled = append(m.settled, share{winner, day, from, to})
			}
		}
	}
	m.settled = slices.DeleteFunc(m.settled, func(s share) bool { return s.day < m.query.FromDay || s.day > m.query.ToDay })
}

// beats is the order of product.md 6, and one for what is equal by it.
func (c *claim) beats(other *claim) bool {
	rank := map[episode.State]int{episode.Active: 0, episode.Passive: 1, episode.Locked: 2}
	_, offset := c.row.Start.Zone()
	_, otherOffset := other.row.Start.Zone()
	return cmp.Or(
		cmp.Compare(rank[c.row.State], rank[other.row.State]), cmp.Compare(other.start, c.start),
		cmp.Compare(c.owner.Device, other.owner.Device), cmp.Compare(c.owner.LoginKey, other.owner.LoginKey),
		cmp.Compare(offset, otherOffset), cmp.Compare(c.row.App, other.row.App), cmp.Compare(c.row.Site, other.row.Site),
		cmp.Compare(c.class.Status, other.class.Status), cmp.Compare(c.class.Category, other.class.Category),
		cmp.Compare(c.row.Title, other.row.Title),
	) < 0
}

func (m *Model) zoneOf(one *claim) *time.Location {
	if m.query.Zone != nil {
		return m.query.Zone
	}
	_, offset := one.row.Start.Zone()
	return time.FixedZone("", offset)
}

func (m *Model) dayOf(one *claim, at int64) int32 {
	return collector.LocalDay(time.UnixMilli(at).In(m.zoneOf(one)))
}

// nextDay gives where the day after an instant's begins, to the minute.
func (m *Model) nextDay(one *claim, at int64) int64 {
	day := m.dayOf(one, at)
	for at = at - at%60_000 + 60_000; m.dayOf(one, at) == day; at += 60_000 {
	}
	return at
}

// counted gives what Only lets through.
func (m *Model) counted() []share {
	only := m.query.Only
	return slices.DeleteFunc(slices.Clone(m.settled), func(s share) bool {
		if only.State != "" && only.State != s.row.State {
			return true
		}
		if s.row.State == episode.Locked {
			return only != collector.Only{State: only.State}
		}
		category := cmp.Or(s.class.Category, "-")
		return only.Status != "" && only.Status != s.class.Status.String() || only.Category != "" && only.Category != category ||
			only.App != "" && only.App != s.row.App || only.Site != "" && only.Site != s.row.Site
	})
}

func (s *share) length() time.Duration { return time.Duration(s.end-s.start) * time.Millisecond }

// moment tells an instant with the offset that the episode began with.
func (s *share) moment(at int64) time.Time {
	_, offset := s.row.Start.Zone()
	return time.UnixMilli(at).In(time.FixedZone("", offset))
}

func (s *share) addTo(times *collector.Times) {
	state := collector.Active
	if s.row.State == episode.Passive {
		state = collector.Passive
	}
	times[s.class.Status][state] += s.length()
}

// Pieces of the query.
func (m *Model) Pieces() (pieces []collector.Piece) {
	for _, s := range m.counted() {
		piece := collector.Piece{
			Person: s.share.Person, Start: s.moment(s.start), For: s.length(), State: s.row.State, App: s.row.App, Site: s.row.Site, Class: s.class,
		}
		if s.row.State == episode.Locked {
			piece.App, piece.Site = "", ""
		}
		pieces = append(pieces, piece)
	}
	return pieces
}

// Sum of the query, days and subjects in order.
func (m *Model) Sum() (sums collector.Sums) {
	type person struct {
		number int
		day    int32
	}
	days := map[person]*collector.PersonDay{}
	before := map[person]share{}
	type subject struct {
		app, site string
		class     collector.Class
	}
	subjects := map[subject]*collector.SubjectSum{}
	for _, s := range m.counted() {
		key := person{s.share.Person, s.day}
		if days[key] == nil {
			days[key] = &collector.PersonDay{Person: key.number, Day: key.day}
		}
		day := days[key]
		if s.row.State == episode.Locked {
			day.Locked += s.length()
			continue
		}
		s.addTo(&day.Times)
		if last, any := before[key]; any {
			if gap := (collector.Gap{From: last.moment(last.end), To: s.moment(s.start)}); gap.To.Sub(gap.From) > 5*time.Minute {
				day.Gaps = append(day.Gaps, gap)
			}
		}
		before[key] = s
		day.CountedTo = s.moment(s.end)
		one := subjects[subject{s.row.App, s.row.Site, s.class}]
		if one == nil {
			one = &collector.SubjectSum{App: s.row.App, Site: s.row.Site, Class: s.class, People: make([]uint64, (len(m.query.People)+63)/64)}
			subjects[subject{s.row.App, s.row.Site, s.class}] = one
		}
		one.People[key.number/64] |= 1 << (key.number % 64)
		if s.row.State == episode.Passive {
			one.Passive += s.length()
			continue
		}
		one.Active += s.length()
		if day.FirstAt.IsZero() {
			day.FirstAt = s.moment(s.start)
		}
		day.LastAt = s.moment(s.end)
	}
	for _, day := range days {
		sums.Days = append(sums.Days, *day)
	}
	for _, one := range subjects {
		sums.Subjects = append(sums.Subjects, *one)
	}
	SortSums(&sums)
	return sums
}

// SortSums puts days and subjects in order, to be compared.
func SortSums(sums *collector.Sums) {
	slices.SortFunc(sums.Days, func(a, b collector.PersonDay) int {
		return cmp.Or(cmp.Compare(a.Person, b.Person), cmp.Compare(a.Day, b.Day))
	})
	slices.SortFunc(sums.Subjects, func(a, b collector.SubjectSum) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Site, b.Site), cmp.Compare(a.Class.Status, b.Class.Status),
			cmp.Compare(a.Class.Category, b.Class.Category))
	})
}

// Group of the query: all its owners.
func (m *Model) Group() (sum collector.GroupSum) {
	people := map[int]bool{}
	var byStatus [3]map[int]bool
	for _, s := range m.counted() {
		if s.row.State == episode.Locked {
			continue
		}
		s.addTo(&sum.Times)
		people[s.share.Person] = true
		if byStatus[s.class.Status] == nil {
			byStatus[s.class.Status] = map[int]bool{}
		}
		byStatus[s.class.Status][s.share.Person] = true
	}
	sum.People = len(people)
	for status, people := range byStatus {
		sum.ByStatus[status] = len(people)
	}
	return sum
}

// Titles of the query, those with most time first.
func (m *Model) Titles() (sums []collector.TitleSum) {
	titles := map[string]*collector.TitleSum{}
	people := map[string]map[int]bool{}
	for _, s := range m.counted() {
		title := s.row.Title
		if s.row.State == episode.Locked {
			continue
		}
		if titles[title] == nil {
			titles[title], people[title] = &collector.TitleSum{Title: title}, map[int]bool{}
		}
		if people[title][s.share.Person] = true; s.row.State == episode.Passive {
			titles[title].Passive += s.length()
		} else {
			titles[title].Active += s.length()
		}
		titles[title].People = len(people[title])
	}
	for _, one := range titles {
		sums = append(sums, *one)
	}
	slices.SortFunc(sums, func(a, b collector.TitleSum) int {
		return cmp.Or(cmp.Compare(b.Active+b.Passive, a.Active+a.Passive), cmp.Compare(a.Title, b.Title))
	})
	return sums
}

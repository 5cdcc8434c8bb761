package report

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

const (
	defaultBlock = 15 * time.Minute
	minBlock     = 5 * time.Minute
	maxBlock     = 2 * time.Hour
	// minGap is the shortest stretch without counted time that is told: what is shorter, such as the second in which a
	// window settles, is no gap to anybody.
	minGap = time.Minute
)

// Timeline gives one person's day in blocks, and why there is nothing in the gaps between. A first day alone is the day.
func (r *Reports) Timeline(ctx context.Context, viewer collector.Viewer, ask *adminv1.TimelineRequest) (report *adminv1.TimelineReport, err error) {
	block := defaultBlock
	if seconds := ask.BlockSeconds; seconds != 0 {
		if !(seconds >= minBlock.Seconds() && seconds <= maxBlock.Seconds()) || seconds != float64(int64(seconds)/60*60) {
			return nil, collector.Refuse(collector.BadRequest, "block_seconds", "a block is of 5 minutes to 2 hours, in whole minutes")
		}
		block = time.Duration(seconds) * time.Second
	}
	if ask.GetAsk().GetPerson() == "" {
		return nil, collector.Refuse(collector.BadRequest, "person", "a day is one person's: name one")
	}
	if err := unsearched(ask.Ask); err != nil {
		return nil, err
	}
	if ask = proto.CloneOf(ask); ask.Ask.To == "" {
		ask.Ask.To = ask.Ask.From
	}
	d, err := daysOf(ask.Ask, &r.Set().Account.Reports, r.now())
	if err == nil && d.from != d.to {
		err = collector.Refuse(collector.BadRequest, "from", "a timeline is of one day, not of %s to %s", dateOf(d.from), dateOf(d.to))
	}
	if err != nil {
		return nil, err
	}
	err = r.answer(ctx, func(ctx context.Context) error {
		q, err := r.look(ctx, viewer, "timeline", ask.Ask, firstLook)
		if err != nil {
			return err
		}
		report, err = r.timeline(ctx, q, block)
		return err
	})
	return report, err
}

func (r *Reports) timeline(ctx context.Context, q *question, block time.Duration) (*adminv1.TimelineReport, error) {
	report := &adminv1.TimelineReport{Days: q.days.message()}
	sums, err := r.Store.Sum(ctx, q.query, collector.Want{Days: true, Gaps: true, Subjects: true})
	if err != nil {
		return nil, err
	}
	rows, err := r.hours(ctx, q, sums.Days)
	if err != nil || len(rows) == 0 {
		return report, err
	}
	report.Day = rows[0]
	pieces, err := r.Store.Pieces(ctx, q.query)
	if err != nil {
		return nil, err
	}
	owners := make([]collector.Owner, 0, len(q.query.Owners))
	for owner := range q.query.Owners {
		owners = append(owners, owner)
	}
	slices.SortFunc(owners, func(a, b collector.Owner) int { return strings.Compare(a.Device, b.Device) })
	from, to := q.bounds(owners[0].Device, pieces)
	report.BeginsAt, report.EndsAt, report.ClocksChangeAt = q.instant(from), q.instant(to), q.instant(clocksChange(from, to))
	if to.After(q.now) {
		to = q.now.In(to.Location())
	}
	report.Blocks = blocks(q, pieces, from, to, block)
	products := map[string]string{}
	for _, app := range subjectsBy(sums.Subjects, func(s *collector.SubjectSum) string { return s.App }) {
		products[app.name] = app.named().Product
	}
	for _, one := range report.Blocks {
		one.Product = products[one.App]
	}
	if q.query.Only != (collector.Only{}) {
		return report, nil // of what is left out nothing is told, not even why
	}
	watches, err := r.watching(ctx, q, owners, from, to)
	if err != nil {
		return nil, err
	}
	taken, err := r.Store.Pieces(ctx, q.unignored())
	if err != nil {
		return nil, err
	}
	report.Gaps = gaps(q, taken, watches[0], from, to)
	return report, nil
}

// unignored is the query with what is ignored let in.
func (q *question) unignored() *collector.Query {
	query := *q.query
	query.Classify = func(subject collector.Subject) []collector.Class {
		classes := slices.Clone(q.query.Classify(subject))
		for i := range classes {
			classes[i].Ignored = false
		}
		return classes
	}
	return &query
}

// bounds are where the day begins and ends: in the zone of the device as far as its episodes agree with it, else by
// their own offset.
func (q *question) bounds(device string, pieces []collector.Piece) (from, to time.Time) {
	place := q.place(device, map[string]*time.Location{})
	if q.days.zone == nil && len(pieces) > 0 {
		at := pieces[0].Start
		_, here := at.Zone()
		if _, there := at.In(place).Zone(); there != here {
			place = at.Location()
		}
	}
	return midnight(q.days.from, place), midnight(q.days.from+1, place)
}

// clocksChange is when the clocks are put forward or back between two instants; the zero time where they are not.
func clocksChange(from, to time.Time) time.Time {
	if _, at := from.ZoneBounds(); at.Before(to) {
		return at
	}
	return time.Time{}
}

// span is a part of the day taken up by something.
type span struct{ from, to time.Time }

func spanOf(p *collector.Piece) span { return span{p.Start, p.Start.Add(p.For)} }

// within cuts a span to bounds.
func (s span) within(from, to time.Time) (cut span, some bool) {
	cut = s
	if cut.from.Before(from) {
		cut.from = from
	}
	if cut.to.After(to) {
		cut.to = to
	}
	return cut, cut.from.Before(cut.to)
}

// blocks of the day with something in them, in order.
func blocks(q *question, pieces []collector.Piece, from, to time.Time, length time.Duration) []*adminv1.TimelineBlock {
	var all []*adminv1.TimelineBlock
	for start := from; start.Before(to); start = start.Add(length) {
		var sum tally
		var lockedFor time.Duration
		subjects := map[collector.Subject]time.Duration{}
		for i := range pieces {
			piece := &pieces[i]
			cut, some := spanOf(piece).within(start, start.Add(length))
			if !some {
				continue
			}
			long := cut.to.Sub(cut.from)
			switch piece.State {
			case episode.Locked:
				lockedFor += long
				continue
			case episode.Passive:
				sum.times[piece.Class.Status][collector.Passive] += long
			default:
				sum.times[piece.Class.Status][collector.Active] += long
			}
			subjects[collector.Subject{App: piece.App, Site: piece.Site}] += long
		}
		if sum.times.Total() == 0 && lockedFor == 0 {
			continue
		}
		one := &adminv1.TimelineBlock{
			Start: q.instant(start), Seconds: min(length, to.Sub(start)).Seconds(), LockedSeconds: lockedFor.Seconds(), Times: sum.message(q),
		}
		if sum.times.Total() > 0 {
			one.Status = colour(&sum.times).String()
			subject := most(subjects, func(a, b collector.Subject) int {
				return cmp.Or(strings.Compare(a.App, b.App), strings.Compare(a.Site, b.Site))
			})
			one.App, one.Site = subject.App, subject.Site
		}
		all = append(all, one)
	}
	return all
}

// colour is the status of most time; ties go productive, undefined, unproductive.
func colour(times *collector.Times) collector.Status {
	byStatus := map[collector.Status]time.Duration{}
	for status, states := range times {
		byStatus[collector.Status(status)] = states[collector.Active] + states[collector.Passive]
	}
	return most(byStatus, func(a, b collector.Status) int { return rank(a) - rank(b) })
}

// gaps are the stretches of the day that nothing takes, with the reason. Pieces have what is ignored among them: it is in
// no block and in no gap, for there was something.
func gaps(q *question, pieces []collector.Piece, watches []*watch, from, to time.Time) []*adminv1.TimelineGap {
	var all []stretch
	at := from
	for i := range pieces {
		cut, some := spanOf(&pieces[i]).within(from, to)
		if !some {
			continue
		}
		if cut.from.After(at) {
			all = append(all, explain(watches, at, cut.from.In(from.Location()))...)
		}
		if pieces[i].State == episode.Locked {
			all = append(all, stretch{cut.from, cut.to, locked})
		}
		if cut.to.After(at) {
			at = cut.to.In(from.Location())
		}
	}
	if at.Before(to) {
		all = append(all, explain(watches, at, to)...)
	}
	var told []*adminv1.TimelineGap
	for _, gap := range joined(all) {
		if long := gap.to.Sub(gap.from); long >= minGap {
			told = append(told, &adminv1.TimelineGap{Start: q.instant(gap.from.In(from.Location())), Seconds: long.Seconds(), Reason: gap.reason})
		}
	}
	return told
}

// joined makes stretches of one reason that touch one.
func joined(all []stretch) []stretch {
	var done []stretch
	for _, next := range all {
		if last := len(done) - 1; last >= 0 && done[last].reason == next.reason && done[last].to.Equal(next.from) {
			done[last].to = next.to
			continue
		}
		done = append(done, next)
	}
	return done
}

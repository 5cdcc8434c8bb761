package report

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/fleet"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/settings"
)

const (
	// activeFor: an open active episode that no contact confirmed for so long is active no more.
	activeFor = 2 * time.Minute
	// liveFor is how long a session is shown after the device's last contact, as long as ingest believes what is open.
	liveFor = 24 * time.Hour
	noInput = "no_input"
)

// Live gives who is active now: each session in use as of its device's last contact, with the person's totals of today.
// Where nothing may be collected, outside the schedule or while paused, nothing is shown.
func (r *Reports) Live(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (report *adminv1.LiveReport, err error) {
	if ask.GetFrom() != "" || ask.GetTo() != "" || ask.GetRange() != "" && ask.GetRange() != "today" {
		return nil, collector.Refuse(collector.BadRequest, "from", "live is now: it takes no days")
	}
	if err := unsearched(ask); err != nil {
		return nil, err
	}
	err = r.answer(ctx, func(ctx context.Context) error {
		q, err := r.look(ctx, viewer, "live", ask, goingOn)
		if err != nil {
			return err
		}
		report = &adminv1.LiveReport{}
		report.Rows, err = r.live(ctx, q)
		return err
	})
	return report, err
}

// session is one login session that goes on.
type session struct {
	owner collector.Owner
	name  string
	// begun is when its span began; zero where none was told.
	begun time.Time
	open  *collector.OpenRow
	class collector.Class
}

func (r *Reports) live(ctx context.Context, q *question) ([]*adminv1.LiveRow, error) {
	only := q.query.Only
	q.query.Only = collector.Only{}
	going, err := r.Registry.GoingSpans(ctx)
	if err != nil {
		return nil, err
	}
	sessions := q.sessions(going)
	today, err := r.today(ctx, q)
	if err != nil {
		return nil, err
	}
	places := map[string]*time.Location{}
	var rows []*adminv1.LiveRow
	for _, s := range sessions {
		place := q.place(s.owner.Device, places)
		row, err := q.liveRow(s, going[s.owner.Device], place)
		if err != nil {
			return nil, err
		}
		if row == nil || !fits(row, only) {
			continue
		}
		day := numberOf(q.now.In(place))
		sum := today[personDay{q.query.Owners[s.owner].Person, day}]
		row.Today = (&tally{times: sum}).message(q)
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b *adminv1.LiveRow) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.Person, b.Person),
			strings.Compare(a.DeviceName, b.DeviceName), strings.Compare(a.Device, b.Device), strings.Compare(a.Since, b.Since))
	})
	return rows, nil
}

// today gives the totals of the days that are today somewhere.
func (r *Reports) today(ctx context.Context, q *question) (map[personDay]collector.Times, error) {
	if q.query.Zone == nil {
		q.query.FromDay, q.query.ToDay = q.days.today-1, q.days.today+1
	}
	sums, err := r.Store.Sum(ctx, q.query, collector.Want{Days: true})
	times := make(map[personDay]collector.Times, len(sums.Days))
	for _, day := range sums.Days {
		times[personDay{day.Person, day.Day}] = day.Times
	}
	return times, err
}

// sessions are those that go on, as spans and open episodes tell, of the question's owners.
func (q *question) sessions(going map[string][]*agentv1.Span) []*session {
	type key struct {
		owner collector.Owner
		name  string
	}
	known := map[key]*session{}
	at := func(owner collector.Owner, name string) *session {
		k := key{owner, name}
		if _, admitted := q.query.Owners[owner]; admitted && known[k] == nil {
			known[k] = &session{owner: owner, name: name}
		}
		return known[k]
	}
	for device, spans := range going {
		for _, span := range spans {
			if span.Kind != "session" {
				continue
			}
			if s := at(collector.Owner{Device: device, LoginKey: spanLogin(device, span)}, span.Session); s != nil {
				s.begun = time.UnixMilli(span.StartMs)
			}
		}
	}
	for i := range q.query.Open {
		row := &q.query.Open[i]
		owner := collector.Owner{Device: row.Device, LoginKey: row.LoginKey}
		s := at(owner, row.Session)
		if s == nil {
			continue
		}
		classes := q.query.Classify(collector.Subject{App: row.App, Bundle: row.Bundle, Site: row.Site, URL: row.URL})
		class := classes[0]
		if variant := q.query.Owners[owner].Variant; len(classes) > 1 {
			class = classes[variant]
		}
		if !class.Ignored || row.State == episode.Locked {
			s.open, s.class = row, class
		}
	}
	all := make([]*session, 0, len(known))
	for _, s := range known {
		all = append(all, s)
	}
	return all
}

// liveRow is a session by product.md 9.7; nil where there is nothing to show.
func (q *question) liveRow(s *session, going []*agentv1.Span, place *time.Location) (*adminv1.LiveRow, error) {
	device := q.devices[s.owner.Device]
	contactAt := device.LastContactAt
	unheard := q.now.Sub(contactAt)
	if unheard > liveFor || !device.RevokedAt.IsZero() {
		return nil, nil
	}
	person := q.query.People[q.query.Owners[s.owner].Person]
	row := &adminv1.LiveRow{
		Person: person.ID, Name: person.Name, Device: s.owner.Device, DeviceName: q.who.DeviceName(s.owner.Device),
		LastContact: contactAt.UTC().Format(time.RFC3339),
	}
	if unheard > fleet.SilentAfter {
		row.State, row.Since = silent, q.instant(contactAt.In(place))
		return row, nil
	}
	if s.open == nil || s.open.State == episode.Active && unheard >= activeFor {
		collected, err := q.collected(s.owner, going, place)
		if err != nil || !collected {
			return nil, err
		}
		row.State = noInput
		if s.open == nil {
			row.Since = q.instant(s.begun.In(place))
		} else {
			row.Since = q.instant(contactAt.In(place))
		}
		return row, nil
	}
	row.State, row.Since = string(s.open.State), q.instant(s.open.Start)
	if s.open.State != episode.Locked {
		row.App, row.Product, row.Title, row.Site = s.open.App, s.open.Product, s.open.Title, s.open.Site
		row.Status, row.Category = s.class.Status.String(), s.class.Category
	}
	return row, nil
}

// collected tells whether anything may be recorded of a login now.
func (q *question) collected(owner collector.Owner, going []*agentv1.Span, place *time.Location) (bool, error) {
	for _, span := range going {
		if span.Kind != "session" && spanLogin(owner.Device, span) == owner.LoginKey {
			return false, nil
		}
	}
	rules, err := q.rules([]collector.Owner{owner})
	if err != nil {
		return false, err
	}
	rule := rules.Logins[settings.LoginKey(loginOf(owner))]
	return rule.Tracked && scheduled(rule.Schedule, q.now.In(place)), nil
}

// fits tells whether a row is what the question narrows to.
func fits(row *adminv1.LiveRow, only collector.Only) bool {
	is := func(want, has string) bool { return want == "" || want == has || want == "-" && has == "" }
	return is(string(only.State), row.State) && is(only.Status, row.Status) && is(only.Category, row.Category) &&
		is(only.App, row.App) && is(only.Site, row.Site)
}

package report

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/fleet"
	"github.com/dayline-project/dayline/shared/episode"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/settings"
	"github.com/dayline-project/dayline/shared/stream"
)

// Why there is no counted time (product.md 9.5). Of several at once, on several devices or through a day, the first of
// the list is told.
const (
	locked          = "locked"
	paused          = "paused"
	noPermission    = "no_permission" // the session was there and could not be observed
	lost            = "lost"          // it was recorded, and dropped before it could be sent
	inactive        = "inactive"      // a session was observed, without input
	silent          = "silent"        // in a session at the last contact, and none came
	off             = "off"           // nobody was logged in
	outsideSchedule = "outside_schedule"
	notTracked      = "not_tracked"
	unknown         = "unknown"
)

var reasons = []string{locked, paused, noPermission, lost, inactive, silent, off, outsideSchedule, notTracked, unknown}

// stretch is a time with one reason.
type stretch struct {
	from, to time.Time
	reason   string
}

// watch is what is known of one login on one device beside its episodes.
type watch struct {
	spans     []*agentv1.Span
	schedule  episode.Schedule
	tracked   bool
	contactAt time.Time
	// since is when the agent came: of the time before nothing is known. Zero where there is data of before too.
	since time.Time
	now   time.Time
}

// during is the watch with no spans but those that reach into a time.
func (w *watch) during(from, to time.Time) *watch {
	narrowed := *w
	narrowed.spans = nil
	for _, span := range w.spans {
		if span.StartMs < to.UnixMilli() && (span.EndMs == 0 || span.EndMs > from.UnixMilli()) {
			narrowed.spans = append(narrowed.spans, span)
		}
	}
	return &narrowed
}

// covers finds the first span of a kind that goes on at a moment.
func (w *watch) covers(kind string, at time.Time) *agentv1.Span {
	ms := at.UnixMilli()
	for _, span := range w.spans {
		if span.Kind == kind && span.StartMs <= ms && (span.EndMs == 0 || ms < span.EndMs) {
			return span
		}
	}
	return nil
}

// reason why there is no counted time at a moment, in the local time of whoever is asked about; empty where that is
// not to be told yet: the next contact may bring it.
func (w *watch) reason(at time.Time) string {
	session := w.covers("session", at)
	unheard := !at.Before(w.contactAt)
	switch {
	case !w.tracked:
		return notTracked
	case !scheduled(w.schedule, at):
		return outsideSchedule
	case w.contactAt.IsZero(), at.Before(w.since):
		return unknown
	case unheard && w.now.Sub(w.contactAt) <= fleet.SilentAfter:
		return ""
	case unheard && session != nil:
		return silent
	case unheard:
		return off
	case w.covers("pause", at) != nil:
		return paused
	case w.covers("blind", at) != nil:
		return noPermission
	case w.covers("loss", at) != nil:
		return lost
	case session != nil:
		return inactive
	}
	return off
}

// borders are where the reason may change within a time.
func (w *watch) borders(from, to time.Time) []time.Time {
	borders := []time.Time{w.contactAt, w.since}
	for _, span := range w.spans {
		borders = append(borders, time.UnixMilli(span.StartMs), time.UnixMilli(span.EndMs))
	}
	for day := from; w.schedule != nil && day.Before(to.AddDate(0, 0, 1)); day = day.AddDate(0, 0, 1) {
		year, month, date := day.Date()
		borders = append(borders, time.Date(year, month, date, 0, 0, 0, 0, from.Location()))
		for _, hours := range w.schedule[weekdays[day.Weekday()]] {
			start, end, _ := strings.Cut(hours, "-")
			for _, minutes := range []int{minutesOf(start), minutesOf(end)} {
				borders = append(borders, time.Date(year, month, date, 0, minutes, 0, 0, from.Location()))
			}
		}
	}
	return borders
}

// scheduled tells whether a schedule collects at a local time. Its spans passed the check of shared/settings.
func scheduled(schedule episode.Schedule, at time.Time) bool {
	if schedule == nil {
		return true
	}
	minute := at.Hour()*60 + at.Minute()
	return slices.ContainsFunc(schedule[weekdays[at.Weekday()]], func(hours string) bool {
		start, end, _ := strings.Cut(hours, "-")
		return minutesOf(start) <= minute && minute < minutesOf(end)
	})
}

// minutesOf reads "HH:MM".
func minutesOf(clock string) int {
	hour, minute, _ := strings.Cut(clock, ":")
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	return h*60 + m
}

// explain cuts a time without counted time by the reasons that several logins and devices of a person give; the local
// time is that of from. What has no reason yet is left out.
func explain(watches []*watch, from, to time.Time) []stretch {
	borders := []time.Time{from}
	watches = slices.Clone(watches)
	for i, w := range watches {
		w = w.during(from, to)
		watches[i] = w
		for _, border := range w.borders(from, to) {
			if border.After(from) && border.Before(to) {
				borders = append(borders, border.In(from.Location()))
			}
		}
	}
	slices.SortFunc(borders, time.Time.Compare)
	borders = slices.CompactFunc(append(borders, to), time.Time.Equal)
	var all []stretch
	for i, border := range borders[:len(borders)-1] {
		reason := first(watches, border)
		if last := len(all) - 1; last >= 0 && all[last].reason == reason && all[last].to.Equal(border) {
			all[last].to = borders[i+1]
		} else if reason != "" {
			all = append(all, stretch{border, borders[i+1], reason})
		}
	}
	return all
}

// first is the reason told of a moment, of those that the logins and devices give.
func first(watches []*watch, at time.Time) string {
	var given []string
	for _, w := range watches {
		if reason := w.reason(at); reason != "" {
			given = append(given, reason)
		}
	}
	return foremost(given)
}

// foremost is the reason that comes first in the list; empty of none.
func foremost(given []string) string {
	if len(given) == 0 {
		return ""
	}
	return slices.MinFunc(given, func(a, b string) int { return slices.Index(reasons, a) - slices.Index(reasons, b) })
}

// absence is why a person's day has no counted time.
func absence(watches []*watch, from, to time.Time) string {
	var given []string
	for _, s := range explain(watches, from, to) {
		given = append(given, s.reason)
	}
	return cmp.Or(foremost(given), unknown)
}

// watching gathers what is known of each owner in a time, by person.
func (r *Reports) watching(ctx context.Context, q *question, owners []collector.Owner, from, to time.Time) (map[int][]*watch, error) {
	byDevice := map[string][]collector.Owner{}
	for _, owner := range owners {
		byDevice[owner.Device] = append(byDevice[owner.Device], owner)
	}
	firstDays, err := r.Store.FirstDays(ctx)
	if err != nil {
		return nil, err
	}
	watches := map[int][]*watch{}
	for device, owners := range byDevice {
		spans, err := r.Registry.Spans(ctx, device, from, to)
		if err != nil {
			return nil, err
		}
		rules, err := q.rules(owners)
		if err != nil {
			return nil, err
		}
		of := map[string][]*agentv1.Span{}
		for _, span := range spans {
			of[spanLogin(device, span)] = append(of[spanLogin(device, span)], span)
		}
		for _, owner := range owners {
			rule := rules.Logins[settings.LoginKey(loginOf(owner))]
			person := q.query.Owners[owner].Person
			watches[person] = append(watches[person], &watch{
				spans: slices.Concat(of[owner.LoginKey], of[""]), schedule: rule.Schedule, tracked: rule.Tracked,
				contactAt: q.devices[device].LastContactAt, now: q.now, since: since(q.devices[device].EnrolledAt.In(from.Location()), firstDays[owner]),
			})
		}
	}
	return watches, nil
}

// since is when the agent of a login's device came; zero where the login's first local day was before, as after a device was
// enrolled anew.
func since(enrolled time.Time, firstDay int32) time.Time {
	if firstDay < numberOf(enrolled) {
		return time.Time{}
	}
	return enrolled
}

// spanLogin is the key of a span's login; empty where it is about the device.
func spanLogin(device string, span *agentv1.Span) string {
	if span.GetLogin().GetAccount() == "" {
		return ""
	}
	return collector.LoginKey(device, stream.Login{Authority: span.Login.Authority, Account: span.Login.Account})
}

// rules are the settings in force for some logins of one device.
func (q *question) rules(owners []collector.Owner) (*settings.Device, error) {
	subject := settings.Subject{ID: owners[0].Device, Name: q.who.DeviceRuleName(owners[0].Device)}
	for _, owner := range owners {
		login := loginOf(owner)
		login.Name = q.who.LoginName(owner)
		subject.Logins = append(subject.Logins, settings.SubjectLogin{Login: login, Person: q.who.Person(owner).ID})
	}
	return settings.Resolve(q.set.Account, q.set.Facts, &subject, nil)
}

// loginOf takes an owner's key apart (collector.LoginKey).
func loginOf(owner collector.Owner) stream.Login {
	authority, account, _ := strings.Cut(owner.LoginKey, `\`)
	if strings.EqualFold(authority, owner.Device) {
		authority = ""
	}
	return stream.Login{Authority: authority, Account: account}
}

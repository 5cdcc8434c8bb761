package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/settings"
)

// minBreak: what is left of a gap outside the schedule is a break where it is longer (product.md 9.7).
const minBreak = 5 * time.Minute

// duty is when any of a person's logins is collected by its schedule.
type duty struct {
	always bool
	// shifts of each weekday from Sunday on, in order and apart.
	shifts [7][]shift
	// places of the devices.
	places []*time.Location
}

// shift is from one minute of the day up to another.
type shift struct{ from, to int }

// duties are those of people, by index of Query.People, by the schedules in force.
func (q *question) duties() ([]duty, error) {
	byDevice := map[string][]collector.Owner{}
	for owner := range q.query.Owners {
		byDevice[owner.Device] = append(byDevice[owner.Device], owner)
	}
	known := map[string]*time.Location{}
	all := make([]duty, len(q.query.People))
	for device, owners := range byDevice {
		rules, err := q.rules(owners)
		if err != nil {
			return nil, err
		}
		for _, owner := range owners {
			d := &all[q.query.Owners[owner].Person]
			rule := rules.Logins[settings.LoginKey(loginOf(owner))]
			if !rule.Tracked || rule.Schedule == nil {
				d.always = true
				continue
			}
			d.add(rule.Schedule)
			d.places = append(d.places, q.home(device, known))
		}
	}
	for i := range all {
		all[i].tidy()
	}
	return all, nil
}

// add adds a schedule. Its spans passed the check of shared/settings.
func (d *duty) add(schedule episode.Schedule) {
	for weekday, name := range weekdays {
		for _, hours := range schedule[name] {
			start, end, _ := strings.Cut(hours, "-")
			d.shifts[weekday] = append(d.shifts[weekday], shift{minutesOf(start), minutesOf(end)})
		}
	}
}

// tidy makes what was added be in order, and once.
func (d *duty) tidy() {
	slices.SortFunc(d.places, func(a, b *time.Location) int { return strings.Compare(a.String(), b.String()) })
	d.places = slices.Compact(d.places)
	for weekday := range d.shifts {
		d.shifts[weekday] = apart(d.shifts[weekday])
	}
}

// apart puts shifts in order and joins those that overlap.
func apart(all []shift) []shift {
	slices.SortFunc(all, func(a, b shift) int { return cmp.Compare(a.from, b.from) })
	joined := all[:0]
	for _, next := range all {
		if last := len(joined) - 1; last >= 0 && next.from <= joined[last].to {
			joined[last].to = max(joined[last].to, next.to)
			continue
		}
		joined = append(joined, next)
	}
	return joined
}

// of is how long a gap lies in the schedule.
func (d *duty) of(gap collector.Gap) time.Duration {
	if d.always {
		return gap.To.Sub(gap.From)
	}
	from := gap.From.In(d.clock(gap))
	year, month, date := from.Date()
	var in time.Duration
	for begin := from; begin.Before(gap.To); {
		for _, one := range d.shifts[begin.Weekday()] {
			start := time.Date(year, month, date, 0, one.from, 0, 0, from.Location())
			end := time.Date(year, month, date, 0, one.to, 0, 0, from.Location())
			if cut, some := (span{start, end}).within(gap.From, gap.To); some {
				in += cut.to.Sub(cut.from)
			}
		}
		date++
		begin = time.Date(year, month, date, 0, 0, 0, 0, from.Location())
	}
	return in
}

// clock is what the clocks on the wall showed during a gap: those of a device whose zone agrees with it, or else that
// with the offset it begins with.
func (d *duty) clock(gap collector.Gap) *time.Location {
	for _, place := range d.places {
		if agrees(place, gap.From) && agrees(place, gap.To) {
			return place
		}
	}
	return gap.From.Location()
}

// agrees tells whether a moment has the offset that a place has then.
func agrees(place *time.Location, at time.Time) bool {
	_, here := at.Zone()
	_, there := at.In(place).Zone()
	return here == there
}

// breaks of a day, and how long they are.
func (d *duty) breaks(gaps []collector.Gap) (count int32, length time.Duration) {
	for _, gap := range gaps {
		if in := d.of(gap); in > minBreak {
			count++
			length += in
		}
	}
	return count, length
}

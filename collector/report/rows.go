package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// timeForm is RFC 3339 with milliseconds, as the activity log shows a start.
const timeForm = "2006-01-02T15:04:05.000-07:00"

// instant is a moment as reports show it: of the question's zone, else with its device's offset; empty for none.
func (q *question) instant(at time.Time) string {
	switch {
	case at.IsZero():
		return ""
	case q.days.zone != nil:
		at = at.In(q.days.zone)
	}
	return at.Format(timeForm)
}

// tally adds up time and who spent it.
type tally struct {
	times  collector.Times
	people crowd
	// byStatus are those who spent time of each status.
	byStatus [3]crowd
}

func (t *tally) addDay(day *collector.PersonDay) {
	if day.Times.Total() == 0 {
		return
	}
	t.times.Add(&day.Times)
	t.people.add(day.Person)
	for status, states := range day.Times {
		if states[collector.Active]+states[collector.Passive] > 0 {
			t.byStatus[status].add(day.Person)
		}
	}
}

func (t *tally) addSubject(s *collector.SubjectSum) {
	t.times[s.Class.Status][collector.Active] += s.Active
	t.times[s.Class.Status][collector.Passive] += s.Passive
	t.people.join(s.People)
	t.byStatus[s.Class.Status].join(s.People)
}

// message shows the times.
func (t *tally) message(q *question) *adminv1.Times {
	return timesOf(&t.times, slices.ContainsFunc(t.byStatus[:], q.few))
}

// timesOf shows times. Where a status is of too few people, none is told apart: the others would tell it.
func timesOf(times *collector.Times, fewOfOne bool) *adminv1.Times {
	m := &adminv1.Times{Active: times.Active().Seconds(), Passive: times.Passive().Seconds(), Total: times.Total().Seconds()}
	if fewOfOne {
		return m
	}
	productive, unproductive, undefined := times[collector.Productive], times[collector.Unproductive], times[collector.Undefined]
	m.ProductiveActive, m.ProductivePassive = productive[collector.Active].Seconds(), productive[collector.Passive].Seconds()
	m.UnproductiveActive, m.UnproductivePassive = unproductive[collector.Active].Seconds(), unproductive[collector.Passive].Seconds()
	m.UndefinedActive, m.UndefinedPassive = undefined[collector.Active].Seconds(), undefined[collector.Passive].Seconds()
	return m
}

// times are those of all days together, and who spent them.
func (q *question) times(days []collector.PersonDay) (*adminv1.Times, crowd) {
	var all tally
	for i := range days {
		all.addDay(&days[i])
	}
	return all.message(q), all.people
}

// peopleOf are those with counted time.
func peopleOf(days []collector.PersonDay) crowd {
	var all tally
	for i := range days {
		all.addDay(&days[i])
	}
	return all.people
}

func totalOf(subjects []collector.SubjectSum) float64 {
	var total time.Duration
	for i := range subjects {
		total += subjects[i].Active + subjects[i].Passive
	}
	return total.Seconds()
}

// gathered adds up by a key.
func gathered[K comparable, V any](of []V, key func(*V) K, add func(*tally, *V)) map[K]*tally {
	by := map[K]*tally{}
	for i := range of {
		k := key(&of[i])
		if by[k] == nil {
			by[k] = new(tally)
		}
		add(by[k], &of[i])
	}
	return by
}

// series gives each day with counted time, in order.
func (q *question) series(days []collector.PersonDay) []*adminv1.DashboardRow {
	var parts []part[*adminv1.DashboardRow]
	for day, sum := range gathered(days, func(d *collector.PersonDay) int32 { return d.Day }, (*tally).addDay) {
		if sum.times.Total() > 0 {
			parts = append(parts, part[*adminv1.DashboardRow]{&adminv1.DashboardRow{
				Day: dateOf(day), Times: sum.message(q), People: int32(sum.people.size()),
			}, sum.people})
		}
	}
	slices.SortFunc(parts, func(a, b part[*adminv1.DashboardRow]) int {
		return cmp.Or(cmp.Compare(b.row.Times.Total, a.row.Times.Total), strings.Compare(a.row.Day, b.row.Day))
	})
	rows := enough(q, parts)
	slices.SortFunc(rows, func(a, b *adminv1.DashboardRow) int { return strings.Compare(a.Day, b.Day) })
	return rows
}

// mayName tells whether a single person's totals may be shown.
func (q *question) mayName(person int) bool {
	var one crowd
	one.add(person)
	return !q.few(one)
}

// people gives each person with counted time, by name.
func (q *question) people(days []collector.PersonDay) []*adminv1.PeopleRow {
	rows := make([]*adminv1.PeopleRow, 0, len(q.query.People))
	firsts, lasts, counts := make([]time.Time, len(q.query.People)), make([]time.Time, len(q.query.People)), make([]int32, len(q.query.People))
	for i := range days {
		day := &days[i]
		p := day.Person
		if day.Times.Total() > 0 {
			counts[p]++
		}
		if !day.FirstAt.IsZero() && (firsts[p].IsZero() || day.FirstAt.Before(firsts[p])) {
			firsts[p] = day.FirstAt
		}
		if day.LastAt.After(lasts[p]) {
			lasts[p] = day.LastAt
		}
	}
	for p, sum := range gathered(days, func(d *collector.PersonDay) int { return d.Person }, (*tally).addDay) {
		if sum.times.Total() == 0 || !q.mayName(p) {
			continue
		}
		rows = append(rows, &adminv1.PeopleRow{
			Person: q.query.People[p].ID, Name: q.query.People[p].Name,
			ActiveSeconds: sum.times.Active().Seconds(), PassiveSeconds: sum.times.Passive().Seconds(), TotalSeconds: sum.times.Total().Seconds(),
			FirstActivity: q.instant(firsts[p]), LastActivity: q.instant(lasts[p]), Days: counts[p], Times: sum.message(q),
		})
	}
	slices.SortFunc(rows, func(a, b *adminv1.PeopleRow) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.Person, b.Person))
	})
	return rows
}

// groups are those the viewer may name, in the file's order, each with its owners.
func (q *question) groups() (names []string, owners []map[collector.Owner]bool) {
	for _, name := range q.who.Groups() {
		if !q.scope.Group(name) {
			continue
		}
		in := map[collector.Owner]bool{}
		for owner := range q.query.Owners {
			if q.who.InGroup(name, owner) {
				in[owner] = true
			}
		}
		names, owners = append(names, name), append(owners, in)
	}
	return names, owners
}

func (q *question) groupRows(names []string, owners []map[collector.Owner]bool, sums []collector.GroupSum) []*adminv1.GroupsRow {
	var rows []*adminv1.GroupsRow
	for i, sum := range sums {
		if sum.People == 0 || q.fewIn(owners[i], sum.People) {
			continue
		}
		total := sum.Times.Total().Seconds()
		fewOfOne := slices.ContainsFunc(sum.ByStatus[:], func(people int) bool { return people > 0 && q.fewIn(owners[i], people) })
		rows = append(rows, &adminv1.GroupsRow{
			Group: names[i], People: int32(sum.People), ActiveSeconds: sum.Times.Active().Seconds(),
			PassiveSeconds: sum.Times.Passive().Seconds(), TotalSeconds: total, MeanSeconds: total / float64(sum.People),
			Times: timesOf(&sum.Times, fewOfOne),
		})
	}
	return rows
}

// fewIn is few for a group of which the number of people is known, not who they are: where the viewer may be one of
// them, the viewer is taken for one.
func (q *question) fewIn(group map[collector.Owner]bool, people int) bool {
	if q.scope.MinPeople() == 1 {
		return false
	}
	for owner := range group {
		if q.scope.Own(owner) {
			return people-1 < q.scope.MinPeople()
		}
	}
	return people < q.scope.MinPeople()
}

func titleRows(titles []collector.TitleSum, total float64) []*adminv1.TitlesRow {
	rows := make([]*adminv1.TitlesRow, len(titles))
	for i, title := range titles {
		rows[i] = &adminv1.TitlesRow{
			Title: title.Title, ActiveSeconds: title.Active.Seconds(), PassiveSeconds: title.Passive.Seconds(),
			TotalSeconds: (title.Active + title.Passive).Seconds(), People: int32(title.People),
		}
		rows[i].Share = share(rows[i].TotalSeconds, total)
	}
	return rows
}

// share of the total in the filter, 0–1.
func share(seconds, total float64) float64 {
	if total == 0 {
		return 0
	}
	return seconds / total
}

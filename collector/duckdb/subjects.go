package duckdb

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// subject is what time was spent on, and by whom: an application or a site.
type subject struct {
	name, product   string
	active, passive int64
	// people is a set of indices.
	people []uint64
}

// add counts a length of time; a negative one takes off.
func (s *subject) add(person int, state uint8, length int64) {
	if state == active {
		s.active += length
	} else {
		s.passive += length
	}
	for len(s.people) <= person/64 {
		s.people = append(s.people, 0)
	}
	s.people[person/64] |= 1 << (person % 64)
}

func (s *subject) join(other *subject) {
	s.active += other.active
	s.passive += other.passive
	for len(s.people) < len(other.people) {
		s.people = append(s.people, 0)
	}
	for i, word := range other.people {
		s.people[i] |= word
	}
}

func (s *subject) headcount() int32 {
	count := 0
	for _, word := range s.people {
		count += bits.OnesCount64(word)
	}
	return int32(count)
}

// Apps sums per application; the one with most time comes first.
func (s *Store) Apps(ctx context.Context, filter collector.Filter) ([]*adminv1.AppsRow, error) {
	var rows []*adminv1.AppsRow
	err := s.subjects(ctx, filter, "app", func(subjects []*subject, total int64) {
		for _, app := range subjects {
			rows = append(rows, &adminv1.AppsRow{
				App: app.name, Product: app.product,
				ActiveSeconds: seconds(app.active), PassiveSeconds: seconds(app.passive),
				TotalSeconds: seconds(app.active + app.passive), Share: share(app, total),
				People: app.headcount(), Status: undefined,
			})
		}
	})
	return rows, err
}

// Sites sums per site; what had no site is only in the total the share is of.
func (s *Store) Sites(ctx context.Context, filter collector.Filter) ([]*adminv1.SitesRow, error) {
	var rows []*adminv1.SitesRow
	err := s.subjects(ctx, filter, "site", func(subjects []*subject, total int64) {
		for _, site := range subjects {
			if site.name == "" {
				continue
			}
			rows = append(rows, &adminv1.SitesRow{
				Site:          site.name,
				ActiveSeconds: seconds(site.active), PassiveSeconds: seconds(site.passive),
				TotalSeconds: seconds(site.active + site.passive), Share: share(site, total),
				People: site.headcount(), Status: undefined,
			})
		}
	})
	return rows, err
}

// undefined is the status of what has no classification.
const undefined = "undefined"

func share(s *subject, total int64) float64 {
	if total == 0 {
		return 0
	}
	return float64(s.active+s.passive) / float64(total)
}

func (s *Store) subjects(ctx context.Context, filter collector.Filter, by string, done func([]*subject, int64)) error {
	return s.read(by+"s", func(f *file) error {
		chosen, err := choose(ctx, f, filter)
		if err != nil {
			return err
		}
		sums := &subjectSums{selection: chosen, people: map[string]int{}, byName: map[string]*subject{}}
		if err := sums.names(ctx, f, by); err != nil {
			return err
		}
		if err := sums.scan(ctx, f); err != nil {
			return err
		}
		if err := sums.cut(ctx, f); err != nil {
			return err
		}
		sums.addOpen(by)
		done(sums.sorted())
		return nil
	})
}

// subjectSums adds up a selection by application or by site.
type subjectSums struct {
	*selection
	subjects []*subject
	byName   map[string]*subject
	// byActivity gives the subject of an activity by their numbers; -1 for none.
	byActivity []int32
	people     map[string]int
}

// names reads which activities are of one subject: those of equal text.
func (s *subjectSums) names(ctx context.Context, f *file, by string) error {
	rows, err := f.db.QueryContext(ctx, fmt.Sprintf(
		`SELECT min(id), max(id), %[1]s, coalesce(max_by(product, id) FILTER (product <> ''), '') FROM activity GROUP BY %[1]s`, by))
	if err != nil {
		return err
	}
	defer rows.Close()
	// The lowest number of equal ones stands for all; it stays so whatever is appended meanwhile.
	byLowest := map[int32]int32{}
	highest := int32(0)
	for rows.Next() {
		var lowest, last int32
		one := new(subject)
		if err := rows.Scan(&lowest, &last, &one.name, &one.product); err != nil {
			return err
		}
		byLowest[lowest] = int32(len(s.subjects))
		s.subjects = append(s.subjects, one)
		s.byName[one.name] = one
		highest = max(highest, last)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	s.byActivity = slices.Repeat([]int32{-1}, int(highest)+1)
	query := fmt.Sprintf(`SELECT id, min(id) OVER (PARTITION BY %s) FROM activity WHERE id <= %d`, by, highest)
	return f.chunks.scan(ctx, query, func(c chunk) {
		ids, lowests := column[int32](c, 0), column[int32](c, 1)
		for i, id := range ids {
			if n, known := byLowest[lowests[i]]; known {
				s.byActivity[id] = n
			}
		}
	})
}

func (s *subjectSums) person(person collector.Person) int {
	index, known := s.people[person.ID]
	if !known {
		index = len(s.people)
		s.people[person.ID] = index
	}
	return index
}

// scan sums the filter's days whole.
func (s *subjectSums) scan(ctx context.Context, f *file) error {
	people := make([]int, len(s.table))
	for i := range s.table {
		if seg := &s.table[i]; s.contains(seg) {
			people[i] = s.person(s.logins[seg.login].person)
		}
	}
	var tallies [slicesAtOnce][]subject
	for worker := range tallies {
		tallies[worker] = make([]subject, len(s.subjects))
	}
	err := s.inSlices(func(worker int, slice span) error {
		query := `SELECT segment, activity, length, state FROM episode WHERE ` + s.where("segment", slice)
		return f.chunks.scan(ctx, query, func(c chunk) { s.tally(c, people, tallies[worker]) })
	})
	for _, tally := range tallies {
		for n := range tally {
			s.subjects[n].join(&tally[n])
		}
	}
	return err
}

// tally adds one chunk of episodes.
func (s *subjectSums) tally(c chunk, people []int, tallies []subject) {
	numbers, activities, lengths, states := column[int32](c, 0), column[int32](c, 1), column[int32](c, 2), column[uint8](c, 3)
	for i, number := range numbers {
		seg := s.at(number)
		if states[i] == locked || !s.contains(seg) || int(activities[i]) >= len(s.byActivity) {
			continue
		}
		if n := s.byActivity[activities[i]]; n >= 0 {
			tallies[n].add(people[number-s.lo], states[i], int64(lengths[i]))
		}
	}
}

// cut takes off what reaches over the end of the filter's last day, and adds what reaches in from before its first.
func (s *subjectSums) cut(ctx context.Context, f *file) error {
	spills, err := s.spilling(ctx, f, s.inside, s.contains)
	if err != nil {
		return err
	}
	before, err := s.spilling(ctx, f, s.before, s.precedes)
	if err != nil {
		return err
	}
	for _, spill := range append(spills, before...) {
		seg := s.at(spill.segment)
		inside := int64(0)
		if seg.day >= s.filter.FromDay {
			inside = -spill.length
		}
		cutDays(spill.uncut(), seg.day, 0, func(day int32, part *figures) {
			if day >= s.filter.FromDay && day <= s.filter.ToDay {
				inside += part.last - part.first
			}
		})
		if inside == 0 || spill.state == locked || int(spill.activity) >= len(s.byActivity) {
			continue
		}
		if n := s.byActivity[spill.activity]; n >= 0 {
			s.subjects[n].add(s.person(s.logins[seg.login].person), spill.state, inside)
		}
	}
	return nil
}

// addOpen adds the episodes going on.
func (s *subjectSums) addOpen(by string) {
	for _, row := range s.open() {
		name := row.App
		if by == "site" {
			name = row.Site
		}
		if s.byName[name] == nil {
			s.byName[name] = &subject{name: name, product: row.Product}
		}
		person := s.person(personOf(s.filter, row.LoginKey, row.Login.Name))
		cutDays(lone(row), row.Day, 0, func(day int32, part *figures) {
			if day <= s.filter.ToDay && part.counted() {
				s.byName[name].add(person, stateNumber(row.State), part.active+part.passive)
			}
		})
	}
}

// sorted gives the subjects time was spent on and the total of all.
func (s *subjectSums) sorted() (subjects []*subject, total int64) {
	for _, one := range s.byName {
		if time := one.active + one.passive; time > 0 {
			total += time
			subjects = append(subjects, one)
		}
	}
	slices.SortFunc(subjects, func(a, b *subject) int {
		return cmp.Or(-cmp.Compare(a.active+a.passive, b.active+b.passive), cmp.Compare(a.name, b.name))
	})
	return subjects, total
}

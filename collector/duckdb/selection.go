package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/dayline-project/dayline/collector"
)

// spillDays is how far an episode can reach into the days after its own: the longest lasts 7 days.
const spillDays = 7

// login is one entry of the dictionary, with the person it counts for.
type login struct {
	device, key, name string
	person            collector.Person
}

// segment is one of a selection.
type segment struct {
	login         int32
	day           int32
	offsetMinutes int16
	// chosen: not just a number between two that are.
	chosen bool
}

// span is a range of segment numbers, both included.
type span struct{ lo, hi int32 }

func (s *span) cover(id int32) {
	if s.hi == 0 {
		s.lo = id
	}
	s.lo, s.hi = min(s.lo, id), max(s.hi, id)
}

// selection is what of the file a filter is about.
type selection struct {
	filter collector.Filter
	logins map[int32]*login
	// table holds the segments by number, from lo.
	table []segment
	lo    int32
	// inside are those of the filter's days, before those of the days from which an episode can reach into them.
	inside, before span
	// all is set where no login or device was asked for.
	all bool
}

// choose finds the segments a filter is about.
func choose(ctx context.Context, f *file, filter collector.Filter) (*selection, error) {
	s := &selection{filter: filter, logins: map[int32]*login{}, all: filter.LoginKeys == nil && filter.Device == ""}
	if err := s.chooseLogins(ctx, f.db); err != nil {
		return nil, err
	}
	type found struct {
		id int32
		segment
	}
	var founds []found
	var whole span
	query := fmt.Sprintf(`SELECT id, login, day, offset_minutes FROM segment WHERE day BETWEEN %d AND %d`,
		filter.FromDay-spillDays, filter.ToDay)
	err := f.chunks.scan(ctx, query, func(c chunk) {
		ids, logins, days, offsets := column[int32](c, 0), column[int32](c, 1), column[int32](c, 2), column[int16](c, 3)
		for i, id := range ids {
			if s.logins[logins[i]] == nil {
				continue
			}
			founds = append(founds, found{id, segment{logins[i], days[i], offsets[i], true}})
			whole.cover(id)
			if days[i] < filter.FromDay {
				s.before.cover(id)
			} else {
				s.inside.cover(id)
			}
		}
	})
	if err != nil || len(founds) == 0 {
		return s, err
	}
	s.lo = whole.lo
	s.table = make([]segment, whole.hi-whole.lo+1)
	for _, found := range founds {
		s.table[found.id-s.lo] = found.segment
	}
	return s, nil
}

// at gives the segment of a number inside one of the selection's spans.
func (s *selection) at(number int32) *segment { return &s.table[number-s.lo] }

// contains tells whether the segment is of the filter's days.
func (s *selection) contains(seg *segment) bool { return seg.chosen && seg.day >= s.filter.FromDay }

// chooseLogins keeps the logins that the filter lets through.
func (s *selection) chooseLogins(ctx context.Context, db *sql.DB) error {
	wanted := keys(s.filter.LoginKeys)
	rows, err := db.QueryContext(ctx, `SELECT id, device, key, name FROM login`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int32
		l := new(login)
		if err := rows.Scan(&id, &l.device, &l.key, &l.name); err != nil {
			return err
		}
		if wanted != nil && !wanted[l.key] || s.filter.Device != "" && s.filter.Device != l.device {
			continue
		}
		l.person = personOf(s.filter, l.key, l.name)
		s.logins[id] = l
	}
	return rows.Err()
}

func keys(list []string) map[string]bool {
	if list == nil {
		return nil
	}
	set := make(map[string]bool, len(list))
	for _, key := range list {
		set[key] = true
	}
	return set
}

// personOf gives whose time a login's is: a login nobody knows stands for itself.
func personOf(filter collector.Filter, key, name string) collector.Person {
	if person, known := filter.People[key]; known {
		return person
	}
	return collector.Person{ID: key, Name: name}
}

// open gives the filter's open episodes that it is about.
func (s *selection) open() []collector.OpenRow {
	wanted := keys(s.filter.LoginKeys)
	var open []collector.OpenRow
	for _, row := range s.filter.Open {
		if row.Day < s.filter.FromDay || row.Day > s.filter.ToDay || wanted != nil && !wanted[row.LoginKey] ||
			s.filter.Device != "" && s.filter.Device != row.Device {
			continue
		}
		open = append(open, row)
	}
	return open
}

// precedes tells whether the segment is of the days before the filter's.
func (s *selection) precedes(seg *segment) bool { return seg.chosen && seg.day < s.filter.FromDay }

// where is the condition on a column of segment numbers: the range and, where only some logins are asked for, theirs.
// It lets segments through that were not chosen.
func (s *selection) where(column string, numbers span) string {
	condition := fmt.Sprintf(`%s BETWEEN %d AND %d`, column, numbers.lo, numbers.hi)
	if s.all {
		return condition
	}
	logins := make([]string, 0, len(s.logins))
	for id := range s.logins {
		logins = append(logins, strconv.Itoa(int(id)))
	}
	return fmt.Sprintf(`%s AND %s IN (SELECT id FROM segment WHERE day BETWEEN %d AND %d AND login IN (%s))`,
		condition, column, s.filter.FromDay-spillDays, s.filter.ToDay, strings.Join(logins, ","))
}

// slicesAtOnce scans run side by side; DuckDB gives each its threads, and folding keeps one busy meanwhile.
const slicesAtOnce = 2

// sliceSegments: some 1.5 million episodes, whose columns take 20 MB.
const sliceSegments = 2500

// inSlices scans the segments of the filter's days a part at a time: a result is held in memory whole.
func (s *selection) inSlices(scan func(worker int, slice span) error) error {
	if s.inside.hi == 0 {
		return nil
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	var failed error
	next := s.inside.lo
	for worker := range slicesAtOnce {
		wait.Go(func() {
			for {
				mu.Lock()
				slice := span{next, min(next+sliceSegments-1, s.inside.hi)}
				next += sliceSegments
				stop := slice.lo > s.inside.hi || failed != nil
				mu.Unlock()
				if stop {
					return
				}
				if err := scan(worker, slice); err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
				}
			}
		})
	}
	wait.Wait()
	return failed
}

package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

const (
	// activityRows are given at a time.
	activityRows = 1000
	// windowSegments are sorted at a time, some 600,000 episodes: a result is held in memory whole.
	windowSegments = 1000
	// maxOffsetMillis is how far a local day can lie from the same day in UTC.
	maxOffsetMillis = 18 * 60 * 60 * 1000
)

// Activity gives every episode that starts in the filter's days, in order of start.
func (s *Store) Activity(ctx context.Context, filter collector.Filter, yield func([]*adminv1.ActivityRow) error) error {
	return s.read("activity", func(f *file) error {
		chosen, err := choose(ctx, f, filter)
		if err != nil {
			return err
		}
		a := &activityLog{selection: chosen, yield: yield, going: chosen.open()}
		slices.SortFunc(a.going, func(a, b collector.OpenRow) int { return a.Start.Compare(b.Start) })
		for _, window := range a.windows() {
			if err := a.read(ctx, f.db, window); err != nil {
				return err
			}
		}
		return a.finish()
	})
}

// activityLog gives stored and open episodes in one order.
type activityLog struct {
	*selection
	yield func([]*adminv1.ActivityRow) error
	going []collector.OpenRow
	rows  []*adminv1.ActivityRow
}

// window is a time in milliseconds since 1970, without its end.
type window struct{ from, to int64 }

// windows cuts the filter's days into times of about equal work.
func (a *activityLog) windows() []window {
	perDay := map[int32]int{}
	for i := range a.table {
		if seg := &a.table[i]; a.contains(seg) {
			perDay[seg.day]++
		}
	}
	last := int64(a.filter.ToDay+1)*dayMillis + maxOffsetMillis
	w := window{from: int64(a.filter.FromDay)*dayMillis - maxOffsetMillis}
	var windows []window
	count := 0
	for day := a.filter.FromDay; day <= a.filter.ToDay; day++ {
		if count += perDay[day]; count >= windowSegments {
			w.to = int64(day+1) * dayMillis
			windows = append(windows, w)
			w.from, count = w.to, 0
		}
	}
	w.to = last
	return append(windows, w)
}

func (a *activityLog) read(ctx context.Context, db *sql.DB, w window) error {
	if a.inside.hi == 0 {
		return nil
	}
	rows, err := db.QueryContext(ctx, fmt.Sprintf(`
		SELECT g.day * %d::BIGINT + e.finish - e.length - g.offset_minutes * 60000 AS start_millis, g.offset_minutes, g.login, g.session,
			e.length, e.observed, e.state, e.ended, a.app, a.product, t.text, a.site, a.url, a.private
		FROM episode e
		JOIN segment g ON g.id = e.segment
		JOIN activity a ON a.id = e.activity
		JOIN title t ON t.id = e.title
		WHERE g.day BETWEEN %d AND %d AND g.day BETWEEN %d AND %d AND %s
			AND start_millis >= %d AND start_millis < %d
		ORDER BY start_millis, e.segment, e.sequence`,
		dayMillis, a.filter.FromDay, a.filter.ToDay,
		(w.from-maxOffsetMillis)/dayMillis-1, (w.to+maxOffsetMillis)/dayMillis+1,
		a.where("e.segment", a.inside), w.from, w.to))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := a.stored(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (a *activityLog) stored(rows *sql.Rows) error {
	var startMillis, length, observed int64
	var offset, loginNumber int32
	var state, ended uint8
	row := &adminv1.ActivityRow{Status: undefined}
	if err := rows.Scan(&startMillis, &offset, &loginNumber, &row.Session, &length, &observed, &state, &ended,
		&row.App, &row.Product, &row.Title, &row.Site, &row.Url, &row.Private); err != nil {
		return err
	}
	whose := a.logins[loginNumber]
	if whose == nil {
		return nil // of a login that appeared meanwhile
	}
	row.Device, row.Login, row.Person = whose.device, whose.name, whose.person.ID
	if int(state) < len(states) {
		row.State = string(states[state])
	}
	endedBy, reason := unpackEnded(ended)
	row.EndedBy, row.Reason = string(endedBy), string(reason)
	row.Seconds, row.ObservedSeconds = seconds(length), seconds(observed)
	row.Start = moment{startMillis, int16(offset)}.String()
	if err := a.openBefore(startMillis); err != nil {
		return err
	}
	return a.put(row)
}

// openBefore gives the open episodes that started before a stored one.
func (a *activityLog) openBefore(startMillis int64) error {
	for len(a.going) > 0 && a.going[0].Start.UnixMilli() < startMillis {
		if err := a.putOpen(); err != nil {
			return err
		}
	}
	return nil
}

func (a *activityLog) putOpen() error {
	open := a.going[0]
	a.going = a.going[1:]
	row := &adminv1.ActivityRow{
		Device: open.Device, Login: open.Login.Name,
		Person:  personOf(a.filter, open.LoginKey, open.Login.Name).ID,
		Session: open.Session, State: string(open.State), Start: open.Start.Format(timeForm),
		Seconds: seconds(open.For.Milliseconds()), App: open.App, Product: open.Product, Title: open.Title,
		Site: open.Site, Url: open.URL, Private: open.Private, Reason: string(open.Reason), Status: undefined, Open: true,
	}
	return a.put(row)
}

func (a *activityLog) put(row *adminv1.ActivityRow) error {
	if row.State == string(episode.Locked) {
		row.Status = ""
	}
	a.rows = append(a.rows, row)
	if len(a.rows) < activityRows {
		return nil
	}
	return a.flush()
}

func (a *activityLog) flush() error {
	if len(a.rows) == 0 {
		return nil
	}
	rows := a.rows
	a.rows = nil
	return a.yield(rows)
}

func (a *activityLog) finish() error {
	for len(a.going) > 0 {
		if err := a.putOpen(); err != nil {
			return err
		}
	}
	return a.flush()
}

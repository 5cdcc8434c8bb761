package duckdb

import (
	"context"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

const (
	// rememberedBytes of texts are kept from part to part.
	rememberedBytes = 16 << 20
	// loadedBytes of texts are looked up at a time, or about: a lookup reads through the dictionary, so few and large ones
	// are faster.
	loadedBytes = 8 << 20
	// firstPart of rows have their texts looked up at a time, until it is seen how long those are.
	firstPart = 10_000
	// textCost is what a text takes besides its bytes.
	textCost = 64
)

// lookup knows what the numbers of rows stand for.
type lookup struct {
	classify   collector.Classifier
	titles     map[int32]string
	activities map[int32]*logActivity
	bytes      int
	// part is how many rows are looked up at a time.
	part  int
	zones map[int16]*time.Location
}

type logActivity struct {
	activityEntry
	classes []collector.Class
}

func newLookup(classify collector.Classifier) lookup {
	return lookup{
		classify: classify, titles: map[int32]string{}, activities: map[int32]*logActivity{}, zones: map[int16]*time.Location{},
		part: firstPart,
	}
}

// load looks up what the rows need and is not known yet.
func (t *lookup) load(ctx context.Context, f *file, rows []logRow) error {
	if t.bytes > rememberedBytes {
		clear(t.titles)
		clear(t.activities)
		t.bytes = 0
	}
	var titles, activities []int32
	for i := range rows {
		row := &rows[i]
		if row.open {
			continue
		}
		if _, known := t.titles[row.title]; !known {
			t.titles[row.title] = "" // asked for, and empty if it is gone
			titles = append(titles, row.title)
		}
		if _, known := t.activities[row.activity]; !known {
			t.activities[row.activity] = &logActivity{classes: []collector.Class{{}}}
			activities = append(activities, row.activity)
		}
	}
	before := t.bytes
	if err := t.loadTitles(ctx, f, titles); err != nil {
		return err
	}
	if err := t.loadActivities(ctx, f, activities); err != nil {
		return err
	}
	if loaded := t.bytes - before; loaded > loadedBytes {
		t.part = max(t.part/2, yieldRows)
	} else if loaded < loadedBytes/2 {
		t.part = min(t.part*2, streamRows)
	}
	return nil
}

// listed is a condition on a number, of the list $1: DuckDB reads a text ten times as fast as the same numbers in SQL.
const listed = `id IN (SELECT unnest(string_split($1, ',')::INTEGER[]))`

func (t *lookup) loadTitles(ctx context.Context, f *file, missing []int32) error {
	if len(missing) == 0 {
		return nil
	}
	return f.chunks.scan(ctx, `SELECT id, text FROM title WHERE `+listed, func(c chunk) {
		for i, id := range column[int32](c, 0) {
			t.titles[id] = c.text(1, i)
			t.bytes += len(t.titles[id]) + textCost
		}
	}, listOf(missing))
}

func (t *lookup) loadActivities(ctx context.Context, f *file, missing []int32) error {
	if len(missing) == 0 {
		return nil
	}
	return f.chunks.scan(ctx, `SELECT id, app, product, site, url, private, bundle FROM activity WHERE `+listed, func(c chunk) {
		private := column[uint8](c, 5)
		for i, id := range column[int32](c, 0) {
			a := &logActivity{activityEntry: activityEntry{
				app: c.text(1, i), product: c.text(2, i), site: c.text(3, i), url: c.text(4, i), private: private[i] != 0,
				bundle: c.text(6, i),
			}}
			a.classes = classesOf(t.classify, collector.Subject{App: a.app, Bundle: a.bundle, Site: a.site, URL: a.url})
			t.activities[id] = a
			t.bytes += len(a.app) + len(a.product) + len(a.site) + len(a.url) + len(a.bundle) + 5*textCost
		}
	}, listOf(missing))
}

// zone gives the zone of an offset in minutes.
func (t *lookup) zone(offset int16) *time.Location {
	zone := t.zones[offset]
	if zone == nil {
		zone = time.FixedZone("", int(offset)*60)
		t.zones[offset] = zone
	}
	return zone
}

// rows gives what is told of each row.
func (l *episodeLog) rows(found []logRow) []*adminv1.ActivityRow {
	all := make([]adminv1.ActivityRow, len(found))
	rows := make([]*adminv1.ActivityRow, len(found))
	for i := range found {
		rows[i] = &all[i]
		if found[i].open {
			l.fillOpen(rows[i], &l.going[found[i].going])
		} else {
			l.fill(rows[i], &found[i])
		}
	}
	return rows
}

func (l *episodeLog) fill(row *adminv1.ActivityRow, found *logRow) {
	seg, activity := l.table[found.segment-l.lo], l.lookup.activities[found.activity]
	owner := seg.owner
	row.Device, row.Login, row.Session = owner.device, owner.name, seg.session
	row.Person = l.q.People[owner.share.Person].ID
	if int(found.state) < len(states) {
		row.State = string(states[found.state])
	}
	row.Start = time.UnixMilli(l.turn(found.turned)).In(l.lookup.zone(seg.offset)).Format(timeForm)
	row.Seconds, row.ObservedSeconds = seconds(int64(found.length)), seconds(int64(found.observed))
	row.App, row.Product, row.Site, row.Url, row.Private = activity.app, activity.product, activity.site, activity.url, activity.private
	row.Bundle = activity.bundle
	row.Title = l.lookup.titles[found.title]
	endedBy, reason := unpackEnded(found.ended)
	row.EndedBy, row.Reason = string(endedBy), string(reason)
	classify(row, activity.classes, owner.share.Variant)
}

func (l *episodeLog) fillOpen(row *adminv1.ActivityRow, open *collector.OpenRow) {
	share := l.q.Owners[collector.Owner{Device: open.Device, LoginKey: open.LoginKey}]
	row.Device, row.Login, row.Session = open.Device, open.Login.Name, open.Session
	row.Person = l.q.People[share.Person].ID
	row.State, row.Start, row.Seconds = string(open.State), open.Start.Format(timeForm), seconds(open.For.Milliseconds())
	row.App, row.Product, row.Site, row.Url, row.Private = open.App, open.Product, open.Site, open.URL, open.Private
	row.Title, row.Reason, row.Open, row.Bundle = open.Title, string(open.Reason), true, open.Bundle
	classify(row, l.classesOfOpen(open), share.Variant)
}

// classify says what a row counts as; locked time counts as nothing.
func classify(row *adminv1.ActivityRow, classes []collector.Class, variant int) {
	if row.State == string(episode.Locked) {
		return
	}
	class := classIn(classes, variant)
	row.Status, row.Category = class.Status.String(), class.Category
}

func (l *episodeLog) classesOfOpen(open *collector.OpenRow) []collector.Class {
	return classesOf(l.q.Classify, collector.Subject{App: open.App, Bundle: open.Bundle, Site: open.Site, URL: open.URL})
}

// chooseOpen keeps the open episodes that are asked for.
func (l *episodeLog) chooseOpen() {
	for i := range l.q.Open {
		open := &l.q.Open[i]
		share, asked := l.q.Owners[collector.Owner{Device: open.Device, LoginKey: open.LoginKey}]
		if start := open.Start.UnixMilli(); !asked || start < l.from || start >= l.to {
			continue
		}
		if l.q.Zone == nil && (open.Day < l.q.FromDay || open.Day > l.q.ToDay) {
			continue
		}
		if l.matcher.matchesOpen(open, l.classesOfOpen(open), share.Variant) {
			l.going = append(l.going, *open)
		}
	}
}

// openRow gives an open episode its place.
func (l *episodeLog) openRow(i int) logRow {
	open := &l.going[i]
	return logRow{going: i, place: place{
		turned: l.turn(open.Start.UnixMilli()), stretch: stretchOf(open.Device, open.LoginKey, open.Session), open: true,
	}}
}

// timeForm is RFC 3339 with milliseconds.
const timeForm = "2006-01-02T15:04:05.000-07:00"

func seconds(millis int64) float64 { return float64(millis) / 1000 }

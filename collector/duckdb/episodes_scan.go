package duckdb

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/dayline-project/dayline/collector"
)

const (
	// firstWindow is how many segments, of some 600 episodes each, are looked through first; each next window is twice
	// as long, so that what is rare costs one pass and what is common a glance.
	firstWindow = 500
	// nearNumbers: segments that lie closer are read as one range, and the others between them left out afterwards.
	nearNumbers = 64
	// denseRun: a range of fewer segments is not worth a query of its own.
	denseRun = 100
	// slicesAtOnce scans run side by side; DuckDB gives each its threads.
	slicesAtOnce = 2
	// sliceSegments: some 1.5 million episodes, whose columns take 20 MB.
	sliceSegments = 2500
)

// logSegment is a segment of the owners asked for.
type logSegment struct {
	owner   *logOwner
	id      int32
	offset  int16
	session string
	// stretch stands for device, login and session.
	stretch uint64
	// midnight is where its local day begins, in milliseconds since 1970.
	midnight int64
}

type logOwner struct {
	device, key, name string
	share             collector.Share
}

// logRow is an episode of the log, before its numbers are looked up.
type logRow struct {
	place
	length, observed int32
	activity, title  int32
	state, ended     uint8
	// going is the index of the open episode where place.open.
	going int
}

// episodeLog is what of the file a question is about.
type episodeLog struct {
	q           *collector.Query
	newestFirst bool
	// from and to bound the starts, in milliseconds since 1970, to not included.
	from, to int64
	// table holds the segments by number, from lo; nil where they are not asked for.
	table []*logSegment
	lo    int32
	// ordered holds them by where they begin in the order asked for.
	ordered []*logSegment
	going   []collector.OpenRow
	matcher *matcher
	lookup  lookup
}

func newEpisodeLog(ctx context.Context, f *file, q *collector.Query, page collector.Page) (*episodeLog, error) {
	log := &episodeLog{q: q, newestFirst: page.NewestFirst, from: math.MinInt64 / 4, to: math.MaxInt64 / 4, lookup: newLookup(q.Classify)}
	fromDay, toDay := q.FromDay, q.ToDay
	if q.Zone != nil {
		log.from, log.to = firstInstant(q.Zone, fromDay), firstInstant(q.Zone, toDay+1)
		// Offsets of two places can lie more than a day apart.
		fromDay, toDay = fromDay-2, toDay+2
	}
	if err := log.chooseSegments(ctx, f, fromDay, toDay); err != nil {
		return nil, err
	}
	matcher, err := newMatcher(ctx, f, q, page.Search)
	if err != nil {
		return nil, err
	}
	log.matcher = matcher
	log.chooseOpen()
	return log, nil
}

func (l *episodeLog) chooseSegments(ctx context.Context, f *file, fromDay, toDay int32) error {
	owners := map[int32]*logOwner{}
	if err := f.chunks.scan(ctx, `SELECT id, device, key, name FROM login`, func(c chunk) {
		for i, id := range column[int32](c, 0) {
			owner := &logOwner{device: c.text(1, i), key: c.text(2, i), name: c.text(3, i)}
			share, asked := l.q.Owners[collector.Owner{Device: owner.device, LoginKey: owner.key}]
			if owner.share = share; asked {
				owners[id] = owner
			}
		}
	}); err != nil || len(owners) == 0 {
		return err
	}
	query := fmt.Sprintf(`SELECT id, login, day, offset_minutes, session FROM segment WHERE day BETWEEN %d AND %d`, fromDay, toDay)
	if err := f.chunks.scan(ctx, query, func(c chunk) {
		ids, logins, days, offsets := column[int32](c, 0), column[int32](c, 1), column[int32](c, 2), column[int16](c, 3)
		for i, id := range ids {
			owner := owners[logins[i]]
			if owner == nil {
				continue
			}
			seg := &logSegment{owner: owner, id: id, offset: offsets[i], session: c.text(4, i)}
			seg.midnight = int64(days[i])*dayMillis - int64(offsets[i])*60_000
			seg.stretch = stretchOf(owner.device, owner.key, seg.session)
			if seg.midnight < l.to && seg.midnight+dayMillis > l.from {
				l.ordered = append(l.ordered, seg)
			}
		}
	}); err != nil || len(l.ordered) == 0 {
		return err
	}
	byID := func(a, b *logSegment) int { return cmp.Compare(a.id, b.id) }
	l.lo = slices.MinFunc(l.ordered, byID).id
	l.table = make([]*logSegment, slices.MaxFunc(l.ordered, byID).id-l.lo+1)
	for _, seg := range l.ordered {
		l.table[seg.id-l.lo] = seg
	}
	slices.SortFunc(l.ordered, func(a, b *logSegment) int { return cmp.Compare(l.begin(a), l.begin(b)) })
	return nil
}

func stretchOf(device, loginKey, session string) uint64 {
	h := fnv.New64a()
	for _, text := range []string{device, loginKey, session} {
		h.Write([]byte(text)) //nolint:errcheck // a hash takes all
		h.Write([]byte{0})    //nolint:errcheck // a hash takes all
	}
	return h.Sum64()
}

// turn gives a start as the order counts it.
func (l *episodeLog) turn(start int64) int64 {
	if l.newestFirst {
		return -start
	}
	return start
}

// begin gives where a segment's day begins in the order asked for.
func (l *episodeLog) begin(seg *logSegment) int64 {
	if l.newestFirst {
		return -(seg.midnight + dayMillis - 1)
	}
	return seg.midnight
}

// logWindow is a part of the order, and the segments that have a part in it.
type logWindow struct {
	from, to int64
	segments []*logSegment
}

// windowFrom gives the next window: at least so many segments that begin in it, and those that reach into it.
func (l *episodeLog) windowFrom(from int64, segments int) logWindow {
	beginsAt := func(at int64) int {
		return sort.Search(len(l.ordered), func(i int) bool { return l.begin(l.ordered[i]) >= at })
	}
	w := logWindow{from: from, to: math.MaxInt64}
	end := len(l.ordered)
	if last := beginsAt(from) + segments - 1; last < end {
		if end = beginsAt(l.begin(l.ordered[last]) + 1); end < len(l.ordered) {
			w.to = l.begin(l.ordered[end])
		}
	}
	w.segments = l.ordered[beginsAt(from-dayMillis+1):end]
	return w
}

// take gives the episodes after a place, in order: at most limit, and no fewer than enough unless there are no more.
func (l *episodeLog) take(ctx context.Context, f *file, after place, limit, enough int) ([]logRow, error) {
	kept := &keeper{limit: limit}
	from, segments := after.turned, firstWindow
	for from != math.MaxInt64 && len(kept.rows) < enough {
		w := l.windowFrom(from, segments)
		if err := l.scan(ctx, f, w, after, kept); err != nil {
			return nil, err
		}
		from, segments = w.to, min(2*segments, 64*firstWindow)
	}
	return kept.sorted(), nil
}

// scan looks through a window.
func (l *episodeLog) scan(ctx context.Context, f *file, w logWindow, after place, kept *keeper) error {
	for i := range l.going {
		if row := l.openRow(i); row.turned >= w.from && row.turned < w.to && row.compare(after) > 0 {
			kept.add(row)
		}
	}
	conditions := make(chan string)
	var workers sync.WaitGroup
	errs := make([]error, slicesAtOnce)
	for i := range errs {
		workers.Go(func() {
			for condition := range conditions {
				if errs[i] == nil {
					errs[i] = l.scanSegments(ctx, f, condition, w, after, kept)
				}
			}
		})
	}
	for _, condition := range conditionsOf(w.segments) {
		conditions <- condition
	}
	close(conditions)
	workers.Wait()
	return cmp.Or(errs...)
}

func (l *episodeLog) scanSegments(ctx context.Context, f *file, condition string, w logWindow, after place, kept *keeper) error {
	query := `SELECT segment, sequence, finish, length, observed, activity, title, state, ended FROM episode WHERE ` + condition
	var found []logRow
	return f.chunks.scan(ctx, query, func(c chunk) {
		segments, sequences := column[int32](c, 0), column[int16](c, 1)
		finishes, lengths, observeds := column[int32](c, 2), column[int32](c, 3), column[int32](c, 4)
		activities, titles := column[int32](c, 5), column[int32](c, 6)
		states, endeds := column[uint8](c, 7), column[uint8](c, 8)
		found = found[:0]
		for i, number := range segments {
			seg := l.table[number-l.lo]
			if seg == nil {
				continue
			}
			start := seg.midnight + int64(finishes[i]-lengths[i])
			turned := l.turn(start)
			if turned < w.from || turned >= w.to || start < l.from || start >= l.to ||
				!l.matcher.matches(states[i], activities[i], titles[i], seg.owner.share.Variant) {
				continue
			}
			row := logRow{
				place:  place{turned: turned, stretch: seg.stretch, segment: number, sequence: sequences[i]},
				length: lengths[i], observed: observeds[i], activity: activities[i], title: titles[i], state: states[i], ended: endeds[i],
			}
			if row.compare(after) > 0 {
				found = append(found, row)
			}
		}
		kept.add(found...)
	})
}

// conditionsOf gives conditions that together let each of the segments through once: ranges of numbers where they lie
// together, and lists where they are scattered. Ranges let others through too.
func conditionsOf(segments []*logSegment) []string {
	ids := make([]int32, len(segments))
	for i, seg := range segments {
		ids[i] = seg.id
	}
	slices.Sort(ids)
	var conditions []string
	var scattered []int32
	for len(ids) > 0 {
		n := 1
		for n < len(ids) && ids[n]-ids[n-1] <= nearNumbers && ids[n]-ids[0] < sliceSegments {
			n++
		}
		if n < denseRun {
			scattered = append(scattered, ids[:n]...)
		} else {
			conditions = append(conditions, fmt.Sprintf("segment BETWEEN %d AND %d", ids[0], ids[n-1]))
		}
		ids = ids[n:]
	}
	for list := range slices.Chunk(scattered, sliceSegments) {
		conditions = append(conditions, "segment IN ("+listOf(list)+")")
	}
	return conditions
}

// listOf joins numbers by commas.
func listOf(numbers []int32) string {
	var list strings.Builder
	for i, number := range numbers {
		if i > 0 {
			list.WriteByte(',')
		}
		list.WriteString(strconv.Itoa(int(number)))
	}
	return list.String()
}

// keeper keeps the rows that come first in order.
type keeper struct {
	limit int
	mu    sync.Mutex
	rows  []logRow
	// last is the last of the rows once they are full in number: none after it is kept.
	full bool
	last place
}

// spareRows are kept before it is looked which come first.
const spareRows = 8192

func (k *keeper) add(rows ...logRow) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range rows {
		if k.full && rows[i].compare(k.last) > 0 {
			continue
		}
		if k.rows = append(k.rows, rows[i]); len(k.rows) >= max(2*k.limit, spareRows) {
			k.cut()
		}
	}
}

// cut leaves those that come first, in no order.
func (k *keeper) cut() {
	if len(k.rows) < k.limit {
		return
	}
	selectFirst(k.rows, k.limit)
	k.rows = k.rows[:k.limit]
	k.full, k.last = true, k.rows[k.limit-1].place
}

func (k *keeper) sorted() []logRow {
	k.cut()
	slices.SortFunc(k.rows, func(a, b logRow) int { return a.compare(b.place) })
	return k.rows
}

// selectFirst moves the n rows that come first to the front, the last of them to the end of those (Hoare's selection).
func selectFirst(rows []logRow, n int) {
	for lo, hi := 0, len(rows)-1; lo < hi; {
		pivot := rows[(lo+hi)/2].place
		i, j := lo, hi
		for i <= j {
			for rows[i].compare(pivot) < 0 {
				i++
			}
			for rows[j].compare(pivot) > 0 {
				j--
			}
			if i <= j {
				rows[i], rows[j] = rows[j], rows[i]
				i++
				j--
			}
		}
		switch {
		case n-1 <= j:
			hi = j
		case n-1 >= i:
			lo = i
		default:
			return
		}
	}
}

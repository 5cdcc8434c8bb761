package duckdb

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// stretch is a segment's local day, or one that a loose episode reaches into.
type stretch struct {
	id, owner, day int32
	offset         int16
	midnight       int64
	session        session
	// marked: a clock was set or corrected in its session, so that its own episodes can overlap.
	marked bool
	loose  int32
}

// session is one of an owner's: in it, nothing overlaps unless a clock was set.
type session struct {
	owner int32
	hash  uint64
}

// span is a range of segment numbers, both included; of none where hi is 0.
type span struct{ lo, hi int32 }

func (s *span) cover(id int32) {
	if s.hi == 0 {
		s.lo = id
	}
	s.lo, s.hi = min(s.lo, id), max(s.hi, id)
}

// planner makes a plan.
type planner struct {
	*plan
	byOwner   map[collector.Owner]int32
	sweepAll  bool
	perOwner  bool
	stretches []stretch
	// from and to bound what can reach into the days asked for, in milliseconds since 1970.
	from, to int64
	// midnights of the query's zone, for the days from the first on; none where days are the devices' own.
	midnights []int64
	// begins of units by person, and the number of the first.
	begins  [][]int64
	first   []int32
	slotIDs []int32
}

// planning says how a plan is made.
type planning struct {
	// sweepAll sweeps where nothing can overlap too.
	sweepAll bool
	// perOwner has a slot for each owner instead of each person's day.
	perOwner bool
	titles   bool
}

func makePlan(ctx context.Context, at *snapshot, q *collector.Query, how planning) (*plan, error) {
	p := &planner{plan: &plan{query: q}, sweepAll: how.sweepAll, perOwner: how.perOwner}
	p.bound()
	p.chooseOwners()
	if err := p.chooseSegments(ctx, at, how.titles); err != nil {
		return nil, err
	}
	p.addOpen()
	p.makeUnits()
	p.makeParts()
	p.finish()
	return p.plan, nil
}

// bound finds the time that the query's days can lie in.
func (p *planner) bound() {
	q := p.query
	if q.Zone == nil {
		p.from, p.to = int64(q.FromDay)*dayMillis-maxOffsetMillis, int64(q.ToDay+1)*dayMillis+maxOffsetMillis
		return
	}
	for day := q.FromDay; day <= q.ToDay+1; day++ {
		p.midnights = append(p.midnights, firstInstant(q.Zone, day))
	}
	p.from, p.to = p.midnights[0], p.midnights[len(p.midnights)-1]
}

// firstInstant gives where a day begins in a zone, in milliseconds since 1970: 00:00, or what follows where clocks
// leap over it.
func firstInstant(zone *time.Location, day int32) int64 {
	at := time.Date(1970, 1, 1+int(day), 0, 0, 0, 0, zone)
	// Where clocks are set at midnight, Date may give an instant an hour off on either side.
	for _, near := range []time.Time{at, at.Add(-3 * time.Hour)} {
		_, offset := near.Zone()
		other := time.Unix(int64(day)*86400-int64(offset), 0).In(zone)
		if collector.LocalDay(other) == day && (collector.LocalDay(at) < day || other.Before(at)) {
			at = other
		}
	}
	return at.UnixMilli()
}

func (p *planner) chooseOwners() {
	for _, key := range slices.SortedFunc(maps.Keys(p.query.Owners), func(a, b collector.Owner) int {
		return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.LoginKey, b.LoginKey))
	}) {
		share := p.query.Owners[key]
		p.owners = append(p.owners, owner{key, int32(share.Person), int16(share.Variant)})
	}
	p.byOwner = make(map[collector.Owner]int32, len(p.owners))
	for i := range p.owners {
		p.byOwner[p.owners[i].Owner] = int32(i)
	}
}

// chooseSegments finds the stretches of stored segments and of what spills out of them.
func (p *planner) chooseSegments(ctx context.Context, at *snapshot, titles bool) error {
	logins := map[int32]int32{}
	if err := at.scan(ctx, `SELECT id, device, key FROM login`, func(c chunk) {
		for i, id := range column[int32](c, 0) {
			if n, asked := p.byOwner[collector.Owner{Device: c.text(1, i), LoginKey: c.text(2, i)}]; asked {
				logins[id] = n
			}
		}
	}); err != nil || len(logins) == 0 {
		return err
	}
	var numbers span
	query := fmt.Sprintf(`SELECT id, login, day, offset_minutes, hash(session) FROM segment WHERE day BETWEEN %d AND %d`,
		p.query.FromDay-spillDays-2, p.query.ToDay+leapDays)
	if err := at.scan(ctx, query, func(c chunk) {
		ids, whose, days := column[int32](c, 0), column[int32](c, 1), column[int32](c, 2)
		offsets, sessions := column[int16](c, 3), column[uint64](c, 4)
		for i, id := range ids {
			n, asked := logins[whose[i]]
			if !asked {
				continue
			}
			midnight := int64(days[i])*dayMillis - int64(offsets[i])*60_000
			if midnight+(spillDays+1)*dayMillis <= p.from {
				continue
			}
			p.stretches = append(p.stretches, stretch{
				id: id, owner: n, day: days[i], offset: offsets[i], midnight: midnight, session: session{n, sessions[i]}, loose: -1,
			})
			numbers.cover(id)
		}
	}); err != nil || numbers.hi == 0 {
		return err
	}
	p.lo, p.ways = numbers.lo, slices.Repeat([]way{{denied: dropped}}, int(numbers.hi-numbers.lo)+1)
	p.parts = slices.Repeat([]part{{slot: -1, unit: -1}}, len(p.ways))
	byNumber := make([]int32, len(p.parts))
	for i := range p.stretches {
		byNumber[p.stretches[i].id-p.lo] = int32(i) + 1
	}
	stretchOf := func(number int32) *stretch {
		if i := byNumber[number-p.lo]; i > 0 {
			return &p.stretches[i-1]
		}
		return nil
	}
	if err := p.chooseMarked(ctx, at, numbers, stretchOf); err != nil {
		return err
	}
	return p.chooseSpills(ctx, at, numbers, stretchOf, titles)
}

// chooseMarked finds the sessions in which a clock was set or corrected: their own episodes can overlap, and not only
// on the day it was set.
func (p *planner) chooseMarked(ctx context.Context, at *snapshot, numbers span, stretchOf func(int32) *stretch) error {
	if p.sweepAll {
		return nil
	}
	marked := map[session]bool{}
	query := fmt.Sprintf(`SELECT DISTINCT segment FROM episode WHERE segment BETWEEN %d AND %d AND (ended & %d = %d OR ended >= %d)`,
		numbers.lo, numbers.hi, endedBits, byClock, clockBit)
	err := at.scan(ctx, query, func(c chunk) {
		for _, number := range column[int32](c, 0) {
			if s := stretchOf(number); s != nil {
				marked[s.session] = true
			}
		}
	})
	if len(marked) > 0 {
		for i := range p.stretches {
			s := &p.stretches[i]
			s.marked = marked[s.session]
		}
	}
	return err
}

// chooseSpills finds what reaches over the end of its own day.
func (p *planner) chooseSpills(ctx context.Context, at *snapshot, numbers span, stretchOf func(int32) *stretch, titles bool) error {
	title := "0"
	if titles {
		title = "title"
	}
	query := fmt.Sprintf(`SELECT segment, finish, length, state, activity, %s::INTEGER FROM episode WHERE segment BETWEEN %d AND %d AND finish > %d`,
		title, numbers.lo, numbers.hi, dayMillis)
	var spilled []stretch
	err := at.scan(ctx, query, func(c chunk) {
		ids, ends, lengths := column[int32](c, 0), column[int32](c, 1), column[int32](c, 2)
		states, activities, titles := column[uint8](c, 3), column[int32](c, 4), column[int32](c, 5)
		for i, id := range ids {
			began := stretchOf(id)
			if began == nil {
				continue
			}
			row := loose{activity: activities[i], claim: claim{what: uint32(states[i]), title: titles[i]}}
			for day := int32(1); int64(ends[i]) > int64(day)*dayMillis; day++ {
				over := *began
				over.id, over.day, over.midnight = 0, began.day+day, began.midnight+int64(day)*dayMillis
				row.began, row.end = ends[i]-lengths[i]-day*dayMillis, ends[i]-day*dayMillis
				spilled = p.addLoose(spilled, over, row)
			}
		}
	})
	p.stretches = append(p.stretches, spilled...)
	// Days before the first were read for what spills out of them only.
	p.stretches = slices.DeleteFunc(p.stretches, func(s stretch) bool { return s.midnight+dayMillis <= p.from || s.midnight >= p.to })
	return err
}

func (p *planner) addLoose(to []stretch, s stretch, row loose) []stretch {
	s.loose = int32(len(p.loose))
	row.owner, row.part = s.owner, -1
	p.loose = append(p.loose, row)
	return append(to, s)
}

// addOpen adds the episodes going on. Each counts as a session of its own, so that its day is swept: the store may
// have got the end of it since it was looked up.
func (p *planner) addOpen() {
	for i := range p.query.Open {
		open := &p.query.Open[i]
		whose, asked := p.byOwner[collector.Owner{Device: open.Device, LoginKey: open.LoginKey}]
		if !asked || open.For <= 0 {
			continue
		}
		_, offset := open.Start.Zone()
		day := collector.LocalDay(open.Start)
		midnight := int64(day)*dayMillis - int64(offset)*1000
		began := open.Start.UnixMilli() - midnight
		end := began + min(open.For.Milliseconds(), spillDays*dayMillis)
		for ; end > 0; day, midnight, began, end = day+1, midnight+dayMillis, began-dayMillis, end-dayMillis {
			if midnight+dayMillis <= p.from || midnight >= p.to {
				continue
			}
			p.stretches = p.addLoose(p.stretches, stretch{
				owner: whose, day: day, offset: int16(offset / 60), midnight: midnight,
				session: session{-1, uint64(i)},
			}, loose{open: open, number: int32(i), claim: claim{began: int32(began), end: int32(end), what: uint32(stateNumber(open.State))}})
		}
	}
}

// makeUnits cuts each person's time at the midnights of the stretches.
func (p *planner) makeUnits() {
	p.begins = make([][]int64, len(p.query.People))
	for i := range p.stretches {
		s := &p.stretches[i]
		begins := &p.begins[p.owners[s.owner].person]
		if n := len(*begins); n == 0 || (*begins)[n-1] != s.midnight {
			*begins = append(*begins, s.midnight)
		}
	}
	p.first = make([]int32, len(p.begins))
	for person, begins := range p.begins {
		slices.Sort(begins)
		begins = slices.Compact(begins)
		p.begins[person], p.first[person] = begins, int32(len(p.units))
		for i, begin := range begins {
			end := begin + dayMillis
			if i+1 < len(begins) {
				end = min(end, begins[i+1])
			}
			p.units = append(p.units, unit{begin: begin, end: end, swept: p.sweepAll})
		}
	}
}

// makeParts cuts the stretches at the borders of units and, where the query has a zone, at its midnights.
func (p *planner) makeParts() {
	days := int(p.query.ToDay-p.query.FromDay) + 1
	if p.perOwner {
		p.slots = make([]slot, len(p.owners))
	} else {
		p.slotIDs = make([]int32, len(p.query.People)*days)
	}
	for i := range p.stretches {
		s := &p.stretches[i]
		person := p.owners[s.owner].person
		begins := p.begins[person]
		n, _ := slices.BinarySearch(begins, s.midnight)
		head, last := int32(-1), int32(-1)
		end := s.midnight + dayMillis
		for at := s.midnight; at < end; {
			for n+1 < len(begins) && begins[n+1] <= at {
				n++
			}
			number := p.first[person] + int32(n)
			u := &p.units[number]
			to := min(end, u.end)
			day, border := p.dayAt(s, at)
			to = min(to, border)
			one := part{
				midnight: s.midnight, from: int32(at - s.midnight), to: int32(to - s.midnight),
				owner: s.owner, slot: p.slotOf(s.owner, day), unit: number, offset: s.offset,
				shift: int32(s.midnight - u.begin),
			}
			u.join(s, one.slot >= 0)
			at = to
			head, last = p.put(s, one, head, last)
		}
	}
}

// put files a part of a stretch: a stored segment's first one by number, all others behind.
func (p *planner) put(s *stretch, one part, head, last int32) (int32, int32) {
	if head < 0 && s.id > 0 {
		head = s.id - p.lo
		p.parts[head] = one
		return head, head
	}
	p.parts = append(p.parts, one)
	number := int32(len(p.parts) - 1)
	if head < 0 {
		p.loose[s.loose].part = number
		return number, number
	}
	p.parts[last].next = number
	return head, number
}

// join takes note that a stretch reaches into the unit.
func (u *unit) join(s *stretch, wanted bool) {
	if u.of == (session{}) {
		u.of = s.session
	}
	u.swept = u.swept || s.marked || u.of != s.session
	u.wanted = u.wanted || wanted
}

// dayAt gives the day a moment of a stretch is of, and where that day ends.
func (p *planner) dayAt(s *stretch, at int64) (day int32, end int64) {
	if p.midnights == nil {
		return s.day, s.midnight + dayMillis
	}
	n, exact := slices.BinarySearch(p.midnights, at)
	if !exact {
		n--
	}
	if n+1 < len(p.midnights) {
		end = p.midnights[n+1]
	} else {
		end = at + 2*dayMillis
	}
	return p.query.FromDay + int32(n), end
}

func (p *planner) slotOf(owner, day int32) int32 {
	q := p.query
	if day < q.FromDay || day > q.ToDay {
		return -1
	}
	if p.perOwner {
		return owner
	}
	person := p.owners[owner].person
	id := &p.slotIDs[int(person)*int(q.ToDay-q.FromDay+1)+int(day-q.FromDay)]
	if *id == 0 {
		p.slots = append(p.slots, slot{person, day})
		*id = int32(len(p.slots))
	}
	return *id - 1
}

// finish drops the parts that nothing is asked of, and finds what is to be read.
func (p *planner) finish() {
	for i := range p.parts {
		one := &p.parts[i]
		if one.unit < 0 {
			continue
		}
		u := &p.units[one.unit]
		if !u.wanted || !u.swept {
			one.unit = -1
			continue
		}
		if u.part == 0 {
			p.sweeps = append(p.sweeps, one.unit)
		}
		one.sibling, u.part = u.part, int32(i)+1
	}
	for i := range p.stretches {
		id := p.stretches[i].id
		if id == 0 {
			continue
		}
		whose := &p.owners[p.stretches[i].owner]
		w := way{person: whose.person, variant: whose.variant, denied: dropped}
		one := &p.parts[id-p.lo]
		for n := id - p.lo; ; n = p.parts[n].next {
			if p.parts[n].asked() {
				w.kind = oneByOne
			}
			if number := p.parts[n].unit; number >= 0 {
				p.units[number].last = max(p.units[number].last, id)
			}
			if p.parts[n].next == 0 {
				break
			}
		}
		if w.kind == oneByOne && one.next == 0 && one.to == dayMillis {
			if w.kind = heldWhole; one.unit < 0 {
				w.kind, w.denied = addedUp, 0
			}
		}
		if w.kind != passedBy {
			p.scanned.cover(id)
		}
		p.ways[id-p.lo] = w
	}
	slices.SortFunc(p.sweeps, func(a, b int32) int { return cmp.Compare(p.units[a].last, p.units[b].last) })
}

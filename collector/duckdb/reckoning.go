package duckdb

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/dayline-project/dayline/collector"
)

// reckoning answers one query: stored episodes are added up as DuckDB unpacks them, those that can overlap are held
// and settled afterwards. Nothing is kept from one query to the next.
type reckoning struct {
	*plan
	at      *snapshot
	folds   *folds
	classes *classes
	how     reckon
	// loose entries, by loose episode.
	entries []uint32
	// titleTotals or, in the second round, the groups of titles whose people are wanted.
	titleTotals     *titleTotals
	titleGroups     map[int32]int32
	titleGroupCount int

	mu      sync.Mutex
	tallies []*tally
	idle    []*tally
	// failed holds the error of a sweeper.
	failed atomic.Value
}

// reckon says what a reckoning is to tell.
type reckon struct {
	planning
	subjects, gaps bool
	// prepare may look at the file before the episodes are read.
	prepare func(context.Context, *reckoning) error
	// piece is given what is settled in swept units, instead of a tally; threads call it at once.
	piece func(t *tally, winner *contender, unit *unit, from, to int32)
	// unit is given the contenders of each swept unit instead of settling them all; threads call it at once.
	unit func(t *tally, settle *sweeper, number int32, contenders []contender)
}

// reckoningsAtOnce share the processors and the memory; more would only wait for each other.
const reckoningsAtOnce = 2

// reckonBy answers a query.
func (s *Store) reckonBy(ctx context.Context, what string, q *collector.Query, how reckon, done func(*reckoning, *tally) error) error {
	how.sweepAll = how.sweepAll || s.sweepAll
	select {
	case s.reckonings <- struct{}{}:
		defer func() { <-s.reckonings }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.read(what, func(f *file) error {
		at, err := f.chunks.snapshot(ctx)
		if err != nil {
			return err
		}
		defer at.close()
		r := &reckoning{at: at, folds: f.folds, how: how}
		if r.plan, err = makePlan(ctx, at, q, how.planning); err != nil {
			return err
		}
		if r.classes, err = loadClasses(ctx, at, q); err != nil {
			return err
		}
		r.classifyLoose()
		if how.prepare != nil {
			if err := how.prepare(ctx, r); err != nil {
				return err
			}
		}
		total := r.tally(nil)
		for i := range r.loose {
			if row := &r.loose[i]; row.part >= 0 {
				total.spread(row.part, row.claim, r.entries[i])
			}
		}
		r.release(total)
		if err := r.scan(ctx); err != nil {
			return err
		}
		total = r.tallies[0]
		for _, one := range r.tallies {
			one.addSegments()
		}
		for _, other := range r.tallies[1:] {
			total.join(other)
		}
		return done(r, total)
	})
}

// classifyLoose gives the loose episodes their entries, before the cells are counted.
func (r *reckoning) classifyLoose() {
	r.entries = make([]uint32, len(r.loose))
	for i := range r.loose {
		row := &r.loose[i]
		whose := r.owners[row.owner]
		if row.open != nil && row.open.Title != "" {
			row.title = -1 - row.number
		}
		switch {
		case row.state() == locked:
			r.entries[i] = dropped
		case row.open != nil:
			open := row.open
			entry := r.classes.add(cell{
				app: open.App, Names: collector.Names{Product: open.Product, Bundle: open.Bundle}, site: open.Site, newest: math.MaxInt32,
			}, open.URL)
			if entry&varied != 0 {
				entry = r.classes.variedEntry(entry, whose.variant)
			}
			r.entries[i] = entry
		default:
			r.entries[i] = r.classes.entryOf(row.activity, whose.variant)
		}
	}
}

// tally takes one that nobody works with: where there is one, what the same thread worked with before, since it is in
// its processor's memory. A thread is known by the chunk it unpacks into.
func (r *reckoning) tally(thread unsafe.Pointer) *tally {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.idle); n > 0 {
		i := max(0, slices.IndexFunc(r.idle, func(one *tally) bool { return one.thread == thread }))
		one := r.idle[i]
		r.idle = slices.Delete(r.idle, i, i+1)
		one.thread = thread
		return one
	}
	one := &tally{
		thread: thread, sweeper: sweeper{parts: r.parts, classes: r.classes},
		plan: r.plan, classes: r.classes, wanted: wantedStates(&r.query.Only), slots: make([]slotSum, len(r.slots)),
		held: held{newest: make([]*block, len(r.parts))}, sums: make([]segmentSum, len(r.ways)), spans: make([]activeSpan, len(r.ways)), noted: new(noted), words: (len(r.query.People) + 63) / 64,
	}
	for state := range one.denied {
		if !one.wanted[state] || state == locked {
			one.denied[state] = dropped
		}
	}
	if r.how.subjects {
		one.cells = make([]cellSum, len(r.classes.cells))
		one.people = make([]uint64, len(r.classes.cells)*one.words)
	}
	if r.how.gaps {
		one.hulls = &hulls{newest: make([]int32, len(r.slots))}
	}
	if r.how.titles {
		one.titles, one.titleTotals, one.titleGroups = true, r.titleTotals, r.titleGroups
		one.titlePeople = make([]uint64, r.titleGroupCount*one.words)
	}
	r.tallies = append(r.tallies, one)
	return one
}

func (r *reckoning) release(one *tally) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.idle = append(r.idle, one)
}

// heldSegments are held at once, save for what arrived late: some 10 MB of claims.
const heldSegments = 1000

// scan reads the stored episodes a window of segments at a time, and settles each unit as soon as it is complete.
func (r *reckoning) scan(ctx context.Context) error {
	for from := r.scanned.lo; from > 0 && from <= r.scanned.hi; {
		to, held := from, 0
		for ; to < r.scanned.hi && held < heldSegments; to++ {
			if r.ways[to-r.lo].kind >= heldWhole {
				held++
			}
		}
		if err := r.fold(ctx, span{from, to}); err != nil {
			return err
		}
		if err := r.sweep(ctx, to); err != nil {
			return err
		}
		from = to + 1
	}
	return r.sweep(ctx, math.MaxInt32)
}

func (r *reckoning) fold(ctx context.Context, numbers span) error {
	// A column that is not wanted costs nothing where another stands for it.
	title := "segment"
	if r.how.titles {
		title = "title"
	}
	columns := fmt.Sprintf("segment, activity, finish, length, state, %s", title)
	condition := fmt.Sprintf("segment BETWEEN %d AND %d", numbers.lo, numbers.hi)
	return r.folds.fold(ctx, r.at, "episode", condition, columns, func(c chunk) {
		one := r.tally(c.data.Ptr)
		defer r.release(one)
		one.take(c)
	})
}

// sweepers settle units side by side.
const sweepers = 2

// sweep settles the units that have no segment after one.
func (r *reckoning) sweep(ctx context.Context, last int32) error {
	count := 0
	for count < len(r.sweeps) && r.units[r.sweeps[count]].last <= last {
		count++
	}
	units := r.sweeps[:count]
	r.sweeps = r.sweeps[count:]
	if count == 0 {
		return ctx.Err()
	}
	tallies := slices.Clone(r.tallies)
	var next atomic.Int32
	var wait sync.WaitGroup
	for range sweepers {
		wait.Go(func() {
			defer func() {
				if panicked := recover(); panicked != nil {
					r.failed.Store(fmt.Errorf("settling panicked: %v", panicked))
				}
			}()
			one := r.tally(nil)
			defer r.release(one)
			for ctx.Err() == nil {
				n := int(next.Add(1)) - 1
				if n >= len(units) {
					return
				}
				r.sweepUnit(one, tallies, units[n])
			}
		})
	}
	wait.Wait()
	for _, number := range units {
		for part := r.units[number].part; part > 0; part = r.parts[part-1].sibling {
			for _, one := range tallies {
				one.held.drop(part - 1)
			}
		}
	}
	if err, failed := r.failed.Load().(error); failed {
		return err
	}
	return ctx.Err()
}

func (r *reckoning) sweepUnit(one *tally, tallies []*tally, number int32) {
	contenders, runs := one.contenders[:0], one.runs[:0]
	for part := r.units[number].part; part > 0; part = r.parts[part-1].sibling {
		for _, other := range tallies {
			contenders = other.held.of(part-1, r.parts[part-1].shift+r.parts[part-1].from, contenders)
			runs = append(runs, len(contenders))
		}
	}
	one.contenders, one.runs = contenders, runs
	r.settle(one, &one.sweeper, number, one.sweeper.inOrder(contenders, runs))
}

func (r *reckoning) settle(one *tally, settle *sweeper, number int32, contenders []contender) {
	u := &r.units[number]
	if r.how.unit != nil {
		r.how.unit(one, settle, number, contenders)
		return
	}
	settle.settle(contenders, func(winner *contender, from, to int32) {
		if r.how.piece != nil {
			r.how.piece(one, winner, u, from, to)
			return
		}
		one.count(&r.parts[winner.part], &winner.claim, winner.entry(), u.begin+int64(from), u.begin+int64(to))
	})
}

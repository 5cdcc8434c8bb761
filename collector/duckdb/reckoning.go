package duckdb

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"unsafe"

	"github.com/dayline-project/dayline/collector"
)

// reckoning answers one query: stored episodes are added up as DuckDB unpacks them, those that can overlap are held
// and settled afterwards. Nothing is kept from one query to the next.
type reckoning struct {
	*plan
	at      *snapshot
	classes *classes
	how     reckon
	// loose entries, by loose episode.
	entries []uint32

	mu      sync.Mutex
	tallies []*tally
	idle    []*tally
}

// reckon says what a reckoning is to tell.
type reckon struct {
	planning
	subjects, breaks bool
	// piece is given what is settled in swept units, instead of a tally; threads call it at once.
	piece func(t *tally, winner *contender, unit *unit, from, to int32)
	// unit is given the contenders of each swept unit instead of settling them all; threads call it at once.
	unit func(t *tally, settle *sweeper, number int32, contenders []contender)
}

// reckonBy answers a query.
func (s *Store) reckonBy(ctx context.Context, what string, q *collector.Query, how reckon, done func(*reckoning, *tally) error) error {
	how.sweepAll = how.sweepAll || s.sweepAll
	return s.read(what, func(f *file) error {
		at, err := f.chunks.snapshot(ctx)
		if err != nil {
			return err
		}
		defer at.close()
		r := &reckoning{at: at, how: how}
		if r.plan, err = makePlan(ctx, at, q, how.planning); err != nil {
			return err
		}
		if r.classes, err = loadClasses(ctx, at, q); err != nil {
			return err
		}
		r.classifyLoose()
		if err := r.scan(ctx, f, at); err != nil {
			return err
		}
		total := r.tally(nil)
		for i := range r.loose {
			if row := &r.loose[i]; row.part >= 0 {
				total.spread(row.part, row.claim, r.entries[i])
			}
		}
		r.release(total)
		if err := r.sweep(ctx); err != nil {
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
			entry := r.classes.add(cell{app: open.App, product: open.Product, site: open.Site, newest: math.MaxInt32}, open.URL)
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
		thread: thread,
		plan:   r.plan, classes: r.classes, wanted: wantedStates(&r.query.Only), slots: make([]slotSum, len(r.slots)),
		held: held{newest: make([]int32, len(r.parts))}, sums: make([]segmentSum, len(r.ways)), spans: make([]activeSpan, len(r.ways)), words: (len(r.query.People) + 63) / 64,
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
	if r.how.breaks {
		one.hulls = &hulls{newest: make([]int32, len(r.slots))}
	}
	if r.how.titles {
		one.titles = map[titleOf]cellSum{}
	}
	r.tallies = append(r.tallies, one)
	return one
}

func (r *reckoning) release(one *tally) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.idle = append(r.idle, one)
}

func (r *reckoning) scan(ctx context.Context, f *file, at *snapshot) error {
	if r.scanned.hi == 0 {
		return nil
	}
	// A column that is not wanted costs nothing where another stands for it.
	columns := [...]string{"segment", "activity", "finish", "length", "state", "state", "segment"}
	if r.how.titles {
		columns[foldTitle-1] = "title"
	}
	if r.how.breaks {
		columns[foldEnded-1] = "ended"
	}
	condition := fmt.Sprintf("segment BETWEEN %d AND %d", r.scanned.lo, r.scanned.hi)
	return f.folds.fold(ctx, at, condition, columns, func(c chunk) {
		one := r.tally(c.data.Ptr)
		defer r.release(one)
		one.take(c)
	})
}

// sweepers settle units side by side.
const sweepers = 2

// sweep settles the units that were held.
func (r *reckoning) sweep(ctx context.Context) error {
	parts := make([][]int32, len(r.units))
	for i := range r.parts {
		if one := &r.parts[i]; one.unit >= 0 {
			parts[one.unit] = append(parts[one.unit], int32(i))
		}
	}
	helds := r.tallies
	next := 0
	var wait sync.WaitGroup
	for range sweepers {
		wait.Go(func() {
			settle := &sweeper{parts: r.parts, classes: r.classes}
			one := r.tally(nil)
			defer r.release(one)
			contenders, runs := []contender(nil), []int(nil)
			for ctx.Err() == nil {
				r.mu.Lock()
				for next < len(parts) && parts[next] == nil {
					next++
				}
				number := next
				next++
				r.mu.Unlock()
				if number >= len(parts) {
					return
				}
				contenders, runs = contenders[:0], runs[:0]
				for _, held := range helds {
					for _, part := range parts[number] {
						contenders = held.held.of(part, r.parts[part].shift+r.parts[part].from, contenders)
						runs = append(runs, len(contenders))
					}
				}
				r.settle(one, settle, int32(number), settle.inOrder(contenders, runs))
			}
		})
	}
	wait.Wait()
	return ctx.Err()
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
		one.count(&r.parts[winner.part], &winner.claim, r.classes.entry(winner.cell()), u.begin+int64(from), u.begin+int64(to), to == winner.end)
	})
}

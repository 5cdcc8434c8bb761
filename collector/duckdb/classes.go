package duckdb

import (
	"cmp"
	"context"
	"slices"

	"github.com/dayline-project/dayline/collector"
)

// An entry says what an activity counts as: the number of its cell, and in the lowest two bits the status, or dropped.
// Where it depends on the variant, the number is that of a list of entries instead.
const (
	dropped = 3
	varied  = 1 << 2
	cellAt  = 3
)

// cell is an activity as one class.
type cell struct {
	app, site string
	collector.Names
	class collector.Class
	// newest is higher for what was first seen later.
	newest int32
	// code is the status, or dropped.
	code uint32
}

// classes say what each activity counts as for a query.
type classes struct {
	query *collector.Query
	// cells by number; 0 is what is ignored.
	cells []cell
	// entries by activity.
	entries []uint32
	// lists of entries by variant, one after the other.
	lists    []uint32
	variants int
}

// loadClasses reads every activity. Equal texts may stand more than once.
func loadClasses(ctx context.Context, at *snapshot, q *collector.Query) (*classes, error) {
	variants := 1
	for _, share := range q.Owners {
		variants = max(variants, share.Variant+1)
	}
	c := &classes{query: q, cells: []cell{{code: dropped}}, variants: variants}
	return c, at.scan(ctx, `SELECT id, app, product, site, url, bundle FROM activity`, func(chunk chunk) {
		for i, id := range column[int32](chunk, 0) {
			for int(id) >= len(c.entries) {
				c.entries = append(c.entries, dropped)
			}
			c.entries[id] = c.add(cell{
				app: chunk.text(1, i), Names: collector.Names{Product: chunk.text(2, i), Bundle: chunk.text(5, i)}, site: chunk.text(3, i), newest: id,
			}, chunk.text(4, i))
		}
	})
}

// add gives the entry of an activity.
func (c *classes) add(activity cell, url string) uint32 {
	known := classesOf(c.query.Classify, collector.Subject{App: activity.app, Bundle: activity.Bundle, Site: activity.site, URL: url})
	first := len(c.cells)
	if len(known) == 1 {
		return c.addClass(activity, known[0], first)
	}
	for variant := range c.variants {
		c.lists = append(c.lists, c.addClass(activity, known[variant], first))
	}
	return uint32(len(c.lists)/c.variants-1)<<cellAt | varied
}

// addClass gives the entry of an activity as a class; its cells are counted from first.
func (c *classes) addClass(activity cell, class collector.Class, first int) uint32 {
	if class.Ignored {
		return dropped
	}
	number := first
	for number < len(c.cells) && c.cells[number].class != class {
		number++
	}
	if number == len(c.cells) {
		activity.class = class
		activity.code = c.code(&activity)
		c.cells = append(c.cells, activity)
	}
	return c.entry(uint32(number))
}

// entryOf gives what an activity counts as in a variant.
func (c *classes) entryOf(activity int32, variant int16) uint32 {
	entry := c.entries[activity]
	if entry&varied != 0 {
		entry = c.variedEntry(entry, variant)
	}
	return entry
}

func (c *classes) variedEntry(entry uint32, variant int16) uint32 {
	return c.lists[int(entry>>cellAt)*c.variants+int(variant)]
}

// code is the status of what the query asks for, or dropped.
func (c *classes) code(one *cell) uint32 {
	only := &c.query.Only
	category := only.Category
	if category == "-" {
		category = ""
	}
	if only.Status != "" && only.Status != one.class.Status.String() || only.Category != "" && category != one.class.Category ||
		only.App != "" && only.App != one.app || only.Site != "" && only.Site != one.site || one.class.Status >= dropped {
		return dropped
	}
	return uint32(one.class.Status)
}

// entry gives a cell's entry.
func (c *classes) entry(number uint32) uint32 {
	return number<<cellAt | c.cells[number].code
}

// compare orders cells by what they say, however they are numbered.
func (c *classes) compare(a, b uint32) int {
	one, other := &c.cells[a], &c.cells[b]
	return cmp.Or(cmp.Compare(one.app, other.app), cmp.Compare(one.site, other.site), cmp.Compare(one.class.Status, other.class.Status),
		cmp.Compare(one.class.Category, other.class.Category))
}

// wantedStates tells by state what the query counts; locked time has no subject, so it goes with none asked for.
func wantedStates(only *collector.Only) (wanted [4]bool) {
	for state := range wanted {
		wanted[state] = state > 0 && (only.State == "" || only.State == states[state])
	}
	wanted[locked] = wanted[locked] && *only == collector.Only{State: only.State}
	return wanted
}

// namedAfter tells whether an application goes by this cell's names rather than another's: what goes on on several computers is
// equally new, and comes in any order.
func (one *cell) namedAfter(other *cell) bool {
	return cmp.Or(cmp.Compare(one.newest, other.newest), one.Names.Compare(other.Names)) > 0
}

// subjects joins what was spent in each cell by application, site and class.
func (c *classes) subjects(sums []cellSum, people []uint64, words int) []collector.SubjectSum {
	type key struct {
		app, site string
		class     collector.Class
	}
	numbers := map[key]int{}
	names := map[string]*cell{}
	var all []collector.SubjectSum
	for i := range sums {
		one := &c.cells[i]
		if sums[i] == (cellSum{}) {
			continue
		}
		if last := names[one.app]; one.Names != (collector.Names{}) && (last == nil || one.namedAfter(last)) {
			names[one.app] = one
		}
		n, known := numbers[key{one.app, one.site, one.class}]
		if !known {
			n = len(all)
			numbers[key{one.app, one.site, one.class}] = n
			all = append(all, collector.SubjectSum{App: one.app, Site: one.site, Class: one.class, People: make([]uint64, words)})
		}
		all[n].Active += millis(sums[i][0])
		all[n].Passive += millis(sums[i][1])
		for w, word := range people[i*words : (i+1)*words] {
			all[n].People[w] |= word
		}
	}
	for i := range all {
		if named := names[all[i].App]; named != nil {
			all[i].Names = named.Names
		}
	}
	return slices.Clip(all)
}

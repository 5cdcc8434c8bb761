package ingest

import (
	"sync"

	"github.com/dayline-project/dayline/collector"
)

const (
	// floodPerDay episodes of one login on one local day are stored (security.md §3).
	floodPerDay = 20_000
	// maxFloodDays are counted at once; then counting begins anew.
	maxFloodDays = 100_000
)

type loginDay struct {
	loginKey string
	day      int32
}

// floods counts what was stored since the start.
type floods struct {
	mu     sync.Mutex
	stored map[loginDay]int
}

func (f *floods) count(rows []collector.Row) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for n := range rows {
		if f.stored == nil || len(f.stored) >= maxFloodDays {
			f.stored = map[loginDay]int{}
		}
		f.stored[loginDay{rows[n].LoginKey, rows[n].Day}]++
	}
}

func (f *floods) of(key loginDay) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stored[key]
}

// quota is what one batch may still take.
type quota struct {
	floods *floods
	left   map[loginDay]int
}

func (f *floods) quota() *quota { return &quota{floods: f, left: map[loginDay]int{}} }

func (q *quota) take(loginKey string, day int32) bool {
	key := loginDay{loginKey, day}
	left, known := q.left[key]
	if !known {
		left = floodPerDay - q.floods.of(key)
	}
	q.left[key] = left - 1
	return left > 0
}

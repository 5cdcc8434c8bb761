package access

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestOnce(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	o := NewOnce[int](time.Minute, 3, func() time.Time { return now })
	code := o.Keep(7)
	if value, found := o.Peek(code); value != 7 || !found || len(code) != 43 {
		t.Error(value, found, code)
	}
	var taken atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, found := o.Take(code); found {
				taken.Add(1)
			}
		})
	}
	all.Wait()
	if taken.Load() != 1 {
		t.Errorf("taken %d times", taken.Load())
	}
	old := o.Keep(1)
	now = now.Add(time.Minute)
	if _, found := o.Peek(old); found {
		t.Error("seen after its time")
	}
	if _, found := o.Take(old); found {
		t.Error("taken after its time")
	}
	// The oldest makes room.
	first := o.Keep(1)
	now = now.Add(time.Second)
	others := []string{o.Keep(2), o.Keep(3), o.Keep(4)}
	if _, found := o.Take(first); found || len(o.kept) != 3 {
		t.Error("more are kept than may be")
	}
	for _, other := range others {
		if _, found := o.Take(other); !found {
			t.Error("one that is young was dropped")
		}
	}
	o.KeepAs("max", 1)
	o.KeepAs("max", 2)
	if value, _ := o.Take("max"); value != 2 {
		t.Error(value)
	}
}

package api

import (
	"sync"
	"time"

	"github.com/dayline-project/dayline/collector"
)

const (
	// enrollsPerAddress holds for one network address and minute. An office behind one address is let through by its
	// link's own limit of 10 a minute; guessing secrets is not.
	enrollsPerAddress = 60
	// rekeysPerDevice holds for one device and hour, with the copies of its key: each is remembered for ever.
	rekeysPerDevice = 20
	// daysPerDevice and daysPerLogin hold for a minute: each is a code that somebody is let in by.
	daysPerDevice = 100
	daysPerLogin  = 10
	// missesPerAddress are links asked for that there are none of, from one network address in a minute: more than people mistype.
	missesPerAddress = 30
	// maxThrottled bounds how many keys are told apart; beyond it all newcomers share one count.
	maxThrottled = 10000
)

// throttle counts acts by key in windows of one length.
type throttle struct {
	limit  int
	window time.Duration
	now    func() time.Time
	mu     sync.Mutex
	since  time.Time
	counts map[string]int
}

func newThrottle(limit int, window time.Duration, now func() time.Time) *throttle {
	return &throttle{limit: limit, window: window, now: now, counts: map[string]int{}}
}

// admit counts one act; over the limit it is TooMany.
func (t *throttle) admit(key string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	key = t.counted(key)
	if t.counts[key] >= t.limit {
		return collector.Refuse(collector.TooMany, "", "too many attempts; try again in a minute")
	}
	t.counts[key]++
	return nil
}

// Full tells whether a key has reached the limit.
func (t *throttle) Full(key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts[t.counted(key)] >= t.limit
}

// Add counts one act, whatever came before.
func (t *throttle) Add(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts[t.counted(key)]++
}

// counted begins a new window where it is time, and gives what a key is counted by.
func (t *throttle) counted(key string) string {
	if now := t.now(); now.Sub(t.since) >= t.window || now.Before(t.since) {
		t.since = now
		clear(t.counts)
	}
	if _, known := t.counts[key]; !known && len(t.counts) >= maxThrottled {
		return ""
	}
	return key
}

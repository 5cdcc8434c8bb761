package observe

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

// onMac is the system of a Mac that open opens.
func onMac(open func() (mac.System, error), clocks func() (boot, mono time.Duration, err error)) system {
	return system{
		readClocks: clocks,
		openDisplay: func(_ context.Context, _ string, now func() time.Duration) (display, error) {
			opened, err := open()
			if err != nil {
				return nil, fmt.Errorf("observe: display: %w", err)
			}
			return followMac(opened, clocks, now), nil
		},
		newBus: func(_ Config, now func() time.Duration, signals chan<- signal) bus {
			return &macBus{open: open, now: now, signals: signals, heard: newQueue[heard]()}
		},
	}
}

// queue takes what the system's threads tell, which must not wait, and gives it to a goroutine of ours.
type queue[T any] struct {
	mu      sync.Mutex
	waiting []T
	// some has a value in it while something waits.
	some chan struct{}
	once sync.Once
	shut chan struct{}
}

// maxWaiting bounds what waits; the first to come is lost first, for the last says how things are.
const maxWaiting = 4096

func newQueue[T any]() *queue[T] {
	return &queue[T]{some: make(chan struct{}, 1), shut: make(chan struct{})}
}

func (q *queue[T]) put(one T) {
	q.mu.Lock()
	if len(q.waiting) == maxWaiting {
		q.waiting = q.waiting[1:]
	}
	q.waiting = append(q.waiting, one)
	q.mu.Unlock()
	select {
	case q.some <- struct{}{}:
	default:
	}
}

// take waits for the next; false once the queue is closed.
func (q *queue[T]) take() (one T, ok bool) {
	for {
		select {
		case <-q.shut:
			return one, false
		default:
		}
		q.mu.Lock()
		if len(q.waiting) > 0 {
			one, q.waiting = q.waiting[0], q.waiting[1:]
			q.mu.Unlock()
			return one, true
		}
		q.mu.Unlock()
		select {
		case <-q.some:
		case <-q.shut:
		}
	}
}

// any tells whether one waits that is such.
func (q *queue[T]) any(such func(T) bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, one := range q.waiting {
		if such(one) {
			return true
		}
	}
	return false
}

func (q *queue[T]) close() { q.once.Do(func() { close(q.shut) }) }

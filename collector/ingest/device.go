package ingest

import (
	"context"
	"sync"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/stream"
)

// maxHeads of streams that are remembered of one device: the newest, and those of a buffer that came back.
const maxHeads = 4

// devices remembers what the syncs of each device need; there are as many as are enrolled.
type devices struct {
	mu       sync.Mutex
	byDevice map[string]*deviceState
}

// deviceState is one device's. Whoever holds it may change it; open has a lock of its own, for reports read it.
type deviceState struct {
	device  string
	held    chan struct{}
	heads   map[stream.ID]head
	flagged map[string]bool

	mu        sync.Mutex
	open      []collector.OpenRow
	contactAt time.Time
}

// hold waits until nobody else works on the device: of two syncs at once, the second sees what the first stored.
func (d *devices) hold(ctx context.Context, device string) (*deviceState, error) {
	d.mu.Lock()
	state := d.byDevice[device]
	if state == nil {
		if d.byDevice == nil {
			d.byDevice = map[string]*deviceState{}
		}
		state = &deviceState{device: device, held: make(chan struct{}, 1), heads: map[stream.ID]head{}}
		d.byDevice[device] = state
	}
	d.mu.Unlock()
	select {
	case state.held <- struct{}{}:
		return state, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *deviceState) release() { <-s.held }

func (s *deviceState) putHead(id stream.ID, h head) {
	if _, known := s.heads[id]; !known && len(s.heads) >= maxHeads {
		clear(s.heads) // the store knows them
	}
	s.heads[id] = h
}

func (s *deviceState) forgetHead(id stream.ID) { delete(s.heads, id) }

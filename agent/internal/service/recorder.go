package service

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/shared/stream"
)

// maxWaiting episodes are held in memory while the disk takes none; beyond that the oldest are lost and told so.
const maxWaiting = 2000

// recorder stores episodes, and holds them while the disk is full. An episode waits behind those of its run that wait
// already, so that each run keeps its order.
type recorder struct {
	buffer *buffer.Buffer
	log    *slog.Logger
	// acknowledge is told of each episode that waited and is stored now, or lost.
	acknowledge func(key string, number uint64)
	// stored is told after each episode that was stored.
	stored func()

	mu      sync.Mutex
	waiting []waiting
	lost    map[stream.Login]lost
}

type waiting struct {
	key    string
	number uint64
	record stream.Record
}

type lost struct {
	count    int64
	from, to time.Time
}

// record stores an episode. False says that it waits and will be acknowledged later; an error that the helper has to
// go.
func (r *recorder) record(key string, number uint64, record *stream.Record) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.behind(key) {
		r.hold(waiting{key, number, *record})
		return false, nil
	}
	stored, err := r.append(key, number, record)
	if err == nil && !stored {
		r.hold(waiting{key, number, *record})
	}
	return stored, err
}

// append tries once, and again where only the file had to be made anew.
func (r *recorder) append(key string, number uint64, record *stream.Record) (bool, error) {
	err := r.buffer.Append(key, number, record, time.Now())
	if errors.Is(err, buffer.ErrDamaged) {
		r.log.Error("buffer was damaged and set aside")
		err = r.buffer.Append(key, number, record, time.Now())
	}
	var fault *stream.Fault
	switch {
	case err == nil:
		r.stored()
		return true, nil
	case errors.Is(err, buffer.ErrRunEnded):
		return false, err
	case errors.As(err, &fault):
		// No collector would take it: waiting would not make it better.
		r.log.Error("episode out of bounds", "field", fault.Field, "reason", fault.Reason)
		return true, nil
	case errors.Is(err, buffer.ErrDiskFull):
		r.log.Error("disk full, episodes wait in memory")
	default:
		r.log.Error("episode not stored", "error", err)
	}
	return false, nil
}

func (r *recorder) behind(key string) bool {
	for _, one := range r.waiting {
		if one.key == key {
			return true
		}
	}
	return false
}

// hold keeps an episode in memory; one that waits already (a helper that reconnected sends it again) is kept once.
func (r *recorder) hold(one waiting) {
	for _, other := range r.waiting {
		if other.key == one.key && other.number == one.number {
			return
		}
	}
	r.waiting = append(r.waiting, one)
	if len(r.waiting) <= maxWaiting {
		return
	}
	oldest := r.waiting[0]
	r.waiting = r.waiting[1:]
	if r.lost == nil {
		r.lost = map[stream.Login]lost{}
	}
	gone := r.lost[oldest.record.Login]
	if gone.count == 0 {
		gone.from = oldest.record.Start
	}
	gone.count++
	gone.to = oldest.record.Start.Add(oldest.record.For)
	r.lost[oldest.record.Login] = gone
}

// retry stores what waits, in order, until the disk refuses; it tells whether anything still waits.
func (r *recorder) retry() bool {
	r.mu.Lock()
	var stored []waiting
	for len(r.waiting) > 0 {
		first := r.waiting[0]
		done, err := r.append(first.key, first.number, &first.record)
		if err == nil && !done {
			break
		}
		stored = append(stored, first)
		r.waiting = r.waiting[1:]
	}
	for login, gone := range r.lost {
		if r.buffer.RecordLoss("disk full", login, gone.count, gone.from, gone.to) == nil {
			delete(r.lost, login)
		}
	}
	still := len(r.waiting) > 0 || len(r.lost) > 0
	r.mu.Unlock()
	for _, one := range stored {
		r.acknowledge(one.key, one.number)
	}
	return still
}

// holds tells whether episodes of a run still wait.
func (r *recorder) holds(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.behind(key)
}

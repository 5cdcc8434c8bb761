package observe

import (
	"slices"
	"time"
)

// until is what an observation in the stream waits for.
type until int

const (
	// untilNow: for nothing but those before it.
	untilNow until = iota
	// untilFront: it is that no window is in front, which is not believed yet.
	untilFront
	// untilAddress: it is a focus whose page's address is awaited.
	untilAddress
)

// held is an observation that is in the stream and not yet sent, because it waits, or one before it does.
type held struct {
	Observation
	until until
}

// emit puts an observation into the stream.
func (w *watch) emit(m Observation) { w.hold(m, untilNow) }

// hold puts an observation into the stream, in whole milliseconds and not before the one before it, with the idle time
// at its moment. It is sent once it waits for nothing any more: its place and its time are those of now. At most one
// waits for each thing.
func (w *watch) hold(m Observation, until until) {
	m.At = max(m.At, w.last).Truncate(time.Millisecond)
	w.last = m.At
	if idle, known := w.inputs.idleAt(m.At); known && !m.HasIdle {
		m.Idle, m.HasIdle = idle, true
	}
	w.held = append(w.held, held{m, until})
	w.flush()
}

// release decides about the observation that waits for something: it is finished and kept, or it was none.
func (w *watch) release(until until, finish func(*Observation) (keep bool)) {
	i := slices.IndexFunc(w.held, func(h held) bool { return h.until == until })
	if i < 0 {
		return
	}
	w.held[i].until = untilNow
	if !finish(&w.held[i].Observation) {
		w.held = slices.Delete(w.held, i, i+1)
	}
	w.flush()
}

// flush sends what nothing waits for.
func (w *watch) flush() {
	ready := slices.IndexFunc(w.held, func(h held) bool { return h.until != untilNow })
	if ready < 0 {
		ready = len(w.held)
	}
	for _, h := range w.held[:ready] {
		w.o.stays.observe(h.Observation.Observation)
		w.o.send(w.ctx, h.Observation)
	}
	w.held = slices.Delete(w.held, 0, ready)
}

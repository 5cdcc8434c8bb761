package journal

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

const (
	// So many events may come at once; then one more each time that has passed, so that a fault which comes again and
	// again leaves the event log to others too.
	eventBurst = 20
	eventEvery = 5 * time.Minute
)

// Events is a slog.Handler that passes warnings and errors on to the system's event log.
type Events struct {
	// text writes a record into the outlet's buffer.
	text slog.Handler
	to   *outlet
}

// outlet is what the handlers of one event log share.
type outlet struct {
	report func(level slog.Level, text string) error

	mu       sync.Mutex
	buffer   bytes.Buffer
	spent    int
	filledAt time.Time
	withheld int
}

func newEvents(report func(level slog.Level, text string) error) *Events {
	to := &outlet{report: report}
	return &Events{to: to, text: slog.NewTextHandler(&to.buffer, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			// The event has a time and a level of its own.
			if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
				return slog.Attr{}
			}
			return a
		},
	})}
}

// Enabled implements slog.Handler.
func (e *Events) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

// Handle implements slog.Handler.
func (e *Events) Handle(ctx context.Context, record slog.Record) error {
	e.to.mu.Lock()
	defer e.to.mu.Unlock()
	if !e.to.allow(record.Time) {
		return nil
	}
	if e.to.withheld > 0 {
		record = record.Clone()
		record.AddAttrs(slog.Int("withheld_before", e.to.withheld))
		e.to.withheld = 0
	}
	e.to.buffer.Reset()
	if err := e.text.Handle(ctx, record); err != nil {
		return err
	}
	return e.to.report(record.Level, strings.TrimSuffix(e.to.buffer.String(), "\n"))
}

// allow tells whether an event at this time is within bounds; it is counted either way.
func (o *outlet) allow(at time.Time) bool {
	for ; o.spent > 0 && at.Sub(o.filledAt) >= eventEvery; o.spent-- {
		o.filledAt = o.filledAt.Add(eventEvery)
	}
	if o.spent == 0 {
		o.filledAt = at
	}
	if o.spent >= eventBurst {
		o.withheld++
		return false
	}
	o.spent++
	return true
}

// WithAttrs implements slog.Handler.
func (e *Events) WithAttrs(attributes []slog.Attr) slog.Handler {
	return &Events{text: e.text.WithAttrs(attributes), to: e.to}
}

// WithGroup implements slog.Handler.
func (e *Events) WithGroup(name string) slog.Handler {
	return &Events{text: e.text.WithGroup(name), to: e.to}
}

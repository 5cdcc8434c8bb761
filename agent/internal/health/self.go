package health

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"
)

// Self is what our own process uses.
type Self struct {
	MemoryBytes int64
	CPU         time.Duration
}

// keptErrors bounds what is told of our own trouble.
const keptErrors = 20

// Errors remembers the messages of errors that were logged, without their attributes: messages are static, so nothing
// of a person is in them. It is a slog.Handler around another.
type Errors struct {
	slog.Handler
	kept *keptMessages
}

type keptMessages struct {
	mu     sync.Mutex
	order  []string
	counts map[string]int
}

// NewErrors passes everything on to next.
func NewErrors(next slog.Handler) *Errors {
	return &Errors{Handler: next, kept: &keptMessages{counts: map[string]int{}}}
}

// Handle of slog.Handler.
func (e *Errors) Handle(ctx context.Context, record slog.Record) error {
	if record.Level >= slog.LevelError {
		e.kept.add(record.Message)
	}
	return e.Handler.Handle(ctx, record)
}

// WithAttrs of slog.Handler.
func (e *Errors) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Errors{Handler: e.Handler.WithAttrs(attrs), kept: e.kept}
}

// WithGroup of slog.Handler.
func (e *Errors) WithGroup(name string) slog.Handler {
	return &Errors{Handler: e.Handler.WithGroup(name), kept: e.kept}
}

// Recent gives the messages, the longest ago first, with how often each came.
func (e *Errors) Recent() []string {
	e.kept.mu.Lock()
	defer e.kept.mu.Unlock()
	recent := make([]string, 0, len(e.kept.order))
	for _, message := range e.kept.order {
		if count := e.kept.counts[message]; count > 1 {
			message += " (" + strconv.Itoa(count) + " times)"
		}
		recent = append(recent, message)
	}
	return recent
}

func (k *keptMessages) add(message string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.counts[message]++
	if k.counts[message] > 1 {
		return
	}
	k.order = append(k.order, message)
	if len(k.order) > keptErrors {
		delete(k.counts, k.order[0])
		k.order = k.order[1:]
	}
}

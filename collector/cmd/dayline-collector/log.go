package main

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"

	"github.com/dayline-project/dayline/collector/config"
)

// liveLog is a handler whose level and format change while it is used.
type liveLog struct {
	w    io.Writer
	form *atomic.Pointer[slog.Handler]
}

func newLog(w io.Writer, c config.Log) *liveLog {
	l := &liveLog{w: w, form: &atomic.Pointer[slog.Handler]{}}
	l.set(c)
	return l
}

func (l *liveLog) set(c config.Log) {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // the configuration's check let it through
	options := &slog.HandlerOptions{Level: level}
	handler := slog.Handler(slog.NewTextHandler(l.w, options))
	if c.Format == "json" {
		handler = slog.NewJSONHandler(l.w, options)
	}
	l.form.Store(&handler)
}

func (l *liveLog) now() slog.Handler { return *l.form.Load() }

// Enabled of slog.Handler.
func (l *liveLog) Enabled(ctx context.Context, level slog.Level) bool {
	return l.now().Enabled(ctx, level)
}

// Handle of slog.Handler.
func (l *liveLog) Handle(ctx context.Context, r slog.Record) error { return l.now().Handle(ctx, r) }

// WithAttrs of slog.Handler: what is derived keeps the form it was derived from.
func (l *liveLog) WithAttrs(attrs []slog.Attr) slog.Handler { return l.now().WithAttrs(attrs) }

// WithGroup of slog.Handler.
func (l *liveLog) WithGroup(name string) slog.Handler { return l.now().WithGroup(name) }

package atspi

import (
	"context"
	"errors"
	"fmt"

	godbus "github.com/godbus/dbus/v5"
)

const (
	accessible  = "org.a11y.atspi.Accessible."
	getProperty = "org.freedesktop.DBus.Properties.Get"
)

var errKind = errors.New("an answer of another kind")

// question is one that was put and whose answer is a T, or a property of that type.
type question[T any] struct {
	call   *godbus.Call
	method string
}

// put asks without waiting for the answer, so that many questions take as long as one. It starts no program.
func put[T any](ctx context.Context, conn *godbus.Conn, of Part, method string, args ...any) question[T] {
	return question[T]{conn.Object(of.Name, of.Path).GoWithContext(ctx, method, godbus.FlagNoAutoStart, make(chan *godbus.Call, 1), args...), method}
}

// answer waits for it.
func (q question[T]) answer() (value T, err error) {
	call := <-q.call.Done
	if q.method == getProperty {
		var property godbus.Variant
		if err = call.Store(&property); err == nil {
			var is bool
			if value, is = property.Value().(T); !is {
				err = errKind
			}
		}
	} else {
		err = call.Store(&value)
	}
	if err != nil {
		return value, fmt.Errorf("atspi: %s: %w", q.method, err)
	}
	return value, nil
}

func ask[T any](ctx context.Context, conn *godbus.Conn, of Part, method string, args ...any) (T, error) {
	return put[T](ctx, conn, of, method, args...).answer()
}

// each asks the same of parts.
func each[T any](ctx context.Context, conn *godbus.Conn, parts []Part, method string, args ...any) ([]T, error) {
	asked := make([]question[T], len(parts))
	for i, part := range parts {
		asked[i] = put[T](ctx, conn, part, method, args...)
	}
	answers := make([]T, len(parts))
	for i, q := range asked {
		var err error
		if answers[i], err = q.answer(); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

//go:build !windows && !linux

package service

import (
	"context"
	"errors"
)

// updates is what the service manager does for updates; here nothing does yet.
type updates struct{ program, folder string }

var errNoUpdates = errors.New("programs are not exchanged on this system")

func ownUpdates(folder string) (updates, error) {
	program, err := ownPath()
	return updates{program, folder}, err
}

func (u updates) Target() string              { return u.program }
func (u updates) Aside() string               { return u.program }
func (updates) Able(context.Context) error    { return errNoUpdates }
func (updates) Watch(context.Context) error   { return errNoUpdates }
func (updates) Unwatch(context.Context) error { return nil }
func (updates) Stop(context.Context) error    { return Stop() }
func (updates) Start(context.Context) error   { return Start() }

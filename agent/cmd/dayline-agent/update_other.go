//go:build !linux

package main

import "context"

// outsideActs: no other system confines the service so that it needs any.
func outsideActs(*options) func() func(context.Context) error {
	return func() func(context.Context) error { return nil }
}

//go:build unix

package main

import (
	"context"
	"net"
	"os"

	helper "github.com/dayline-project/dayline/agent/internal/session"
)

// serviceFlag adds the flag that says where a helper finds the service, and gives what configures it for that: it
// dials the service's socket, again and again.
func serviceFlag(o *options) func(*helper.Config) error {
	socket := o.String("socket", "", "the service's socket (default: that of the state folder)")
	return func(config *helper.Config) error {
		if *socket == "" {
			*socket = socketOf(o.state)
		}
		config.Dial = func(ctx context.Context) (net.Conn, error) { return helper.Dial(ctx, *socket) }
		config.OSSession, config.Display = os.Getenv("XDG_SESSION_ID"), os.Getenv("DISPLAY")
		return nil
	}
}

package main

import (
	"context"
	"fmt"
	"net"

	helper "github.com/dayline-project/dayline/agent/internal/session"
	"github.com/dayline-project/dayline/agent/internal/sys/win"
)

// serviceFlag adds the flag that says where a helper finds the service, and gives what configures it for that: the
// service started it and gave it one end of a pipe. Which session it is the service knows.
func serviceFlag(o *options) func(*helper.Config) error {
	handle := o.Uint64("pipe", 0, "the handle of the pipe to the service, inherited from it")
	return func(config *helper.Config) error {
		pipe, err := win.OpenPipe(uintptr(*handle))
		if err != nil {
			return fmt.Errorf("the service starts the helpers, and gives each a pipe: %w", err)
		}
		config.Inherited = true
		config.Dial = func(context.Context) (net.Conn, error) { return pipe, nil }
		return nil
	}
}

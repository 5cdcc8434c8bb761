//go:build !unix

package session

import (
	"context"
	"errors"
	"net"

	"github.com/dayline-project/dayline/shared/stream"
)

// Windows hands pipes to the helpers it starts; that comes with observing there.
func listen(string) (net.Listener, error) { return nil, errors.ErrUnsupported }

func identify(net.Conn) (uint32, int, error) { return 0, 0, errors.ErrUnsupported }

// LoginOf gives the account with this number.
func LoginOf(context.Context, uint32) (stream.Login, error) {
	return stream.Login{}, errors.ErrUnsupported
}

func mayAskAll(uint32) bool { return false }

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

func identify(net.Conn) (credential, error) { return credential{}, errors.ErrUnsupported }

// LoginOf gives the account with this SID.
func LoginOf(context.Context, string) (stream.Login, error) {
	return stream.Login{}, errors.ErrUnsupported
}

//go:build !unix && !windows

package session

import (
	"context"
	"errors"
	"net"

	"github.com/dayline-project/dayline/shared/stream"
)

func listen(string) (net.Listener, error) { return nil, errors.ErrUnsupported }

// Dial connects to the service that listens there.
func Dial(context.Context, string) (net.Conn, error) { return nil, errors.ErrUnsupported }

func identify(net.Conn) (credential, error) { return credential{}, errors.ErrUnsupported }

func lookUp(context.Context, string) (stream.Login, error) {
	return stream.Login{}, errors.ErrUnsupported
}

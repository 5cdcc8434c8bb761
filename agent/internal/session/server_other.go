//go:build !unix

package session

import (
	"context"
	"errors"
	"net"
)

// Windows hands pipes to the helpers it starts; that comes with observing there.
func listen(string) (net.Listener, error) { return nil, errors.ErrUnsupported }

func peerOf(context.Context, net.Conn) (Peer, error) { return Peer{}, errors.ErrUnsupported }

//go:build !windows

package main

import (
	"errors"
	"io"
)

// serveManaged: no other system asks a service to answer its manager.
func serveManaged(_ string, stderr io.Writer) int {
	return fail(stderr, errors.New("--managed is for the service manager of Windows"))
}

//go:build !windows && !darwin

package main

import (
	"errors"
	"io"
)

// serveManaged: no other system has a service do what its manager does not.
func serveManaged(_ string, stderr io.Writer) int {
	return fail(stderr, errors.New("--managed is for the service managers of Windows and macOS"))
}

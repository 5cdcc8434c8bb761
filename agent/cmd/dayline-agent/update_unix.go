//go:build unix

package main

import (
	"errors"
	"io"
)

// watchManaged: no other service manager asks more of a watcher than that it runs.
func watchManaged(_ string, stderr io.Writer) int {
	return fail(stderr, errors.New("--managed is for the service manager of Windows"))
}

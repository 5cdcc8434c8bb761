//go:build !windows

package disk

import (
	"errors"
	"syscall"
)

// Held tells whether an error says that somebody else holds the file: one that is open for writing cannot be run.
func Held(err error) bool { return errors.Is(err, syscall.ETXTBSY) }

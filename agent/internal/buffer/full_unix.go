//go:build unix

package buffer

import (
	"errors"
	"syscall"
)

// isDiskFull: no space, no quota, or the process's file size limit.
func isDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

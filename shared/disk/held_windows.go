package disk

import (
	"errors"

	"golang.org/x/sys/windows"
)

// isHeld: who deletes or renames what somebody else has open without leave to is refused the access, too.
func isHeld(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED)
}

package disk

import (
	"errors"

	"golang.org/x/sys/windows"
)

// Held tells whether an error says that somebody else holds the file: who deletes or renames what another has open without leave to,
// or runs, may be refused the access, too.
func Held(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED)
}

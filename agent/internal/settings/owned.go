package settings

import (
	"errors"
	"os"

	"github.com/dayline-project/dayline/shared/disk"
)

// readOwned reads a file that only the system's administrator, or who runs this, can have written.
func readOwned(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	standing, err := disk.StandingOf(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || standing != disk.Guarded {
		return nil, errors.New("it has to be a file of " + administrator + " that nobody else may write")
	}
	return os.ReadFile(path)
}

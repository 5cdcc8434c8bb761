//go:build unix

package settings

import (
	"errors"
	"os"
	"syscall"
)

// readOwned reads a file that only the system's administrator, or who runs this, can have written.
func readOwned(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.Mode().IsRegular() || info.Mode().Perm()&0o022 != 0 || owner.Uid != 0 && int(owner.Uid) != os.Geteuid() {
		return nil, errors.New("it has to be a file of root that nobody else may write")
	}
	return os.ReadFile(path)
}

//go:build unix

package disk

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// StandingOf tells whose a file or folder is. A link is not followed.
func StandingOf(path string) (Standing, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return Foreign, fmt.Errorf("disk: standing: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok || info.Mode()&fs.ModeSymlink != 0 || owner.Uid != 0 && int(owner.Uid) != os.Geteuid():
		return Foreign, nil
	case info.Mode().Perm()&0o022 != 0:
		return Open, nil
	}
	return Guarded, nil
}

//go:build unix

package disk

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Free gives how many bytes an account may still write where a folder is.
func Free(folder string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, fmt.Errorf("disk: free: %w", err)
	}
	return int64(uint64(s.Bavail) * uint64(s.Bsize)), nil
}

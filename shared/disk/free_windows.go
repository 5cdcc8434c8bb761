package disk

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// Free gives how many bytes an account may still write where a folder is.
func Free(folder string) (int64, error) {
	name, err := windows.UTF16PtrFromString(folder)
	var free uint64
	if err == nil {
		err = windows.GetDiskFreeSpaceEx(name, &free, nil, nil)
	}
	if err != nil {
		return 0, fmt.Errorf("disk: free: %w", err)
	}
	return int64(free), nil
}

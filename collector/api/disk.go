package api

import (
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dayline-project/dayline/collector"
)

// Disk watches the free space where the data is. Below the floor nothing new is taken in (security.md 8).
type Disk struct {
	path  string
	floor int64
	mu    sync.Mutex
	at    time.Time
	free  int64
	total int64
	err   error
}

// AutoFloor is the floor that follows the disk: the larger of 2 GB and 5 %.
const AutoFloor = 0

// NewDisk watches the file system of path. The floor is in bytes or AutoFloor.
func NewDisk(path string, floor int64) *Disk { return &Disk{path: path, floor: floor} }

// Check is NoSpace while free space is below the floor. It asks the system once a second at most.
func (d *Disk) Check() error {
	free, floor, err := d.Free()
	if err != nil {
		return err
	}
	if free < floor {
		return collector.Refuse(collector.NoSpace, "", "the collector's disk is almost full; it takes nothing in until there is space")
	}
	return nil
}

// Room is NoSpace where so many bytes more would bring free space below the floor.
func (d *Disk) Room(bytes int64) error {
	free, floor, err := d.Free()
	if err != nil {
		return err
	}
	if free-bytes < floor {
		return collector.Refuse(collector.NoSpace, "", "the collector's disk has no room for it: %d MB more than are free would be needed", (floor+bytes-free)>>20+1)
	}
	return nil
}

// Free gives the free bytes and the floor.
func (d *Disk) Free() (free, floor int64, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.at.IsZero() || time.Since(d.at) >= time.Second {
		d.at = time.Now()
		d.free, d.total, d.err = statfs(d.path)
	}
	floor = d.floor
	if floor == AutoFloor {
		floor = max(2<<30, d.total/20)
	}
	return d.free, floor, d.err
}

func statfs(path string) (free, total int64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0, 0, fmt.Errorf("api: free space: %w", err)
	}
	return int64(s.Bavail) * int64(s.Bsize), int64(s.Blocks) * int64(s.Bsize), nil
}

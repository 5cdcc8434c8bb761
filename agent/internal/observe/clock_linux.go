package observe

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// readClocks reads CLOCK_BOOTTIME and CLOCK_MONOTONIC (clock_gettime(2)).
func readClocks() (boot, mono time.Duration, err error) {
	var b, m unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &b); err != nil {
		return 0, 0, fmt.Errorf("observe: boot clock: %w", err)
	}
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &m); err != nil {
		return 0, 0, fmt.Errorf("observe: monotonic clock: %w", err)
	}
	return time.Duration(b.Nano()), time.Duration(m.Nano()), nil
}

package observe

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// readClocks reads CLOCK_MONOTONIC_RAW and CLOCK_UPTIME_RAW (clock_gettime(3)): mach_continuous_time and
// mach_absolute_time, in nanoseconds.
func readClocks() (boot, mono time.Duration, err error) {
	var b, m unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC_RAW, &b); err != nil {
		return 0, 0, fmt.Errorf("observe: continuous clock: %w", err)
	}
	if err := unix.ClockGettime(unix.CLOCK_UPTIME_RAW, &m); err != nil {
		return 0, 0, fmt.Errorf("observe: uptime clock: %w", err)
	}
	return time.Duration(b.Nano()), time.Duration(m.Nano()), nil
}

package win

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	kernel32                   = windows.NewLazySystemDLL("kernel32.dll")
	kernelbase                 = windows.NewLazySystemDLL("kernelbase.dll")
	queryInterruptTime         = kernelbase.NewProc("QueryInterruptTime")
	queryUnbiasedInterruptTime = kernelbase.NewProc("QueryUnbiasedInterruptTime")
)

// InterruptTime is the time since the computer began, with that which it slept. It steps with the clock's interrupts, as
// ticks do, by at most 16 ms:
// https://learn.microsoft.com/windows/win32/api/realtimeapiset/nf-realtimeapiset-queryinterrupttime
func InterruptTime() time.Duration {
	if queryInterruptTime.Find() != nil {
		// Wine has none; this is the same clock in milliseconds.
		return windows.DurationSinceBoot()
	}
	var hundreds uint64
	_, _, _ = queryInterruptTime.Call(uintptr(unsafe.Pointer(&hundreds)))
	return time.Duration(hundreds) * 100
}

// UnbiasedInterruptTime is the same without that which it slept:
// https://learn.microsoft.com/windows/win32/api/realtimeapiset/nf-realtimeapiset-queryunbiasedinterrupttime
func UnbiasedInterruptTime() (time.Duration, error) {
	var hundreds uint64
	if _, err := call(queryUnbiasedInterruptTime, uintptr(unsafe.Pointer(&hundreds))); err != nil {
		return 0, err
	}
	return time.Duration(hundreds) * 100, nil
}

// TimeZone is the computer's zone, and which part of its year it is in, as Windows knows it now: the Go runtime asks once, at
// its start (TIME_ZONE_ID_…):
// https://learn.microsoft.com/windows/win32/api/timezoneapi/nf-timezoneapi-gettimezoneinformation
func TimeZone() (z windows.Timezoneinformation, now uint32, err error) {
	if now, err = windows.GetTimeZoneInformation(&z); err != nil {
		return z, 0, fmt.Errorf("GetTimeZoneInformation: %w", err)
	}
	return z, now, nil
}

package update

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// systemPowerStatus is SYSTEM_POWER_STATUS
// (https://learn.microsoft.com/windows/win32/api/winbase/ns-winbase-system_power_status).
type systemPowerStatus struct {
	line, battery, percent, saver byte
	left, whole                   uint32
}

const (
	offLine        = 0
	noBattery      = 128
	percentUnknown = 255
)

var getSystemPowerStatus = windows.NewLazySystemDLL("kernel32.dll").NewProc("GetSystemPowerStatus")

// askPower asks the system; where it tells nothing there is no battery.
func askPower() power {
	var s systemPowerStatus
	if ok, _, _ := getSystemPowerStatus.Call(uintptr(unsafe.Pointer(&s))); ok == 0 {
		return power{percent: 100}
	}
	return power{battery: s.line == offLine && s.battery&noBattery == 0 && s.percent != percentUnknown, percent: int(s.percent)}
}

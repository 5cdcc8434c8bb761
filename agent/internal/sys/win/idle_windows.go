package win

import "unsafe"

var (
	getLastInputInfo = user32.NewProc("GetLastInputInfo")
	getTickCount     = kernel32.NewProc("GetTickCount")
)

// LastInput is when the last input came in this process's session, and what time it is now, in ticks: milliseconds of a
// clock that steps each 10 to 16 and begins anew after 49.7 days. Programs that make input may give it a time of their
// own, earlier than the input before it or later than now:
// https://learn.microsoft.com/windows/win32/api/winuser/ns-winuser-lastinputinfo
func LastInput() (last, now uint32, err error) {
	info := struct{ size, time uint32 }{size: 8}
	if _, err := call(getLastInputInfo, uintptr(unsafe.Pointer(&info))); err != nil {
		return 0, 0, err
	}
	return info.time, Ticks(), nil
}

// Ticks is what time it is in ticks.
func Ticks() uint32 {
	ticks, _, _ := getTickCount.Call()
	return uint32(ticks)
}

package win

import (
	"errors"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	wtsapi32                            = windows.NewLazySystemDLL("wtsapi32.dll")
	registerClassEx                     = user32.NewProc("RegisterClassExW")
	createWindowEx                      = user32.NewProc("CreateWindowExW")
	destroyWindow                       = user32.NewProc("DestroyWindow")
	defWindowProc                       = user32.NewProc("DefWindowProcW")
	registerSuspendResumeNotification   = user32.NewProc("RegisterSuspendResumeNotification")
	unregisterSuspendResumeNotification = user32.NewProc("UnregisterSuspendResumeNotification")
	registerSessionNotification         = wtsapi32.NewProc("WTSRegisterSessionNotification")
	unregisterSessionNotification       = wtsapi32.NewProc("WTSUnRegisterSessionNotification")
	querySessionInformation             = wtsapi32.NewProc("WTSQuerySessionInformationW")
)

// The messages that a session's windows are sent of it, and of the computer.
const (
	// https://learn.microsoft.com/windows/win32/shutdown/wm-endsession
	wmEndSession = 0x0016
	// https://learn.microsoft.com/windows/win32/power/wm-powerbroadcast
	wmPowerBroadcast = 0x0218
	// https://learn.microsoft.com/windows/win32/termserv/wm-wtssession-change
	wmSessionChange = 0x02b1

	wmClose = 0x0010
)

// Notices are those Windows sends to windows: of the session's locks and connections and its end, and of the
// computer's sleep. They come to a window that is never shown.
type Notices struct {
	loop   *loop
	take   func(message uint32, wParam, lParam uintptr)
	window uintptr
	power  uintptr
}

// OpenNotices calls begin once notices come, and take for each from then on, both on one thread of their own; Windows
// waits for take to return: with sleep about 2 s, with the end of the session 5.
func OpenNotices(begin func(), take func(message uint32, wParam, lParam uintptr)) (*Notices, error) {
	n := &Notices{take: take}
	var err error
	n.loop, err = startLoop(n, func() error {
		if err := n.setUp(); err != nil {
			return err
		}
		begin()
		return nil
	}, func(uintptr) {}, n.tearDown)
	if err != nil {
		return nil, err
	}
	return n, nil
}

// Close ends them, after the one that is taken.
func (n *Notices) Close() { n.loop.quit() }

// Ended is closed once none will come any more.
func (n *Notices) Ended() <-chan struct{} { return n.loop.ended }

const (
	thisSession  = 0
	windowHandle = 0
)

func (n *Notices) setUp() error {
	class, err := noticeClass()
	if err != nil {
		return err
	}
	program, err := ownProgram()
	if err != nil {
		return err
	}
	if n.window, err = call(createWindowEx, 0, class, 0, 0, 0, 0, 0, 0, 0, 0, uintptr(program), 0); err != nil {
		return err
	}
	if _, err := call(registerSessionNotification, n.window, thisSession); err != nil {
		return err
	}
	// Windows in modern standby tells those alone that ask; without it the clocks tell of sleep, afterwards:
	// https://learn.microsoft.com/windows/win32/api/winuser/nf-winuser-registersuspendresumenotification
	n.power, _ = call(registerSuspendResumeNotification, n.window, windowHandle)
	return nil
}

func (n *Notices) tearDown() {
	if n.power != 0 {
		_, _, _ = unregisterSuspendResumeNotification.Call(n.power)
	}
	if n.window != 0 {
		_, _, _ = unregisterSessionNotification.Call(n.window)
		_, _, _ = destroyWindow.Call(n.window)
	}
}

// windowClass is WNDCLASSEXW: https://learn.microsoft.com/windows/win32/api/winuser/ns-winuser-wndclassexw
type windowClass struct {
	size, style        uint32
	procedure          uintptr
	extraClass, extra  int32
	instance           windows.Handle
	icon, cursor, back windows.Handle
	menu, name         *uint16
	smallIcon          windows.Handle
}

// noticeClass is the class of the window that notices come to. It lasts as long as the process.
var noticeClass = sync.OnceValues(func() (uintptr, error) {
	name, err := windows.UTF16PtrFromString("DaylineNotices")
	if err != nil {
		return 0, err
	}
	program, err := ownProgram()
	if err != nil {
		return 0, err
	}
	class := windowClass{procedure: windows.NewCallback(takeNotice), instance: program, name: name}
	class.size = uint32(unsafe.Sizeof(class))
	return call(registerClassEx, uintptr(unsafe.Pointer(&class)))
})

// ownProgram is what this process runs, as windows name it.
func ownProgram() (windows.Handle, error) {
	var program windows.Handle
	err := windows.GetModuleHandleEx(windows.GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, nil, &program)
	return program, os.NewSyscallError("GetModuleHandleEx", err)
}

// takeNotice is the window's procedure.
func takeNotice(window uintptr, message uint32, wParam, lParam uintptr) uintptr {
	n, ok := ofThread[*Notices]()
	switch {
	case !ok:
	case message == wmClose:
		// Nobody but us closes it.
		return 0
	case message == wmEndSession || message == wmSessionChange:
		n.take(message, wParam, lParam)
		return 0
	case message == wmPowerBroadcast:
		n.take(message, wParam, lParam)
		return 1
	}
	result, _, _ := defWindowProc.Call(window, uintptr(message), wParam, lParam)
	return result
}

// SessionState is what Windows knows of a session: whether somebody is connected to it, and whether it is locked.
type SessionState struct{ Connected, Locked bool }

const (
	currentSession = 0xffffffff
	sessionInfoEx  = 25
	stateLocked    = 0
)

// OwnSessionState asks for that of this process's session:
// https://learn.microsoft.com/windows/win32/api/wtsapi32/ns-wtsapi32-wtsinfoex_level1_w
func OwnSessionState() (SessionState, error) {
	var info *struct {
		level     uint32
		_         uint32
		id, state uint32
		flags     int32
	}
	var size uint32
	if _, err := call(querySessionInformation, 0, currentSession, sessionInfoEx, uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size))); err != nil {
		return SessionState{}, err
	}
	defer windows.WTSFreeMemory(uintptr(unsafe.Pointer(info)))
	if size < uint32(unsafe.Sizeof(*info)) || info.level != 1 {
		return SessionState{}, os.NewSyscallError("WTSQuerySessionInformation", errors.ErrUnsupported)
	}
	return SessionState{Connected: info.state == windows.WTSActive, Locked: info.flags == stateLocked}, nil
}

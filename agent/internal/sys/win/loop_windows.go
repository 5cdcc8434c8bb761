package win

import (
	"os"
	"runtime"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	user32            = windows.NewLazySystemDLL("user32.dll")
	getMessage        = user32.NewProc("GetMessageW")
	peekMessage       = user32.NewProc("PeekMessageW")
	dispatchMessage   = user32.NewProc("DispatchMessageW")
	postThreadMessage = user32.NewProc("PostThreadMessageW")
)

const (
	wmQuit = 0x0012
	wmApp  = 0x8000
)

// message is MSG: https://learn.microsoft.com/windows/win32/api/winuser/ns-winuser-msg
type message struct {
	window         windows.HWND
	number         uint32
	wParam, lParam uintptr
	time           uint32
	x, y           int32
	_              uint32
}

// loop is a thread of its own that takes its messages until it is told to quit, and sleeps while there are none. Windows
// and hooks belong to the thread that made them.
type loop struct {
	thread uint32
	once   sync.Once
	ended  chan struct{}
}

// loops are those that run, by thread, with what was made on them: what Windows calls back knows nothing else of it.
var loops sync.Map

// startLoop makes a thread that runs setUp for its owner and then the loop. What was posted to it is given to told;
// tearDown comes last, also when setUp fails.
func startLoop(owner any, setUp func() error, told func(wParam uintptr), tearDown func()) (*loop, error) {
	l := &loop{ended: make(chan struct{})}
	ready := make(chan error)
	go func() {
		defer close(l.ended)
		// It is never unlocked: the thread ends with this function.
		runtime.LockOSThread()
		l.thread = windows.GetCurrentThreadId()
		loops.Store(l.thread, owner)
		defer loops.Delete(l.thread)
		defer tearDown()
		var m message
		// A thread has a queue once it looked into it.
		_, _, _ = peekMessage.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0, 0)
		err := setUp()
		ready <- err
		if err != nil {
			return
		}
		for m.next() {
			if m.window == 0 && m.number == wmApp {
				told(m.wParam)
			} else {
				_, _, _ = dispatchMessage.Call(uintptr(unsafe.Pointer(&m)))
			}
		}
	}()
	return l, <-ready
}

// next waits for the thread's next message; false once it is to quit.
func (m *message) next() bool {
	got, _, _ := getMessage.Call(uintptr(unsafe.Pointer(m)), 0, 0, 0)
	return int32(got) > 0
}

// ofThread is the owner of the loop on this thread.
func ofThread[T any]() (owner T, ok bool) {
	value, _ := loops.Load(windows.GetCurrentThreadId())
	owner, ok = value.(T)
	return owner, ok
}

// post gives the loop something to take.
func (l *loop) post(number uint32, wParam uintptr) {
	_, _, _ = postThreadMessage.Call(uintptr(l.thread), uintptr(number), wParam, 0)
}

// quit ends the loop, after what it is about.
func (l *loop) quit() {
	l.once.Do(func() { l.post(wmQuit, 0) })
	<-l.ended
}

// call calls a function of Windows whose result 0 is a failure.
//
//go:uintptrescapes
func call(proc *windows.LazyProc, arguments ...uintptr) (uintptr, error) {
	if err := proc.Find(); err != nil {
		return 0, err
	}
	result, _, err := proc.Call(arguments...)
	if result == 0 {
		return 0, os.NewSyscallError(proc.Name, err)
	}
	return result, nil
}

package uia

import (
	"fmt"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	ole32            = windows.NewLazySystemDLL("ole32.dll")
	oleaut32         = windows.NewLazySystemDLL("oleaut32.dll")
	coCreateInstance = ole32.NewProc("CoCreateInstance")
	variantClear     = oleaut32.NewProc("VariantClear")
	sysStringLen     = oleaut32.NewProc("SysStringLen")
)

// Error is a failure HRESULT of a call.
type Error struct {
	Call   string
	Result uint32
}

func (e *Error) Error() string { return fmt.Sprintf("uia: %s: 0x%08x", e.Call, e.Result) }

// Is tells of two errors whether they are the same result.
func (e *Error) Is(target error) bool {
	t, is := target.(*Error)
	return is && t.Result == e.Result
}

// What callers tell apart.
var (
	// ErrAbsent: UI Automation is not there (REGDB_E_CLASSNOTREG).
	ErrAbsent = &Error{Call: "CoCreateInstance", Result: 0x80040154}
	// ErrTimeout: the program did not answer in time (UIA_E_TIMEOUT).
	ErrTimeout = &Error{Call: "timeout", Result: 0x80131505}
)

// object is a COM object: its first word points to the table of its methods.
type object struct{ methods *[maxMethods]uintptr }

// call calls a method by its place in the table; the object itself is the first argument. A result that is no success
// is the error. What the arguments point to is kept where it is meanwhile, if they are converted in the call itself.
//
//go:uintptrescapes
func (o *object) call(name string, method int, args ...uintptr) error {
	all := append([]uintptr{o.in()}, args...)
	result, _, _ := syscall.SyscallN(o.methods[method], all...)
	if int32(result) < 0 {
		return &Error{Call: name, Result: uint32(result)}
	}
	return nil
}

// in is the object as an argument.
func (o *object) in() uintptr { return uintptr(unsafe.Pointer(o)) }

// there tells whether a call brought an object: some succeed without one, of what is gone.
func (o *object) there(call string, err error) error {
	const notAvailable = 0x80040201 // UIA_E_ELEMENTNOTAVAILABLE
	if err == nil && o == nil {
		return &Error{Call: call, Result: notAvailable}
	}
	return err
}

// release gives an object back; nil is none.
func (o *object) release() {
	if o != nil {
		_, _, _ = syscall.SyscallN(o.methods[unknownRelease], o.in())
	}
}

// create makes an object of a class, in this process.
func create(class, interfaceID *windows.GUID) (*object, error) {
	const inProcess = 1 // CLSCTX_INPROC_SERVER
	var made *object
	result, _, _ := coCreateInstance.Call(uintptr(unsafe.Pointer(class)), 0, inProcess, uintptr(unsafe.Pointer(interfaceID)), uintptr(unsafe.Pointer(&made)))
	if int32(result) < 0 {
		return nil, &Error{Call: "CoCreateInstance", Result: uint32(result)}
	}
	return made, nil
}

// enter ties this goroutine to its thread and makes that one of the multithreaded apartment, in which no call needs a
// message loop; leave undoes both.
//
// https://learn.microsoft.com/windows/win32/winauto/uiauto-threading
func enter() error {
	runtime.LockOSThread()
	// S_FALSE, that it is one already, is an error to CoInitializeEx here.
	err := windows.CoInitializeEx(0, windows.COINIT_MULTITHREADED)
	if err != nil && err != syscall.Errno(windows.S_FALSE) {
		runtime.UnlockOSThread()
		return fmt.Errorf("uia: CoInitializeEx: %w", err)
	}
	return nil
}

func leave() {
	windows.CoUninitialize()
	runtime.UnlockOSThread()
}

// variant is a VARIANT: 24 bytes on 64-bit systems.
//
// https://learn.microsoft.com/windows/win32/api/oaidl/ns-oaidl-variant
type variant struct {
	kind  uint16
	_     [3]uint16
	value uint64
	_     uint64
}

// The kinds of variants read here.
const (
	kindInt    = 3  // VT_I4
	kindString = 8  // VT_BSTR
	kindBool   = 11 // VT_BOOL: -1 is true
)

// text is the text of a variant that holds one, at most so many units of UTF-16.
func (v *variant) text(most int) string {
	start := *(**uint16)(unsafe.Pointer(&v.value))
	if v.kind != kindString || start == nil {
		return ""
	}
	length, _, _ := sysStringLen.Call(uintptr(unsafe.Pointer(start)))
	return windows.UTF16ToString(unsafe.Slice(start, min(int(length), most)))
}

// clear frees what a variant holds.
func (v *variant) clear() { _, _, _ = variantClear.Call(uintptr(unsafe.Pointer(v))) }

package uiatest

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"
)

// The failures that a server gives by itself.
const (
	notImplemented = 0x80004001 // E_NOTIMPL
	noInterface    = 0x80004002 // E_NOINTERFACE
	noPointer      = 0x80004003 // E_POINTER
	invalid        = 0x80070057 // E_INVALIDARG
	noElement      = 0x80040201 // UIA_E_ELEMENTNOTAVAILABLE
)

// Timeout is UIA_E_TIMEOUT, that a program did not answer in time.
const Timeout = 0x80131505

// Shown is an element as its program has it.
type Shown struct {
	Class, ID, Name, Value string
	Control                int32
	Focused                bool
	// Parts are those directly below. One that is nil went when it was asked for.
	Parts []*Shown
}

// Server is UI Automation while a test runs.
type Server struct {
	t testing.TB
	// questions are those that would go to another program.
	questions atomic.Int64

	mu      sync.Mutex
	windows map[windows.HWND]*Shown
	fails   map[string]uint32
	nothing map[string]bool
	// live are the objects that are referred to.
	live map[*object]bool
	// within are the time-outs set for connections and transactions, in milliseconds.
	within [2]uint32
}

var (
	ole32                 = windows.NewLazySystemDLL("ole32.dll")
	coRegisterClassObject = ole32.NewProc("CoRegisterClassObject")
	coRevokeClassObject   = ole32.NewProc("CoRevokeClassObject")
	sysAllocStringLen     = windows.NewLazySystemDLL("oleaut32.dll").NewProc("SysAllocStringLen")
)

// Start puts a server in the place of UI Automation until the test ends, and fails it if objects are referred to then.
// The test's goroutine is tied to its thread.
func Start(t testing.TB) *Server {
	t.Helper()
	runtime.LockOSThread()
	// S_FALSE, that this thread is one of the apartment already, is an error here.
	if err := windows.CoInitializeEx(0, windows.COINIT_MULTITHREADED); err != nil && err != windows.Errno(windows.S_FALSE) {
		t.Fatal(err)
	}
	s := &Server{t: t, windows: map[windows.HWND]*Shown{}, fails: map[string]uint32{}, nothing: map[string]bool{}, live: map[*object]bool{}}
	factory := s.make("IClassFactory")
	const inProcess, manyUses = 1, 1
	var cookie uint32
	result, _, _ := coRegisterClassObject.Call(uintptr(unsafe.Pointer(&automation8)), uintptr(unsafe.Pointer(factory)), inProcess, manyUses, uintptr(unsafe.Pointer(&cookie)))
	if result != 0 {
		t.Fatalf("CoRegisterClassObject: 0x%08x", uint32(result))
	}
	t.Cleanup(func() {
		_, _, _ = coRevokeClassObject.Call(uintptr(cookie))
		release(factory)
		for _, o := range s.Live() {
			t.Errorf("%s is referred to at the end", o)
		}
		windows.CoUninitialize()
		runtime.UnlockOSThread()
	})
	return s
}

// Show puts an element behind a window.
func (s *Server) Show(window windows.HWND, shown *Shown) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.windows[window] = shown
}

// Change changes what is shown, at a moment when nobody reads it.
func (s *Server) Change(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// Fail has a method fail with a result; 0 ends that.
func (s *Server) Fail(method string, result uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails[method] = result
}

// Nothing has a method succeed without giving an object, or ends that.
func (s *Server) Nothing(method string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nothing[method] = on
}

// Within are the time-outs the client set last, in milliseconds.
func (s *Server) Within() (connection, transaction uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.within[0], s.within[1]
}

// Questions is how many there were that would have gone to another program.
func (s *Server) Questions() int64 { return s.questions.Load() }

// Live names the objects that are referred to, save the class's own.
func (s *Server) Live() (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for o := range s.live {
		if o.of != "IClassFactory" {
			all = append(all, o.of)
		}
	}
	return all
}

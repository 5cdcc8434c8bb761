package wintest

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/dayline-project/dayline/agent/internal/sys/win"
)

var (
	user32              = windows.NewLazySystemDLL("user32.dll")
	registerClassEx     = user32.NewProc("RegisterClassExW")
	createWindowEx      = user32.NewProc("CreateWindowExW")
	destroyWindow       = user32.NewProc("DestroyWindow")
	defWindowProc       = user32.NewProc("DefWindowProcW")
	getMessage          = user32.NewProc("GetMessageW")
	dispatchMessage     = user32.NewProc("DispatchMessageW")
	peekMessage         = user32.NewProc("PeekMessageW")
	postThreadMessage   = user32.NewProc("PostThreadMessageW")
	setWindowText       = user32.NewProc("SetWindowTextW")
	setForegroundWindow = user32.NewProc("SetForegroundWindow")
	notifyWinEvent      = user32.NewProc("NotifyWinEvent")
	sendInput           = user32.NewProc("SendInput")
	findWindow          = user32.NewProc("FindWindowW")
	postMessage         = user32.NewProc("PostMessageW")
	sendMessageTimeout  = user32.NewProc("SendMessageTimeoutW")
)

// Numbers of winuser.h.
const (
	EventForeground = 0x0003
	EventNameChange = 0x800c

	wmApp             = 0x8000
	childVisible      = 0x50000000
	windowVisible     = 0x10cf0000
	abortIfHung       = 2
	inputMouse        = 0
	mouseMove         = 1
	patience          = 20 * time.Second
	insideEnvironment = "DAYLINE_WINTEST_INSIDE"
)

// Desktop is a thread with windows.
type Desktop struct {
	t      testing.TB
	thread uint32
	acts   chan func()
	// Silent: nobody is told of what happens, as where an event is lost.
	Silent bool
}

// NewDesktop begins a desktop that lasts until the test is over; its windows go with it.
func NewDesktop(t testing.TB) *Desktop {
	t.Helper()
	d := &Desktop{t: t, acts: make(chan func())}
	began, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread()
		d.thread = windows.GetCurrentThreadId()
		var m message
		_, _, _ = peekMessage.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0, 0)
		close(began)
		for {
			got, _, _ := getMessage.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0)
			if int32(got) <= 0 {
				return
			}
			if m.window == 0 && m.number == wmApp {
				act := <-d.acts
				if act == nil {
					return
				}
				act()
				continue
			}
			_, _, _ = dispatchMessage.Call(uintptr(unsafe.Pointer(&m)))
		}
	}()
	<-began
	t.Cleanup(func() {
		d.wake()
		d.acts <- nil
		<-ended
	})
	return d
}

// message is MSG.
type message struct {
	window         windows.HWND
	number         uint32
	wParam, lParam uintptr
	time           uint32
	x, y           int32
	_              uint32
}

func (d *Desktop) wake() {
	_, _, _ = postThreadMessage.Call(uintptr(d.thread), wmApp, 0, 0)
}

// do does something on the windows' thread.
func (d *Desktop) do(act func()) {
	done := make(chan struct{})
	d.wake()
	d.acts <- func() {
		defer close(done)
		act()
	}
	<-done
}

// Open opens a window, which comes to the front.
func (d *Desktop) Open(title, class string) win.Window {
	d.t.Helper()
	var w win.Window
	d.do(func() { w = open(title, class, windowVisible, 0) })
	if w == 0 {
		d.t.Fatal("no window could be opened")
	}
	d.Front(w)
	return w
}

func open(title, class string, style, parent uintptr) win.Window {
	name := register(class)
	text, _ := windows.UTF16PtrFromString(title)
	w, _, _ := createWindowEx.Call(0, uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(text)), style, 20, 20, 400, 300, parent, 0, 0, 0)
	return win.Window(w)
}

var classes sync.Map

func register(class string) *uint16 {
	name, err := windows.UTF16PtrFromString(class)
	if err != nil {
		panic(err)
	}
	if _, known := classes.LoadOrStore(class, true); !known {
		made := struct {
			size, style            uint32
			procedure              uintptr
			extraClass, extra      int32
			instance, icon, cursor windows.Handle
			back                   windows.Handle
			menu, name             *uint16
			smallIcon              windows.Handle
		}{procedure: defWindowProc.Addr(), name: name}
		made.size = uint32(unsafe.Sizeof(made))
		_, _, _ = registerClassEx.Call(uintptr(unsafe.Pointer(&made)))
	}
	return name
}

// Front brings a window to the front.
func (d *Desktop) Front(w win.Window) {
	d.t.Helper()
	d.do(func() { _, _, _ = setForegroundWindow.Call(uintptr(w)) })
	if got := win.Foreground(); got != w {
		d.t.Fatalf("window %#x is in front, not %#x", got, w)
	}
	d.Tell(EventForeground, w, 0, 0)
}

// Title gives a window another title.
func (d *Desktop) Title(w win.Window, title string) {
	text, err := windows.UTF16PtrFromString(title)
	if err != nil {
		d.t.Fatal(err)
	}
	d.do(func() { _, _, _ = setWindowText.Call(uintptr(w), uintptr(unsafe.Pointer(text))) })
	d.Tell(EventNameChange, w, 0, 0)
}

// Close closes a window.
func (d *Desktop) Close(w win.Window) {
	d.do(func() { _, _, _ = destroyWindow.Call(uintptr(w)) })
	// Wine takes no event without a window.
	d.Tell(EventForeground, cmp.Or(win.Foreground(), win.Desktop()), 0, 0)
}

// Tell tells who watches events, from the windows' thread, as Windows does by itself and Wine 8.0 does not.
func (d *Desktop) Tell(event uint32, w win.Window, object, child int32) {
	if !d.Silent {
		d.do(func() { _, _, _ = notifyWinEvent.Call(uintptr(event), uintptr(w), uintptr(object), uintptr(child)) })
	}
}

// Move is input: the pointer moves.
func (d *Desktop) Move() {
	d.t.Helper()
	input := struct {
		kind        uint32
		_           uint32
		dx, dy      int32
		data, flags uint32
		time        uint32
		extra       uintptr
	}{kind: inputMouse, dx: 1, dy: 1, flags: mouseMove}
	if sent, _, err := sendInput.Call(1, uintptr(unsafe.Pointer(&input)), unsafe.Sizeof(input)); sent != 1 {
		d.t.Fatal(err)
	}
}

// Post leaves a message for the window of a class; Send waits until it was dealt with.
func (d *Desktop) Post(class string, number uint32, wParam, lParam uintptr) {
	d.t.Helper()
	if ok, _, err := postMessage.Call(uintptr(d.find(class)), uintptr(number), wParam, lParam); ok == 0 {
		d.t.Error(err)
	}
}

// Send is Post's, which see.
func (d *Desktop) Send(class string, number uint32, wParam, lParam uintptr) {
	d.t.Helper()
	if ok, _, err := sendMessageTimeout.Call(uintptr(d.find(class)), uintptr(number), wParam, lParam, abortIfHung, uintptr(patience.Milliseconds()), 0); ok == 0 {
		d.t.Error(err)
	}
}

func (d *Desktop) find(class string) win.Window {
	d.t.Helper()
	name, err := windows.UTF16PtrFromString(class)
	if err != nil {
		d.t.Fatal(err)
	}
	w, _, _ := findWindow.Call(uintptr(unsafe.Pointer(name)), 0)
	if w == 0 {
		d.t.Errorf("no window of class %s", class)
	}
	return win.Window(w)
}

// OpenInside opens a window inside another one, as a copy of this test that is called so, until the test is over.
// TestMain calls Inside.
func (d *Desktop) OpenInside(outer win.Window, program string) {
	d.t.Helper()
	self, err := os.Executable()
	if err != nil {
		d.t.Fatal(err)
	}
	text, err := os.ReadFile(self)
	if err != nil {
		d.t.Fatal(err)
	}
	path := d.t.TempDir() + `\` + program
	if err := os.WriteFile(path, text, 0o755); err != nil {
		d.t.Fatal(err)
	}
	command := exec.Command(path)
	command.Env = append(os.Environ(), insideEnvironment+"="+strconv.Itoa(int(outer)))
	said, err := command.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	var ready string
	if _, err := fmt.Fscanln(said, &ready); err != nil || ready != "open" {
		d.t.Fatalf("the program inside said %q: %v", ready, err)
	}
}

// Inside is the program of OpenInside, if this process is to be that; then it does not return.
func Inside() {
	outer, err := strconv.Atoi(os.Getenv(insideEnvironment))
	if err != nil {
		return
	}
	runtime.LockOSThread()
	if open("inside", "Windows.UI.Core.CoreWindow", childVisible, uintptr(outer)) == 0 {
		fmt.Println("not")
		os.Exit(1)
	}
	fmt.Println("open")
	for {
		var m message
		if got, _, _ := getMessage.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0); int32(got) <= 0 {
			os.Exit(0)
		}
		_, _, _ = dispatchMessage.Call(uintptr(unsafe.Pointer(&m)))
	}
}

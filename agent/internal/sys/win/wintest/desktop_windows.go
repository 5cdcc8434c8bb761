package wintest

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
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

	wmApp            = 0x8000
	childVisible     = 0x50000000
	windowVisible    = 0x10cf0000
	abortIfHung      = 2
	inputMouse       = 0
	mouseMove        = 1
	patience         = 20 * time.Second
	outerEnvironment = "DAYLINE_WINTEST_OUTER"
)

// Desktop is a thread with windows.
type Desktop struct {
	t testing.TB
	*thread
	// Silent: nobody is told of what happens, as where an event is lost.
	Silent bool
}

// NewDesktop begins a desktop that lasts until the test is over; its windows go with it.
func NewDesktop(t testing.TB) *Desktop {
	t.Helper()
	d := &Desktop{t: t, thread: newThread()}
	t.Cleanup(d.end)
	return d
}

// thread does what it is told, and lets its windows live.
type thread struct {
	id    uint32
	acts  chan func()
	ended chan struct{}
}

func newThread() *thread {
	th := &thread{acts: make(chan func()), ended: make(chan struct{})}
	began := make(chan struct{})
	go func() {
		defer close(th.ended)
		runtime.LockOSThread()
		th.id = windows.GetCurrentThreadId()
		var m message
		_, _, _ = peekMessage.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0, 0)
		close(began)
		for {
			got, _, _ := getMessage.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0)
			if int32(got) <= 0 {
				return
			}
			if m.window == 0 && m.number == wmApp {
				act := <-th.acts
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
	return th
}

func (th *thread) wake() {
	_, _, _ = postThreadMessage.Call(uintptr(th.id), wmApp, 0, 0)
}

func (th *thread) end() {
	th.wake()
	th.acts <- nil
	<-th.ended
}

// do does something on the thread.
func (th *thread) do(act func()) {
	done := make(chan struct{})
	th.wake()
	th.acts <- func() {
		defer close(done)
		act()
	}
	<-done
}

func (th *thread) title(w win.Window, title string) {
	text, err := windows.UTF16PtrFromString(title)
	if err != nil {
		panic(err)
	}
	th.do(func() { _, _, _ = setWindowText.Call(uintptr(w), uintptr(unsafe.Pointer(text))) })
}

func (th *thread) tell(event uint32, w win.Window, object, child int32) {
	th.do(func() { _, _, _ = notifyWinEvent.Call(uintptr(event), uintptr(w), uintptr(object), uintptr(child)) })
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
	// For a moment there may be none, of which another program's window that just opened makes more.
	for deadline := time.Now().Add(patience); win.Foreground() != w; {
		if time.Now().After(deadline) {
			d.t.Fatalf("window %#x is in front, not %#x", win.Foreground(), w)
		}
		d.do(func() { _, _, _ = setForegroundWindow.Call(uintptr(w)) })
	}
	d.Tell(EventForeground, w, 0, 0)
}

// Title gives a window another title.
func (d *Desktop) Title(w win.Window, title string) {
	d.title(w, title)
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
		d.tell(event, w, object, child)
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

// Program is another process with a window.
type Program struct {
	Window win.Window
	orders io.Writer
}

// Run runs a copy of this test under another name, which opens a window inside one of ours, or a free one where that is
// 0, until the test is over. TestMain calls Serve.
func (d *Desktop) Run(name string, outer win.Window) *Program {
	d.t.Helper()
	self, err := os.Executable()
	if err != nil {
		d.t.Fatal(err)
	}
	text, err := os.ReadFile(self)
	if err != nil {
		d.t.Fatal(err)
	}
	path := filepath.Join(d.t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o755); err != nil {
		d.t.Fatal(err)
	}
	command := exec.Command(path)
	command.Env = append(os.Environ(), outerEnvironment+"="+strconv.Itoa(int(outer)))
	orders, err1 := command.StdinPipe()
	said, err2 := command.StdoutPipe()
	if err := errors.Join(err1, err2, command.Start()); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() {
		orders.Close()
		_ = command.Wait()
	})
	p := &Program{orders: orders}
	if _, err := fmt.Fscanln(said, &p.Window); err != nil || p.Window == 0 {
		d.t.Fatalf("%s opened no window: %v", name, err)
	}
	return p
}

// Title gives the program's window another title; who watches is told by it.
func (p *Program) Title(title string) { fmt.Fprintf(p.orders, "%d %s\n", p.Window, title) }

// TellTitle has the program tell that a window has another title.
func (p *Program) TellTitle(w win.Window) { fmt.Fprintf(p.orders, "%d\n", w) }

// Serve is the program of Run, if this process is to be that; then it does not return.
func Serve() {
	outer, err := strconv.Atoi(os.Getenv(outerEnvironment))
	if err != nil {
		return
	}
	style := uintptr(windowVisible)
	if outer != 0 {
		style = childVisible
	}
	var w win.Window
	th := newThread()
	th.do(func() { w = open("program", "Windows.UI.Core.CoreWindow", style, uintptr(outer)) })
	fmt.Println(uintptr(w))
	for orders := bufio.NewScanner(os.Stdin); orders.Scan(); {
		about, title, changed := strings.Cut(orders.Text(), " ")
		if changed {
			th.title(w, title)
		}
		if of, err := strconv.Atoi(about); err == nil {
			th.tell(EventNameChange, win.Window(of), 0, 0)
		}
	}
	os.Exit(0)
}

// Command puppet is a program with a window that does what a test tells it: its title, being in front, input. It stands
// for any program: tests give copies of it names and version resources of their own.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/dayline-project/dayline/test/wine/order"
)

var (
	user32                  = windows.NewLazySystemDLL("user32.dll")
	procRegisterClassEx     = user32.NewProc("RegisterClassExW")
	procCreateWindowEx      = user32.NewProc("CreateWindowExW")
	procDefWindowProc       = user32.NewProc("DefWindowProcW")
	procGetMessage          = user32.NewProc("GetMessageW")
	procTranslateMessage    = user32.NewProc("TranslateMessage")
	procDispatchMessage     = user32.NewProc("DispatchMessageW")
	procPostMessage         = user32.NewProc("PostMessageW")
	procSendMessageTimeout  = user32.NewProc("SendMessageTimeoutW")
	procSetWindowText       = user32.NewProc("SetWindowTextW")
	procSetForegroundWindow = user32.NewProc("SetForegroundWindow")
	procFindWindow          = user32.NewProc("FindWindowW")
	procSendInput           = user32.NewProc("SendInput")
	procNotifyWinEvent      = user32.NewProc("NotifyWinEvent")
)

// Numbers of winuser.h.
const (
	wmApp                 = 0x8000
	wsOverlappedVisible   = 0x00CF0000 | 0x10000000
	eventSystemForeground = 0x0003
	eventObjectNameChange = 0x800C
	inputMouse            = 0
	mouseMove             = 0x0001
	abortIfHung           = 0x0002
	sendWithin            = 10_000 // milliseconds
)

// windowClass is WNDCLASSEXW.
type windowClass struct {
	size, style                        uint32
	procedure                          uintptr
	classExtra, windowExtra            int32
	instance, icon, cursor, background windows.Handle
	menuName, className                *uint16
	smallIcon                          windows.Handle
}

// message is MSG.
type message struct {
	window         windows.HWND
	message        uint32
	wParam, lParam uintptr
	time           uint32
	x, y           int32
	private        uint32
}

// mouseInput is INPUT with a MOUSEINPUT in it.
type mouseInput struct {
	kind        uint32
	_           uint32
	dx, dy      int32
	data, flags uint32
	time        uint32
	extra       uintptr
}

func main() {
	fmt.Fprintln(os.Stderr, "puppet:", run())
	os.Exit(1)
}

// run opens the window under the title of the second argument and obeys who listens at the address of the first, until
// that goes.
func run() error {
	if len(os.Args) != 3 {
		return errors.New("usage: puppet ADDRESS TITLE")
	}
	runtime.LockOSThread() // a window belongs to the thread that made it
	p := &puppet{orders: make(chan order.Order), results: make(chan error)}
	if err := p.open(os.Args[2]); err != nil {
		return err
	}
	conn, err := net.Dial("tcp", os.Args[1])
	if err != nil {
		return err
	}
	go p.listen(conn) // ends the process with the connection
	for {
		if err := p.next(); err != nil {
			return err
		}
	}
}

// puppet is the window.
type puppet struct {
	window  windows.HWND
	orders  chan order.Order
	results chan error
}

func (p *puppet) open(title string) error {
	name, err := windows.UTF16PtrFromString("DaylinePuppet")
	if err != nil {
		return err
	}
	text, err := windows.UTF16PtrFromString(title)
	if err != nil {
		return err
	}
	class := windowClass{procedure: procDefWindowProc.Addr(), className: name}
	class.size = uint32(unsafe.Sizeof(class))
	if atom, _, err := procRegisterClassEx.Call(uintptr(unsafe.Pointer(&class))); atom == 0 {
		return err
	}
	window, _, err := procCreateWindowEx.Call(0, uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(text)), wsOverlappedVisible,
		20, 20, 400, 300, 0, 0, 0, 0)
	if window == 0 {
		return err
	}
	p.window = windows.HWND(window)
	return nil
}

// next waits for the window's next message and does what it says.
func (p *puppet) next() error {
	var m message
	if got, _, err := procGetMessage.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0); int32(got) <= 0 {
		return err
	}
	if m.message == wmApp {
		p.results <- p.obey(<-p.orders)
		return nil
	}
	procTranslateMessage.Call(uintptr(unsafe.Pointer(&m)))
	procDispatchMessage.Call(uintptr(unsafe.Pointer(&m)))
	return nil
}

// listen passes orders on to the window's thread and answers each.
func (p *puppet) listen(conn net.Conn) {
	in, out := json.NewDecoder(conn), json.NewEncoder(conn)
	for {
		var o order.Order
		if in.Decode(&o) != nil {
			os.Exit(0)
		}
		procPostMessage.Call(uintptr(p.window), wmApp, 0, 0)
		p.orders <- o
		var answer order.Answer
		if err := <-p.results; err != nil {
			answer.Error = err.Error()
		}
		if out.Encode(answer) != nil {
			os.Exit(0)
		}
	}
}

func (p *puppet) obey(o order.Order) error {
	switch o.Do {
	case order.Title:
		text, err := windows.UTF16PtrFromString(o.Text)
		if err != nil {
			return err
		}
		if done, _, err := procSetWindowText.Call(uintptr(p.window), uintptr(unsafe.Pointer(text))); done == 0 {
			return err
		}
		p.announce(o, eventObjectNameChange)
	case order.Front:
		procSetForegroundWindow.Call(uintptr(p.window))
		if windows.GetForegroundWindow() != p.window {
			return errors.New("another window is in front")
		}
		p.announce(o, eventSystemForeground)
	case order.Input:
		return move()
	case order.Post, order.Send:
		return tell(o)
	case order.Kill:
		return kill(o.Message)
	default:
		return fmt.Errorf("no order %q", o.Do)
	}
	return nil
}

// announce does what Windows does by itself and Wine 8.0 does not: it tells who watches events.
func (p *puppet) announce(o order.Order, event uintptr) {
	if !o.Silent {
		procNotifyWinEvent.Call(event, uintptr(p.window), 0, 0)
	}
}

// move is the least of all input: the pointer, by one point.
func move() error {
	in := mouseInput{kind: inputMouse, dx: 1, flags: mouseMove}
	if sent, _, err := procSendInput.Call(1, uintptr(unsafe.Pointer(&in)), unsafe.Sizeof(in)); sent != 1 {
		return err
	}
	return nil
}

// tell gives a message to the window of a class, and waits for its answer where the order says so.
func tell(o order.Order) error {
	name, err := windows.UTF16PtrFromString(o.Text)
	if err != nil {
		return err
	}
	window, _, err := procFindWindow.Call(uintptr(unsafe.Pointer(name)), 0)
	if window == 0 {
		return fmt.Errorf("no window of the class %q: %w", o.Text, err)
	}
	if o.Do == order.Send {
		var result uintptr
		if done, _, err := procSendMessageTimeout.Call(window, uintptr(o.Message), o.WParam, o.LParam, abortIfHung, sendWithin, uintptr(unsafe.Pointer(&result))); done == 0 {
			return err
		}
		return nil
	}
	if done, _, err := procPostMessage.Call(window, uintptr(o.Message), o.WParam, o.LParam); done == 0 {
		return err
	}
	return nil
}

func kill(pid uint32) error {
	process, err := windows.OpenProcess(windows.PROCESS_TERMINATE, false, pid)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(process)
	return windows.TerminateProcess(process, 1)
}

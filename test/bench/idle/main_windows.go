// Command idle does nothing, in the way the agent does nothing: it waits for a connection and, with the argument
// "window", for messages to a hidden window besides. What it is woken is the system's doing.
package main

import (
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	user32             = windows.NewLazySystemDLL("user32.dll")
	procCreateWindowEx = user32.NewProc("CreateWindowExW")
	procGetMessage     = user32.NewProc("GetMessageW")
)

func main() {
	// As the agent has it.
	debug.SetGCPercent(50)
	debug.SetMemoryLimit(20 << 20)
	runtime.GOMAXPROCS(1)
	if len(os.Args) > 1 && os.Args[1] == "window" {
		go await() // ends with the process
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	_, _ = listener.Accept() // nobody knows the address
}

// await waits for messages.
func await() {
	runtime.LockOSThread() // a window belongs to the thread that made it
	class, err := windows.UTF16PtrFromString("STATIC")
	if err != nil {
		panic(err)
	}
	window, _, err := procCreateWindowEx.Call(0, uintptr(unsafe.Pointer(class)), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	if window == 0 {
		panic(err)
	}
	var message [48]byte // MSG
	for {
		procGetMessage.Call(uintptr(unsafe.Pointer(&message)), 0, 0, 0)
	}
}

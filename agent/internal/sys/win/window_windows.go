package win

import (
	"errors"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	internalGetWindowText = user32.NewProc("InternalGetWindowText")
	findWindowEx          = user32.NewProc("FindWindowExW")
)

// Window is a window's handle, of which 32 bits count; 0 is none.
type Window = windows.HWND

// Foreground is the window in front; 0 where there is none for this process to see: for a moment between two windows,
// and while the secure desktop is shown.
func Foreground() Window { return windows.GetForegroundWindow() }

// Desktop is the window behind all others. Where no window is in front it may stand there.
func Desktop() Window { return windows.GetDesktopWindow() }

// Owner is the process and the thread a window belongs to; of a console, the program inside it. 0 of a window that is
// gone.
func Owner(w Window) (process, thread uint32) {
	thread, _ = windows.GetWindowThreadProcessId(w, &process)
	return process, thread
}

// ClassOf is a window's class; empty of a window that is gone.
func ClassOf(w Window) string {
	var name [257]uint16
	n, err := windows.GetClassName(w, &name[0], int32(len(name)))
	if err != nil {
		return ""
	}
	return windows.UTF16ToString(name[:n])
}

// TitleOf is a window's title, at most 512 units of UTF-16; empty of a window that is gone. The window's program is not
// asked, so one that hangs is not waited for:
// https://learn.microsoft.com/windows/win32/api/winuser/nf-winuser-internalgetwindowtext
func TitleOf(w Window) string {
	var title [513]uint16
	n, _, _ := internalGetWindowText.Call(uintptr(w), uintptr(unsafe.Pointer(&title[0])), uintptr(len(title)))
	return windows.UTF16ToString(title[:min(int(n), len(title))])
}

// maxChildren bounds the windows looked for inside one.
const maxChildren = 64

// Children are the windows directly inside one, the foremost first, at most 64.
func Children(w Window) []Window {
	var all []Window
	for after := uintptr(0); len(all) < maxChildren; {
		after, _, _ = findWindowEx.Call(uintptr(w), after, 0, 0)
		if after == 0 {
			break
		}
		all = append(all, Window(after))
	}
	return all
}

// Executable is the path of what a process runs. It is asked for with limited rights, which programs run by an
// administrator grant too:
// https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-queryfullprocessimagenamew
func Executable(process uint32) (string, error) {
	handle, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, process)
	if err != nil {
		return "", os.NewSyscallError("OpenProcess", err)
	}
	defer windows.CloseHandle(handle)
	for _, size := range []uint32{windows.MAX_PATH, windows.MAX_LONG_PATH} {
		path := make([]uint16, size)
		if err = windows.QueryFullProcessImageName(handle, 0, &path[0], &size); err == nil {
			return windows.UTF16ToString(path[:size]), nil
		}
		if !errors.Is(err, windows.ERROR_INSUFFICIENT_BUFFER) {
			break
		}
	}
	return "", os.NewSyscallError("QueryFullProcessImageName", err)
}

// ProgramFile is the name of the file that a process runs, without its folder, from the list of all processes: it takes
// longer than Executable, and no rights at all. Empty where there is no such process.
func ProgramFile(process uint32) (string, error) {
	list, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return "", os.NewSyscallError("CreateToolhelp32Snapshot", err)
	}
	defer windows.CloseHandle(list)
	var entry windows.ProcessEntry32
	entry.Size = uint32(unsafe.Sizeof(entry))
	for err = windows.Process32First(list, &entry); err == nil; err = windows.Process32Next(list, &entry) {
		if entry.ProcessID == process {
			return windows.UTF16ToString(entry.ExeFile[:]), nil
		}
	}
	return "", nil
}

// Remote tells whether a path is of another computer's.
func Remote(path string) bool {
	volume := filepath.VolumeName(path)
	if len(volume) != len("C:") {
		return true
	}
	root, err := windows.UTF16PtrFromString(volume + `\`)
	return err != nil || windows.GetDriveType(root) == windows.DRIVE_REMOTE
}

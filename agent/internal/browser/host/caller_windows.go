package host

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// processOf gives a process's name and parent, by a list of all:
// https://learn.microsoft.com/windows/win32/toolhelp/taking-a-snapshot-and-viewing-processes
func processOf(pid int) (name string, parent int, err error) {
	all, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return "", 0, os.NewSyscallError("CreateToolhelp32Snapshot", err)
	}
	defer windows.CloseHandle(all)
	process := windows.ProcessEntry32{}
	process.Size = uint32(unsafe.Sizeof(process))
	for err = windows.Process32First(all, &process); err == nil; err = windows.Process32Next(all, &process) {
		if int(process.ProcessID) == pid {
			return windows.UTF16ToString(process.ExeFile[:]), int(process.ParentProcessID), nil
		}
	}
	return "", 0, errors.New("host: process: not there")
}

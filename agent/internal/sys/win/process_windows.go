package win

import (
	"errors"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// What a process ends with that its session took along: one that was starting meanwhile (STATUS_DLL_INIT_FAILED_LOGOFF),
// and one that the system ended at logoff (DBG_TERMINATE_PROCESS):
// https://learn.microsoft.com/openspecs/windows_protocols/ms-erref/596a1078-e883-4972-9bbc-49e60bebca55
const (
	LogoffStatus     = 0xc000026b
	TerminatedStatus = 0x40010004
)

// Child is what StartProcess starts.
type Child struct {
	// Token of the account it runs as, in that token's session; 0 for this process's own.
	Token windows.Token
	// Path of the program and its arguments, without its name.
	Path string
	Args []string
	// Stderr is its standard error. It has no other, and no console.
	Stderr windows.Handle
	// Inherit are the handles it inherits, besides Stderr, and no others.
	Inherit []windows.Handle
}

// Process is one that was started.
type Process struct {
	PID    int
	handle windows.Handle
}

// StartProcess starts a program on the session's interactive desktop, with the account's own environment:
// https://learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-createprocessasuserw
func StartProcess(c Child) (*Process, error) {
	var environment *uint16
	if c.Token != 0 {
		if err := windows.CreateEnvironmentBlock(&environment, c.Token, false); err != nil {
			return nil, os.NewSyscallError("CreateEnvironmentBlock", err)
		}
		defer windows.DestroyEnvironmentBlock(environment)
	}
	attributes, err := windows.NewProcThreadAttributeList(1)
	if err != nil {
		return nil, os.NewSyscallError("InitializeProcThreadAttributeList", err)
	}
	defer attributes.Delete()
	inherit := append([]windows.Handle{c.Stderr}, c.Inherit...)
	size := uintptr(len(inherit)) * unsafe.Sizeof(inherit[0])
	if err := attributes.Update(windows.PROC_THREAD_ATTRIBUTE_HANDLE_LIST, unsafe.Pointer(&inherit[0]), size); err != nil {
		return nil, os.NewSyscallError("UpdateProcThreadAttribute", err)
	}
	startup := windows.StartupInfoEx{ProcThreadAttributeList: attributes.List()}
	startup.Cb = uint32(unsafe.Sizeof(startup))
	startup.Flags, startup.StdErr = windows.STARTF_USESTDHANDLES, c.Stderr
	path, err1 := windows.UTF16PtrFromString(c.Path)
	line, err2 := windows.UTF16PtrFromString(windows.ComposeCommandLine(append([]string{c.Path}, c.Args...)))
	desktop, err3 := windows.UTF16PtrFromString(`winsta0\default`)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	startup.Desktop = desktop
	const flags = windows.CREATE_UNICODE_ENVIRONMENT | windows.EXTENDED_STARTUPINFO_PRESENT | windows.DETACHED_PROCESS
	var made windows.ProcessInformation
	if c.Token == 0 {
		err = windows.CreateProcess(path, line, nil, nil, true, flags, nil, nil, &startup.StartupInfo, &made)
	} else {
		err = windows.CreateProcessAsUser(c.Token, path, line, nil, nil, true, flags, environment, nil, &startup.StartupInfo, &made)
	}
	if err != nil {
		return nil, os.NewSyscallError("CreateProcess", err)
	}
	windows.CloseHandle(made.Thread)
	return &Process{PID: int(made.ProcessId), handle: made.Process}, nil
}

// Wait waits at most so long for the process to end, and tells what it ended with.
func (p *Process) Wait(within time.Duration) (status uint32, ended bool, err error) {
	event, err := windows.WaitForSingleObject(p.handle, uint32(within.Milliseconds()))
	if err != nil || event != windows.WAIT_OBJECT_0 {
		return 0, false, os.NewSyscallError("WaitForSingleObject", err)
	}
	if err := windows.GetExitCodeProcess(p.handle, &status); err != nil {
		return 0, true, os.NewSyscallError("GetExitCodeProcess", err)
	}
	return status, true, nil
}

// Kill ends it at once.
func (p *Process) Kill() error {
	return os.NewSyscallError("TerminateProcess", windows.TerminateProcess(p.handle, 1))
}

// Close lets go of it; it goes on.
func (p *Process) Close() error { return windows.CloseHandle(p.handle) }

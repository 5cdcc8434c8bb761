package win

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"
)

// pipeQuota is what either side may write ahead of the other's reading, in bytes.
const pipeQuota = 64 << 10

// Pipe is one end of a named pipe that was opened for overlapped input and output: deadlines hold, and Close ends what
// waits, since the runtime's own poller serves it.
type Pipe struct{ *os.File }

type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }

// LocalAddr of net.Conn: the pipe's name.
func (p Pipe) LocalAddr() net.Addr { return pipeAddr(p.Name()) }

// RemoteAddr of net.Conn: the pipe's name.
func (p Pipe) RemoteAddr() net.Addr { return pipeAddr(p.Name()) }

// Overlapped says what the far end of a pair is opened for.
type Overlapped bool

// The two ways: a Pipe at both ends, or a plain handle, as standard error has to be, at the far one.
const (
	BothEnds Overlapped = true
	NearEnd  Overlapped = false
)

// NewPair makes a duplex pipe and opens its far end at once, so that nobody else can: of that name there is one
// instance, the first, and no computer but this one may open it. The far end is for a child to inherit. The access
// list is in SDDL: https://learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-createnamedpipew
func NewPair(name, accessList string, overlapped Overlapped) (near Pipe, far windows.Handle, err error) {
	descriptor, err := windows.SecurityDescriptorFromString(accessList)
	if err != nil {
		return Pipe{}, 0, fmt.Errorf("access list: %w", err)
	}
	path, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return Pipe{}, 0, err
	}
	security := windows.SecurityAttributes{SecurityDescriptor: descriptor}
	security.Length = uint32(unsafe.Sizeof(security))
	server, err := windows.CreateNamedPipe(path, windows.PIPE_ACCESS_DUPLEX|windows.FILE_FLAG_FIRST_PIPE_INSTANCE|windows.FILE_FLAG_OVERLAPPED,
		windows.PIPE_TYPE_BYTE|windows.PIPE_REJECT_REMOTE_CLIENTS, 1, pipeQuota, pipeQuota, 0, &security)
	if err != nil {
		return Pipe{}, 0, os.NewSyscallError("CreateNamedPipe", err)
	}
	flags := uint32(windows.SECURITY_SQOS_PRESENT | windows.SECURITY_ANONYMOUS)
	if overlapped {
		flags |= windows.FILE_FLAG_OVERLAPPED
	}
	inherited := windows.SecurityAttributes{InheritHandle: 1}
	inherited.Length = uint32(unsafe.Sizeof(inherited))
	far, err = windows.CreateFile(path, windows.GENERIC_READ|windows.GENERIC_WRITE, 0, &inherited, windows.OPEN_EXISTING, flags, 0)
	if err != nil {
		return Pipe{}, 0, errors.Join(os.NewSyscallError("CreateFile", err), windows.CloseHandle(server))
	}
	return Pipe{os.NewFile(uintptr(server), name)}, far, nil
}

// OpenPipe takes over an inherited end of a pipe.
func OpenPipe(handle uintptr) (Pipe, error) {
	kind, err := windows.GetFileType(windows.Handle(handle))
	if err != nil {
		return Pipe{}, os.NewSyscallError("GetFileType", err)
	}
	if kind != windows.FILE_TYPE_PIPE {
		return Pipe{}, errors.New("the handle is no pipe's")
	}
	return Pipe{os.NewFile(handle, "inherited pipe")}, nil
}

// PipeClient is who opened a named pipe's other end.
type PipeClient struct {
	SID string
	PID int
	// Administrator: with an administrator's rights in force.
	Administrator bool
}

var impersonateNamedPipeClient = windows.NewLazySystemDLL("advapi32.dll").NewProc("ImpersonateNamedPipeClient")

// ClientOf asks who is at the other end of a server's pipe, by taking on the client's identity for a moment on a thread
// of its own: https://learn.microsoft.com/windows/win32/ipc/impersonating-a-named-pipe-client
func ClientOf(pipe windows.Handle) (PipeClient, error) {
	type answer struct {
		client PipeClient
		err    error
	}
	answers := make(chan answer)
	go func() { // ends with the answer
		runtime.LockOSThread()
		client, err := impersonated(pipe)
		if err := windows.RevertToSelf(); err != nil {
			// The thread is the client still: it ends with this goroutine, since it stays locked.
			answers <- answer{err: os.NewSyscallError("RevertToSelf", err)}
			return
		}
		runtime.UnlockOSThread()
		answers <- answer{client, err}
	}()
	got := <-answers
	if got.err != nil {
		return PipeClient{}, got.err
	}
	var pid uint32
	if err := windows.GetNamedPipeClientProcessId(pipe, &pid); err != nil {
		return PipeClient{}, os.NewSyscallError("GetNamedPipeClientProcessId", err)
	}
	got.client.PID = int(pid)
	return got.client, nil
}

func impersonated(pipe windows.Handle) (client PipeClient, err error) {
	if _, err := call(impersonateNamedPipeClient, uintptr(pipe)); err != nil {
		return client, err
	}
	var token windows.Token
	if err := windows.OpenThreadToken(windows.CurrentThread(), windows.TOKEN_QUERY, true, &token); err != nil {
		return client, os.NewSyscallError("OpenThreadToken", err)
	}
	defer token.Close()
	if client.SID, err = SIDOf(token); err != nil {
		return client, err
	}
	administrators, err := windows.CreateWellKnownSid(windows.WinBuiltinAdministratorsSid)
	if err != nil {
		return client, os.NewSyscallError("CreateWellKnownSid", err)
	}
	if client.Administrator, err = token.IsMember(administrators); err != nil {
		return client, os.NewSyscallError("CheckTokenMembership", err)
	}
	return client, nil
}

// OwnerOf gives the SID of a pipe's owner: of who made its first instance.
func OwnerOf(pipe windows.Handle) (string, error) {
	descriptor, err := windows.GetSecurityInfo(pipe, windows.SE_KERNEL_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return "", os.NewSyscallError("GetSecurityInfo", err)
	}
	owner, _, err := descriptor.Owner()
	if err != nil {
		return "", os.NewSyscallError("GetSecurityDescriptorOwner", err)
	}
	return owner.String(), nil
}

//go:build unix

package session

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// NewLauncher gives none: each login session starts its own helper.
func NewLauncher(*slog.Logger) Launcher { return nil }

// NewOwnLauncher gives the launcher of a service in the foreground: one helper in its own session, as who runs it.
func NewOwnLauncher(*slog.Logger) Launcher { return ownSession{} }

type ownSession struct{}

// Sessions implements Launcher. A session that the system has no word for is called "own".
func (ownSession) Sessions() ([]LoginSession, error) {
	return []LoginSession{{ID: cmp.Or(os.Getenv("XDG_SESSION_ID"), "own"), User: strconv.Itoa(os.Getuid())}}, nil
}

// launched is a helper process and our end of the socket to it.
type launched struct {
	command *exec.Cmd
	conn    net.Conn
	peer    Peer
}

// firstExtra is what the first of exec.Cmd's ExtraFiles is called in the child.
const firstExtra = "3"

// Launch implements Launcher. The terminal's ^C is kept from the helper, so that the service can ask it to close its
// episodes first; the helper speaks where we do.
func (ownSession) Launch(session LoginSession) (Launched, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("session: launch: %w", err)
	}
	conn, far, err := newPair()
	if err != nil {
		return nil, fmt.Errorf("session: launch: %w", err)
	}
	defer far.Close()
	command := exec.Command(self, "session", "--pipe", firstExtra)
	command.Stderr, command.ExtraFiles, command.SysProcAttr = os.Stderr, []*os.File{far}, &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("session: launch: %w", err), conn.Close())
	}
	return &launched{command: command, conn: conn, peer: Peer{User: session.User, PID: command.Process.Pid, OSSession: session.ID}}, nil
}

// newPair makes two sockets that are connected to each other, which no child inherits by itself.
func newPair() (near net.Conn, far *os.File, err error) {
	syscall.ForkLock.RLock()
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(ends[0])
		syscall.CloseOnExec(ends[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	far = os.NewFile(uintptr(ends[1]), "helper")
	if near, err = Inherit(uint64(ends[0])); err != nil {
		return nil, nil, errors.Join(err, far.Close())
	}
	return near, far, nil
}

// Inherit takes over the end of a pipe that this process was started with: a socket's number.
func Inherit(number uint64) (net.Conn, error) {
	file := os.NewFile(uintptr(number), "service")
	if file == nil {
		return nil, fmt.Errorf("session: inherit: %w", syscall.EBADF)
	}
	defer file.Close()
	conn, err := net.FileConn(file)
	if err != nil {
		return nil, fmt.Errorf("session: inherit: %w", err)
	}
	return conn, nil
}

// Conn implements Launched.
func (l *launched) Conn() net.Conn { return l.conn }

// Peer implements Launched.
func (l *launched) Peer() Peer { return l.peer }

// End implements Launched.
func (l *launched) End(within time.Duration) (going bool, err error) {
	kill := time.AfterFunc(within, func() { _ = l.command.Process.Kill() })
	defer kill.Stop()
	if err := l.command.Wait(); err != nil {
		return false, fmt.Errorf("session: helper: %w", err)
	}
	return false, nil
}

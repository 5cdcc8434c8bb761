package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"

	"github.com/dayline-project/dayline/agent/internal/sys/win"
)

// doorAccess is reading and writing without the right to make a further instance of the pipe.
const doorAccess = windows.FILE_GENERIC_READ | windows.FILE_WRITE_DATA | windows.FILE_WRITE_ATTRIBUTES | windows.FILE_WRITE_EA

// ownDoor is the pipe of the login session that this process is in.
func ownDoor() (string, error) {
	session, err := win.OwnSession()
	if err != nil {
		return "", err
	}
	return `\\.\pipe\dayline-browser-` + strconv.FormatUint(uint64(session), 10), nil
}

// listen opens the named pipe: the first of that name, not reached from other computers, for this person and the system.
func listen(name string) (net.Listener, error) {
	own, err1 := win.OwnSID()
	door, err2 := ownDoor()
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("host: listen: %w", err)
	}
	access := fmt.Sprintf("O:%[1]sD:P(A;;GA;;;SY)(A;;GA;;;%[1]s)", own)
	listener, err := winio.ListenPipe(cmp.Or(name, door), &winio.PipeConfig{SecurityDescriptor: access})
	if err != nil {
		return nil, fmt.Errorf("host: listen: %w", err)
	}
	return listener, nil
}

// doors is the one pipe at which the session may listen.
func doors(name string) []string {
	door, err := ownDoor()
	if err != nil && name == "" {
		return nil
	}
	return []string{cmp.Or(name, door)}
}

// dial knocks at a door, and stays where the same person made it: another may have been faster.
func dial(ctx context.Context, door string) (net.Conn, error) {
	conn, err := winio.DialPipeAccessImpLevel(ctx, door, doorAccess, winio.PipeImpLevelIdentification)
	if err != nil {
		return nil, fmt.Errorf("host: dial: %w", err)
	}
	if err := same(conn, win.OwnerOf); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// ours tells whether the process at the other end is of our own account.
func ours(conn net.Conn) error {
	return same(conn, func(pipe windows.Handle) (string, error) {
		client, err := win.ClientOf(pipe)
		return client.SID, err
	})
}

func same(conn net.Conn, who func(windows.Handle) (string, error)) error {
	pipe, ok := conn.(interface{ Fd() uintptr })
	if !ok {
		return errors.New("host: peer: no pipe")
	}
	sid, err1 := who(windows.Handle(pipe.Fd()))
	own, err2 := win.OwnSID()
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("host: peer: %w", err)
	}
	if sid != own {
		return errOther
	}
	return nil
}

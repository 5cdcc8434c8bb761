package session

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"

	"github.com/dayline-project/dayline/agent/internal/sys/win"
	"github.com/dayline-project/dayline/shared/stream"
)

const (
	systemSID         = "S-1-5-18"
	administratorsSID = "S-1-5-32-544"
	// askAccess is reading and writing without the right to make a further instance of the pipe, at which others' commands
	// would then arrive: https://learn.microsoft.com/windows/win32/ipc/named-pipe-security-and-access-rights
	askAccess = windows.FILE_GENERIC_READ | windows.FILE_WRITE_DATA | windows.FILE_WRITE_ATTRIBUTES | windows.FILE_WRITE_EA
)

// listen opens the named pipe: the first of that name, not reached from other computers. Whoever is logged in here may
// knock; the client's identity says who it is.
func listen(name string) (net.Listener, error) {
	own, err := win.OwnSID()
	if err != nil {
		return nil, err
	}
	access := fmt.Sprintf("O:%[1]sD:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;GA;;;%[1]s)(A;;0x%[2]x;;;IU)", own, askAccess)
	listener, err := winio.ListenPipe(name, &winio.PipeConfig{SecurityDescriptor: access})
	if errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_PIPE_BUSY) {
		return nil, fmt.Errorf("%w: %w", errTaken, err)
	}
	return listener, err
}

// Dial connects to the service that listens there. Whoever made the pipe has to be the system, an administrator or
// whoever asks: another may have been faster than the service.
func Dial(ctx context.Context, name string) (net.Conn, error) {
	conn, err := winio.DialPipeAccessImpLevel(ctx, name, askAccess, winio.PipeImpLevelIdentification)
	if err != nil {
		return nil, fmt.Errorf("session: dial: %w", err)
	}
	if err := ownedBySystem(conn); err != nil {
		conn.Close()
		return nil, fmt.Errorf("session: dial: %w", err)
	}
	return conn, nil
}

func ownedBySystem(conn net.Conn) error {
	pipe, err := handleOf(conn)
	if err != nil {
		return err
	}
	owner, err := win.OwnerOf(pipe)
	if err != nil {
		return err
	}
	own, err := win.OwnSID()
	if err != nil {
		return err
	}
	if owner != systemSID && owner != administratorsSID && owner != own {
		return fmt.Errorf("%w, but by %s", ErrNotTrusted, owner)
	}
	return nil
}

func handleOf(conn net.Conn) (windows.Handle, error) {
	pipe, ok := conn.(interface{ Fd() uintptr })
	if !ok {
		return 0, errors.New("no pipe")
	}
	return windows.Handle(pipe.Fd()), nil
}

// identify asks the system. Whoever has an administrator's rights in force, or runs the service in the foreground, may
// ask about everybody.
func identify(conn net.Conn) (credential, error) {
	pipe, err := handleOf(conn)
	if err != nil {
		return credential{}, fmt.Errorf("session: peer: %w", err)
	}
	client, err := win.ClientOf(pipe)
	if err != nil {
		return credential{}, fmt.Errorf("session: peer: %w", err)
	}
	own, err := win.OwnSID()
	if err != nil {
		return credential{}, fmt.Errorf("session: peer: %w", err)
	}
	root := client.Administrator || client.SID == systemSID || client.SID == own
	return credential{user: client.SID, pid: client.PID, root: root}, nil
}

// lookUp asks the system for a SID's account. It may ask a directory, which cannot be given up: what it says too late
// nobody hears.
func lookUp(ctx context.Context, user string) (stream.Login, error) {
	type answer struct {
		login stream.Login
		err   error
	}
	answers := make(chan answer, 1)
	go func() { // ends when the directory has answered
		login, err := accountOf(user)
		answers <- answer{login, err}
	}()
	ctx, cancel := context.WithTimeout(ctx, lookupFor)
	defer cancel()
	select {
	case got := <-answers:
		return got.login, got.err
	case <-ctx.Done():
		return stream.Login{}, fmt.Errorf("session: account: %w", ctx.Err())
	}
}

func accountOf(user string) (stream.Login, error) {
	sid, err := windows.StringToSid(user)
	if err != nil {
		return stream.Login{}, fmt.Errorf("session: account: %w", err)
	}
	name, domain, _, err := sid.LookupAccount("")
	if err != nil {
		return stream.Login{}, fmt.Errorf("session: account: %w", err)
	}
	machine, err := machineSID()
	if err != nil {
		return stream.Login{}, err
	}
	return sidLogin(user, machine, domain, name), nil
}

// machineSID is what the SIDs of the computer's own accounts begin with; "" where it has none, as a domain controller.
func machineSID() (string, error) {
	computer, err := windows.ComputerName()
	if err != nil {
		return "", fmt.Errorf("session: computer's name: %w", err)
	}
	machine, _, kind, err := windows.LookupSID("", computer)
	if errors.Is(err, windows.ERROR_NONE_MAPPED) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("session: computer's accounts: %w", err)
	}
	if kind != windows.SidTypeDomain {
		return "", errors.New("session: computer's accounts: not told")
	}
	return machine.String(), nil
}

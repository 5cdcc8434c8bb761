package session

import (
	"net"

	"golang.org/x/sys/unix"
)

// credentials of the peer by SO_PEERCRED: those at the moment it connected.
func credentials(conn *net.UnixConn) (uid uint32, pid int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	var cred *unix.Ucred
	var asked error
	if err := raw.Control(func(fd uintptr) {
		cred, asked = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return 0, 0, err
	}
	if asked != nil {
		return 0, 0, asked
	}
	return cred.Uid, int(cred.Pid), nil
}

// Package peer tells who is at the other end of a unix socket.
package peer

import (
	"net"

	"golang.org/x/sys/unix"
)

// Of gives the account and the process of the peer by SO_PEERCRED (unix(7)): those at the moment it connected.
func Of(conn *net.UnixConn) (uid uint32, pid int, err error) {
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

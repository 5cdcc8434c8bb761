// Package peer tells who is at the other end of a unix socket.
package peer

import (
	"net"

	"golang.org/x/sys/unix"
)

// Of gives the account and the process of the peer by LOCAL_PEERCRED and LOCAL_PEERPID (unix(4)).
func Of(conn *net.UnixConn) (uid uint32, pid int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	var cred *unix.Xucred
	var asked error
	if err := raw.Control(func(fd uintptr) {
		if cred, asked = unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED); asked == nil {
			pid, asked = unix.GetsockoptInt(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERPID)
		}
	}); err != nil {
		return 0, 0, err
	}
	if asked != nil {
		return 0, 0, asked
	}
	return cred.Uid, pid, nil
}

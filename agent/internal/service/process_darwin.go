package service

import "golang.org/x/sys/unix"

// zombie is a process that has ended and is not waited for yet (SZOMB of sys/proc.h).
const zombie = 5

// processGone tells whether a process has ended, waited for or not. The kernel tells nothing of one that is not there,
// which is EIO here.
func processGone(pid int) bool {
	process, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return err == unix.EIO
	}
	return process.Proc.P_stat == zombie
}

package host

import "golang.org/x/sys/unix"

// processOf gives a process's name and parent, by sysctl(3).
func processOf(pid int) (name string, parent int, err error) {
	told, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return "", 0, err
	}
	return unix.ByteSliceToString(told.Proc.P_comm[:]), int(told.Eproc.Ppid), nil
}

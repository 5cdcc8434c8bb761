package dbustest

import (
	"os/exec"
	"syscall"
)

// dieWithParent lets a killed test leave no bus behind.
func dieWithParent(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

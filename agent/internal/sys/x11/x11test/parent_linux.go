package x11test

import (
	"os/exec"
	"syscall"
)

// dieWithParent lets a killed test leave no server behind.
func dieWithParent(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

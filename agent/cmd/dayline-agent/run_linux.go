package main

import (
	"os/exec"
	"syscall"
)

// apart keeps the terminal's ^C from the helper, so that the service can ask it to close its episodes first; and should
// we be killed, so is it.
func apart(helper *exec.Cmd) {
	helper.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

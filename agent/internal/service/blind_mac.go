//go:build unix

package service

import (
	"fmt"
	"os"
	"strconv"
	"syscall"

	"github.com/dayline-project/dayline/agent/internal/session"
)

// atConsole is who looks at the screen: whom the console belongs to. At the login window, and while the system sets
// itself up, that is nobody.
func atConsole(console string) (uid uint32, somebody bool, err error) {
	info, err := os.Stat(console)
	if err != nil {
		return 0, false, fmt.Errorf("service: console: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false, fmt.Errorf("service: console: %w", syscall.ENOTSUP)
	}
	return owner.Uid, owner.Uid >= firstPerson, nil
}

// consoleSession is the login session of who looks at the screen. A person has one graphical login at a time, so the
// session needs no other name.
func consoleSession(uid uint32, somebody bool) []session.LoginSession {
	if !somebody {
		return nil
	}
	return []session.LoginSession{{User: strconv.FormatUint(uint64(uid), 10)}}
}

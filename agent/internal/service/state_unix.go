//go:build unix

package service

import (
	"os"
	"syscall"
)

// ours tells whether the folder is a real one, owned by this account and changed by nobody else.
func ours(folder string) (bool, error) {
	info, err := os.Lstat(folder)
	if err != nil {
		return false, err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.IsDir() && int(owner.Uid) == os.Geteuid() && info.Mode().Perm()&0o022 == 0, nil
}

func makeOurs(folder string) error { return os.Mkdir(folder, 0o700) }

//go:build unix

package update

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// keepAccess gives a file owner, mode, access list and label of another.
func keepAccess(name, like string) error {
	info, err := os.Stat(like)
	if err != nil {
		return err
	}
	if of, ok := info.Sys().(*syscall.Stat_t); ok {
		if err := os.Chown(name, int(of.Uid), int(of.Gid)); err != nil {
			return err
		}
	}
	// After the owner, whose change takes bits away.
	if err := os.Chmod(name, info.Mode().Perm()); err != nil {
		return err
	}
	names, err := attributesOf(like)
	if err != nil {
		return err
	}
	for _, attribute := range names {
		value := make([]byte, 64<<10) // the most that Linux keeps of one: xattr(7)
		size, err := unix.Lgetxattr(like, attribute, value)
		if err == nil {
			err = unix.Lsetxattr(name, attribute, value[:size], 0)
		}
		if err != nil {
			return &fs.PathError{Op: "keep " + attribute, Path: name, Err: err}
		}
	}
	return nil
}

// selinux is there where SELinux is on. A label that is left from before it was switched off means nothing, and only a process that may
// do anything could keep it (CAP_SYS_ADMIN).
const selinux = "/sys/fs/selinux/enforce"

// attributesOf are those that say who may do what with a file. What is measured of its content (security.ima, security.evm) is not of
// them. A file system that keeps none has none.
func attributesOf(name string) (kept []string, err error) {
	all := make([]byte, 64<<10)
	size, err := unix.Llistxattr(name, all)
	if errors.Is(err, unix.ENOTSUP) {
		return nil, nil
	}
	if err != nil {
		return nil, &fs.PathError{Op: "list attributes", Path: name, Err: err}
	}
	_, off := os.Stat(selinux)
	for attribute := range bytes.SplitSeq(all[:size], []byte{0}) {
		switch one := string(attribute); {
		case one == "security.selinux" && off == nil, one == "security.capability", strings.HasPrefix(one, "system.posix_acl"):
			kept = append(kept, one)
		}
	}
	return kept, nil
}

//go:build unix

package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/peer"
)

const (
	doorPrefix = "browser-"
	doorSuffix = ".sock"
	// maxDoors bounds the doors that are knocked at.
	maxDoors = 64
	// settledAfter is more than lies between making a socket and listening at it.
	settledAfter = 10 * time.Second
)

// folders are where this person's sessions may listen, best first: those that are gone with the login come before the one that
// stays.
func folders() []string {
	bases := []string{os.Getenv("XDG_RUNTIME_DIR"), filepath.Join("/run/user", strconv.Itoa(os.Geteuid()))}
	if cache, err := os.UserCacheDir(); err == nil {
		bases = append(bases, cache)
	}
	var all []string
	for _, base := range bases {
		if filepath.IsAbs(base) {
			all = append(all, filepath.Join(base, "dayline"))
		}
	}
	return all
}

// ownFolder tells whether a folder is ours, no link, and shut to others by these bits.
func ownFolder(folder string, shut fs.FileMode) error {
	info, err := os.Lstat(folder)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm()&shut != 0 || !ok || int(owner.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is not a folder that is ours alone", folder)
	}
	return nil
}

// others are the bits that let somebody else in.
const others = 0o077

// room makes the first of the folders that can be had, in a folder that is ours: by another's environment it would be in
// somebody's way. What is above a folder of the login has to be there already; a person's cache may not be yet.
func room(folder string) (string, error) {
	candidates := []string{folder}
	if folder == "" {
		candidates = folders()
	}
	var faults []error
	for i, candidate := range candidates {
		if i == len(candidates)-1 {
			_ = os.MkdirAll(filepath.Dir(candidate), 0o700)
		}
		err := ownFolder(filepath.Dir(candidate), 0)
		if err == nil {
			err = os.Mkdir(candidate, 0o700)
		}
		if err == nil || errors.Is(err, fs.ErrExist) {
			err = ownFolder(candidate, others)
		}
		if err == nil {
			return candidate, nil
		}
		faults = append(faults, err)
	}
	return "", errors.Join(faults...)
}

// listen opens this process's socket in the folder. Sockets that ended processes left there are removed.
func listen(folder string) (net.Listener, error) {
	folder, err := room(folder)
	if err != nil {
		return nil, fmt.Errorf("host: listen: %w", err)
	}
	own := filepath.Join(folder, doorPrefix+strconv.Itoa(os.Getpid())+doorSuffix)
	for _, door := range doorsIn(folder) {
		if refused(door) && (door == own || settled(door)) {
			_ = os.Remove(door)
		}
	}
	listener, err := net.Listen("unix", own)
	if err != nil {
		return nil, fmt.Errorf("host: listen: %w", err)
	}
	return listener, nil
}

// refused: nobody listens.
func refused(door string) bool {
	conn, err := net.DialTimeout("unix", door, time.Second)
	if err == nil {
		conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// settled: who made it would listen by now.
func settled(door string) bool {
	info, err := os.Lstat(door)
	return err == nil && time.Since(info.ModTime()) > settledAfter
}

// doors are the sockets at which sessions may listen; an empty folder stands for the person's own.
func doors(folder string) []string {
	if folder != "" {
		return doorsIn(folder)
	}
	var all []string
	for _, folder := range folders() {
		all = append(all, doorsIn(folder)...)
	}
	return all
}

func doorsIn(folder string) []string {
	if ownFolder(folder, others) != nil {
		return nil
	}
	entries, _ := os.ReadDir(folder)
	var found []string
	for _, entry := range entries {
		if name := entry.Name(); strings.HasPrefix(name, doorPrefix) && strings.HasSuffix(name, doorSuffix) && len(found) < maxDoors {
			found = append(found, filepath.Join(folder, name))
		}
	}
	return found
}

// dial knocks at a door, and stays where the same person listens.
func dial(ctx context.Context, door string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", door)
	if err != nil {
		return nil, fmt.Errorf("host: dial: %w", err)
	}
	if err := ours(conn); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// ours tells whether the process at the other end is of our own account.
func ours(conn net.Conn) error {
	socket, ok := conn.(*net.UnixConn)
	if !ok {
		return errors.New("host: peer: no unix socket")
	}
	uid, _, err := peer.Of(socket)
	if err != nil {
		return fmt.Errorf("host: peer: %w", err)
	}
	if int(uid) != os.Geteuid() {
		return errOther
	}
	return nil
}

package host

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// asOther does something as another account, on a thread that ends with it; setresuid(2) is of the thread alone.
func asOther(t *testing.T, act func() error) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, 12345, 12345, 12345); errno != 0 {
			done <- errno
			return
		}
		done <- act()
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// The folder keeps other people out; where it would not, the kernel's word on who is at the other end does.
func TestOtherPeopleAreRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		return // only root can be somebody else
	}
	place := placeFor(t)
	l, err := listen(place)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for folder := place; folder != filepath.Dir(os.TempDir()); folder = filepath.Dir(folder) {
		if err := os.Chmod(folder, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	door := l.Addr().String()
	if err := os.Chmod(door, 0o777); err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			t.Error(err)
		}
		accepted <- conn
	}()
	asOther(t, func() error {
		conn, err := net.Dial("unix", door)
		if err == nil {
			t.Cleanup(func() { conn.Close() })
		}
		return err
	})
	conn := <-accepted
	defer conn.Close()
	if err := ours(conn); !errors.Is(err, errOther) {
		t.Errorf("another's host: %v", err)
	}

	theirs := filepath.Join(place, "browser-1.sock")
	asOther(t, func() error {
		l, err := net.Listen("unix", theirs)
		if err == nil {
			t.Cleanup(func() { l.Close() })
		}
		return err
	})
	if conn, err := dial(t.Context(), theirs); !errors.Is(err, errOther) {
		if err == nil {
			conn.Close()
		}
		t.Errorf("another's session: %v", err)
	}
}

package host

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dayline-project/dayline/agent/internal/browser"
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
	ear := listenAt(t, place)
	knockAt(t, place)
	for folder := place; folder != filepath.Clean(os.TempDir()); folder = filepath.Dir(folder) {
		if err := os.Chmod(folder, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	door := filepath.Join(place, doorPrefix+strconv.Itoa(os.Getpid())+doorSuffix)
	if err := os.Chmod(door, 0o777); err != nil {
		t.Fatal(err)
	}
	asOther(t, func() error {
		conn, err := net.Dial("unix", door)
		if err != nil {
			return err
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		if err := Write(conn, &browser.Message{Hello: &browser.Hello{Version: "1", Browser: 9}}); err != nil {
			return err
		}
		if m, err := Read(conn); err == nil || isTimeout(err) {
			t.Errorf("another's host is answered %+v, %v", m, err)
		}
		return nil
	})
	select {
	case told := <-ear.Told():
		t.Errorf("another's host is heard: %+v", told)
	default:
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

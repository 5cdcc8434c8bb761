package win

import (
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/windows"
)

// pair is a pipe whose both ends are in this process.
func pair(t *testing.T) (near, far Pipe) {
	t.Helper()
	near, handle, err := NewPair(`\\.\pipe\dayline-test-`+t.Name(), "D:P(A;;GA;;;WD)", BothEnds)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close() })
	if far, err = OpenPipe(uintptr(handle)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	return near, far
}

func TestAPipeCarriesBothWaysAtOnce(t *testing.T) {
	near, far := pair(t)
	// Each end reads while it writes: with a handle that is not overlapped either would wait for the other.
	echoed := make(chan error, 1)
	go func() {
		_, err := io.CopyN(far, far, 1<<20)
		echoed <- err
	}()
	got := make(chan error, 1)
	go func() {
		_, err := io.CopyN(io.Discard, near, 1<<20)
		got <- err
	}()
	if _, err := near.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(<-echoed, <-got); err != nil {
		t.Fatal(err)
	}
}

func TestDeadlineAndCloseEndARead(t *testing.T) {
	near, far := pair(t)
	if err := near.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := near.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("past the deadline: %v", err)
	}
	if err := near.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := near.Read(make([]byte, 1))
		ended <- err
	}()
	near.Close()
	if err := <-ended; !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if _, err := far.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the other end was closed: %v", err)
	}
}

func TestAWriteThatNobodyReadsEndsByItsDeadline(t *testing.T) {
	near, _ := pair(t)
	if err := near.SetWriteDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := near.Write(make([]byte, 4*pipeQuota)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("written: %v", err)
	}
}

func TestANameIsOnesOwn(t *testing.T) {
	const name = `\\.\pipe\dayline-test-own`
	near, far, err := NewPair(name, "D:P(A;;GA;;;WD)", BothEnds)
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	defer windows.CloseHandle(far)
	if _, _, err := NewPair(name, "D:P(A;;GA;;;WD)", BothEnds); err == nil {
		t.Error("a second pipe of that name")
	}
	path, err := windows.UTF16PtrFromString(name)
	if err != nil {
		t.Fatal(err)
	}
	if other, err := windows.CreateFile(path, windows.GENERIC_READ, 0, nil, windows.OPEN_EXISTING, 0, 0); err == nil {
		windows.CloseHandle(other)
		t.Error("opened by somebody else")
	}
}

func TestAHandleThatIsNoPipeIsRefused(t *testing.T) {
	if _, err := OpenPipe(0x7ffffffc); err == nil {
		t.Error("no handle at all")
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if _, err := OpenPipe(null.Fd()); err == nil {
		t.Error("a file")
	}
}

//go:build linux

package native

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// stub is the library that stands in for macOS's, built of what is in testdata: its functions that are no macOS's.
var stub struct {
	fault      func() string
	living     func() int
	pools      func() int
	observed   func() int
	activities func() int32
	newText    func(units *uint16, length int) uintptr
	newURL     func(text string) uintptr
	newNumber  func(kind int32, number int64) uintptr
	front      func(pid int32, name, bundle, path string)
	post       func(name string, pid int32, app, bundle, path string) int32
	session    func(graphical, console, locked, asleep, status int32, number uint32)
	idle       func(session, hardware float64)
}

var stubFunctions = []function{
	{&stub.fault, libSystem, "stub_fault"},
	{&stub.living, libSystem, "stub_living"},
	{&stub.pools, libSystem, "stub_pools"},
	{&stub.observed, libSystem, "stub_observed"},
	{&stub.activities, libSystem, "stub_activities"},
	{&stub.newText, libSystem, "stub_string"},
	{&stub.newURL, libSystem, "stub_url"},
	{&stub.newNumber, libSystem, "stub_number"},
	{&stub.front, libSystem, "stub_front"},
	{&stub.post, libSystem, "stub_post"},
	{&stub.session, libSystem, "stub_session"},
	{&stub.idle, libSystem, "stub_idle"},
}

// The process's main thread is this goroutine's, as in the agent.
func init() { runtime.LockOSThread() }

// TestMain runs all tests as Main's work: beside a main thread that runs its loop.
func TestMain(m *testing.M) {
	if work, ok := works[os.Getenv(workVariable)]; ok {
		os.Exit(runWork(work))
	}
	flag.Parse()
	folder, err := os.MkdirTemp("", "native")
	if err != nil {
		panic(err)
	}
	code := 1
	if stubPath, err = buildStub(folder); err == nil {
		err = loadStub()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		// Main's result is one of the things that are tested.
		Main(func() int {
			code = m.Run()
			return code
		})
	}
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// stubPath is where the stub is.
var stubPath string

func loadStub() error {
	where = func(library) string { return stubPath }
	return load(slices.Concat(stubFunctions, stubAXFunctions), nil)
}

func buildStub(folder string) (path string, err error) {
	sources, err := filepath.Glob(filepath.Join("testdata", "*.c"))
	if err != nil {
		return "", err
	}
	path = filepath.Join(folder, "stub.so")
	arguments := []string{"-shared", "-fPIC", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter",
		"-Wno-cast-function-type", "-Wl,-Bsymbolic", "-pthread", "-o", path}
	out, err := exec.Command("gcc", append(append(arguments, sources...), "-lm")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("gcc: %w: %s", err, out)
	}
	return path, nil
}

// balanced checks at a test's end that what it made ended, that no more pools are open, and that the stub saw no fault.
func balanced(t *testing.T) {
	t.Helper()
	living, pools := counted(t)
	t.Cleanup(func() {
		if fault := stub.fault(); fault != "" {
			t.Errorf("the stub saw: %s", fault)
		}
		if l, p := counted(t); l != living || p != pools {
			t.Errorf("%d objects and %d pools, before it %d and %d", l, p, living, pools)
		}
	})
}

// counted counts while nothing else happens on the threads that last: the main thread's and that of the notifications.
func counted(t *testing.T) (living, pools int) {
	t.Helper()
	if !open(t).main.do(func() { axLoop().do(func() { living, pools = stub.living(), stub.pools() }) }) {
		t.Fatal("the main thread's loop ended")
	}
	return living, pools
}

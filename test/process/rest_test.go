package process

import (
	"syscall"
	"testing"
	"time"
)

// What works is not at rest, nor is what stands still with something to do; what waits is.
func TestRest(t *testing.T) {
	t.Parallel()
	start := func(path string, args ...string) *Process {
		t.Helper()
		p, err := Start(Command{Name: path, Path: path, Args: args, Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Kill)
		return p
	}
	waits, works, ended := start("sleep", "1000"), start("sh", "-c", "while :; do :; done"), start("true")
	<-ended.Done()
	if err := Rest(t.Context(), time.Minute, []int{waits.PID()}, []int{waits.PID(), ended.PID()}); err != nil {
		t.Error(err)
	}
	const moment = 300 * time.Millisecond
	if Rest(t.Context(), moment, nil, []int{works.PID()}) == nil || Rest(t.Context(), moment, []int{works.PID()}, []int{waits.PID()}) == nil {
		t.Error("what works is taken for being at rest")
	}
	if err := syscall.Kill(waits.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if Rest(t.Context(), moment, nil, []int{waits.PID()}) == nil {
		t.Error("what was stopped is taken for being at rest")
	}
}

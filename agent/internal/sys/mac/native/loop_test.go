//go:build linux

package native

import (
	"runtime"
	"strings"
	"testing"
)

// startLoop runs a loop on a thread of its own; ended has what it panicked with, or nil.
func startLoop(t *testing.T) (l *loop, ended <-chan any) {
	t.Helper()
	ready, end := make(chan *loop), make(chan any, 1)
	go func() {
		runtime.LockOSThread()
		defer func() { end <- recover() }()
		l := newLoop(cfLoopCurrent())
		ready <- l
		l.run()
	}()
	return <-ready, end
}

func TestLoopDoesInOrder(t *testing.T) {
	balanced(t)
	l, ended := startLoop(t)
	var got []int
	for i := range 100 {
		l.post(func() { got = append(got, i) })
	}
	if !l.do(func() { got = append(got, 100) }) {
		t.Fatal("the loop ended")
	}
	for i, n := range got {
		if i != n {
			t.Fatalf("%d came as number %d", n, i)
		}
	}
	if len(got) != 101 {
		t.Errorf("%d were done", len(got))
	}
	l.quit()
	if cause := <-ended; cause != nil {
		t.Error(cause)
	}
	if l.post(func() {}) || l.do(func() { t.Error("done after its end") }) {
		t.Error("a loop that ended takes more")
	}
	l.quit()
}

func TestLoopQuitsAfterWhatIsQueued(t *testing.T) {
	balanced(t)
	l, ended := startLoop(t)
	n := 0
	l.do(func() {
		// These come while one is done, and before it quits.
		l.post(func() { n++ })
		l.quit()
		l.post(func() { n++ })
	})
	<-ended
	if n != 2 {
		t.Errorf("%d of 2 were done", n)
	}
}

func TestLoopEndsWithAPanic(t *testing.T) {
	balanced(t)
	l, ended := startLoop(t)
	l.post(func() { panic("broken") })
	cause, _ := (<-ended).(string)
	if !strings.HasPrefix(cause, "broken") || !strings.Contains(cause, "TestLoopEndsWithAPanic") {
		t.Errorf("ended with %q", cause)
	}
	if l.do(func() {}) {
		t.Error("it takes more")
	}
}

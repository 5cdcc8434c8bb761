package native

import (
	"math"
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

// What follows asks the Mac it runs on, from a terminal on its desktop: a part of docs/macos-acceptance.md.

func init() { runtime.LockOSThread() }

func TestMain(m *testing.M) { os.Exit(Main(m.Run)) }

func TestThisMac(t *testing.T) {
	s, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	state, ok := s.Session()
	if !ok {
		t.Fatal("no window server: this has to run on the Mac's desktop")
	}
	if !state.OnConsole || state.Locked || state.DisplayAsleep || state.ID == 0 {
		t.Errorf("the session is %+v", state)
	}
	if session, hardware := s.Idle(); session == math.MaxInt64 || hardware == math.MaxInt64 {
		t.Errorf("idle for %v and %v", session, hardware)
	}
	front, ok := s.Front()
	if !ok || front.PID <= 0 || front.Name == "" || front.Bundle == "" || front.Executable == "" {
		t.Errorf("in front is %+v", front)
	}
	t.Logf("session %d, in front %s, accessibility permitted: %v", state.ID, front.Bundle, s.Trusted())
}

func TestThisMacsTexts(t *testing.T) {
	if _, err := Open(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"", "Inbox", "ä € 𝄞", "a\x00b"} {
		text := newString(want)
		if got := textOf(text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		cfRelease(text)
	}
}

// The center for notifications is this process's own, so they can be told from here.
func TestThisMacTells(t *testing.T) {
	s, err := opened()
	if err != nil {
		t.Fatal(err)
	}
	// postNotificationName:object: of NSNotificationCenter.h.
	var post func(center, selector, name, sender uintptr)
	if err := load([]function{{&post, libObjC, "objc_msgSend"}}, nil); err != nil {
		t.Fatal(err)
	}
	all := func() {
		s.main.do(func() {
			for _, n := range notifications {
				post(s.own, objcSelector("postNotificationName:object:"), n.name, 0)
			}
		})
	}
	var got, want []mac.Kind
	for _, n := range notifications {
		want = append(want, n.kind)
	}
	stop := s.Follow(func(n mac.Notice) { got = append(got, n.Kind) })
	all()
	stop()
	all()
	if !slices.Equal(got, want) {
		t.Errorf("told of %v, want %v", got, want)
	}
}

//go:build linux

package native

import (
	"slices"
	"sync"
	"testing"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

func open(t *testing.T) *workspace {
	t.Helper()
	s, err := opened()
	if err != nil {
		t.Fatal(err)
	}
	return s.workspace
}

func TestFront(t *testing.T) {
	balanced(t)
	w := open(t)
	safari := mac.App{PID: 501, Name: "Safari", Bundle: "com.apple.Safari", Executable: "/Applications/Safari.app/Contents/MacOS/Safari"}
	for _, want := range []mac.App{safari, {PID: 7, Name: "Übersicht €"}, {PID: -1}} {
		stub.front(want.PID, want.Name, want.Bundle, want.Executable)
		if got, ok := w.Front(); got != want || !ok {
			t.Errorf("%+v %v, want %+v", got, ok, want)
		}
	}
	stub.front(0, "", "", "")
	if got, ok := w.Front(); got != (mac.App{}) || ok {
		t.Errorf("with none in front %+v %v", got, ok)
	}
}

func TestFrontFromManyGoroutines(t *testing.T) {
	balanced(t)
	w := open(t)
	stub.front(9, "Notes", "com.apple.Notes", "/System/Applications/Notes.app/Contents/MacOS/Notes")
	defer stub.front(0, "", "", "")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				if got, ok := w.Front(); !ok || got.Bundle != "com.apple.Notes" {
					t.Errorf("%+v", got)
				}
			}
		})
	}
	wg.Wait()
}

// kindOf has all notifications there are, by the names the system gives them.
var kindOf = map[string]mac.Kind{
	"NSWorkspaceDidActivateApplicationNotification":  mac.Activated,
	"NSWorkspaceDidTerminateApplicationNotification": mac.Ended,
	"NSWorkspaceSessionDidResignActiveNotification":  mac.LeftConsole,
	"NSWorkspaceSessionDidBecomeActiveNotification":  mac.OnConsole,
	"NSWorkspaceWillSleepNotification":               mac.WillSleep,
	"NSWorkspaceDidWakeNotification":                 mac.DidWake,
	"NSWorkspaceScreensDidSleepNotification":         mac.DisplaysSlept,
	"NSWorkspaceScreensDidWakeNotification":          mac.DisplaysWoke,
	"com.apple.screenIsLocked":                       mac.Locked,
	"com.apple.screenIsUnlocked":                     mac.Unlocked,
	"com.apple.screensaver.didstart":                 mac.SaverStarted,
	"com.apple.screensaver.didstop":                  mac.SaverStopped,
	"NSWorkspaceWillPowerOffNotification":            mac.WillPowerOff,
}

func TestFollow(t *testing.T) {
	balanced(t)
	var got []mac.Notice
	onMain := true
	stop := open(t).Follow(func(n mac.Notice) {
		onMain = onMain && threadIsMain() != 0
		got = append(got, n)
	})
	mail := mac.App{PID: 77, Name: "Mail", Bundle: "com.apple.mail", Executable: "/System/Applications/Mail.app/Contents/MacOS/Mail"}
	var want []mac.Notice
	for name, kind := range kindOf {
		notice := mac.Notice{Kind: kind}
		if kind == mac.Activated || kind == mac.Ended {
			notice.App = mail
		}
		want = append(want, notice)
		if n := stub.post(name, mail.PID, mail.Name, mail.Bundle, mail.Executable); n != 1 {
			t.Errorf("%s: %d took it", name, n)
		}
	}
	// A notice that does not say of whom is one all the same.
	stub.post("NSWorkspaceDidActivateApplicationNotification", 0, "", "", "")
	want = append(want, mac.Notice{Kind: mac.Activated})
	stop()
	if !slices.Equal(got, want) || !onMain {
		t.Errorf("on the main thread %v:\n%+v, want\n%+v", onMain, got, want)
	}
}

func TestFollowEnds(t *testing.T) {
	balanced(t)
	w := open(t)
	var first, second int
	stopFirst := w.Follow(func(mac.Notice) { first++ })
	stopSecond := w.Follow(func(mac.Notice) { second++ })
	if n := stub.observed(); n != 2*len(kindOf) {
		t.Errorf("%d observed", n)
	}
	if n := stub.post("com.apple.screenIsLocked", 0, "", "", ""); n != 2 || first != 1 || second != 1 {
		t.Errorf("%d took it: %d and %d times", n, first, second)
	}
	stopFirst()
	stopFirst()
	if n := stub.post("com.apple.screenIsLocked", 0, "", "", ""); n != 1 || first != 1 || second != 2 {
		t.Errorf("after the first stopped %d took it: %d and %d times", n, first, second)
	}
	stopSecond()
	if n := stub.post("NSWorkspaceDidWakeNotification", 0, "", "", ""); n != 0 || stub.observed() != 0 || second != 2 {
		t.Errorf("after both stopped %d took it", n)
	}
	followings.Range(func(any, any) bool {
		t.Error("who stopped is still held")
		return false
	})
}

func TestFollowEndsWithin(t *testing.T) {
	balanced(t)
	var n int
	var stop func()
	stop = open(t).Follow(func(mac.Notice) { n++; stop() })
	stub.post("NSWorkspaceDidWakeNotification", 0, "", "", "")
	stub.post("NSWorkspaceDidWakeNotification", 0, "", "", "")
	if n != 1 || stub.observed() != 0 {
		t.Errorf("told %d times", n)
	}
}

func TestSleepWaits(t *testing.T) {
	balanced(t)
	w := open(t)
	entered, stored, slept := make(chan struct{}), make(chan struct{}), make(chan struct{})
	stop := w.Follow(func(n mac.Notice) {
		close(entered)
		<-stored
	})
	defer stop()
	go func() {
		defer close(slept)
		stub.post("NSWorkspaceWillSleepNotification", 0, "", "", "")
	}()
	<-entered
	// Meanwhile others may ask, and store what they learn.
	w.Front()
	w.Session()
	select {
	case <-slept:
		t.Error("the computer sleeps before all is stored")
	default:
	}
	close(stored)
	<-slept
}

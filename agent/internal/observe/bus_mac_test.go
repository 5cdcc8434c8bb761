package observe

import (
	"slices"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
	"github.com/dayline-project/dayline/agent/internal/sys/mac/mactest"
	"github.com/dayline-project/dayline/shared/episode"
)

func TestMacSession(t *testing.T) {
	var login, editor *mactest.Program
	watchMac(t, func(m *mactest.Mac) {
		login, editor = m.Start("loginwindow", "com.apple.loginwindow"), m.Start("Editor", "org.editor")
		editor.Open("text")
		editor.Activate()
		m.SetSession(func(s *mac.Session) { s.Locked = true })
	}, func(w macWatched) {
		lock, unlock := func() { t.Helper(); w.event(episode.EventLock) }, func() { t.Helper(); w.event(episode.EventUnlock) }
		// As the session is at the start.
		if o := w.event(episode.EventLock); o.At >= PollEvery {
			t.Errorf("a session that is locked is told so at %v", o.At)
		}
		w.Lock(false)
		unlock()
		for name, cover := range map[string]func(bool){"lock": w.Lock, "switch": w.Switch, "displays": w.Darken, "saver": func(on bool) {
			kind := mac.SaverStopped
			if on {
				kind = mac.SaverStarted
			}
			w.Tell(mac.Notice{Kind: kind})
		}} {
			for range 2 {
				cover(true)
				if o := w.event(episode.EventLock); o.At != w.Now() {
					t.Errorf("%s: %+v at %v", name, o, w.Now())
				}
				w.none(episode.EventUnlock, time.Minute)
				cover(false)
				unlock()
				w.none(episode.EventLock, time.Minute)
			}
		}
		// One inside another.
		w.Darken(true)
		lock()
		w.Lock(true)
		w.Darken(false)
		w.none(episode.EventUnlock, time.Minute)
		w.Lock(false)
		unlock()
		login.Activate()
		lock()
		editor.Activate()
		unlock()
		// The word that it is unlocked is enough.
		login.Activate()
		w.Lock(true)
		lock()
		w.Silent(true)
		editor.Activate()
		w.Silent(false)
		unlocked := w.Now()
		w.Lock(false)
		if o := w.event(episode.EventUnlock); o.At != unlocked {
			t.Errorf("unlocked as of %v at %v", o.At, unlocked)
		}
		// What no notice told, the poll finds.
		w.Silent(true)
		w.Lock(true)
		lock()
		w.Lock(false)
		unlock()
		w.Switch(true)
		lock()
		w.Switch(false)
		unlock()
		w.Darken(true)
		lock()
		w.Darken(false)
		unlock()
		login.Activate()
		lock()
		editor.Activate()
		unlock()
		w.Silent(false)
		w.Tell(mac.Notice{Kind: mac.SaverStarted})
		lock()
		w.none(episode.EventUnlock, time.Minute)
		w.Input()
		unlock()
		// That applications may yet refuse to end is no end.
		w.Tell(mac.Notice{Kind: mac.WillPowerOff})
		w.none(episode.EventLock, time.Minute)
		if slices.ContainsFunc(w.seen, func(o Observation) bool { return o.App == "loginwindow" }) {
			t.Error("the login window is told as a window in front")
		}
	})
}

func TestMacNoticeBeforeItsState(t *testing.T) {
	watchMac(t, nil, func(w macWatched) {
		for _, test := range []struct {
			on, off mac.Kind
			state   func(s *mac.Session, on bool)
		}{
			{mac.Locked, mac.Unlocked, func(s *mac.Session, on bool) { s.Locked = on }},
			{mac.LeftConsole, mac.OnConsole, func(s *mac.Session, on bool) { s.OnConsole = !on }},
			{mac.DisplaysSlept, mac.DisplaysWoke, func(s *mac.Session, on bool) { s.DisplayAsleep = on }},
		} {
			w.Tell(mac.Notice{Kind: test.on})
			w.event(episode.EventLock)
			w.Tell(mac.Notice{Kind: mac.SaverStarted})
			w.none(episode.EventUnlock, time.Second)
			w.SetSession(func(s *mac.Session) { test.state(s, true) })
			w.Tell(mac.Notice{Kind: mac.SaverStopped})
			w.none(episode.EventUnlock, time.Minute)
			w.Tell(mac.Notice{Kind: test.off})
			w.event(episode.EventUnlock)
			w.SetSession(func(s *mac.Session) { test.state(s, false) })
			w.none(episode.EventLock, time.Minute)
		}
	})
}

// A state that never showed what a notice told ends it once there is an input, for the notice of the end may be missed.
func TestMacNoticeWithoutItsState(t *testing.T) {
	watchMac(t, nil, func(w macWatched) {
		for _, on := range []mac.Kind{mac.DisplaysSlept, mac.Locked} {
			w.Tell(mac.Notice{Kind: on})
			w.event(episode.EventLock)
			// What began it may be an input too.
			<-time.After(time.Second)
			w.Input()
			w.none(episode.EventUnlock, time.Hour)
			w.Input()
			w.event(episode.EventUnlock)
		}
	})
}

func TestMacSleep(t *testing.T) {
	watchMac(t, nil, func(w macWatched) {
		w.focus("", "")
		sleep := func() (slept chan struct{}) {
			slept = make(chan struct{})
			go func() {
				defer close(slept)
				w.Tell(mac.Notice{Kind: mac.WillSleep})
			}()
			return slept
		}
		slept := sleep()
		w.event(episode.EventSleep)
		w.settled()
		select {
		case <-slept:
			t.Error("the Mac sleeps before what is open was stored")
		default:
		}
		w.Release()
		<-slept
		w.Sleep(time.Hour)
		w.Tell(mac.Notice{Kind: mac.DidWake})
		w.event(episode.EventWake)
		w.none(episode.EventSleep, time.Minute)
		// Nobody stores: it is held for 2 s.
		asked := w.Now()
		slept = sleep()
		w.event(episode.EventSleep)
		<-slept
		if held := w.Now() - asked; held != delayFor {
			t.Errorf("held for %v", held)
		}
		// The wake that no notice told, and the sleep.
		w.Sleep(time.Hour)
		w.event(episode.EventWake)
		w.none(episode.EventSleep, time.Minute+time.Second)
		w.Sleep(time.Hour)
		o := w.event(episode.EventSleep)
		if wake := w.event(episode.EventWake); wake.At-o.At < time.Hour {
			t.Errorf("slept from %v to %v", o.At, wake.At)
		}
	})
}

// A sleep that was told of and did not come is over with the next input.
func TestMacSleepThatDoesNotCome(t *testing.T) {
	watchMac(t, nil, func(w macWatched) {
		w.focus("", "")
		w.Tell(mac.Notice{Kind: mac.WillSleep})
		w.event(episode.EventSleep)
		w.Input()
		// Told again, it has nothing to wait for.
		asked := w.Now()
		w.Tell(mac.Notice{Kind: mac.WillSleep})
		if held := w.Now() - asked; held != 0 {
			t.Errorf("held for %v more", held)
		}
		w.none(episode.EventWake, time.Hour)
		w.Input()
		pressed := w.Now()
		if o := w.event(episode.EventWake); o.At-pressed > PollEvery {
			t.Errorf("pressed at %v, awake at %v", pressed, o.At)
		}
		w.none(episode.EventSleep, time.Hour)
	})
}

func TestMacWithoutWindowServer(t *testing.T) {
	lock := func(level string) func(Observation) bool {
		return func(o Observation) bool {
			return slices.ContainsFunc(o.Levels, func(l Level) bool { return l.Subject == "lock" && l.Level == level })
		}
	}
	watchMac(t, func(m *mactest.Mac) { m.SetGraphical(false) }, func(w macWatched) {
		if slices.ContainsFunc(w.seen, lock(levelFull)) || !slices.ContainsFunc(w.seen, lock(levelNone)) {
			t.Errorf("told %+v", w.seen)
		}
		w.SetGraphical(true)
		w.next("full", lock(levelFull))
	})
}

package observe

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dayline-project/dayline/agent/internal/privacy"
	"github.com/dayline-project/dayline/agent/internal/sys/mac"
	"github.com/dayline-project/dayline/agent/internal/sys/mac/mactest"
	"github.com/dayline-project/dayline/shared/episode"
)

// macWatched is a whole observer of a Mac, in a bubble of synctest: its clocks are the bubble's.

type macWatched struct {
	*watched
	*mactest.Mac
}

func watchMac(t *testing.T, before func(*mactest.Mac), test func(macWatched)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := mactest.New()
		t.Cleanup(func() {
			synctest.Wait()
			if held, following := m.Held(), m.Followers(); held != 0 || following != 0 {
				t.Errorf("%d elements are held, %d follow, after the observer ended", held, following)
			}
		})
		if before != nil {
			before(m)
		}
		test(watchThisMac(t, m, Config{}, privacy.Rules{}))
	})
}

// watchThisMac watches a session that has been there when it starts, so that what is in front is told once from then on.

func watchThisMac(t *testing.T, m *mactest.Mac, config Config, rules privacy.Rules) macWatched {
	w := macWatched{observing(t, onMac(func() (mac.System, error) { return m, nil }, m.Clocks), config), m}
	w.Watch(true, rules)
	w.within(noFocusFor, func(Observation) bool { return false })
	w.settled()
	w.start()
	return w
}

// settled waits until nothing is under way, and takes what was told.

func (w macWatched) settled() {
	w.t.Helper()
	synctest.Wait()
	for len(w.Observations()) > 0 {
		w.next("what was told", func(Observation) bool { return true })
	}
}

// none checks that a time passes without an event of a kind.

func (w macWatched) none(e episode.Event, length time.Duration) {
	w.t.Helper()
	if o, some := w.within(length, func(o Observation) bool { return o.Event == e }); some {
		w.t.Errorf("told %+v", o)
	}
}

func TestMacFocus(t *testing.T) {
	var safari, mail *mactest.Program
	var page, inbox *mactest.Part
	watchMac(t, func(m *mactest.Mac) {
		safari, mail = m.Start("Safari", "com.apple.Safari"), m.Run(mac.App{Name: "Post", Bundle: "com.apple.mail", Executable: "/System/Applications/Mail.app/Contents/MacOS/Mail"})
		page, inbox = safari.Open("page"), mail.Open("Inbox")
		mail.Activate()
	}, func(w macWatched) {
		if o := w.focus("Mail", "Inbox"); o.Product != "Post" || o.Bundle != "com.apple.mail" || !o.HasIdle {
			t.Errorf("%+v", o)
		}
		for range 3 {
			safari.Activate()
			// Without the extension a browser's window may be a private one.
			if o := w.focus("Safari", ""); o.At != w.Now() || !o.Private {
				t.Errorf("%+v, now %v", o, w.Now())
			}
			mail.Activate()
			w.focus("Mail", "Inbox")
		}
		w.settled()
		if page.Observed(axTitleChanged) || safari.Root().Observed(axFocusedWindowChanged) {
			t.Error("a window that was left is still observed")
		}
		inbox.SetTitle("Inbox (1)")
		w.focus("Mail", "Inbox (1)")
		letter := mail.Open("A letter: ä€𝄞")
		w.focus("Mail", "A letter: ä€𝄞")
		w.settled()
		if inbox.Observed(axTitleChanged) || !letter.Observed(axTitleChanged) {
			t.Error("the window in front alone is observed")
		}
		inbox.SetTitle("unseen")
		letter.SetTitle("seen")
		w.focus("Mail", "seen")
		letter.Close()
		w.focus("Mail", "")
		mail.Focus(nil)
		mail.Root().Put("AXMainWindow", inbox)
		w.focus("Mail", "unseen")
		ended := w.Now()
		mail.Quit()
		if o := w.focus("", ""); o.At != ended {
			t.Errorf("told as of %v, ended at %v", o.At, ended)
		}
		safari.Activate()
		w.focus("Safari", "")
		w.Run(mac.App{PID: -1, Name: "Ended"}).Activate()
		w.focus("", "")
	})
}

// Each application that comes to the front is told, with its own window and time, however many came by the time one is

// looked at, and though each takes its time to answer.

func TestMacManyAtOnce(t *testing.T) {
	watchMac(t, nil, func(w macWatched) {
		var programs []*mactest.Program
		var last *mactest.Part
		for i := range 4 {
			p := w.Start(fmt.Sprint("App", i), "")
			last = p.Open(fmt.Sprint("window ", i))
			p.SetTakes(70 * time.Millisecond)
			programs = append(programs, p)
		}
		w.focus("", "")
		began := w.Now()
		for i := range 100 {
			programs[i%4].Activate()
			time.Sleep(time.Millisecond)
		}
		programs[3].Activate()
		for i := range 100 {
			o := w.focus(fmt.Sprint("App", i%4), fmt.Sprint("window ", i%4))
			// What comes after a safety poll in the stream is not dated before it.
			if want := began + time.Duration(i)*time.Millisecond; o.At != want && o.At < PollEvery {
				t.Fatalf("%d. at %v, want %v", i, o.At, want)
			}
		}
		if asked := w.Questions(); asked > 250 {
			t.Errorf("asked %d times: what is left already needs no observer", asked)
		}
		if w.Now() < PollEvery {
			t.Errorf("a safety poll was to come between: all is told after %v", w.Now())
		}
		w.none(episode.EventFocus, time.Minute)
		// The last is followed, though it was not when it came first.
		changed := w.Now()
		last.SetTitle("changed")
		if o := w.focus("App3", "changed"); o.At != changed {
			t.Errorf("told as of %v, changed at %v", o.At, changed)
		}
	})
}

// However late the stream is taken, no safety poll overtakes what came to the front before it.

func TestMacManyBeforeAPoll(t *testing.T) {
	watchMac(t, nil, func(w macWatched) {
		var programs []*mactest.Program
		for i := range 3 {
			programs = append(programs, w.Start(fmt.Sprint("App", i), ""))
		}
		w.focus("", "")
		for range 10 {
			for i := range 300 {
				programs[i%3].Activate()
			}
			time.Sleep(PollEvery)
			for i := range 300 {
				w.focus(fmt.Sprint("App", i%3), "")
			}
		}
	})
}

func TestMacPollRepairs(t *testing.T) {
	watchMac(t, func(m *mactest.Mac) { m.Silent(true) }, func(w macWatched) {
		w.focus("", "")
		p := w.Start("Editor", "org.editor")
		first := p.Open("first")
		p.Activate()
		w.focus("Editor", "first")
		first.SetTitle("renamed")
		w.focus("Editor", "renamed")
		// What the poll found is followed from then on.
		w.Silent(false)
		first.SetTitle("followed")
		if o := w.focus("Editor", "followed"); o.At != w.Now() {
			t.Errorf("%+v, now %v", o, w.Now())
		}
	})
}

// A program that has no window yet is looked at again, soon and then no more.

func TestMacProgramThatStarts(t *testing.T) {
	watchMac(t, func(m *mactest.Mac) { m.Start("Finder", "com.apple.finder").Activate() }, func(w macWatched) {
		w.focus("Finder", "")
		w.none(episode.EventFocus, time.Minute)
		p := w.Start("Slow", "")
		p.Activate()
		w.focus("Slow", "")
		w.Silent(true)
		p.Open("at last")
		w.Silent(false)
		appeared := w.Now()
		if o := w.focus("Slow", "at last"); o.At-appeared > 2*time.Second {
			t.Errorf("told at %v, it appeared at %v", o.At, appeared)
		}
	})
}

// An answer that is none is not taken for a title, nor for that of another window.
func TestMacWindowThatFails(t *testing.T) {
	watchMac(t, nil, func(w macWatched) {
		w.focus("", "")
		p := w.Start("Editor", "org.editor")
		first := p.Open("first")
		p.Activate()
		w.focus("Editor", "first")
		broken := errors.New("AXError -25200")
		first.Fail(broken)
		w.none(episode.EventFocus, time.Minute)
		second := p.NewPart("AXWindow", "second")
		second.Fail(broken)
		p.Focus(second)
		w.focus("Editor", "")
		second.Fail(nil)
		w.focus("Editor", "second")
		p.Focus(first)
		w.focus("Editor", "")
	})
}

func TestMacProgramThatHangs(t *testing.T) {
	watchMac(t, func(m *mactest.Mac) {
		p := m.Start("Editor", "")
		p.Open("text")
		p.Activate()
	}, func(w macWatched) {
		w.focus("Editor", "text")
		stuck := w.Start("Stuck", "")
		window := stuck.Open("title")
		stuck.SetTakes(mac.Patience)
		activated := w.Now()
		stuck.Activate()
		if o := w.focus("Stuck", ""); o.At != activated || w.Now()-activated > mac.Patience {
			t.Errorf("told as of %v at %v, activated at %v", o.At, w.Now(), activated)
		}
		asked := w.Questions()
		w.none(episode.EventFocus, 10*time.Minute)
		if n := w.Questions() - asked; n < 8 || n > 16 {
			t.Errorf("asked %d times in 10 minutes", n)
		}
		// While it rests, it costs nothing.
		other := w.Start("Other", "")
		other.Open("other")
		other.Activate()
		w.focus("Other", "other")
		activated, asked = w.Now(), w.Questions()
		stuck.Activate()
		if o := w.focus("Stuck", ""); o.At != activated || w.Now() != activated {
			t.Errorf("told as of %v at %v, activated at %v", o.At, w.Now(), activated)
		}
		w.settled()
		if w.Questions() != asked {
			t.Error("a program is asked that rests")
		}
		recovers := func(title string) {
			t.Helper()
			stuck.SetTakes(0)
			if o, some := w.within(restMost+PollEvery, func(o Observation) bool { return o.Event == episode.EventFocus }); !some || o.Title != title {
				t.Fatalf("after it recovered: %+v", o)
			}
		}
		recovers("title")
		window.SetTitle("another")
		w.focus("Stuck", "another")
		// What was seen of it stays while it hangs, and that it tells of changes costs nothing.
		stuck.SetTakes(mac.Patience)
		w.none(episode.EventFocus, time.Minute)
		asked = w.Questions()
		for range 5 {
			window.SetTitle("unread")
		}
		if w.settled(); w.Questions() != asked {
			t.Error("a program is asked that rests")
		}
		recovers("unread")
		// One that is soon back is soon read.
		stuck.SetTakes(mac.Patience)
		window.SetTitle("late")
		w.none(episode.EventFocus, time.Second)
		stuck.SetTakes(0)
		if o, some := w.within(2*time.Second, func(o Observation) bool { return o.Title == "late" }); !some {
			t.Errorf("told only %+v", o)
		}
		// Another program may get the number of one that hung to its end.
		stuck.SetTakes(mac.Patience)
		window.SetTitle("never read")
		w.none(episode.EventFocus, time.Minute)
		stuck.Quit()
		w.focus("", "")
		fresh := w.Run(mac.App{PID: stuck.PID, Name: "Fresh"})
		fresh.Open("new")
		fresh.Activate()
		w.focus("Fresh", "new")
		// Also where nothing told of its end.
		w.Silent(true)
		fresh.Quit()
		w.Silent(false)
		again := w.Run(mac.App{PID: stuck.PID, Name: "Again"})
		again.Open("newer")
		again.Activate()
		w.focus("Again", "newer")
	})
}

// desktop tells whether an observation tells of a desktop at that level, and of the permission by that.
func desktop(level string) func(Observation) bool {
	return func(o Observation) bool {
		return slices.ContainsFunc(o.Levels, func(l Level) bool { return l.Subject == "desktop" && l.Level == level }) &&
			(len(o.Missing) == 0) == (level == levelFull)
	}
}

// macOS may say for days that a permission is there which it refuses by.
func TestMacPermissionThatIsRefused(t *testing.T) {
	watchMac(t, func(m *mactest.Mac) {
		p := m.Start("Editor", "org.editor")
		p.Open("text")
		p.Activate()
	}, func(w macWatched) {
		w.focus("Editor", "text")
		w.Refuse(true)
		w.focus("Editor", "")
		if o := w.next("refused", desktop(levelApp)); !strings.Contains(o.Missing[0], "off and on again") {
			t.Errorf("told %q, though it is on", o.Missing)
		}
		if w.Held() != 0 {
			t.Errorf("%d are held", w.Held())
		}
		w.none(episode.EventFocus, time.Minute)
		w.Refuse(false)
		w.focus("Editor", "text")
		w.next("full", desktop(levelFull))
	})
}

func TestMacPermission(t *testing.T) {
	var window *mactest.Part
	watchMac(t, func(m *mactest.Mac) {
		m.Permit(false)
		p := m.Start("Editor", "org.editor")
		window = p.Open("text")
		p.Activate()
	}, func(w macWatched) {
		o := w.seen[slices.IndexFunc(w.seen, func(o Observation) bool { return o.Levels != nil })]
		if !desktop(levelApp)(o) || !strings.Contains(o.Missing[0], "Privacy & Security, Accessibility") || len(o.Missing[0]) > 500 {
			t.Errorf("told first %+v", o)
		}
		w.focus("Editor", "")
		if w.none(episode.EventFocus, time.Minute); w.Questions() != 0 || w.Held() != 0 {
			t.Error("programs are asked without the permission")
		}
		w.Lock(true)
		w.event(episode.EventLock)
		w.Lock(false)
		w.event(episode.EventUnlock)
		w.Permit(true)
		w.focus("Editor", "text")
		w.next("full", desktop(levelFull))
		w.Permit(false)
		window.SetTitle("secret")
		w.focus("Editor", "")
		w.next("again", desktop(levelApp))
		w.Start("Safari", "com.apple.Safari").Activate()
		w.next("the browser's", func(o Observation) bool {
			return slices.Contains(o.Levels, Level{Subject: "Safari", Level: levelApp, Reason: forbidden})
		})
		if w.Held() != 0 {
			t.Error("elements are held without the permission")
		}
	})
}

// The state that is read just after a notice may be that of before.

// Without any input yet, the idle time has no end, whatever passes between a question and what is told.

// What is asked between two windows is not answered of the wrong one, and nothing is held after the end.

// An input counts once, by which of the two clocks macOS may count, and whoever's it is.

// Without a window server nothing is told of locks.

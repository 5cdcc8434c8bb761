package observe

import (
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/privacy"
	"github.com/dayline-project/dayline/agent/internal/sys/win"
	"github.com/dayline-project/dayline/agent/internal/sys/win/wintest"
	"github.com/dayline-project/dayline/shared/episode"
)

func TestMain(m *testing.M) {
	wintest.Serve()
	os.Exit(m.Run())
}

const (
	// never is no safety poll in a test.
	never       = time.Hour
	noticeClass = "DaylineNotices"
)

// app is what the test's own windows count as.
func app(t testing.TB) string {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return programOfImage(path)
}

func TestFocusByEvents(t *testing.T) {
	d := wintest.NewDesktop(t)
	first, second := d.Open("first", "DaylineTest"), d.Open("second", "DaylineTest")
	w := watchDisplay(t, Config{PollEvery: never}, privacy.Rules{})
	if start := w.event(episode.EventStart); !start.HasIdle || time.Since(start.Wall).Abs() > time.Minute {
		t.Errorf("start %+v", start)
	}
	w.focus(app(t), "second")
	for range 10 {
		changed := w.Now()
		d.Front(first)
		if o := w.focus(app(t), "first"); o.At < changed.Truncate(time.Millisecond) || !o.HasIdle {
			t.Errorf("%+v, changed at %v", o, changed)
		}
		d.Front(second)
		w.focus(app(t), "second")
	}
	d.Title(second, "renamed: ä€𝄞")
	w.focus(app(t), "renamed: ä€𝄞")
	// Neither what the window consists of nor another window has to do with its title.
	d.Silent = true
	d.Title(second, "unseen")
	d.Silent = false
	d.Tell(wintest.EventNameChange, second, -4, 0)
	d.Tell(wintest.EventNameChange, second, 0, 1)
	d.Title(first, "behind")
	d.Title(second, "seen")
	w.focus(app(t), "seen")
	d.Close(second)
	w.focus(app(t), "behind")
	d.Close(first)
	if o := w.focus("", ""); o.Private {
		t.Errorf("no window: %+v", o)
	}
	if !slices.ContainsFunc(w.seen, func(o Observation) bool {
		return slices.Equal(o.Levels, []Level{{Subject: "desktop", Level: levelFull}, {Subject: "idle", Level: levelFull}, {Subject: "lock", Level: levelFull}})
	}) {
		t.Errorf("full capture is not told: %+v", w.seen)
	}
}

func TestOtherProgram(t *testing.T) {
	d := wintest.NewDesktop(t)
	d.Open("ours", "DaylineTest")
	w := watchDisplay(t, Config{PollEvery: never}, privacy.Rules{})
	w.focus(app(t), "ours")
	p := d.Run("Editor.exe", 0)
	d.Front(p.Window)
	w.focus("editor.exe", "program")
	p.Title("A letter")
	w.focus("editor.exe", "A letter")
}

// Of a browser's window nothing is told by these rules, since it might be a private one.
func TestWhatIsMadeWithABrowsersToolkitIsNoBrowser(t *testing.T) {
	d := wintest.NewDesktop(t)
	d.Open("A letter", "Chrome_WidgetWin_1")
	w := watchDisplay(t, Config{PollEvery: never}, privacy.Rules{})
	w.focus(app(t), "A letter")
	p := d.Run("chrome.exe", 0)
	d.Front(p.Window)
	if o := w.focus("chrome.exe", ""); !o.Private {
		t.Errorf("a browser: %+v", o)
	}
}

// Windows that come and go faster than they are looked at are told all the same, in their order.
func TestManyAtOnce(t *testing.T) {
	d := wintest.NewDesktop(t)
	d.Open("ours", "DaylineTest")
	w := watchDisplay(t, Config{PollEvery: never}, privacy.Rules{})
	w.focus(app(t), "ours")
	var windows []win.Window
	d.Silent = true
	for i := range 4 {
		windows = append(windows, d.Open(strconv.Itoa(i), "DaylineTest"))
	}
	d.Silent = false
	for i := range 100 {
		d.Front(windows[i%4])
	}
	for i := range 100 {
		w.focus(app(t), strconv.Itoa(i%4))
	}
}

func TestPollRepairs(t *testing.T) {
	d := wintest.NewDesktop(t)
	d.Silent = true
	first := d.Open("first", "DaylineTest")
	w := watchDisplay(t, Config{PollEvery: 20 * time.Millisecond}, privacy.Rules{})
	w.focus(app(t), "first")
	d.Title(first, "renamed")
	w.focus(app(t), "renamed")
	second := d.Open("second", "DaylineTest")
	w.focus(app(t), "second")
	// What the poll found is followed from then on.
	d.Silent = false
	d.Title(second, "followed")
	w.focus(app(t), "followed")
	var before Observation
	for range 5 {
		o := w.next("poll", func(o Observation) bool { return o.Poll })
		if o.Event != episode.EventTick || !o.HasIdle {
			t.Fatalf("poll %+v", o)
		}
		if before.Poll && o.At-o.Idle != before.At-before.Idle {
			t.Errorf("the last input moved from %v to %v without one", before.At-before.Idle, o.At-o.Idle)
		}
		before = o
	}
}

func TestStoreApplication(t *testing.T) {
	d := wintest.NewDesktop(t)
	frame := d.Open("Calculator", frameClass)
	w := watchDisplay(t, Config{PollEvery: never}, privacy.Rules{})
	w.focus(app(t), "Calculator")
	d.Run("CalculatorApp.exe", frame)
	d.Front(frame)
	w.focus("calculatorapp.exe", "Calculator")
}

func TestAwaitedInput(t *testing.T) {
	d := wintest.NewDesktop(t)
	d.Open("first", "DaylineTest")
	w := watchDisplay(t, Config{PollEvery: never}, privacy.Rules{})
	w.focus(app(t), "first")
	d.Move()
	w.AwaitInput(true)
	w.next("the first", isInput)
	for idle := time.Duration(0); idle < 100*time.Millisecond; {
		w.Tell(episode.Observation{Event: episode.EventTick})
		idle = w.event(episode.EventTick).Idle
	}
	pressed := w.Now()
	d.Move()
	// It may be dated a step of the ticks earlier.
	w.next("input", func(o Observation) bool { return isInput(o) && o.At-o.Idle >= pressed-50*time.Millisecond })
}

func TestNoticesOfTheSession(t *testing.T) {
	const (
		wmClose     = 0x0010
		wmQueryEnd  = 0x0011
		otherPerson = 2
	)
	d := wintest.NewDesktop(t)
	w := watchDisplay(t, Config{PollEvery: never}, privacy.Rules{})
	w.next("levels", func(o Observation) bool {
		return slices.Contains(o.Levels, Level{Subject: "lock", Level: levelFull})
	})
	d.Post(noticeClass, wmSessionChange, sessionLock, 1)
	w.event(episode.EventLock)
	d.Post(noticeClass, wmSessionChange, consoleDisconnect, 1)
	d.Post(noticeClass, wmSessionChange, sessionUnlock, 1)
	d.Post(noticeClass, wmSessionChange, remoteConnect, otherPerson)
	w.event(episode.EventUnlock)
	d.Send(noticeClass, wmClose, 0, 0)
	d.Send(noticeClass, wmQueryEnd, 0, endLogoff)
	d.Send(noticeClass, wmEndSession, 0, endLogoff)

	slept := make(chan struct{})
	go func() {
		defer close(slept)
		d.Send(noticeClass, wmPowerBroadcast, powerSuspend, 0)
	}()
	w.event(episode.EventSleep)
	select {
	case <-slept:
		t.Error("the computer sleeps before what is open was stored")
	default:
	}
	w.Release()
	<-slept
	d.Send(noticeClass, wmPowerBroadcast, powerResumeAuto, 0)
	w.event(episode.EventWake)
	d.Send(noticeClass, wmPowerBroadcast, powerResume, 0)
	d.Post(noticeClass, wmEndSession, 1, endLogoff)
	if o := w.next("the end", func(o Observation) bool { return o.Ends != "" }); o.Ends != episode.ByLogoff {
		t.Errorf("ends by %s", o.Ends)
	}
}

func TestLookAtWindowThatIsGone(t *testing.T) {
	d := wintest.NewDesktop(t)
	w := d.Open("short", "DaylineTest")
	if window, whole := look(w); !whole || window.App != app(t) || window.Title != "short" {
		t.Errorf("%+v %v", window, whole)
	}
	d.Close(w)
	if window, whole := look(w); whole || window != (Window{}) {
		t.Errorf("gone: %+v %v", window, whole)
	}
}

// The Go runtime has just read the zone that Windows tells.
func TestSystemZone(t *testing.T) {
	now := time.Now()
	if got, want := offsetOf(now.In(systemZone().location)), offsetOf(now); got != want {
		t.Errorf("%d s ahead, want %d", got, want)
	}
}

func TestSystemNames(t *testing.T) {
	names := systemNames()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{`C:\windows\regedit.exe`: true, self: false, `C:\windows\no.exe`: false} {
		if got := names(Window{Path: path}); (got != "") != want {
			t.Errorf("%s is called %q", path, got)
		}
	}
	if desktop := Desktop(); desktop != "windows" {
		t.Errorf("desktop %q", desktop)
	}
}

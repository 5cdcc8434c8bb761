package observe

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/privacy"
	"github.com/dayline-project/dayline/agent/internal/sys/dbus/dbustest"
	"github.com/dayline-project/dayline/agent/internal/sys/x11"
	"github.com/dayline-project/dayline/agent/internal/sys/x11/x11test"
	"github.com/dayline-project/dayline/shared/episode"
)

var xvfb string

func TestMain(m *testing.M) {
	server, err := x11test.Start("")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	xvfb = server.Display
	code := m.Run()
	server.Stop()
	os.Exit(code)
}

// quiet keeps a test away from the buses and the programs of the computer it runs on.
func quiet(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{
		"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus",
		"WAYLAND_DISPLAY": "", "XDG_DATA_DIRS": t.TempDir(), "XDG_DATA_HOME": t.TempDir(),
	} {
		t.Setenv(name, value)
	}
}

// app is what the test's own windows count as: the program that opened them.
func app(t testing.TB) string {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return programOfPath(path)
}

func TestFocusSequence(t *testing.T) {
	quiet(t)
	d := x11test.NewDesktop(t, xvfb)
	d.Manage()
	windows := make([]x11.Window, 4)
	for i := range windows {
		windows[i] = d.Open(fmt.Sprint("window ", i), "Class")
	}
	w := watchDisplay(t, Config{Display: xvfb}, privacy.Rules{})
	start := w.event(episode.EventStart)
	if start.User != `HOUSE\ada` || time.Since(start.Wall).Abs() > time.Minute || !start.HasIdle {
		t.Errorf("start %+v", start)
	}
	w.focus("", "")
	for i := range 60 {
		n := i * 7 % len(windows)
		if i%3 == 0 {
			// As openbox does between two windows.
			d.Focus(0)
		}
		changed := w.Now()
		d.Focus(windows[n])
		o := w.focus(app(t), fmt.Sprint("window ", n))
		// An earlier event's reading may find this change already, a moment before its own event.
		if o.At < changed-noFocusFor || !o.HasIdle {
			t.Errorf("switch %d: %+v, changed at %v", i, o, changed)
		}
	}
	w.noneSince(d, windows)
}

// noneSince checks that no window in front is told, as of when the last one went.
func (w *watched) noneSince(d *x11test.Desktop, windows []x11.Window) {
	w.t.Helper()
	last := windows[59*7%len(windows)]
	d.Title(last, "renamed")
	w.focus(app(w.t), "renamed")
	// The manager's word stays, as openbox's does.
	closed := w.Now()
	d.Close(last)
	if o := w.focus("", ""); o.At > closed+noFocusFor || o.At < closed.Truncate(time.Millisecond) {
		w.t.Errorf("closed at %v, told as of %v", closed, o.At)
	}
	d.Focus(windows[0])
	w.focus(app(w.t), "window 0")
	d.Hide(windows[0])
	w.focus("", "")
}

func TestPrograms(t *testing.T) {
	quiet(t)
	d := x11test.NewDesktop(t, xvfb)
	d.Manage()
	w := watchDisplay(t, Config{Display: xvfb}, privacy.Rules{})
	w.focus("", "")
	window := d.Open("caf\xe9", "Class")
	d.PID(window, 1)
	d.Focus(window)
	// The server knows better than the window whose it is.
	w.focus(app(t), "caf\uFFFD")
	d.OldTitle(window, "STRING", "old")
	d.Title(window, "")
	w.focus(app(t), "old")
	if o := appOf("Remote", 0, 0); o != "remote" {
		t.Errorf("a window without a process: %q", o)
	}
	if o := appOf("Remote", 0, os.Getpid()); o != app(t) {
		t.Errorf("a window that says whose it is: %q", o)
	}
}

func TestPrivacyOfUnknown(t *testing.T) {
	quiet(t)
	const canary = "canary title"
	d := x11test.NewDesktop(t, xvfb)
	d.Manage()
	w := watchDisplay(t, Config{Display: xvfb}, privacy.Rules{})
	w.focus("", "")
	window := d.Open(canary+" - Chromium", "Chromium")
	d.Focus(window)
	if o := w.focus(app(t), ""); !o.Private {
		t.Error("a browser's window of unknown privacy is taken for private")
	}
	w.next("level", func(o Observation) bool {
		return slices.ContainsFunc(o.Levels, func(l Level) bool { return l.Subject == app(t) && l.Level == levelApp })
	})
	d.Title(window, canary+" again - Chromium")
	other := d.Open("other", "Other")
	d.Focus(other)
	w.focus(app(t), "other")
	d.Focus(window)
	w.focus(app(t), "")
	for _, o := range w.seen {
		if strings.Contains(fmt.Sprintf("%+v", o), "canary") {
			t.Errorf("%+v tells the title", o)
		}
	}
	w.Watch(true, privacy.Rules{TitleOfUnknown: true})
	if o := w.focus(app(t), canary+" again - Chromium"); o.Private {
		t.Error("titles of unknown windows are let through")
	}
	w.Watch(true, privacy.Rules{NamesOnly: true})
	w.focus(app(t), "")
	d.Focus(other)
	d.Title(other, "names only")
	w.Watch(false, privacy.Rules{})
	w.Tell(episode.Observation{Event: episode.EventEnd})
	d.Focus(window)
	if o := w.event(episode.EventEnd); o.Title != "" {
		t.Errorf("end %+v", o)
	}
	for _, o := range w.seen[len(w.seen)-2:] {
		if o.Event == episode.EventFocus && o.Title != "" {
			t.Errorf("told with names only: %+v", o)
		}
	}
}

func TestWindowManagerGoneAndBack(t *testing.T) {
	quiet(t)
	d := x11test.NewDesktop(t, xvfb)
	d.Manage()
	first, second := d.Open("first", "Class"), d.Open("second", "Class")
	d.Focus(first)
	w := watchDisplay(t, Config{Display: xvfb}, privacy.Rules{})
	w.focus(app(t), "first")
	d.InputFocus(second)
	d.Abdicate()
	w.focus(app(t), "second")
	d.InputFocus(first)
	w.focus(app(t), "first")
	d.Manage()
	w.focus("", "")
	d.Focus(second)
	w.focus(app(t), "second")
}

func TestServerGoneAndBack(t *testing.T) {
	quiet(t)
	// A number of its own: others' servers take the lowest free one, which may be this one's while it is gone.
	server, err := x11test.Start(fmt.Sprintf(":%d", 1000+os.Getpid()%50_000))
	if err != nil {
		t.Fatal(err)
	}
	d := x11test.NewDesktop(t, server.Display)
	d.Manage()
	d.Focus(d.Open("before", "Class"))
	w := watchDisplay(t, Config{Display: server.Display}, privacy.Rules{})
	w.focus(app(t), "before")
	server.Stop()
	w.focus("", "")
	w.next("level", func(o Observation) bool {
		return slices.Contains(o.Levels, Level{Subject: "desktop", Level: levelNone, Reason: "no X display answers: the window in front is not known"})
	})
	again, err := x11test.Start(server.Display)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(again.Stop)
	d = x11test.NewDesktop(t, again.Display)
	d.Manage()
	d.Focus(d.Open("after", "Class"))
	for {
		o := w.event(episode.EventFocus)
		if o.Title == "after" {
			break
		}
	}
	w.AwaitInput(true)
	d.Press()
	w.next("input", isInput)
}

func TestNoDisplay(t *testing.T) {
	quiet(t)
	w := watchDisplay(t, Config{Display: "/nonexistent:0", PollEvery: 50 * time.Millisecond}, privacy.Rules{})
	if o := w.event(episode.EventStart); o.Idle < time.Hour {
		t.Errorf("nobody knows of an input at the start: idle %v", o.Idle)
	}
	w.focus("", "")
	if o := w.next("poll", func(o Observation) bool { return o.Poll }); o.HasIdle {
		t.Errorf("idle %v told without a display", o.Idle)
	}
}

func TestAwaitedInput(t *testing.T) {
	quiet(t)
	d := x11test.NewDesktop(t, xvfb)
	d.Manage()
	w := watchDisplay(t, Config{Display: xvfb}, privacy.Rules{})
	w.focus("", "")
	for range 5 {
		d.Press()
		w.AwaitInput(true)
		// What came before is told by the next observation, if it was not yet.
		w.Tell(episode.Observation{Event: episode.EventTick})
		o := w.event(episode.EventTick)
		for o.Idle < 100*time.Millisecond {
			w.Tell(episode.Observation{Event: episode.EventTick})
			o = w.event(episode.EventTick)
		}
		pressed := w.Now()
		d.Press()
		o = w.next("input", isInput)
		if late := o.At - o.Idle - pressed; late < -20*time.Millisecond || late > time.Second {
			t.Errorf("pressed at %v, told as of %v", pressed, o.At-o.Idle)
		}
		w.AwaitInput(false)
	}
}

func TestPollRepairs(t *testing.T) {
	quiet(t)
	d := x11test.NewDesktop(t, xvfb)
	d.Manage()
	w := watchDisplay(t, Config{Display: xvfb, PollEvery: 20 * time.Millisecond}, privacy.Rules{})
	w.focus("", "")
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

func TestLockAndSleep(t *testing.T) {
	quiet(t)
	bus := dbustest.Start(t)
	bus.StartLogind()
	d := x11test.NewDesktop(t, xvfb)
	d.Manage()
	w := watchDisplay(t, Config{Display: xvfb, SessionID: "c1"}, privacy.Rules{})
	w.next("logind", func(o Observation) bool {
		return slices.Contains(o.Levels, Level{Subject: "lock", Level: levelFull})
	})
	bus.AskLock()
	w.event(episode.EventLock)
	bus.Lock(true)
	bus.Save(true)
	bus.Lock(false)
	bus.Save(false)
	w.event(episode.EventUnlock)
	bus.Front(false)
	w.event(episode.EventLock)
	bus.Front(true)
	w.event(episode.EventUnlock)
	w.until(bus, 1)
	bus.Sleep(true)
	w.event(episode.EventSleep)
	w.Release()
	w.until(bus, 0)
	bus.Sleep(false)
	w.event(episode.EventWake)
	w.until(bus, 1)
	// Told twice, it does not wait for what is stored already.
	bus.Sleep(true)
	w.event(episode.EventSleep)
	bus.Sleep(true)
	w.until(bus, 0)
	bus.Sleep(false)
	w.event(episode.EventWake)
	w.until(bus, 1)

	bus.Lock(true)
	w.event(episode.EventLock)
	bus.Stop()
	bus.Restart()
	bus.StartLogind()
	w.event(episode.EventUnlock)
	bus.Shutdown(true)
	w.event(episode.EventShutdown)
	bus.Shutdown(false)
	w.next("that it goes on", func(o Observation) bool { return o.Again })
	bus.Lock(true)
	w.event(episode.EventLock)
	w.Tell(episode.Observation{Event: episode.EventStart})
	w.event(episode.EventStart)
	w.event(episode.EventLock)
}

// A session that begins again while its person has paused shows no window before it hears of the pause.
func TestAPauseComesBeforeTheWindow(t *testing.T) {
	quiet(t)
	d := x11test.NewDesktop(t, xvfb)
	d.Manage()
	d.Focus(d.Open("Secret", "xterm"))
	w := watchDisplay(t, Config{Display: xvfb}, privacy.Rules{})
	w.focus(app(t), "Secret")
	before := len(w.seen)
	w.Tell(episode.Observation{Event: episode.EventStart}, episode.Observation{Event: episode.EventPause})
	w.focus(app(t), "Secret")
	var order []episode.Event
	for _, o := range w.seen[before:] {
		if o.Event != "" && o.Event != episode.EventTick {
			order = append(order, o.Event)
		}
	}
	if want := []episode.Event{episode.EventStart, episode.EventPause, episode.EventFocus}; !slices.Equal(order, want) {
		t.Errorf("told %v, want %v", order, want)
	}
}

// until waits for a number of delays to be taken.
func (w *watched) until(bus *dbustest.Bus, delays int) {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); bus.Delays() != delays; {
		if time.Now().After(deadline) {
			w.t.Fatalf("%d delays taken, want %d", bus.Delays(), delays)
		}
	}
}

// managed waits for a window manager.
func managed(t *testing.T, display string) {
	t.Helper()
	conn, err := x11.Dial(display)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go func() {
		for ok := true; ok; {
			_, ok = conn.Next()
		}
	}()
	for deadline := time.Now().Add(20 * time.Second); ; {
		if _, is, err := conn.Front(); is || err != nil || time.Now().After(deadline) {
			if !is {
				t.Fatalf("no window manager in 20 s: %v", err)
			}
			return
		}
	}
}

// Real programs under a real window manager: names, classes and order as people's desktops have them.
func TestRealPrograms(t *testing.T) {
	quiet(t)
	server, err := x11test.Start("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	run := func(name string, args ...string) {
		t.Helper()
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatalf("this test needs real programs: install openbox, xterm and wmctrl: %v", err)
		}
		command := exec.Command(path, args...)
		command.Env = append(os.Environ(), "DISPLAY="+server.Display, "LANG=C.UTF-8", "HOME="+t.TempDir(), "XDG_DATA_DIRS=")
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = command.Process.Kill()
			_ = command.Wait()
		})
	}
	w := watchDisplay(t, Config{Display: server.Display}, privacy.Rules{})
	run("openbox", "--sm-disable")
	managed(t, server.Display)
	xterm := func(title string) {
		t.Helper()
		run("xterm", "-xrm", "XTerm*allowTitleOps: false", "-T", title, "-e", "cat")
		w.next("xterm "+title, func(o Observation) bool { return o.App == "xterm" && o.Title == title })
	}
	xterm("one")
	xterm("two")
	for range 3 {
		for _, title := range []string{"one", "two"} {
			run("wmctrl", "-F", "-a", title)
			w.next("back to "+title, func(o Observation) bool { return o.App == "xterm" && o.Title == title })
		}
	}
	run("wmctrl", "-F", "-c", "two")
	w.next("back to one", func(o Observation) bool { return o.Title == "one" })
	run("wmctrl", "-F", "-c", "one")
	w.next("nothing", func(o Observation) bool { return o.Event == episode.EventFocus && o.App == "" })
}

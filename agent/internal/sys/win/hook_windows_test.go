package win_test

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/win"
	"github.com/dayline-project/dayline/agent/internal/sys/win/wintest"
)

func TestMain(m *testing.M) {
	wintest.Serve()
	os.Exit(m.Run())
}

// next waits for an event and fails if it is another than this.
func next(t *testing.T, h *win.Hooks, want win.Event) {
	t.Helper()
	nextAfter(t, h, func() {}, want)
}

// nextAfter is next for what an act brings about; what comes before that is done is told too.
func nextAfter(t *testing.T, h *win.Hooks, act func(), want win.Event) {
	t.Helper()
	told := make(chan win.Event, 1)
	go func() {
		e, _ := h.Next()
		e.Ticks = 0
		told <- e
	}()
	act()
	select {
	case e := <-told:
		if e != want {
			t.Fatalf("told %+v, want %+v", e, want)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("%+v is not told in 20 s", want)
	}
}

func TestHooks(t *testing.T) {
	d := wintest.NewDesktop(t)
	first := d.Open("first", "DaylineTest")
	program := d.Run("other.exe", 0)
	d.Front(first)
	h, err := win.OpenHooks()
	if err != nil {
		t.Fatal(err)
	}
	d.Title(first, "in front from the beginning")
	next(t, h, win.Event{Kind: win.TitleChanged, Window: first})

	second := program.Window
	d.Front(second)
	next(t, h, win.Event{Kind: win.FrontChanged, Window: second})
	d.Title(first, "behind")
	program.Title("in front")
	next(t, h, win.Event{Kind: win.TitleChanged, Window: second})

	// A window that no event brought to the front is followed from when that is asked.
	h.Follow(first)
	next(t, h, win.Event{Kind: win.TitleChanged, Window: first})
	program.Title("behind")
	d.Title(first, "followed")
	next(t, h, win.Event{Kind: win.TitleChanged, Window: first})
	h.Look()
	next(t, h, win.Event{Kind: win.FrontChanged})

	h.Close()
	h.Close()
	if e, ok := h.Next(); ok {
		t.Errorf("told after the end: %+v", e)
	}
}

// A console's events come from another process than the one its window passes for: they are taken from everywhere.
func TestConsole(t *testing.T) {
	d := wintest.NewDesktop(t)
	program := d.Run("host.exe", 0)
	console := d.Open("console", "ConsoleWindowClass")
	d.Front(console)
	h, err := win.OpenHooks()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	program.TellTitle(console)
	next(t, h, win.Event{Kind: win.TitleChanged, Window: console})
}

// Of a window that is gone, or none, as while the secure desktop is shown, no other program's names are listened to.
func TestNoWindowIsNotEveryProgram(t *testing.T) {
	d := wintest.NewDesktop(t)
	program := d.Run("other.exe", 0)
	gone := d.Open("gone", "DaylineTest")
	d.Front(gone)
	h, err := win.OpenHooks()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	d.Front(program.Window)
	next(t, h, win.Event{Kind: win.FrontChanged, Window: program.Window})
	d.Silent = true
	d.Close(gone)
	h.Follow(gone)
	next(t, h, win.Event{Kind: win.TitleChanged, Window: gone})
	nextAfter(t, h, func() {
		program.TellTitle(gone)
		program.Title("told")
		for win.TitleOf(program.Window) != "told" {
			runtime.Gosched()
		}
		h.Follow(program.Window)
	}, win.Event{Kind: win.TitleChanged, Window: program.Window})
}

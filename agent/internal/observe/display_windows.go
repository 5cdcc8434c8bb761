package observe

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/win"
)

// winDisplay is the desktop of a Windows session.
type winDisplay struct {
	hooks  *win.Hooks
	now    func() time.Duration
	inputs ticks
	looks  looks
	// again looks once more.
	again *time.Timer
}

// openDisplay begins to follow the desktop of this process's session; it has no other name.
func openDisplay(_ context.Context, _ string, now func() time.Duration) (display, error) {
	hooks, err := win.OpenHooks()
	if err != nil {
		return nil, err
	}
	again := time.AfterFunc(time.Hour, hooks.Look)
	again.Stop()
	return &winDisplay{hooks: hooks, now: now, again: again}, nil
}

func (d *winDisplay) front() (Window, time.Duration, error) {
	w := win.Foreground()
	if w == win.Desktop() {
		w = 0
	}
	window, whole := Window{}, false
	if w != 0 {
		d.hooks.Follow(w)
		window, whole = look(w)
	}
	if wait, again := d.looks.next(whole); again {
		d.again.Reset(wait)
	}
	idle, err := d.idle()
	return window, idle, err
}

// frameClass is the class of the windows in which Windows shows a Store application. They are those of a program that
// does that for all of them.
const frameClass = "ApplicationFrameWindow"

// look reads a window; whole is false of one that is gone, and while a frame shows no application yet.
func look(w win.Window) (window Window, whole bool) {
	process, _ := win.Owner(w)
	if process == 0 {
		return Window{}, false
	}
	class := win.ClassOf(w)
	whole = true
	if class == frameClass {
		var inside []uint32
		for _, child := range win.Children(w) {
			owner, _ := win.Owner(child)
			inside = append(inside, owner)
		}
		behind := behindFrame(process, inside)
		if whole = behind != 0; whole {
			process = behind
		}
	}
	path := executable(process)
	app := cmp.Or(programOfImage(path), shorten(strings.ToLower(class)))
	// Class stays empty: here it tells the toolkit, and all that is made with Chromium's would count as a browser.
	return Window{ID: uint32(w), PID: int(process), App: app, Path: path, Title: win.TitleOf(w)}, whole
}

func (d *winDisplay) title(window uint32) (string, time.Duration, error) {
	idle, err := d.idle()
	return win.TitleOf(win.Window(window)), idle, err
}

func (d *winDisplay) idle() (time.Duration, error) {
	last, ticks, err := win.LastInput()
	if err != nil {
		return -1, nil
	}
	now := d.now()
	return max(0, now-d.inputs.lastInput(last, ticks, now)), nil
}

// awaitInput: nothing that Windows has to tell of input is harmless enough (time.md).
func (d *winDisplay) awaitInput(time.Duration) (time.Duration, error) { return -1, errNoAlarm }
func (d *winDisplay) forgetInput()                                    {}
func (d *winDisplay) missing() string                                 { return "" }

func (d *winDisplay) next() (shown, bool) {
	kinds := map[win.Kind]shownKind{win.FrontChanged: shownFront, win.TitleChanged: shownTitle}
	e, ok := d.hooks.Next()
	s := shown{at: d.now() - since(e.Ticks, win.Ticks()), kind: kinds[e.Kind], window: uint32(e.Window)}
	if ok && s.kind == shownFront && e.Window != 0 && e.Window != win.Desktop() {
		if seen, whole := look(e.Window); whole {
			s.seen = seen
			d.again.Reset(confirmAfter)
		}
	}
	return s, ok
}

// confirmAfter is when what the last event told is held against what is in front: programs may tell events of their own.
// Sooner, on a busy computer, the next window would be found there before its event is, and told twice.
const confirmAfter = 2 * time.Second

func (d *winDisplay) close() {
	d.again.Stop()
	d.hooks.Close()
}

func desktopKind() (kind string, wayland bool) { return "windows", false }

package win

import (
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/windows"
)

var (
	setWinEventHook = user32.NewProc("SetWinEventHook")
	unhookWinEvent  = user32.NewProc("UnhookWinEvent")
)

// The events: https://learn.microsoft.com/windows/win32/winauto/event-constants
const (
	eventForeground    = 0x0003
	eventDesktopSwitch = 0x0020
	eventNameChange    = 0x800c
)

// outOfContext has events put into our queue: no code of ours runs in any other program.
const outOfContext = 0

// Kind is what an Event tells.
type Kind int

// The kinds of events.
const (
	// FrontChanged: another window is in front, or may be where it is not named.
	FrontChanged Kind = iota + 1
	// TitleChanged: the followed window has another title.
	TitleChanged
)

// Event is something the desktop showed.
type Event struct {
	Kind Kind
	// Window that came to the front, or whose title changed.
	Window Window
	// Ticks when it was, as LastInput's: on a busy computer it is told later.
	Ticks uint32
}

// eventsMost is how many events may wait to be taken. Beyond it what is in front is looked at instead.
const eventsMost = 256

// Hooks tell of the window in front: that it is another one, and that the one followed is called otherwise. Nothing of
// input passes through them. Events wait in their order; a title that changes again before that was told is told once.
//
// https://learn.microsoft.com/windows/win32/api/winuser/nf-winuser-setwineventhook
type Hooks struct {
	loop     *loop
	callback uintptr
	followed atomic.Uintptr

	mu     sync.Mutex
	events []Event
	ready  chan struct{}

	// The thread's own: its hooks, that on names, and the process whose names it is on.
	hooks []uintptr
	names uintptr
	named uint32
}

// OpenHooks begins to tell of the desktop that this process's session shows.
func OpenHooks() (*Hooks, error) {
	h := &Hooks{callback: eventCallback(), ready: make(chan struct{}, 1)}
	var err error
	h.loop, err = startLoop(h, h.setUp, func(w uintptr) { h.follow(Window(w)) }, h.tearDown)
	if err != nil {
		return nil, err
	}
	return h, nil
}

// Close ends telling; Next then gives false.
func (h *Hooks) Close() { h.loop.quit() }

// Next waits for an event; false once the hooks are gone.
func (h *Hooks) Next() (Event, bool) {
	for {
		if e, ok := h.take(); ok {
			return e, true
		}
		select {
		case <-h.ready:
		case <-h.loop.ended:
			return Event{}, false
		}
	}
}

func (h *Hooks) take() (Event, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.events) == 0 {
		return Event{}, false
	}
	e := h.events[0]
	h.events = slices.Delete(h.events, 0, 1)
	return e, true
}

// tell puts an event behind those that wait.
func (h *Hooks) tell(kind Kind, w Window, at uint32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch n := len(h.events); {
	case n > 0 && h.events[n-1].Kind == kind && h.events[n-1].Window == w:
	case n == eventsMost:
		h.events[n-1] = Event{Kind: FrontChanged, Ticks: at}
	default:
		h.events = append(h.events, Event{kind, w, at})
	}
	select {
	case h.ready <- struct{}{}:
	default:
	}
}

// Look makes Next tell that another window may be in front, as if Windows had.
func (h *Hooks) Look() { h.tell(FrontChanged, 0, Ticks()) }

// Follow begins to tell of a window's title. A window that came to the front by an event is followed before that is
// told; of another one TitleChanged is told once when it is, for what changed until then.
func (h *Hooks) Follow(w Window) {
	if h.followed.Load() != uintptr(w) {
		h.loop.post(wmApp, uintptr(w))
	}
}

func (h *Hooks) setUp() error {
	for _, event := range []uint32{eventForeground, eventDesktopSwitch} {
		hook, err := h.setHook(event, 0)
		if err != nil {
			return err
		}
		h.hooks = append(h.hooks, hook)
	}
	h.hookNames(Foreground())
	return nil
}

func (h *Hooks) tearDown() {
	for _, hook := range append(h.hooks, h.names) {
		if hook != 0 {
			_, _, _ = unhookWinEvent.Call(hook)
		}
	}
}

func (h *Hooks) setHook(event, process uint32) (uintptr, error) {
	return call(setWinEventHook, uintptr(event), uintptr(event), 0, h.callback, uintptr(process), 0, outOfContext)
}

// hookNames follows a window: all that its program calls otherwise is told here, and nothing of the others, of which
// some rename a part of their windows many times a second.
func (h *Hooks) hookNames(w Window) {
	process, _ := Owner(w)
	there := process != 0
	if ClassOf(w) == consoleClass {
		// The events are of the host of the console, which lets its windows pass for the program's inside.
		process = everyProcess
	}
	h.followed.Store(uintptr(w))
	if h.names != 0 && there && process == h.named {
		return
	}
	if h.names != 0 {
		_, _, _ = unhookWinEvent.Call(h.names)
		h.names = 0
	}
	// Without a window, as while the secure desktop is shown, no name is listened to: else it would be everybody's.
	if there {
		// What cannot be hooked is left to the safety poll.
		h.names, _ = h.setHook(eventNameChange, process)
		h.named = process
	}
}

const everyProcess = 0

const consoleClass = "ConsoleWindowClass"

func (h *Hooks) follow(w Window) {
	h.hookNames(w)
	h.tell(TitleChanged, w, Ticks())
}

// eventCallback is takeEvent as Windows calls it; such callbacks are never freed.
var eventCallback = sync.OnceValue(func() uintptr { return windows.NewCallback(takeEvent) })

// takeEvent is a WinEventProc: https://learn.microsoft.com/windows/win32/api/winuser/nc-winuser-wineventproc
func takeEvent(_ uintptr, event uint32, window Window, object, child int32, _, at uint32) uintptr {
	h, ok := ofThread[*Hooks]()
	switch {
	case !ok:
	case event == eventForeground:
		h.hookNames(window)
		h.tell(FrontChanged, window, at)
	case event != eventNameChange:
		h.hookNames(Foreground())
		h.Look()
	// Object and child 0 are the window itself.
	case object == 0 && child == 0 && uintptr(window) == h.followed.Load():
		h.tell(TitleChanged, window, at)
	}
	return 0
}

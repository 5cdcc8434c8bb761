package observe

import (
	"errors"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

// The attributes and notifications asked for (AXAttributeConstants.h, AXNotificationConstants.h).
const (
	axTitle         = "AXTitle"
	axFocusedWindow = "AXFocusedWindow"
	axMainWindow    = "AXMainWindow"

	axFocusedWindowChanged = "AXFocusedWindowChanged"
	axMainWindowChanged    = "AXMainWindowChanged"
	axTitleChanged         = "AXTitleChanged"
	axElementDestroyed     = "AXUIElementDestroyed"
)

// view is what is held of the application in front while it is followed.
type view struct {
	app mac.App
	// root of what it shows, observer of that, window that has its focus; nil where there is none.
	root     mac.Element
	observer mac.Observer
	window   mac.Element
	// seen is what was last seen of it.
	seen Window
}

// element is the window's; 0 of none.
func (v *view) element() uint64 {
	if v.window == nil {
		return 0
	}
	return v.window.ID()
}

// read reads the title of the window that has the application's focus. It is followed before it is read, so that no
// change falls between; not where the application is left already. What is not told of that way the safety poll finds.
func (v *view) read(system mac.System, left bool, changed func(notification string, element uint64)) (string, error) {
	if v.root == nil {
		v.root = system.Application(v.app.PID)
	}
	if !left {
		if err := v.observe(system, changed); err != nil {
			return "", err
		}
	}
	window, err := v.focused()
	if err != nil {
		return "", err
	}
	if err := v.follow(window); err != nil || v.window == nil {
		return "", err
	}
	return v.window.Text(axTitle)
}

// whole gives an error that is of the application as a whole.
func whole(err error) error {
	if errors.Is(err, mac.ErrLate) || errors.Is(err, mac.ErrNotTrusted) {
		return err
	}
	return nil
}

// observe begins to hear of the application's windows.
func (v *view) observe(system mac.System, changed func(notification string, element uint64)) error {
	if v.observer != nil {
		return nil
	}
	observer, err := system.Observe(v.app.PID, changed)
	if err != nil {
		return whole(err)
	}
	for _, notification := range []string{axFocusedWindowChanged, axMainWindowChanged} {
		if err := whole(observer.Add(v.root, notification)); err != nil {
			observer.Close()
			return err
		}
	}
	v.observer = observer
	// The window that is held was not followed.
	v.forget()
	return nil
}

// focused is the window that has the focus, or else the main one; nil where there is neither.
func (v *view) focused() (mac.Element, error) {
	for _, attribute := range []string{axFocusedWindow, axMainWindow} {
		window, err := v.root.Part(attribute)
		if err := whole(err); err != nil {
			return nil, err
		}
		if window != nil {
			return window, nil
		}
	}
	return nil, nil
}

// follow holds a window instead of the one before, and hears of it.
func (v *view) follow(window mac.Element) error {
	if window != nil && v.window != nil && window.ID() == v.window.ID() {
		// The one that was answered last is asked, whatever an ID is worth.
		v.window.Release()
		v.window = window
		return nil
	}
	before := v.window
	v.window = window
	if before != nil {
		defer before.Release()
	}
	if v.observer == nil {
		return nil
	}
	for _, notification := range []string{axTitleChanged, axElementDestroyed} {
		if before != nil {
			// One that is gone has nothing to remove.
			if err := whole(v.observer.Remove(before, notification)); err != nil {
				v.forget()
				return err
			}
		}
		if window != nil {
			if err := whole(v.observer.Add(window, notification)); err != nil {
				v.forget()
				return err
			}
		}
	}
	return nil
}

// forget holds no window.
func (v *view) forget() {
	if v.window != nil {
		v.window.Release()
		v.window = nil
	}
}

// leave ends all that is held of the application.
func (v *view) leave() {
	v.forget()
	if v.observer != nil {
		v.observer.Close()
		v.observer = nil
	}
	if v.root != nil {
		v.root.Release()
		v.root = nil
	}
}

// rests are the pauses of programs that did not answer: each lateness in a row is followed by one of twice the length.
type rests struct {
	of map[int32]rest
}

type rest struct{ until, length time.Duration }

const (
	restFirst = 500 * time.Millisecond
	restMost  = time.Minute
	// maxResting bounds the programs that are remembered.
	maxResting = 100
)

// resting tells whether a program is not to be asked at a moment.
func (r *rests) resting(pid int32, now time.Duration) bool { return now < r.of[pid].until }

// late takes that a program did not answer, and gives the pause.
func (r *rests) late(pid int32, now time.Duration) (pause time.Duration) {
	if r.of == nil || len(r.of) >= maxResting {
		r.of = make(map[int32]rest)
	}
	pause = min(max(2*r.of[pid].length, restFirst), restMost)
	r.of[pid] = rest{until: now + pause, length: pause}
	return pause
}

// forget takes that a program answered, or ended.
func (r *rests) forget(pid int32) { delete(r.of, pid) }

package observe

import "time"

// Window is the window in front, as a desktop shows it. The zero Window is none.
type Window struct {
	// ID is the desktop's name for it.
	ID uint32
	// PID is its program's process, 0 where unknown.
	PID int
	// App is the program's name: its executable's, else what its window says of itself.
	App string
	// Path is where its executable lies, on systems that find its product by that. It is never told.
	Path string
	// Class is what the window says of its program, Title what its title bar shows.
	Class, Title string
	// Bundle is the identifier of its program ("com.apple.Safari") and Name what people call that, on systems that tell them
	// with the window.
	Bundle, Name string
}

// noFocusFor is how long no window has to be in front to be told: window managers pass through that for an instant
// between two windows (openbox does in four of five changes).
const noFocusFor = 100 * time.Millisecond

// front follows which window is in front and finds what is worth telling of it.
type front struct {
	window Window
	// known: window was told, be it that there is none.
	known bool
	// leaving: no window is in front since leftAt, which is not believed yet.
	leaving bool
	leftAt  time.Duration
}

// see takes the window that is in front at a moment. It tells whether that is a new focus, to be told as of that
// moment. While leaving, expire has to be called noFocusFor after leftAt.
func (f *front) see(w Window, at time.Duration) (focus bool) {
	if w.ID == 0 {
		if !f.leaving && (!f.known || f.window.ID != 0) {
			f.leaving, f.leftAt = true, at
		}
		return false
	}
	f.leaving = false
	if f.known && f.window == w {
		return false
	}
	f.window, f.known = w, true
	return true
}

// expire believes that no window is in front, if it was leaving; since when is leftAt.
func (f *front) expire() (focus bool) {
	if !f.leaving {
		return false
	}
	f.leaving = false
	f.window, f.known = Window{}, true
	return true
}

// titles bounds how often a title is read: a window that changes it many times a second, as a progress indicator
// does, is read at once a few times and then five times a second, its last title always.
type titles struct {
	spent int
	at    time.Duration
}

const (
	titlesAtOnce = 10
	titleEvery   = 200 * time.Millisecond
)

// read tells whether a title that changed at a moment may be read now; else after how long.
func (t *titles) read(now time.Duration) (wait time.Duration) {
	if back := int((now - t.at) / titleEvery); back > 0 {
		t.spent = max(0, t.spent-back)
		t.at += time.Duration(back) * titleEvery
	}
	if t.spent < titlesAtOnce {
		t.spent++
		return 0
	}
	return titleEvery - (now - t.at)
}

// looks bounds how often a window in front is looked for again that is not there yet, or not whole: Windows tells of a
// change before all of it is done, and of some changes not at all. After 1.5 s the safety poll looks on.
type looks int

const (
	lookSoon = 50 * time.Millisecond
	maxLooks = 5
)

// next takes whether the window in front was seen whole and tells whether, and after how long, to look again.
func (l *looks) next(whole bool) (wait time.Duration, again bool) {
	if whole {
		*l = 0
		return 0, false
	}
	if *l == maxLooks {
		return 0, false
	}
	*l++
	return lookSoon << (*l - 1), true
}

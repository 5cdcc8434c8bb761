package observe

import "time"

// display is a desktop while the connection to it lasts. Except for next and close, its methods are called by one
// goroutine; an error of theirs means that the connection is gone, which next tells too.
type display interface {
	// front reads the window in front, which is followed from then on, and the time since the last input.
	front() (Window, time.Duration, error)
	// title reads the title of a window that was in front, and the time since the last input.
	title(window uint32) (string, time.Duration, error)
	// idle is the time since the last input. Everywhere here -1 is unknown.
	idle() (time.Duration, error)
	// awaitInput asks for one shown event at the next input after an idle time longer than below, and gives the idle
	// time just after. errNoAlarm: this desktop has to be asked.
	awaitInput(below time.Duration) (time.Duration, error)
	// forgetInput ends awaitInput.
	forgetInput()
	// missing is the permission that lacks for more to be shown, and what to do about it, in people's words; empty where
	// none does.
	missing() string
	// next waits for what the desktop shows; false once the connection is gone.
	next() (shown, bool)
	close()
}

// shown is something a desktop showed.
type shown struct {
	at   time.Duration
	kind shownKind
	// window the event is about; seen is how it was when it came to the front, where that was told of one; idle time of
	// an input; display that was opened.
	window  uint32
	seen    Window
	idle    time.Duration
	display display
}

type shownKind int

// The kinds of what is shown.
const (
	shownFront shownKind = iota + 1
	shownTitle
	shownGone
	shownInput
	// shownOpened and shownAbsent: a display answers from now on, or none does.
	shownOpened
	shownAbsent
)

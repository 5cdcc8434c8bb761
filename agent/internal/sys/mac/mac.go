// Package mac is macOS as one login session sees it: which application is in front, what the accessibility interface
// shows of its windows, what the system tells of locks and sleep. It has the interfaces alone; package native has what is
// behind them on a Mac, package mactest what tests put there.
package mac

import (
	"errors"
	"time"
)

// System is what a session's process asks of macOS. Its methods may be called by any goroutine.
type System interface {
	Workspace
	Accessibility
}

// Workspace is what macOS tells anybody, without a permission.
type Workspace interface {
	// Front is the application in front; ok is false where none is.
	Front() (app App, ok bool)
	// Follow has told called with every notice from now on, one after the other on the process's main thread, until stop.
	// It must not wait, save that the computer does not sleep before told has returned from WillSleep.
	Follow(told func(Notice)) (stop func())
	// Idle is the time since the last input: into this session by anything (a remote desktop is something), and by the
	// computer's own keyboards and pointers, whosever session is in front. Of no input that is known it is the longest time.
	Idle() (session, hardware time.Duration)
	// Session is how this process's login session is now. ok is false where it has no window server, as over ssh.
	Session() (state Session, ok bool)
}

// App is an application that runs.
type App struct {
	PID int32
	// Name is what people call it, in their language; Bundle its identifier, as "com.apple.Safari"; Executable the path of
	// the file it runs. Each is empty where the application has none.
	Name, Bundle, Executable string
}

// Session is the state of a login session.
type Session struct {
	// ID is the system's number for it, the audit session's.
	ID uint32
	// OnConsole: it is the one in front, of those that are logged in.
	OnConsole bool
	Locked    bool
	// DisplayAsleep: the main display shows nothing.
	DisplayAsleep bool
}

// Notice is something the system told of.
type Notice struct {
	Kind Kind
	// App is the application that came to the front or ended, of those kinds.
	App App
}

// Kind of a notice.
type Kind int

// The kinds of notices.
const (
	Activated Kind = iota + 1
	Ended
	// LeftConsole and OnConsole: another session comes to the front, or this one does again.
	LeftConsole
	OnConsole
	WillSleep
	DidWake
	// DisplaysSlept and DisplaysWoke: no display shows anything, or some do again.
	DisplaysSlept
	DisplaysWoke
	Locked
	Unlocked
	SaverStarted
	SaverStopped
	// WillPowerOff: the person asked to log out or to shut down, which applications may yet refuse.
	WillPowerOff
)

// Accessibility is what macOS shows of other programs' windows to whom an administrator permitted it.
type Accessibility interface {
	// Trusted: it is permitted.
	Trusted() bool
	// Application is the root of what a process shows. It has to be released.
	Application(pid int32) Element
	// Observe begins to tell of changes in a process: told is called with the notification's name and the element's ID, on a
	// thread of the interface's, and must not wait. The observer has to be closed.
	Observe(pid int32, told func(notification string, element uint64)) (Observer, error)
}

// Patience is how long another program may take for one answer; after that it is ErrLate.
const Patience = 250 * time.Millisecond

// Element is a part of what another program shows. Each question takes until that program answers, or Patience. Its
// attributes and their names are those of AXAttributeConstants.h: "AXTitle", "AXDocument", "AXFocusedWindow".
type Element interface {
	// ID is equal for equal elements of one process as long as both exist.
	ID() uint64
	// Text is an attribute that is a text or an address; empty where it has none.
	Text(attribute string) (string, error)
	// Part is an attribute that is an element; nil where it has none. It has to be released.
	Part(attribute string) (Element, error)
	// Parts are the elements of an attribute that has several, the first so many. Each has to be released.
	Parts(attribute string, most int) ([]Element, error)
	// Texts are several attributes that are texts, in one question.
	Texts(attributes ...string) ([]string, error)
	// Release ends its use; once.
	Release()
}

// Observer tells of changes in one process.
type Observer interface {
	// Add has changes told of that kind ("AXTitleChanged") to an element of that process; Remove ends that.
	Add(element Element, notification string) error
	Remove(element Element, notification string) error
	Close()
}

// What the accessibility interface may answer.
var (
	// ErrNotTrusted: it is not permitted.
	ErrNotTrusted = errors.New("mac: accessibility is not permitted")
	// ErrLate: the other program did not answer in time, or is gone.
	ErrLate = errors.New("mac: no answer in time")
	// ErrGone: the element is no longer there.
	ErrGone = errors.New("mac: no such element any more")
)

// Package browser knows the address of the page in front: its extension tells it, else it is read through the system's
// accessibility interface. A browser that is asked works for it, so it is asked seldom: when the window or its title
// changed, or at a safety poll while its page is not known, with a budget of time, not again soon after it failed, and only about
// its bars and what its window shows, never about what stands on its pages.
//
// Tabs joins what extensions tell with windows. Readings decides what is read, Worker asks, Tree is the system's.
package browser

import (
	"errors"
	"time"
)

// Budget is how long what happened may wait for an address.
const Budget = 150 * time.Millisecond

// Window is a browser's window in front, as it was seen.
type Window struct {
	ID uint32
	// PID is its program's process, 0 where unknown.
	PID int
	// App is the program's name, Title what the title bar shows.
	App, Title string
}

// Page is what a window was found to show.
type Page struct {
	// URL is http or https and at most 2,048 bytes; empty where unknown.
	URL string
	// Private: the window shows a sign of being a private one, or its extension says so. Known: that says that it is none.
	Private, Known bool
}

// What a Tree may tell.
var (
	// ErrAbsent: the system has no accessibility interface.
	ErrAbsent = errors.New("browser: no accessibility interface")
	// ErrOff: it has one that nobody uses, so that it is left alone.
	ErrOff = errors.New("browser: accessibility is off")
	// ErrLate: the browser did not answer in time.
	ErrLate = errors.New("browser: no answer in time")
	// ErrNoPage: the browser shows the interface no page.
	ErrNoPage = errors.New("browser: no page is shown there")
)

// What makes a reading worth nothing.
var (
	errBehind    = errors.New("browser: the page is not yet that of the title")
	errMoved     = errors.New("browser: another title meanwhile")
	errEdited    = errors.New("browser: the address is being edited")
	errNoAddress = errors.New("browser: no address in the field")
	errNoField   = errors.New("browser: no address field")
	errTwins     = errors.New("browser: several windows of one title")
)

// Tree is a system's accessibility interface. One goroutine calls it, and any call may take as long as the other program
// likes.
type Tree interface {
	// Title is the window's title now, as the display tells it; empty where it is not there.
	Title(window uint32) string
	// Window is the element of a window, with its name.
	Window(window Window) (Element, error)
	Close()
}

// Element is a part of a window, until it is released.
type Element interface {
	// Children are its parts. Nothing is read of them but what is asked for.
	Children(sketch Sketch) ([]Element, error)
	// Look gives what was read of it last.
	Look() Node
	// Read reads Name, Value and Focused, in one question.
	Read() error
	Release()
}

// Sketch is what is read of elements on the way.
type Sketch int

const (
	// ByClass reads Class alone, a role on a Mac. Chromium takes most else, asked of a page, for a wish to have all pages
	// accessible.
	ByClass Sketch = iota
	// ByID reads ID and Kind, and of a Frame's parts Class.
	ByID
)

// Node is what was read of an element. A Mac's window has its Class and ID from the first. Name and Value of a Frame are those of
// its page once they were read.
type Node struct {
	Class, ID   string
	Kind        Kind
	Name, Value string
	// Focused: keys go to it.
	Focused bool
}

// Kind is what an element is.
type Kind int

// The kinds that matter. All others are Other.
const (
	Other Kind = iota
	// Container may hold others that matter: a pane, a group, a toolbar, a combination box.
	Container
	// Frame is a window that tells its page itself, whichever the browser.
	Frame
)

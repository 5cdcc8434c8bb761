// Package order is what a test tells a puppet, one JSON object after the other; each is answered once it is done.
package order

// Order is one act.
type Order struct {
	Do string
	// Text is the title, or the class of the window a message is for.
	Text string
	// Silent: whoever watches events of windows is not told.
	Silent bool
	// Message and its parameters, as in winuser.h; or a process.
	Message        uint32
	WParam, LParam uintptr
}

// What can be done.
const (
	// Title gives the window a title; Front brings it to the front; Input is input of the person.
	Title = "title"
	Front = "front"
	Input = "input"
	// Post leaves another window a message; Send waits until it has dealt with it.
	Post = "post"
	Send = "send"
	// Kill ends the process with the number in Message, as Task Manager does: with status 1. Wine's taskkill says 0, and
	// so does what Linux killed.
	Kill = "kill"
)

// Answer says that it is done, or why not.
type Answer struct{ Error string }

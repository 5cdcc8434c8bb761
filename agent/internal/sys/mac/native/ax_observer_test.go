//go:build linux

package native

import (
	"errors"
	"testing"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

// change is what an observer told of.
type change struct {
	notification string
	element      uint64
}

// follow is an observer of the program, of which all it tells is sent.
func follow(t *testing.T, a *accessibility, pid int32) (mac.Observer, <-chan change) {
	t.Helper()
	heard := make(chan change, 16)
	o, err := a.Observe(pid, func(notification string, element uint64) { heard <- change{notification, element} })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return o, heard
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func TestObserverTells(t *testing.T) {
	a := permitted(t)
	app, w, old := a.Application(program), node(window), node(page)
	defer app.Release()
	defer w.Release()
	defer old.Release()
	o, heard := follow(t, a, program)
	must(t, o.Add(app, "AXFocusedWindowChanged"))
	must(t, o.Add(old, "AXTitleChanged"))
	must(t, o.Add(old, "AXTitleChanged")) // it does so already

	stubAX.post(program, page, "AXTitleChanged")
	if got := <-heard; got != (change{"AXTitleChanged", old.ID()}) {
		t.Errorf("a title changed: %v", got)
	}
	stubAX.post(program, window, "AXFocusedWindowChanged")
	if got := <-heard; got != (change{"AXFocusedWindowChanged", w.ID()}) {
		t.Errorf("another window: %v", got)
	}
	must(t, o.Remove(old, "AXTitleChanged"))
	must(t, o.Remove(old, "AXTitleChanged")) // it does not any more
	if n := stubAX.registered(program, page); n != 0 {
		t.Errorf("the old window is followed by %d", n)
	}
	must(t, o.Add(w, "AXTitleChanged"))
	stubAX.post(program, page, "AXTitleChanged") // nobody hears
	stubAX.post(program, window, "AXTitleChanged")
	if got := <-heard; got != (change{"AXTitleChanged", w.ID()}) {
		t.Errorf("the new window's title changed: %v", got)
	}
}

func TestObserversAreToldApart(t *testing.T) {
	a := permitted(t)
	const other = 502
	stubAX.set(other, window, "AXTitle", newString("Other"))
	first, heard := follow(t, a, program)
	second, heardOther := follow(t, a, other)
	app, otherApp := a.Application(program), a.Application(other)
	defer app.Release()
	defer otherApp.Release()
	must(t, first.Add(app, "AXTitleChanged"))
	must(t, second.Add(otherApp, "AXTitleChanged"))
	stubAX.post(other, root, "AXTitleChanged")
	if got := <-heardOther; got.element != otherApp.ID() {
		t.Errorf("%v of %x", got, otherApp.ID())
	}
	stubAX.post(program, root, "AXTitleChanged")
	if got := <-heard; got.element != app.ID() {
		t.Errorf("%v of %x", got, app.ID())
	}
}

func TestErrorsOfObservers(t *testing.T) {
	a := permitted(t)
	o, _ := follow(t, a, program)
	w, released := node(window), node(page)
	defer w.Release()
	released.Release()
	if err := o.Add(released, "AXTitleChanged"); !errors.Is(err, mac.ErrGone) {
		t.Errorf("of a released element: %v", err)
	}
	stubAX.fail(program, window, "", axInvalidElement)
	if err := o.Add(w, "AXTitleChanged"); !errors.Is(err, mac.ErrGone) {
		t.Errorf("of a window that closed: %v", err)
	}
	o.Close()
	o.Close() // does nothing more
	for name, err := range map[string]error{"add": o.Add(w, "AXTitleChanged"), "remove": o.Remove(w, "AXTitleChanged")} {
		if !errors.Is(err, mac.ErrGone) {
			t.Errorf("closed: %s: %v", name, err)
		}
	}
}

// TestAHangingProgramDelaysNoNotice has one program not answer while another tells something.
func TestAHangingProgramDelaysNoNotice(t *testing.T) {
	a := permitted(t)
	const hanging = 502
	stubAX.set(hanging, window, "AXTitle", newString("Hanging"))
	o, heard := follow(t, a, program)
	app, stuck := a.Application(program), a.Application(hanging)
	defer app.Release()
	defer stuck.Release()
	must(t, o.Add(app, "AXTitleChanged"))
	hung, _ := follow(t, a, hanging)

	stubAX.hang(hanging, true)
	defer stubAX.hang(hanging, false)
	late := make(chan error)
	go func() { late <- hung.Add(stuck, "AXTitleChanged") }()
	stubAX.awaitHung()
	stubAX.post(program, root, "AXTitleChanged")
	select {
	case <-heard:
	case err := <-late:
		t.Errorf("the notice came after the program that hangs: %v", err)
	}
	if err := <-late; !errors.Is(err, mac.ErrLate) {
		t.Errorf("the program that hangs: %v", err)
	}
}

// TestCloseWhileANotificationIsUnderWay closes an observer that tells something just then, and from within what it tells:
// the stub library faults an observer that ends below its notification.
func TestCloseWhileANotificationIsUnderWay(t *testing.T) {
	a := permitted(t)
	app := a.Application(program)
	defer app.Release()
	begun, end, self := make(chan bool, 2), make(chan bool), make(chan mac.Observer, 1)
	o, err := a.Observe(program, func(string, uint64) {
		begun <- true
		if o, ok := <-self; ok {
			o.Close()
		}
		<-end
	})
	must(t, err)
	self <- o
	close(self)
	must(t, o.Add(app, "AXTitleChanged"))
	stubAX.post(program, root, "AXTitleChanged")
	<-begun
	stubAX.post(program, root, "AXTitleChanged") // it is due, but nobody is told
	o.Close()
	close(end)
	axLoop().do(func() {})
	if len(begun) != 0 {
		t.Error("it was told after it closed")
	}
}

//go:build linux

package native

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

// stubAX is what the stub library has for these tests: see testdata/ax.c.
var stubAX struct {
	trust      func(trusted bool)
	timeout    func() float32
	timeouts   func() int32
	messages   func() int
	awaitHung  func()
	hang       func(pid int32, hangs bool)
	fail       func(pid int32, node int, name string, code int32)
	element    func(pid int32, node int) uintptr
	set        func(pid int32, node int, name string, value uintptr)
	add        func(pid int32, node int, value uintptr)
	post       func(pid int32, node int, notification string)
	registered func(pid int32, node int) int32
	end        func()
}

var stubAXFunctions = []function{
	{&stubAX.trust, libSystem, "stub_ax_trust"},
	{&stubAX.timeout, libSystem, "stub_ax_timeout"},
	{&stubAX.timeouts, libSystem, "stub_ax_timeouts"},
	{&stubAX.messages, libSystem, "stub_ax_messages"},
	{&stubAX.awaitHung, libSystem, "stub_ax_await_hung"},
	{&stubAX.hang, libSystem, "stub_ax_hang"},
	{&stubAX.fail, libSystem, "stub_ax_fail"},
	{&stubAX.element, libSystem, "stub_ax_element"},
	{&stubAX.set, libSystem, "stub_ax_set"},
	{&stubAX.add, libSystem, "stub_ax_add"},
	{&stubAX.post, libSystem, "stub_ax_post"},
	{&stubAX.registered, libSystem, "stub_ax_registered"},
	{&stubAX.end, libSystem, "stub_ax_end"},
}

// A program with one window, by the numbers of its parts.
const (
	program = 501
	root    = 0
	window  = 1
	page    = 2
	list    = 3
)

const title = "Größe – 日本語 🗂"

// permitted is an accessibility interface that is permitted, in front of that program. What the test made of it has to
// be released when the test is over.
func permitted(t testing.TB) *accessibility {
	t.Helper()
	if t, ok := t.(*testing.T); ok {
		balanced(t)
	}
	t.Cleanup(func() {
		stubAX.end()
		axLoop().do(func() {}) // observers end there
	})
	stubAX.trust(true)
	stubAX.set(program, root, "AXFocusedWindow", stubAX.element(program, window))
	stubAX.set(program, window, "AXTitle", newString(title))
	stubAX.set(program, window, "AXRole", newString("AXWindow"))
	stubAX.set(program, page, "AXURL", stub.newURL("https://example.com/a?b=c"))
	return &accessibility{}
}

// front is that program's window.
func front(t testing.TB, a *accessibility) mac.Element {
	t.Helper()
	app := a.Application(program)
	defer app.Release()
	found, err := app.Part("AXFocusedWindow")
	if err != nil || found == nil {
		t.Fatalf("AXFocusedWindow: %v, %v", found, err)
	}
	return found
}

func node(number int) mac.Element {
	return &element{ref: stubAX.element(program, number), pid: program}
}

func TestTextOfAWindow(t *testing.T) {
	a := permitted(t)
	if !a.Trusted() {
		t.Error("it is not trusted")
	}
	w := front(t, a)
	defer w.Release()
	p := node(page)
	defer p.Release()
	for _, c := range []struct {
		of        mac.Element
		attribute string
		value     uintptr
		want      string
	}{
		{w, "AXTitle", 0, title},
		{p, "AXURL", 0, "https://example.com/a?b=c"},
		{w, "AXDocument", 0, ""},
		{w, "AXNothing", newString(""), ""},
		{w, "AXNumber", stub.newNumber(kindNumber, 7), ""},
		{w, "AXPart", stubAX.element(program, page), ""},
		{w, "AXLong", newString(strings.Repeat("x", longest+1)), strings.Repeat("x", longest)},
	} {
		if c.value != 0 {
			stubAX.set(program, window, c.attribute, c.value)
		}
		if got, err := c.of.Text(c.attribute); got != c.want || err != nil {
			t.Errorf("%s: %q, %v", c.attribute, got, err)
		}
	}
}

func TestPart(t *testing.T) {
	a := permitted(t)
	w := front(t, a)
	defer w.Release()
	for _, attribute := range []string{"AXTitle", "AXParent"} {
		if part, err := w.Part(attribute); part != nil || err != nil {
			t.Errorf("%s, which is no element: %v, %v", attribute, part, err)
		}
	}
}

func TestIDsTellElementsApart(t *testing.T) {
	a := permitted(t)
	w, again, other := front(t, a), node(window), node(page)
	elsewhere := &element{ref: stubAX.element(program+1, window), pid: program + 1}
	for _, e := range []mac.Element{w, again, other, elsewhere} {
		defer e.Release()
	}
	if w.ID() == 0 || w.ID() != again.ID() {
		t.Errorf("the same window is %x and %x", w.ID(), again.ID())
	}
	if w.ID() == other.ID() || w.ID() == elsewhere.ID() {
		t.Errorf("%x is also another part's, or another program's window: %x, %x", w.ID(), other.ID(), elsewhere.ID())
	}
}

func TestParts(t *testing.T) {
	permitted(t)
	l := node(list)
	defer l.Release()
	const all = 1000
	stubAX.set(program, list, "AXChildren", 0)
	stubAX.add(program, list, stub.newNumber(kindNumber, 7)) // no element
	for i := range all {
		stubAX.add(program, list, stubAX.element(program, 100+i))
	}
	stubAX.set(program, list, "AXNone", 0)
	stubAX.set(program, list, "AXRole", newString("AXList"))
	for _, c := range []struct {
		attribute  string
		most, want int
	}{
		{"AXChildren", 2 * all, all}, {"AXChildren", 64, 63}, {"AXChildren", 0, 0}, {"AXChildren", -1, 0},
		{"AXNone", 64, 0}, {"AXRole", 64, 0}, {"AXAbsent", 64, 0},
	} {
		parts, err := l.Parts(c.attribute, c.most)
		if len(parts) != c.want || err != nil {
			t.Errorf("%s, at most %d: %d, %v", c.attribute, c.most, len(parts), err)
		}
		for i, part := range parts {
			if want := node(100 + i); part.ID() != want.ID() {
				t.Errorf("%s: %d is %x, not %x", c.attribute, i, part.ID(), want.ID())
			} else {
				want.Release()
			}
			part.Release()
		}
	}
}

func TestTextsAreOneQuestion(t *testing.T) {
	a := permitted(t)
	w := front(t, a)
	defer w.Release()
	stubAX.set(program, window, "AXDocument", stub.newURL("file:///a"))
	stubAX.set(program, window, "AXNumber", stub.newNumber(kindNumber, 7))
	stubAX.fail(program, window, "AXFailing", -25200)
	stubAX.fail(program, window, "AXOmitted", 1)
	stubAX.fail(program, window, "AXTwice", 2)
	for _, c := range []struct{ ask, want []string }{
		{[]string{"AXTitle", "AXAbsent", "AXDocument", "AXFailing", "AXNumber", "AXRole"}, []string{title, "", "file:///a", "", "", "AXWindow"}},
		{[]string{"AXRole"}, []string{"AXWindow"}},
		// No system should answer these with fewer or more than it was asked for.
		{[]string{"AXRole", "AXOmitted"}, []string{"AXWindow", ""}},
		{[]string{"AXRole", "AXTwice"}, []string{"AXWindow", ""}},
	} {
		before := stubAX.messages()
		got, err := w.Texts(c.ask...)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q are %q, %v", c.ask, got, err)
		}
		if asked := stubAX.messages() - before; asked != 1 {
			t.Errorf("%q: %d questions", c.ask, asked)
		}
	}
	before := stubAX.messages()
	if got, err := w.Texts(); len(got) != 0 || err != nil || stubAX.messages() != before {
		t.Errorf("nothing is %q, %v", got, err)
	}
	// What the program answers for one of them, as its window closes or it stops.
	for code, want := range map[int32]error{axInvalidElement: mac.ErrGone, axCannotComplete: mac.ErrLate} {
		stubAX.fail(program, window, "AXURL", code)
		if got, err := w.Texts("AXTitle", "AXURL", "AXRole"); got != nil || !errors.Is(err, want) {
			t.Errorf("%d: %q, %v", code, got, err)
		}
	}
}

func TestErrorsOfElements(t *testing.T) {
	a := permitted(t)
	w := front(t, a)
	defer w.Release()
	questions := map[string]func() error{
		"Text":  func() error { _, err := w.Text("AXTitle"); return err },
		"Part":  func() error { _, err := w.Part("AXParent"); return err },
		"Parts": func() error { _, err := w.Parts("AXChildren", 9); return err },
		"Texts": func() error { _, err := w.Texts("AXTitle", "AXRole"); return err },
	}
	all := func(want error) {
		t.Helper()
		for name, ask := range questions {
			if err := ask(); !errors.Is(err, want) {
				t.Errorf("%s: %v, not %v", name, err, want)
			}
		}
	}
	for code, want := range map[int32]error{axInvalidElement: mac.ErrGone, axCannotComplete: mac.ErrLate, axDisabled: mac.ErrNotTrusted} {
		stubAX.fail(program, window, "", code)
		all(want)
	}
	stubAX.fail(program, window, "", -25200)
	for name, ask := range questions {
		err := ask()
		if err == nil || errors.Is(err, mac.ErrGone) || errors.Is(err, mac.ErrLate) || errors.Is(err, mac.ErrNotTrusted) {
			t.Errorf("%s: %v, not an error of no name", name, err)
		}
	}
	w.Release()
	w.Release() // does nothing more
	all(mac.ErrGone)
	if w.ID() != 0 {
		t.Errorf("released, it is %x", w.ID())
	}
}

func TestWithoutPermission(t *testing.T) {
	a := permitted(t)
	stubAX.trust(false)
	if a.Trusted() {
		t.Error("it is trusted")
	}
	app := a.Application(program)
	defer app.Release()
	if _, err := app.Part("AXFocusedWindow"); !errors.Is(err, mac.ErrNotTrusted) {
		t.Errorf("a question: %v", err)
	}
	if o, err := a.Observe(program, nil); o != nil || !errors.Is(err, mac.ErrNotTrusted) {
		t.Errorf("an observer: %v, %v", o, err)
	}
	// It is permitted while the program runs.
	stubAX.trust(true)
	front(t, a).Release()
}

func TestPatienceIsSetOnceItIsTaken(t *testing.T) {
	a := permitted(t)
	stubAX.trust(false)
	a.Application(program).Release()
	if n := stubAX.timeouts(); n != 0 {
		t.Errorf("without permission it was taken %d times", n)
	}
	stubAX.trust(true)
	for range 3 {
		a.Application(program).Release()
	}
	if n, seconds := stubAX.timeouts(), stubAX.timeout(); n != 1 || seconds != float32(mac.Patience.Seconds()) {
		t.Errorf("%d times, last for %f s", n, seconds)
	}
	follow(t, &accessibility{}, program)
	if n := stubAX.timeouts(); n != 2 {
		t.Errorf("an observer alone did not set it: %d times", n)
	}
}

func TestAProgramThatHangs(t *testing.T) {
	a := permitted(t)
	const other = 502
	stubAX.set(other, root, "AXTitle", newString("Other"))
	w := front(t, a)
	defer w.Release()
	stubAX.hang(program, true)
	defer stubAX.hang(program, false)

	late := make(chan error)
	from := time.Now()
	go func() {
		_, err := w.Text("AXTitle")
		late <- err
	}()
	stubAX.awaitHung()
	app := a.Application(other)
	defer app.Release()
	if got, err := app.Text("AXTitle"); got != "Other" || err != nil {
		t.Errorf("meanwhile another program: %q, %v", got, err)
	}
	if err := <-late; !errors.Is(err, mac.ErrLate) {
		t.Errorf("it answered %v", err)
	}
	if waited := time.Since(from); waited < mac.Patience {
		t.Errorf("it was given up after %v", waited)
	}
}

// TestUseFromManyGoroutines reads and follows at once; what is left is counted.
func TestUseFromManyGoroutines(t *testing.T) {
	a := permitted(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 50 {
				w := front(t, a)
				if got, err := w.Texts("AXTitle", "AXRole"); err != nil || got[0] != title {
					t.Errorf("%d: %q, %v", i, got, err)
				}
				o, err := a.Observe(program, func(string, uint64) {})
				if err != nil {
					t.Error(err)
					return
				}
				if err := o.Add(w, "AXTitleChanged"); err != nil {
					t.Error(err)
				}
				stubAX.post(program, window, "AXTitleChanged")
				o.Close()
				axLoop().do(func() {}) // the stub's loops take so many sources
				w.Release()
			}
		})
	}
	all.Wait()
}

// BenchmarkFocusedTitle is what the bindings cost of reading the title of the window in front; what the program in front
// takes to answer comes to it.
func BenchmarkFocusedTitle(b *testing.B) {
	a := permitted(b)
	for b.Loop() {
		w := front(b, a)
		if got, err := w.Text("AXTitle"); err != nil || got != title {
			b.Fatal(got, err)
		}
		w.Release()
	}
}

// BenchmarkTexts is the same for four attributes of a window, of which two are absent.
func BenchmarkTexts(b *testing.B) {
	a := permitted(b)
	w := front(b, a)
	defer w.Release()
	for b.Loop() {
		if got, err := w.Texts("AXTitle", "AXDocument", "AXURL", "AXRole"); err != nil || got[0] != title {
			b.Fatal(fmt.Sprint(got), err)
		}
	}
}

package observe

import (
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/x11"
	"github.com/dayline-project/dayline/agent/internal/sys/x11/x11test"
)

// stalled is how long a computer stands still in these tests: longer than the best of several answers may take on a busy one.
const stalled = time.Second

// unread is a display whose events nobody reads yet, and the clock it goes by.
func unread(t *testing.T) (d *x11Display, now func() time.Duration) {
	t.Helper()
	began := time.Now()
	now = func() time.Duration { return time.Since(began) }
	opened, err := openDisplay(t.Context(), xvfb, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.close)
	for range 20 {
		if _, _, err := opened.front(); err != nil {
			t.Fatal(err)
		}
	}
	return opened.(*x11Display), now
}

// A focus, and then a title, that are read when the computer runs again are dated when they were.
func TestFocusReadLate(t *testing.T) {
	quiet(t)
	desktop := x11test.NewDesktop(t, xvfb)
	desktop.Manage()
	windows := []x11.Window{desktop.Open("one", "Class"), desktop.Open("two", "Class")}
	d, now := unread(t)
	before := now()
	desktop.Focus(windows[0])
	<-time.After(stalled)
	between := now()
	desktop.Focus(windows[1])
	<-time.After(stalled)
	after := now()
	var dates []time.Duration
	for range windows {
		e, ok := d.next()
		if !ok || e.kind != shownFront {
			t.Fatalf("told %+v, %t", e, ok)
		}
		dates = append(dates, e.at)
	}
	if dates[0] < before-slack || dates[0] >= between || dates[1] < between-slack || dates[1] >= after {
		t.Errorf("dated %v: the first came between %v and %v, the second after that and before %v", dates, before, between, after)
	}
}

// An input that is read when the computer runs again is dated when it was, and another that came meanwhile is another.
func TestInputReadLate(t *testing.T) {
	quiet(t)
	desktop := x11test.NewDesktop(t, xvfb)
	d, now := unread(t)
	desktop.Press()
	idle, err := d.idle()
	for idle < 50*time.Millisecond && err == nil {
		idle, err = d.idle()
	}
	if err == nil {
		_, err = d.awaitInput(idle - slack)
	}
	if err != nil {
		t.Fatal(err)
	}
	before := now()
	desktop.Press()
	<-time.After(stalled)
	between := now()
	desktop.Press()
	<-time.After(stalled)
	e, ok := d.next()
	if !ok || e.kind != shownInput {
		t.Fatalf("told %+v, %t", e, ok)
	}
	var inputs inputs
	inputs.came(e.at, e.idle)
	if inputs.at < before-slack || inputs.at >= between {
		t.Errorf("dated %v: it came between %v and %v", inputs.at, before, between)
	}
	asked := now()
	if idle, err = d.idle(); err != nil {
		t.Fatal(err)
	}
	if !inputs.read(asked, now(), idle) || inputs.at < between-slack {
		t.Errorf("the one that came after %v is dated %v", between, inputs.at)
	}
}

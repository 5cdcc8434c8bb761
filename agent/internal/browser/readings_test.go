package browser

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

const ms = time.Millisecond

var (
	one    = Window{ID: 1, App: "chrome.exe", Title: "One"}
	two    = Window{ID: 2, App: "chrome.exe", Title: "Two"}
	other  = Window{ID: 3, App: "firefox.exe", Title: "Other"}
	found1 = Page{URL: "https://one.example"}
)

// asks looks at a window and tells whether the worker is to read it now.
func asks(r *Readings, w Window, now time.Duration) bool {
	_, pending := r.Look(w, now)
	next, is := r.Next(now)
	return pending && is && next == w
}

// shows looks at a window and gives what is known at once.
func shows(t *testing.T, r *Readings, w Window, now time.Duration) Page {
	t.Helper()
	page, pending := r.Look(w, now)
	if pending {
		t.Errorf("%+v at %v is asked for", w, now)
	}
	return page
}

func TestAskedOnlyOnChange(t *testing.T) {
	r := NewReadings()
	if !asks(r, one, 0) {
		t.Fatal("a new window is not asked for")
	}
	if _, pending := r.Look(one, ms); !pending {
		t.Error("the same window, told again meanwhile, does not wait")
	}
	if _, is := r.Next(ms); is {
		t.Error("it is asked for twice")
	}
	if page, ok := r.Take(Answer{Window: one, Page: found1}, 20*ms); !ok || page != found1 {
		t.Errorf("answered %+v %v", page, ok)
	}
	if got := shows(t, r, one, time.Second); got != found1 {
		t.Errorf("the same again: %+v", got)
	}
	retitled := one
	retitled.Title = "One more"
	if !asks(r, retitled, 2*time.Second) {
		t.Error("another title is not asked for")
	}
	r.Take(Answer{Window: retitled, Err: errEdited}, 2*time.Second)
	if got := shows(t, r, retitled, 3*time.Second); got != (Page{}) {
		t.Errorf("what brought nothing: %+v", got)
	}
	// To and fro.
	if got := shows(t, r, one, 4*time.Second); got != found1 {
		t.Errorf("back: %+v", got)
	}
	r.Leave()
	if !asks(r, retitled, 5*time.Second) {
		t.Error("what brought nothing is not asked for after another window")
	}
	r.Take(Answer{Window: retitled, Err: errMoved}, 5*time.Second)
	if !asks(r, one, pageFor+ms+20*ms) {
		t.Error("an old page is believed")
	}
}

func TestAskedAgain(t *testing.T) {
	r := NewReadings()
	again := func(what string, w Window, now time.Duration, want bool) {
		t.Helper()
		if got := r.Again(w, now); got != want {
			t.Errorf("%s: %v", what, got)
		}
	}
	again("never looked at", one, 0, false)
	asks(r, one, 0)
	again("being read", one, 0, false)
	r.Take(Answer{Window: one, Err: errEdited}, 0)
	again("another", two, 0, false)
	again("typed over", one, ms, true)
	if !asks(r, one, ms) {
		t.Error("it is not asked for again")
	}
	r.Take(Answer{Window: one, Err: ErrNoPage}, ms)
	again("at rest", one, 2*ms, false)
	if shows(t, r, two, 3*ms); r.Again(two, 4*ms) {
		t.Error("one that was looked at meanwhile is asked for")
	}
	again("rested, another", two, ms+firstRest, true)
	shows(t, r, one, 5*ms)
	again("rested", one, ms+firstRest, true)
	asks(r, one, ms+firstRest)
	r.Take(Answer{Window: one, Page: found1}, 2*time.Second)
	again("known", one, 3*time.Second, false)
	again("known long ago", one, 2*time.Second+pageFor, true)
	asks(r, two, 10*time.Minute)
	r.Take(Answer{Window: two, Err: errNoAddress}, 10*time.Minute)
	r.Leave()
	again("left", two, 11*time.Minute, false)
}

func TestWindowsInARow(t *testing.T) {
	r := NewReadings()
	if !asks(r, one, 0) {
		t.Fatal("not asked")
	}
	// While one is read others come; the last of them is read then.
	for _, w := range []Window{two, other} {
		if _, pending := r.Look(w, 10*ms); !pending {
			t.Errorf("%+v does not wait", w)
		}
	}
	if _, is := r.Next(10 * ms); is {
		t.Error("two are read at once")
	}
	r.Take(Answer{Window: one, Page: found1}, 20*ms)
	if next, is := r.Next(20 * ms); !is || next != other {
		t.Errorf("next is %+v %v", next, is)
	}
	r.Look(two, 30*ms)
	r.Leave()
	r.Take(Answer{Window: other}, 30*ms)
	if next, is := r.Next(30 * ms); is {
		t.Errorf("%+v is read although another window is in front", next)
	}
	r.Look(two, 40*ms)
	r.Late(two, 200*ms)
	if _, is := r.Next(200 * ms); is {
		t.Error("what is late is still asked for")
	}
}

func TestLateAnswers(t *testing.T) {
	r := NewReadings()
	asks(r, one, 0)
	r.Late(one, Budget)
	if read, words := r.Health("chrome.exe"); read || !strings.Contains(words, "did not answer in time") {
		t.Errorf("health of who hangs: %v %q", read, words)
	}
	// While it hangs nobody is asked, be it another browser.
	for now := Budget; now < time.Hour; now += time.Minute {
		if got := shows(t, r, other, now); got != (Page{}) {
			t.Fatalf("%+v", got)
		}
	}
	if page, ok := r.Take(Answer{Window: one, Page: found1}, time.Hour); ok {
		t.Errorf("what came late counts: %+v", page)
	}
	if !asks(r, other, time.Hour) {
		t.Error("after it answered others are asked again")
	}
	r.Take(Answer{Window: other}, time.Hour+Budget-1)
	// Late without anybody who waits.
	asks(r, two, 2*time.Hour)
	r.Leave()
	if _, ok := r.Take(Answer{Window: two, Page: found1}, 2*time.Hour+Budget); ok {
		t.Error("what came late counts")
	}
	if got := shows(t, r, two, 2*time.Hour+Budget); got != (Page{}) {
		t.Errorf("what came late is remembered: %+v", got)
	}
}

func TestRests(t *testing.T) {
	r := NewReadings()
	now, title := time.Duration(0), 0
	fail := func(app string, err error) {
		t.Helper()
		title++
		w := Window{ID: 9, App: app, Title: fmt.Sprint(title)}
		if !asks(r, w, now) {
			t.Fatalf("%s is not asked at %v", app, now)
		}
		r.Take(Answer{Window: w, Err: err}, now)
	}
	restsFor := func(app string) (length time.Duration) {
		for began := now; ; now += 100 * ms {
			title++
			if _, pending := r.Look(Window{ID: 9, App: app, Title: fmt.Sprint(title)}, now); pending {
				r.Leave()
				return now - began
			}
		}
	}
	broken := errors.New("broken")
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600} {
		fail("chrome.exe", broken)
		if _, pending := r.Look(other, now); !pending {
			t.Error("another browser rests too")
		}
		r.Leave()
		if got := restsFor("chrome.exe"); got != want*time.Second {
			t.Errorf("rests for %v, want %v", got, want*time.Second)
		}
	}
	fail("chrome.exe", errMoved)
	fail("chrome.exe", broken)
	if got := restsFor("chrome.exe"); got != time.Second {
		t.Errorf("after an answer it rests for %v", got)
	}
	// A window without an address field rests alone.
	fail("chrome.exe", errNoField)
	if !asks(r, two, now) {
		t.Error("the browser's other windows rest too")
	}
	r.Take(Answer{Window: two, Page: found1}, now)
	if got := restsFor("chrome.exe"); got != time.Second {
		t.Errorf("the window rests for %v", got)
	}
	// On a Mac a window has none while it shows no page.
	fail("chrome.exe", errMoved)
	fail("chrome.exe", errNoField)
	if got := restsFor("chrome.exe"); got != time.Second {
		t.Errorf("after an answer the window rests for %v", got)
	}
	// Without an interface nobody is asked.
	fail("firefox.exe", ErrAbsent)
	if got := restsFor("chrome.exe"); got != maxRest {
		t.Errorf("without an interface they rest for %v", got)
	}
}

func TestPrivateWindows(t *testing.T) {
	r := NewReadings()
	asks(r, one, 0)
	if page, ok := r.Take(Answer{Window: one, Page: Page{Private: true}}, ms); !ok || !page.Private {
		t.Errorf("%+v %v", page, ok)
	}
	r.Forget()
	for w, want := range map[Window]bool{one: true, {ID: one.ID, App: one.App, Title: "One more"}: true, {ID: one.ID, App: "excel.exe"}: false, two: false} {
		if r.Private(w) != want {
			t.Errorf("%+v is private: %v", w, !want)
		}
	}
	// However late it comes.
	asks(r, two, 10*ms)
	r.Late(two, 200*ms)
	if page, ok := r.Take(Answer{Window: two, Page: Page{Private: true}}, time.Minute); !ok || !page.Private {
		t.Errorf("late: %+v %v", page, ok)
	}
}

func TestForget(t *testing.T) {
	r := NewReadings()
	asks(r, one, 0)
	r.Take(Answer{Window: one, Page: found1}, ms)
	asks(r, two, 10*ms)
	r.Forget()
	if page, ok := r.Take(Answer{Window: two, Page: Page{URL: "https://two.example"}}, 20*ms); ok {
		t.Errorf("what was read when it was forbidden counts: %+v", page)
	}
	for _, w := range []Window{one, two} {
		if !asks(r, w, 30*ms) {
			t.Errorf("%+v is remembered", w)
		}
		r.Take(Answer{Window: w}, 30*ms)
	}
}

func TestBounds(t *testing.T) {
	r := NewReadings()
	for i := range 10 * maxKept {
		id := uint32(i + 1)
		for j, a := range []Answer{{Page: found1}, {Page: Page{Private: true}}, {Err: errNoField}} {
			a.Window = Window{ID: id*3 + uint32(j), App: "chrome.exe", Title: fmt.Sprint(i)}
			asks(r, a.Window, 0)
			r.Take(a, 0)
		}
	}
	if len(r.pages) > maxKept || len(r.private) > maxKept || len(r.rests) > maxKept || len(r.shares) > maxKept {
		t.Errorf("kept: %d pages, %d private windows, %d rests, %d shares", len(r.pages), len(r.private), len(r.rests), len(r.shares))
	}
}

func TestHealth(t *testing.T) {
	for name, test := range map[string]struct {
		app     string
		answers []error
		read    bool
		words   string
	}{
		"nothing yet":        {"chrome.exe", nil, false, "no page address was read yet"},
		"no recipe":          {"opera.exe", nil, false, "its extension would tell them"},
		"all":                {"chrome.exe", []error{nil, errMoved, errEdited, errNoAddress}, true, "page addresses are read through the accessibility interface"},
		"some in time":       {"chrome.exe", []error{nil, nil, nil, ErrLate}, true, "7 of 10 page addresses are read through the accessibility interface; the last that was not: the browser did not answer in time"},
		"few":                {"chrome.exe", []error{nil, errNoField, errNoField}, false, "3 of 10"},
		"errors":             {"chrome.exe", []error{errors.New("broken")}, false, "answered with an error"},
		"no interface":       {"chrome.exe", []error{ErrAbsent}, false, "the system has no accessibility interface"},
		"long ago is little": {"chrome.exe", append(make([]error, 39), slow(400)...), false, "0 of 10"},
	} {
		r := NewReadings()
		now := time.Duration(0)
		for i, err := range test.answers {
			now += 2 * maxRest
			w := Window{ID: uint32(i + 1), App: test.app, Title: fmt.Sprint(i)}
			if !asks(r, w, now) {
				t.Fatalf("%s: %d is not asked", name, i)
			}
			r.Take(Answer{Window: w, Err: err}, now)
		}
		read, words := r.Health(test.app)
		if read != test.read || !strings.Contains(words, test.words) || len(words) > 200 {
			t.Errorf("%s: %v %q", name, read, words)
		}
	}
}

func slow(n int) (all []error) {
	for range n {
		all = append(all, ErrLate)
	}
	return all
}

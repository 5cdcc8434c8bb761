package browser

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// readOne reads a window of a desk once.
func readOne(d *desk, w Window) (Page, error) {
	r := reader{tree: d, fields: map[uint32]Element{}}
	defer r.forget()
	return r.read(w)
}

func TestRecipes(t *testing.T) {
	chromeWindow, _ := chrome("example.com/a", "Ada")
	incognito, _ := chrome("example.com/a", "Incognito")
	named, _ := chrome("example.com/a", "Ada")
	named.Name = "A page - Google Chrome (Incognito)"
	rootNamed, _ := chrome("example.com/a", "Ada")
	rootNamed.parts[1].Name = "A page - Google Chrome (Nặc danh)"
	edge, _ := chromiumWindow("EdgeBrowserFrameViewWin", "BrowserView", "EdgeToolbarView", "https://example.com/a", "Profile 1")
	inPrivate, _ := chromiumWindow("EdgeBrowserFrameViewWin", "BrowserView", "EdgeToolbarView", "https://example.com/a", "InPrivate")
	brave, _ := chromiumWindow("BraveBrowserFrameViewWin", "BraveBrowserView", "BraveToolbarView", "example.com/a", "")
	firefoxNormal, _ := firefoxWindow("example.com/a", false)
	firefoxPrivate, _ := firefoxWindow("example.com/a", true)
	application := views([]*thing{page()}, "Chrome_WidgetWin_1", "BrowserRootView", "NonClientView", "BrowserFrameViewWin", "BrowserView")
	endless := &thing{Node: Node{Class: "FrameView"}}
	endless.parts = []*thing{endless}
	wide := &thing{Node: Node{Class: "RootView"}}
	for range 2 * maxElements {
		wide.parts = append(wide.parts, &thing{Node: Node{Class: "RootView"}})
	}
	lost := errors.New("the window went")
	going, _ := chrome("example.com/a", "Ada")
	going.parts[1].fails = lost
	read := Page{URL: "https://example.com/a"}
	for name, test := range map[string]struct {
		app    string
		window *thing
		want   Page
		err    error
	}{
		"Chrome":                        {"chrome.exe", chromeWindow, read, nil},
		"Chrome, its profile Incognito": {"chrome.exe", incognito, Page{Private: true}, nil},
		"Chrome, named so":              {"chrome.exe", named, Page{Private: true}, nil},
		"Chrome, its root named so":     {"chrome.exe", rootNamed, Page{Private: true}, nil},
		"Edge":                          {"msedge.exe", edge, read, nil},
		"Edge InPrivate":                {"msedge.exe", inPrivate, Page{Private: true}, nil},
		"Brave":                         {"brave.exe", brave, read, nil},
		"Firefox":                       {"firefox.exe", firefoxNormal, read, nil},
		"Firefox, private":              {"firefox.exe", firefoxPrivate, Page{Private: true}, nil},
		"a web application's window":    {"chrome.exe", application, Page{}, errNoField},
		"a tree without an end":         {"chrome.exe", endless, Page{}, errNoField},
		"a tree too wide":               {"chrome.exe", wide, Page{}, errNoField},
		"no recipe":                     {"opera.exe", chromeWindow, Page{}, errNoField},
		"a window that goes":            {"chrome.exe", going, Page{}, lost},
	} {
		d := newDesk()
		d.put(1, "A page - Google Chrome", test.window)
		got, err := readOne(d, Window{ID: 1, App: test.app, Title: "A page - Google Chrome"})
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%s: %+v, %v; want %+v, %v", name, got, err, test.want, test.err)
		}
		if d.held.Load() != 0 || d.calls.Load() > 2*maxEntered {
			t.Errorf("%s: %d elements are held, %d questions were asked", name, d.held.Load(), d.calls.Load())
		}
		if test.window == wide && d.calls.Load() > 2 {
			t.Errorf("%s: %d questions were asked", name, d.calls.Load())
		}
	}
}

func TestRecipeOf(t *testing.T) {
	for app, want := range map[string]*recipe{
		"chrome.exe": &chromium, "msedge.exe": &chromium, "brave.exe": &chromium, "firefox.exe": &firefox, "Firefox.exe": &firefox,
		"firefox": &firefox, "Safari": &webArea, "Safari Technology Preview": &webArea, "Arc": &webArea, "Google Chrome": &document,
		"Google Chrome Canary": &document, "Microsoft Edge": &document, "Microsoft Edge Beta": &document, "Brave Browser Nightly": &document,
		"Chromium": &document, "Vivaldi Snapshot": &document,
		"chromium": &frame, "chrome": &frame, "firefox-esr": &frame,
		"": nil, "opera.exe": nil, "safari.exe": nil, "Google Chromecast": nil, "Arcade": nil, "Google": nil, "Mail": nil,
	} {
		if got := recipeOf(app); got != want {
			t.Errorf("%q: %p, want %p", app, got, want)
		}
	}
}

func TestSignsOfPrivateWindows(t *testing.T) {
	for _, test := range []struct {
		title, name string
		want        bool
	}{
		{"News - Google Chrome", "News - Google Chrome", false},
		{"News - Google Chrome", "News - Audio playing - Google Chrome", false},
		{"News - Google Chrome", "News - Google Chrome - Ada (example.com)", false},
		{"News (2) - Google Chrome", "News (2) - Google Chrome", false},
		{"News - Google Chrome", "Something else (2)", false},
		{"Inbox", "Inbox (2)", false},
		{"Mail - Inbox", "Mail - Inbox (2)", false},
		{"", "", false},
		{"News - Google Chrome", "News - Google Chrome (Incognito)", true},
		{"News - Google Chrome", "News - Audio playing - Google Chrome (Nặc danh)", true},
		{"News - Google Chrome", "News - Google Chrome（シークレット）", true},
		{"News - Google Chrome", "News - Google Chrome \u200f(גלישה בסתר)", true},
		{"News - Google Chrome", "Inkognito", true},
		{"News — Mozilla Firefox", "News — Mozilla Firefox Privater Modus", true},
	} {
		if got := signsPrivate(Window{App: "chrome.exe", Title: test.title}, test.name); got != test.want {
			t.Errorf("%q named %q: %v", test.title, test.name, got)
		}
	}
}

func TestReadingIsOfOneMoment(t *testing.T) {
	window, field := chrome("example.com/a", "Ada")
	w := Window{ID: 1, App: "chrome.exe", Title: "A page"}
	d := newDesk()
	d.put(1, "Another page", window)
	if _, err := readOne(d, w); !errors.Is(err, errMoved) || d.calls.Load() != 0 {
		t.Errorf("of a title that is gone already: %v after %d questions", err, d.calls.Load())
	}
	d.put(1, "A page", window)
	d.onCall = func() { d.retitle(1, "Another page") }
	if got, err := readOne(d, w); !errors.Is(err, errMoved) || got != (Page{}) {
		t.Errorf("the title moved meanwhile: %+v, %v", got, err)
	}
	d.onCall = nil
	d.put(1, "A page", window)
	field.Focused = true
	if got, err := readOne(d, w); !errors.Is(err, errEdited) || got != (Page{}) {
		t.Errorf("somebody types there: %+v, %v", got, err)
	}
	field.Focused, field.Value = false, "weather berlin"
	if got, err := readOne(d, w); !errors.Is(err, errNoAddress) || got != (Page{}) {
		t.Errorf("something searched for: %+v, %v", got, err)
	}
}

func TestFieldIsRemembered(t *testing.T) {
	d := newDesk()
	window, field := chrome("example.com/a", "Ada")
	d.put(1, "A page", window)
	r := reader{tree: d, fields: map[uint32]Element{}}
	w := Window{ID: 1, App: "chrome.exe", Title: "A page"}
	if _, err := r.read(w); err != nil {
		t.Fatal(err)
	}
	before := d.calls.Load()
	field.Value = "example.com/b"
	if got, err := r.read(w); err != nil || got.URL != "https://example.com/b" || d.calls.Load() != before+1 {
		t.Errorf("again: %+v, %v, %d questions", got, err, d.calls.Load()-before)
	}
	// The window was built anew.
	field.fails = errors.New("gone")
	window, _ = chrome("example.com/c", "Ada")
	d.put(1, "A page", window)
	if got, err := r.read(w); err != nil || got.URL != "https://example.com/c" {
		t.Errorf("built anew: %+v, %v", got, err)
	}
	for id := uint32(2); id < 2+2*maxFields; id++ {
		d.put(id, "A page", window)
		if _, err := r.read(Window{ID: id, App: "chrome.exe", Title: "A page"}); err != nil {
			t.Fatal(err)
		}
		if d.held.Load() > maxFields {
			t.Fatalf("%d elements are held", d.held.Load())
		}
	}
	r.close()
	if d.held.Load() != 0 || !d.closed.Load() {
		t.Errorf("%d elements are held at the end, closed %v", d.held.Load(), d.closed.Load())
	}
}

func TestWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		window, _ := chrome("example.com/a", "Ada")
		d.put(1, "A page", window)
		w := Window{ID: 1, App: "chrome.exe", Title: "A page"}
		opened, absent := 0, true
		worker := NewWorker(func() (Tree, error) {
			if opened++; absent {
				return nil, ErrAbsent
			}
			return d, nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- worker.Run(ctx) }()
		synctest.Wait()
		if opened != 0 {
			t.Error("the tree is opened before anybody asked")
		}
		worker.Ask(w)
		if a := <-worker.Answers(); !errors.Is(a.Err, ErrAbsent) || a.Window != w {
			t.Errorf("absent: %+v", a)
		}
		absent = false
		worker.Ask(w)
		if a := <-worker.Answers(); a.Err != nil || a.Page.URL != "https://example.com/a" {
			t.Errorf("there: %+v", a)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) || !d.closed.Load() || d.held.Load() != 0 {
			t.Errorf("at the end: %v, closed %v, %d elements held", err, d.closed.Load(), d.held.Load())
		}
	})
}

// A browser that hangs keeps nobody: not who asks, not the end.
func TestWorkerThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		window, _ := chrome("example.com/a", "Ada")
		d.put(1, "A page", window)
		hangs, inside := make(chan struct{}), 0
		d.onCall = func() {
			inside++
			<-hangs
		}
		worker := NewWorker(func() (Tree, error) { return d, nil })
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- worker.Run(ctx) }()
		for range 3 {
			worker.Ask(Window{ID: 1, App: "chrome.exe", Title: "A page"})
			synctest.Wait()
		}
		if inside != 1 {
			t.Errorf("%d questions at once", inside)
		}
		began := time.Now()
		cancel()
		<-ended
		if took := time.Since(began); took > Budget {
			t.Errorf("the end took %v", took)
		}
		close(hangs)
	})
}

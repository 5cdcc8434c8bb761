package browser

import (
	"errors"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/dayline-project/dayline/agent/internal/sys/win/uia/uiatest"
)

var (
	user32         = windows.NewLazySystemDLL("user32.dll")
	createWindowEx = user32.NewProc("CreateWindowExW")
	destroyWindow  = user32.NewProc("DestroyWindow")
)

// nested nests classes, the outermost first, around what is inside.
func nested(inside []*uiatest.Shown, classes ...string) *uiatest.Shown {
	for i := len(classes) - 1; i > 0; i-- {
		inside = []*uiatest.Shown{{Class: classes[i], Parts: inside}}
	}
	return &uiatest.Shown{Class: classes[0], Parts: inside}
}

// show opens a window of this process, for its title is asked of Windows, and puts parts behind it.
func show(t testing.TB, server *uiatest.Server, title string, shown *uiatest.Shown) uint32 {
	t.Helper()
	class, text := windows.StringToUTF16Ptr("STATIC"), windows.StringToUTF16Ptr(title)
	window, _, err := createWindowEx.Call(0, uintptr(unsafe.Pointer(class)), uintptr(unsafe.Pointer(text)), 0, 0, 0, 10, 10, 0, 0, 0, 0)
	if window == 0 {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _, _ = destroyWindow.Call(window) })
	server.Show(windows.HWND(window), shown)
	return uint32(window)
}

func chromeShown(field *uiatest.Shown) *uiatest.Shown {
	bar := &uiatest.Shown{Class: "ToolbarView", Parts: []*uiatest.Shown{{Class: "BackForwardButton"}, nested([]*uiatest.Shown{field}, "LocationBarView"), {Class: "AvatarToolbarButton", Name: "Ada"}}}
	window := nested([]*uiatest.Shown{{Class: "MultiContentsView"}, nested([]*uiatest.Shown{bar}, "TopContainerView")},
		"Chrome_WidgetWin_1", "BrowserRootView", "NonClientView", "BrowserFrameViewWin", "BrowserView")
	window.Name = "A page - Google Chrome"
	return window
}

// What the recipes say, through UI Automation's calls.
func TestAutomation(t *testing.T) {
	server := uiatest.Start(t)
	field := &uiatest.Shown{Class: "OmniboxViewViews", Value: "example.com/a"}
	inChrome := show(t, server, "A page", chromeShown(field))
	inFirefox := show(t, server, "A page", &uiatest.Shown{Name: "A page — Mozilla Firefox", Parts: []*uiatest.Shown{
		{ID: "page", Control: 50030, Parts: []*uiatest.Shown{{ID: "urlbar-input", Value: "evil.example"}}},
		{ID: "nav-bar", Control: 50021, Parts: []*uiatest.Shown{{ID: "urlbar", Control: 50026, Parts: []*uiatest.Shown{{ID: "urlbar-input", Control: 50004, Value: "https://example.com/b"}}}}},
	}})
	inPrivate := show(t, server, "A page", &uiatest.Shown{Name: "A page — Mozilla Firefox", Parts: []*uiatest.Shown{
		{ID: "TabsToolbar", Control: 50021, Parts: []*uiatest.Shown{{ID: "private-browsing-indicator-label", Control: 50020}}},
	}})
	tree, err := SystemTree()
	if err != nil {
		t.Fatal(err)
	}
	r := reader{tree: tree, fields: map[uint32]Element{}}
	read := func(app string, window uint32) (Page, error) {
		return r.read(Window{ID: window, App: app, Title: "A page"})
	}
	for _, test := range []struct {
		app    string
		window uint32
		want   Page
	}{
		{"chrome.exe", inChrome, Page{URL: "https://example.com/a"}},
		{"firefox.exe", inFirefox, Page{URL: "https://example.com/b"}},
		{"firefox.exe", inPrivate, Page{Private: true}},
	} {
		if got, err := read(test.app, test.window); got != test.want || err != nil {
			t.Errorf("%s: %+v, %v; want %+v", test.app, got, err, test.want)
		}
	}
	server.Change(func() { field.Value = "example.com/c" })
	before := server.Questions()
	if got, err := read("chrome.exe", inChrome); got.URL != "https://example.com/c" || err != nil || server.Questions() != before+1 {
		t.Errorf("again: %+v, %v, after %d questions", got, err, server.Questions()-before)
	}
	server.Change(func() { field.Focused = true })
	if got, err := read("chrome.exe", inChrome); got != (Page{}) || !errors.Is(err, errEdited) {
		t.Errorf("edited: %+v, %v", got, err)
	}
	server.Fail("BuildUpdatedCache", uiatest.Timeout)
	if got, err := read("chrome.exe", inChrome); got != (Page{}) || !errors.Is(err, ErrLate) {
		t.Errorf("too late: %+v, %v", got, err)
	}
	r.close()
	if live := server.Live(); len(live) != 0 {
		t.Errorf("%v are referred to", live)
	}
}

func TestSystemWithoutAutomation(t *testing.T) {
	if _, err := SystemTree(); !errors.Is(err, ErrAbsent) {
		t.Errorf("opened with %v", err)
	}
}

func BenchmarkFirstReading(b *testing.B) {
	server := uiatest.Start(b)
	window := show(b, server, "A page", chromeShown(&uiatest.Shown{Class: "OmniboxViewViews", Value: "example.com/a"}))
	tree, err := SystemTree()
	if err != nil {
		b.Fatal(err)
	}
	r := reader{tree: tree, fields: map[uint32]Element{}}
	defer r.close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.read(Window{ID: window, App: "chrome.exe", Title: "A page"}); err != nil {
			b.Fatal(err)
		}
		r.forget()
	}
}

func BenchmarkNextReading(b *testing.B) {
	server := uiatest.Start(b)
	window := show(b, server, "A page", chromeShown(&uiatest.Shown{Class: "OmniboxViewViews", Value: "example.com/a"}))
	tree, err := SystemTree()
	if err != nil {
		b.Fatal(err)
	}
	r := reader{tree: tree, fields: map[uint32]Element{}}
	defer r.close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.read(Window{ID: window, App: "chrome.exe", Title: "A page"}); err != nil {
			b.Fatal(err)
		}
	}
}

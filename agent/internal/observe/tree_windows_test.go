package observe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/dayline-project/dayline/agent/internal/browser"
	"github.com/dayline-project/dayline/agent/internal/sys/win/uia/uiatest"
)

var (
	user32         = windows.NewLazySystemDLL("user32.dll")
	createWindowEx = user32.NewProc("CreateWindowExW")
	destroyWindow  = user32.NewProc("DestroyWindow")
	showWindow     = user32.NewProc("ShowWindow")

	setForegroundWindow = user32.NewProc("SetForegroundWindow")
	setWindowText       = user32.NewProc("SetWindowTextW")
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
	worker := runWorker(t)
	read := func(app string, window uint32) browser.Answer {
		worker.Ask(browser.Window{ID: window, App: app, Title: "A page"})
		return <-worker.Answers()
	}
	for _, test := range []struct {
		app    string
		window uint32
		want   browser.Page
	}{
		{"chrome.exe", inChrome, browser.Page{URL: "https://example.com/a"}},
		{"firefox.exe", inFirefox, browser.Page{URL: "https://example.com/b"}},
		{"firefox.exe", inPrivate, browser.Page{Private: true}},
	} {
		if got := read(test.app, test.window); got.Page != test.want || got.Err != nil {
			t.Errorf("%s: %+v; want %+v", test.app, got, test.want)
		}
	}
	server.Change(func() { field.Value = "example.com/c" })
	before := server.Questions()
	if got := read("chrome.exe", inChrome); got.Page.URL != "https://example.com/c" || got.Err != nil || server.Questions() != before+1 {
		t.Errorf("again: %+v after %d questions", got, server.Questions()-before)
	}
	server.Change(func() { field.Focused = true })
	if got := read("chrome.exe", inChrome); got.Page != (browser.Page{}) || got.Err == nil {
		t.Errorf("edited: %+v", got)
	}
	server.Fail("BuildUpdatedCache", uiatest.Timeout)
	if got := read("chrome.exe", inChrome); got.Page != (browser.Page{}) || !errors.Is(got.Err, browser.ErrLate) {
		t.Errorf("too late: %+v", got)
	}
}

// runWorker runs a worker on the system's tree until the test ends.
func runWorker(t testing.TB) *browser.Worker {
	t.Helper()
	worker := browser.NewWorker(func() (browser.Tree, error) { return openTree("") })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return worker
}

func TestSystemWithoutAutomation(t *testing.T) {
	worker := runWorker(t)
	for range 2 {
		worker.Ask(browser.Window{ID: 1, App: "chrome.exe"})
		if a := <-worker.Answers(); !errors.Is(a.Err, browser.ErrAbsent) {
			t.Errorf("%+v", a)
		}
	}
}

// A program that is called as a browser is, with a real window in front: its pages' addresses come with their titles. The
// program is a copy of this test.
func TestAddressOfARealWindow(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Base(self) == "chrome.exe" {
		beChrome(t)
		return
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	chrome := filepath.Join(t.TempDir(), "chrome.exe")
	if err := os.WriteFile(chrome, program, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(chrome, "-test.run=^TestAddressOfARealWindow$", "-test.v").CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestAddressOfARealWindow") {
		t.Errorf("%v:\n%s", err, out)
	}
}

func beChrome(t *testing.T) {
	server := uiatest.Start(t)
	field := &uiatest.Shown{Class: "OmniboxViewViews"}
	window := uintptr(show(t, server, "A new tab - Google Chrome", chromeShown(field)))
	_, _, _ = showWindow.Call(window, windows.SW_SHOW)
	_, _, _ = setForegroundWindow.Call(window)
	w := watchDisplay(t, Config{PollEvery: 100 * time.Millisecond}, readable)
	read, page := 0, 0
	for deadline := time.Now().Add(time.Minute); read < 2; page++ {
		if time.Now().After(deadline) {
			t.Fatalf("%d pages were read; seen %+v", read, w.seen)
		}
		title, url := fmt.Sprintf("Page %d - Google Chrome", page), fmt.Sprintf("https://example.com/%d", page)
		server.Change(func() { field.Value = url })
		_, _, _ = setWindowText.Call(window, uintptr(unsafe.Pointer(windows.StringToUTF16Ptr(title))))
		// On a busy computer a reading may be late, and then the browser is left alone for a while.
		if _, ok := w.within(time.Second, func(o Observation) bool { return o.Title == title && o.URL != "" }); ok {
			if last := w.seen[len(w.seen)-1]; last.App != "chrome.exe" || last.URL != url {
				t.Errorf("page %d: %+v", page, last)
			}
			read++
		}
	}
	if !slices.ContainsFunc(w.seen, func(o Observation) bool {
		return slices.ContainsFunc(o.Levels, func(l Level) bool { return l.Subject == "chrome.exe" })
	}) {
		t.Errorf("the capture is not told: %+v", w.seen)
	}
}

// What readings cost this process, the browser's work left out: one of a window whose address field has to be found
// first, and one of a window where it is known.
func BenchmarkReading(b *testing.B) {
	for name, windows := range map[string]int{"first": 40, "next": 1} {
		b.Run(name, func(b *testing.B) {
			server := uiatest.Start(b)
			var all []browser.Window
			for range windows {
				id := show(b, server, "A page", chromeShown(&uiatest.Shown{Class: "OmniboxViewViews", Value: "example.com/a"}))
				all = append(all, browser.Window{ID: id, App: "chrome.exe", Title: "A page"})
			}
			worker := runWorker(b)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				worker.Ask(all[i%len(all)])
				if a := <-worker.Answers(); a.Err != nil {
					b.Fatal(a.Err)
				}
			}
		})
	}
}

package observe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dayline-project/dayline/agent/internal/browser"
	"github.com/dayline-project/dayline/agent/internal/sys/mac"
	"github.com/dayline-project/dayline/agent/internal/sys/mac/mactest"
)

// The trees are those of the dumps that the recipes name. canary stands wherever nobody may look.
const canary = "https://canary.example/"

// shows is an element with others in it.
func shows(p *mactest.Program, role string, parts ...*mactest.Part) *mactest.Part {
	return p.NewPart(role, "").Add(parts...)
}

func named(p *mactest.Program, id, role string, parts ...*mactest.Part) *mactest.Part {
	return shows(p, role, parts...).Set("AXDOMIdentifier", id)
}

// pageOf is a page: what is on it must not be looked at.
func pageOf(p *mactest.Program, url string) *mactest.Part {
	frame := p.NewPart("AXWebArea", "").Set("AXURL", canary)
	return shows(p, "AXWebArea", shows(p, "AXGroup", frame, named(p, "urlbar-input", "AXTextField").Set("AXValue", canary))).Set("AXURL", url)
}

func buttons(p *mactest.Program, how int) []*mactest.Part {
	var all []*mactest.Part
	for range how {
		all = append(all, p.NewPart("AXButton", ""))
	}
	return all
}

func chromeOnMac(m *mactest.Mac, name, title, url string) (*mactest.Program, *mactest.Part) {
	p := m.Start(name, "com.google.Chrome")
	return p, p.Open(title).Set("AXDocument", url).Add(shows(p, "AXGroup", pageOf(p, canary))).Add(buttons(p, 3)...)
}

// safariOnMac opens a window with a sidebar; what shows its page can be changed.
func safariOnMac(m *mactest.Mac, name, title, url string) (p *mactest.Program, w, view *mactest.Part) {
	p = m.Start(name, "com.apple.Safari")
	view = shows(p, "AXScrollArea", pageOf(p, url))
	sidebar := shows(p, "AXGroup", shows(p, "AXScrollArea", shows(p, "AXOutline", buttons(p, 30)...)))
	bar := shows(p, "AXToolbar", append(buttons(p, 9), p.NewPart("AXTextField", "").Set("AXURL", canary))...)
	w = p.Open(title).Set("AXIdentifier", "SafariWindow?IsSecure=true&UUID=1").
		Add(shows(p, "AXSplitGroup", sidebar, shows(p, "AXTabGroup", shows(p, "AXGroup", view))), bar).Add(buttons(p, 3)...)
	return p, w, view
}

// firefoxOnMac opens a window with many tabs, the first of which is not the one in front.
func firefoxOnMac(m *mactest.Mac, title, typed string) (p *mactest.Program, w, field *mactest.Part) {
	p = m.Start("firefox", "org.mozilla.firefox")
	field = named(p, "urlbar-input", "AXTextField").Set("AXValue", typed)
	tabs := named(p, "TabsToolbar", "AXToolbar", append(buttons(p, 4), shows(p, "AXTabGroup", buttons(p, 60)...))...)
	bar := named(p, "nav-bar", "AXToolbar", append(buttons(p, 12), named(p, "urlbar", "AXComboBox", append(buttons(p, 5), field)...))...)
	pages := named(p, "tabbrowser-tabpanels", "AXGroup", shows(p, "AXGroup", pageOf(p, canary)), shows(p, "AXGroup", pageOf(p, canary)))
	w = p.Open(title).Add(shows(p, "AXGroup", tabs, bar, named(p, "PersonalToolbar", "AXToolbar", buttons(p, 20)...), pages)).Add(buttons(p, 3)...)
	return p, w, field
}

// onMacTree runs a worker on a Mac's tree, in a bubble of synctest.
func onMacTree(t *testing.T, test func(t *testing.T, m *mactest.Mac, read func(*mactest.Program, *mactest.Part, string) browser.Answer)) {
	synctest.Test(t, func(t *testing.T) {
		m := mactest.New()
		worker := browser.NewWorker(func() (browser.Tree, error) { return &macTree{system: m}, nil })
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- worker.Run(ctx) }()
		test(t, m, func(p *mactest.Program, w *mactest.Part, title string) browser.Answer {
			worker.Ask(browser.Window{ID: windowID(p.PID, w.ID()), App: programOfPath(p.Executable), Title: title})
			return <-worker.Answers()
		})
		cancel()
		<-ended
		synctest.Wait()
		if m.Held() != 0 {
			t.Errorf("%d elements are held at the end", m.Held())
		}
	})
}

func TestAddressesOnAMac(t *testing.T) {
	const url = "https://example.com/a?b=c"
	page := browser.Page{URL: url}
	for name, test := range map[string]struct {
		open func(*mactest.Mac) (*mactest.Program, *mactest.Part)
		want browser.Page
		// first and next are how many questions a reading costs.
		first, next int
		fails       bool
	}{
		"Chrome": {open: func(m *mactest.Mac) (*mactest.Program, *mactest.Part) {
			return chromeOnMac(m, "Google Chrome", "A page - Google Chrome - Ada", url)
		}, want: page, first: 6, next: 3},
		"Edge": {open: func(m *mactest.Mac) (*mactest.Program, *mactest.Part) {
			return chromeOnMac(m, "Microsoft Edge Dev", "A page - Microsoft\u200b Edge Dev", url)
		}, want: page, first: 6, next: 3},
		"Brave": {open: func(m *mactest.Mac) (*mactest.Program, *mactest.Part) {
			return chromeOnMac(m, "Brave Browser", "A page - Brave", url)
		}, want: page, first: 6, next: 3},
		"Chrome, a private window": {open: func(m *mactest.Mac) (*mactest.Program, *mactest.Part) {
			return chromeOnMac(m, "Google Chrome", "A page - Google Chrome (Inkognito)", canary)
		}, want: browser.Page{Private: true}, first: 4, next: 3},
		"Chrome, a page of its own": {open: func(m *mactest.Mac) (*mactest.Program, *mactest.Part) {
			return chromeOnMac(m, "Google Chrome", "New Tab - Google Chrome", "chrome://newtab/")
		}, fails: true, first: 6, next: 3},
		"Chrome, a file": {open: func(m *mactest.Mac) (*mactest.Program, *mactest.Part) {
			return chromeOnMac(m, "Google Chrome", "secret.txt - Google Chrome", "file:///Users/ada/secret.txt")
		}, fails: true, first: 6, next: 3},
		"Safari": {open: func(m *mactest.Mac) (*mactest.Program, *mactest.Part) {
			p, w, _ := safariOnMac(m, "Safari", "A page", url)
			return p, w
		}, want: page, first: 25, next: 24},
		"Safari, a private window": {open: func(m *mactest.Mac) (*mactest.Program, *mactest.Part) {
			p, w, _ := safariOnMac(m, "Safari Technology Preview", "A page, Private Browsing", canary)
			return p, w
		}, want: browser.Page{Private: true}, first: 4, next: 3},
		"Safari without a page": {open: func(m *mactest.Mac) (*mactest.Program, *mactest.Part) {
			p, w, view := safariOnMac(m, "Safari", "Start Page", canary)
			view.Put("AXChildren", buttons(p, 2)...)
			return p, w
		}, fails: true, first: 24, next: 23},
		"Arc": {open: func(m *mactest.Mac) (*mactest.Program, *mactest.Part) {
			p, w, _ := safariOnMac(m, "Arc", "A page", url)
			return p, w.Set("AXIdentifier", "bigBrowserWindow-1")
		}, want: page, first: 25, next: 24},
		"Arc, a private window": {open: func(m *mactest.Mac) (*mactest.Program, *mactest.Part) {
			p, w, _ := safariOnMac(m, "Arc", "A page", canary)
			return p, w.Set("AXIdentifier", "bigIncognitoBrowserWindow-1")
		}, want: browser.Page{Private: true}, first: 4, next: 3},
		"Firefox": {open: func(m *mactest.Mac) (*mactest.Program, *mactest.Part) {
			p, w, _ := firefoxOnMac(m, "A page", "example.com/a?b=c")
			return p, w
		}, want: page, first: 65, next: 4},
		"Firefox, a private window": {open: func(m *mactest.Mac) (*mactest.Program, *mactest.Part) {
			p, w, _ := firefoxOnMac(m, "A page — Navigation privée", canary)
			return p, w
		}, want: browser.Page{Private: true}, first: 4, next: 3},
		"Firefox, while somebody types": {open: func(m *mactest.Mac) (*mactest.Program, *mactest.Part) {
			p, w, field := firefoxOnMac(m, "A page", "https://canary.example")
			p.Root().Put("AXFocusedUIElement", field)
			return p, w
		}, fails: true, first: 65, next: 4},
		"no recipe": {open: func(m *mactest.Mac) (*mactest.Program, *mactest.Part) {
			return chromeOnMac(m, "Opera", "A page - Opera", canary)
		}, fails: true, first: 2, next: 1},
	} {
		t.Run(name, func(t *testing.T) {
			onMacTree(t, func(t *testing.T, m *mactest.Mac, read func(*mactest.Program, *mactest.Part, string) browser.Answer) {
				p, w := test.open(m)
				p.Activate()
				title := titleOf(t, m, p, w)
				for i, cost := range []int{test.first, test.next} {
					before := m.Questions()
					got := read(p, w, title)
					if got.Page != test.want || (got.Err != nil) != test.fails {
						t.Errorf("reading %d: %+v", i, got)
					}
					if asked := m.Questions() - before; asked != cost {
						t.Errorf("reading %d: %d questions, not %d", i, asked, cost)
					}
				}
			})
		})
	}
}

// titleOf is the title a window has, as the desktop tells it.
func titleOf(t *testing.T, m *mactest.Mac, p *mactest.Program, w *mactest.Part) string {
	t.Helper()
	tree := &macTree{system: m}
	defer tree.Close()
	title := tree.Title(windowID(p.PID, w.ID()))
	if title == "" {
		t.Fatal("no title")
	}
	return title
}

// A page that goes to the background tells its address still; the one in front counts.
func TestTabsOnAMac(t *testing.T) {
	onMacTree(t, func(t *testing.T, m *mactest.Mac, read func(*mactest.Program, *mactest.Part, string) browser.Answer) {
		p, w, view := safariOnMac(m, "Safari", "One", "https://one.example/")
		p.Activate()
		if got := read(p, w, "One"); got.Page.URL != "https://one.example/" || got.Err != nil {
			t.Errorf("%+v", got)
		}
		view.Put("AXChildren", pageOf(p, "https://two.example/"))
		w.SetTitle("Two")
		if got := read(p, w, "Two"); got.Page.URL != "https://two.example/" || got.Err != nil {
			t.Errorf("another tab: %+v", got)
		}
		if got := read(p, w, "One"); got.Page != (browser.Page{}) || got.Err == nil {
			t.Errorf("a title that is gone: %+v", got)
		}
	})
}

func TestWindowsOnAMac(t *testing.T) {
	onMacTree(t, func(t *testing.T, m *mactest.Mac, read func(*mactest.Program, *mactest.Part, string) browser.Answer) {
		p, one := chromeOnMac(m, "Google Chrome", "One - Google Chrome", "https://one.example/")
		p.Activate()
		if got := read(p, one, "One - Google Chrome"); got.Page.URL != "https://one.example/" {
			t.Errorf("%+v", got)
		}
		two := p.Open("Two - Google Chrome").Set("AXDocument", "https://two.example/")
		if got := read(p, two, "Two - Google Chrome"); got.Page.URL != "https://two.example/" {
			t.Errorf("another window: %+v", got)
		}
		p.Focus(one)
		if got := read(p, two, "One - Google Chrome"); got.Page != (browser.Page{}) || got.Err == nil {
			t.Errorf("a window that is behind, by another's title: %+v", got)
		}
		two.Close()
		if got := read(p, two, "Two - Google Chrome"); got.Page != (browser.Page{}) || got.Err == nil {
			t.Errorf("a window that is gone: %+v", got)
		}
		one.Set("AXDocument", "https://one.example/later")
		if got := read(p, one, "One - Google Chrome"); got.Page.URL != "https://one.example/later" {
			t.Errorf("back: %+v", got)
		}
		// A window that cannot be told from the one in front by its title.
		twin := p.Open("One - Google Chrome").Set("AXDocument", "https://twin.example/")
		p.Focus(one)
		if got := read(p, twin, "One - Google Chrome"); got.Page != (browser.Page{}) || got.Err == nil {
			t.Errorf("a window behind its like: %+v", got)
		}
		p.Focus(nil)
		three := m.Start("Brave Browser", "com.brave.Browser").Open("Three - Brave")
		if got := read(p, three, "Three - Brave"); got.Page != (browser.Page{}) || got.Err == nil {
			t.Errorf("a window of a program that is behind: %+v", got)
		}
	})
}

// A program that is slow, hangs or ends, and a permission that is taken, cost a bounded time and hold nothing.
func TestSlowProgramsOnAMac(t *testing.T) {
	onMacTree(t, func(t *testing.T, m *mactest.Mac, read func(*mactest.Program, *mactest.Part, string) browser.Answer) {
		p, w, _ := firefoxOnMac(m, "A page", "example.com")
		p.Activate()
		p.SetTakes(10 * time.Millisecond)
		began := time.Now()
		if got := read(p, w, "A page"); got.Page != (browser.Page{}) || !errors.Is(got.Err, browser.ErrLate) {
			t.Errorf("slow: %+v", got)
		}
		if took := time.Since(began); took > browser.Budget+4*10*time.Millisecond {
			t.Errorf("slow: it took %v", took)
		}
		p.SetTakes(mac.Patience)
		began = time.Now()
		if got := read(p, w, "A page"); got.Page != (browser.Page{}) || got.Err == nil {
			t.Errorf("it hangs: %+v", got)
		}
		if took := time.Since(began); took > 2*mac.Patience {
			t.Errorf("it hangs: it took %v", took)
		}
		p.SetTakes(0)
		if got := read(p, w, "A page"); got.Page.URL != "https://example.com" {
			t.Errorf("again: %+v", got)
		}
		m.Permit(false)
		if got := read(p, w, "A page"); got.Page != (browser.Page{}) || got.Err == nil {
			t.Errorf("not permitted: %+v", got)
		}
		m.Permit(true)
		p.Quit()
		if got := read(p, w, "A page"); got.Page != (browser.Page{}) || got.Err == nil {
			t.Errorf("ended: %+v", got)
		}
	})
}

// A tree without an end, one too wide, and elements that go while they are asked.
func TestWildTreesOnAMac(t *testing.T) {
	onMacTree(t, func(t *testing.T, m *mactest.Mac, read func(*mactest.Program, *mactest.Part, string) browser.Answer) {
		p := m.Start("Safari", "com.apple.Safari")
		p.Activate()
		endless := p.Open("Endless")
		loop := shows(p, "AXGroup")
		endless.Add(loop.Add(loop, loop))
		wide := shows(p, "AXGroup", buttons(p, 10000)...)
		gone := shows(p, "AXGroup")
		gone.Close()
		for name, part := range map[string]*mactest.Part{"endless": loop, "wide": wide} {
			endless.Put("AXChildren", part)
			before := m.Questions()
			if got := read(p, endless, "Endless"); got.Page != (browser.Page{}) || got.Err == nil {
				t.Errorf("%s: %+v", name, got)
			}
			if asked := m.Questions() - before; asked > 500 {
				t.Errorf("%s: %d questions", name, asked)
			}
		}
		endless.Put("AXChildren", gone, shows(p, "AXGroup", pageOf(p, "https://example.com/")))
		if got := read(p, endless, "Endless"); got.Page.URL != "https://example.com/" {
			t.Errorf("an element that went: %+v", got)
		}
	})
}

// The whole way: what a session tells of a Mac's browsers.
func TestAddressesOfAMacsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mactest.New()
		w := macWatched{watchSystem(t, onMac(func() (mac.System, error) { return m, nil }, m.Clocks),
			Config{OpenTree: func() (browser.Tree, error) { return &macTree{system: m}, nil }}, readable), m}
		w.focus("", "")
		chrome, page := chromeOnMac(m, "Google Chrome", "One - Google Chrome", "https://one.example/")
		chrome.Activate()
		if o := w.focus("Google Chrome", "One - Google Chrome"); o.URL != "https://one.example/" || o.Bundle != "com.google.Chrome" {
			t.Errorf("%+v", o)
		}
		if o, ok := w.within(time.Second, func(o Observation) bool {
			return slices.Contains(o.Levels, Level{Subject: "Google Chrome", Level: levelFull, Reason: "page addresses are read through the accessibility interface"})
		}); !ok {
			t.Errorf("the capture is not told: %+v", o)
		}
		page.Set("AXDocument", "https://two.example/").SetTitle("Two - Google Chrome")
		if o := w.focus("Google Chrome", "Two - Google Chrome"); o.URL != "https://two.example/" {
			t.Errorf("%+v", o)
		}
		chrome.Open("Canary - Google Chrome (Incognito)").Set("AXDocument", canary)
		if o := w.focus("Google Chrome", ""); !o.Private || o.URL != "" {
			t.Errorf("%+v", o)
		}
		// Of a window without a title nobody asks for an address.
		chrome.Focus(chrome.NewPart("AXWindow", "").Set("AXDocument", canary))
		if o := w.focus("Google Chrome", ""); o.Private || o.URL != "" {
			t.Errorf("%+v", o)
		}
		// Arc's private window looks like any other but for its identifier.
		arc, window, _ := safariOnMac(m, "Arc", "Canary", canary)
		window.Set("AXIdentifier", "bigIncognitoBrowserWindow-1")
		arc.Activate()
		if o := w.focus("Arc", ""); !o.Private || o.URL != "" {
			t.Errorf("%+v", o)
		}
		// A browser that is known by its bundle alone, and that is not read.
		comet := m.Start("Comet", "ai.perplexity.comet")
		comet.Open("Three").Set("AXDocument", canary)
		comet.Activate()
		if o := w.focus("Comet", "Three"); o.URL != "" {
			t.Errorf("%+v", o)
		}
		// One that takes too long is waited for no longer than that.
		safari, _, _ := safariOnMac(m, "Safari", "Four", canary)
		safari.SetTakes(20 * time.Millisecond)
		safari.Activate()
		if o := w.focus("Safari", "Four"); o.URL != "" || w.Now()-o.At > browser.Budget+10*20*time.Millisecond {
			t.Errorf("%+v at %v", o, w.Now())
		}
		for _, o := range w.seen {
			if strings.Contains(o.Title+o.URL, "anary") {
				t.Errorf("told %+v", o)
			}
		}
	})
}

// Whatever another program shows, what is read is an address of the web or nothing, and nothing is held.
func FuzzTreeOnAMac(f *testing.F) {
	f.Add("Google Chrome", "A page", "AXWindow", "", "https://example.com")
	f.Add("Safari", "\xff", "AXWebArea", "bigIncognitoBrowserWindow", "data:text/html,a.bc")
	f.Add("firefox", "A page — \u202e", "AXTextField", "urlbar-input", "\x00about:blank")
	f.Add("Arc", "", "AXGroup", "tabbrowser-tabpanels", strings.Repeat("a.", 5000))
	f.Fuzz(func(t *testing.T, app, title, role, id, value string) {
		m := mactest.New()
		p := m.Run(mac.App{Name: app, Executable: "/Applications/" + app})
		p.Activate()
		w := p.Open(title).Set("AXIdentifier", id).Set("AXDocument", value)
		part := named(p, id, role).Set("AXURL", value).Set("AXValue", value)
		w.Add(shows(p, "AXGroup", part), part)
		tree := &macTree{system: m}
		worker := browser.NewWorker(func() (browser.Tree, error) { return tree, nil })
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- worker.Run(ctx) }()
		worker.Ask(browser.Window{ID: windowID(p.PID, w.ID()), App: app, Title: title})
		got := <-worker.Answers()
		cancel()
		<-ended
		if url := strings.ToLower(got.Page.URL); url != "" && !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") || got.Err != nil && got.Page != (browser.Page{}) {
			t.Fatalf("%+v", got)
		}
		if m.Held() != 0 {
			t.Fatal(fmt.Sprint(m.Held(), " elements are held"))
		}
	})
}

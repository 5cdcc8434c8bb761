package browser

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Two windows of one Chromium, and a page that each can show.
var (
	first  = Window{ID: 1, PID: 70, App: "chromium", Title: "One - Chromium"}
	second = Window{ID: 2, PID: 70, App: "chromium", Title: "Two - Chromium"}
	oneTab = Tab{Window: 11, Title: "One", URL: "https://one.example/"}
	twoTab = Tab{Window: 12, Title: "Two", URL: "https://two.example/"}
)

func tells(t *Tabs, host uint64, tab Tab) {
	t.Take(Told{Host: host, Browser: 70, Version: "1.2.3", Tab: &tab}, time.Second)
}

func hello(t *Tabs, host uint64) {
	t.Take(Told{Host: host, Browser: 70, Version: "1.2.3"}, time.Second)
}

// wants looks at a window and checks what is heard of it.
func wants(t *testing.T, tabs *Tabs, what string, w Window, page Page, word Word) {
	t.Helper()
	if got, is := tabs.Look(w); got != page || is != word {
		t.Errorf("%s: %+v %v, want %+v %v", what, got, is, page, word)
	}
}

func TestExpected(t *testing.T) {
	tabs := NewTabs()
	tabs.Expect(70)
	wants(t, tabs, "it may be about to speak", first, Page{}, Wait)
	if page := tabs.Unheard(first); page != (Page{}) {
		t.Errorf("left meanwhile: %+v", page)
	}
	tabs.Resign()
	wants(t, tabs, "it is not", first, Page{}, Silence)
	tabs.Expect(70)
	wants(t, tabs, "once", second, Page{}, Silence)
	hello(tabs, 1)
	wants(t, tabs, "it speaks", second, Page{}, Wait)
	tabs.Resign()
	wants(t, tabs, "and tells of no tab", second, private, Heard)
	wants(t, tabs, "nor of another", first, Page{}, Wait)
	tabs.Take(Told{Host: 1, Browser: 70, Gone: true}, time.Second)
	tabs.Take(Told{Host: 9, Browser: 70, Gone: true}, time.Second)
	wants(t, tabs, "gone", first, Page{}, Wait)
}

// Of what an extension speaks for.
var (
	oneHeard = Page{URL: oneTab.URL, Known: true}
	untold   = Page{Known: true}
	private  = Page{Private: true}
)

func TestJoining(t *testing.T) {
	tabs := NewTabs()
	wants(t, tabs, "no extension", first, Page{}, Silence)
	hello(tabs, 1)
	wants(t, tabs, "a tab is yet to be told", first, Page{}, Wait)
	tells(tabs, 1, oneTab)
	wants(t, tabs, "told", first, oneHeard, Heard)
	wants(t, tabs, "another process", Window{ID: 9, PID: 71, App: "firefox", Title: "One"}, Page{}, Silence)
	wants(t, tabs, "back, as it was", first, oneHeard, Heard)

	retitled := first
	retitled.Title = "Two - Chromium"
	wants(t, tabs, "another title", retitled, Page{}, Wait)
	tells(tabs, 1, Tab{Window: 11, Title: "Two", URL: "https://one.example/two"})
	wants(t, tabs, "and its page", retitled, Page{URL: "https://one.example/two", Known: true}, Heard)
	tells(tabs, 1, Tab{Window: 11, Title: "Two", URL: "https://one.example/two?more"})
	wants(t, tabs, "another address under the same title", retitled, Page{URL: "https://one.example/two?more", Known: true}, Heard)
	tells(tabs, 1, Tab{Window: 11, Title: "New Tab"})
	newTab := first
	newTab.Title = "New Tab - Chromium"
	wants(t, tabs, "a page of the browser's own", newTab, untold, Heard)

	// A window of which nothing is told shows the title of one that is known.
	wants(t, tabs, "the same title in a window that no extension sees", Window{ID: 3, PID: 70, App: "chromium", Title: "New Tab - Chromium"}, Page{}, Wait)
	tells(tabs, 1, Tab{Window: 11, Title: "New Tab"})
	wants(t, tabs, "told again", Window{ID: 3, PID: 70, App: "chromium", Title: "New Tab - Chromium"}, Page{}, Wait)
	tabs.Resign()
	wants(t, tabs, "in vain", Window{ID: 3, PID: 70, App: "chromium", Title: "New Tab - Chromium"}, private, Heard)
	wants(t, tabs, "from then on", Window{ID: 3, PID: 70, App: "chromium", Title: "Canary - Chromium"}, private, Heard)
	tells(tabs, 1, Tab{Window: 13, Title: "Canary", URL: "https://canary.example/"})
	wants(t, tabs, "until one sees it", Window{ID: 3, PID: 70, App: "chromium", Title: "Canary - Chromium"}, Page{URL: "https://canary.example/", Known: true}, Heard)
}

func TestNotInTime(t *testing.T) {
	tabs := NewTabs()
	tells(tabs, 1, oneTab)
	wants(t, tabs, "told before the window came", first, Page{}, Wait)
	tells(tabs, 1, oneTab)
	wants(t, tabs, "told again", first, oneHeard, Heard)
	later := first
	later.Title = "Later - Chromium"
	wants(t, tabs, "not told", later, Page{}, Wait)
	if page := tabs.Unheard(later); page != untold {
		t.Errorf("left meanwhile: %+v", page)
	}
	tabs.Resign()
	wants(t, tabs, "its title at least", later, untold, Heard)
	tells(tabs, 1, Tab{Window: -1})
	wants(t, tabs, "the focus is where the extension does not see", later, private, Heard)
	tells(tabs, 1, Tab{Window: 11, Title: "Later", URL: "https://later.example/"})
	wants(t, tabs, "late", later, Page{URL: "https://later.example/", Known: true}, Heard)
	tells(tabs, 1, Tab{Window: -1})
	wants(t, tabs, "the next is waited for again", later, Page{}, Wait)
	tells(tabs, 1, Tab{Window: 11, Title: "Later", URL: "https://later.example/"})

	wants(t, tabs, "a new window", second, Page{}, Wait)
	if page := tabs.Unheard(second); page != private {
		t.Errorf("left meanwhile: %+v", page)
	}
	wants(t, tabs, "and back", first, Page{}, Wait)
	wants(t, tabs, "what was glimpsed is not decided", second, Page{}, Wait)
	tabs.Leave()
	tells(tabs, 1, twoTab)
	wants(t, tabs, "told while no window was in front", second, Page{}, Wait)
	tells(tabs, 1, twoTab)
	wants(t, tabs, "told", second, Page{URL: twoTab.URL, Known: true}, Heard)
	wants(t, tabs, "a window without a title", Window{ID: 4, PID: 70, App: "chromium"}, Page{}, Silence)
}

func TestPrivateWindowsTold(t *testing.T) {
	tabs := NewTabs()
	canary := Window{ID: 3, PID: 70, App: "chromium", Title: "Canary - Chromium"}
	tells(tabs, 1, Tab{Window: 13, Private: true})
	wants(t, tabs, "told before the window came", canary, Page{}, Wait)
	tells(tabs, 1, Tab{Window: 13, Private: true})
	wants(t, tabs, "told again", canary, private, Heard)
	canary.Title = "Canary and more - Chromium"
	wants(t, tabs, "another page", canary, private, Heard)
	tells(tabs, 1, oneTab)
	wants(t, tabs, "the other window", first, Page{}, Wait)
	tells(tabs, 1, oneTab)
	wants(t, tabs, "the other window, again", first, oneHeard, Heard)
	wants(t, tabs, "back, before it is told", canary, private, Heard)

	tabs.Take(Told{Host: 1, Gone: true}, time.Second)
	wants(t, tabs, "its host is gone", canary, private, Heard)
	wants(t, tabs, "the other window is waited for once more", first, Page{}, Wait)
	tabs.Resign()
	wants(t, tabs, "in vain", first, Page{}, Silence)
	wants(t, tabs, "private is private", canary, private, Heard)
	tells(tabs, 2, Tab{Window: 13, Private: true})
	wants(t, tabs, "a new host", canary, private, Heard)
	wants(t, tabs, "the other window does not take its place", first, Page{}, Wait)
	tells(tabs, 2, Tab{Window: 13, Private: true})
	wants(t, tabs, "nor in time", first, Page{}, Wait)
}

// The title of a page is often the beginning of another's.
func TestTitlesThatBegin(t *testing.T) {
	for shown, fits := range map[string]bool{
		"News - Chromium": true, "News": true, "News and 2 more pages - Personal - Microsoft\u200b Edge": true, "\u202aNews\u202c\u00a0 - Chromium": true,
		"Newsroom - Chromium": false, "Old News - Chromium": false, "Chromium": false, "": false,
	} {
		tabs := NewTabs()
		w := Window{ID: 1, PID: 70, App: "chromium", Title: shown}
		tabs.Look(w)
		tells(tabs, 1, Tab{Window: 11, Title: " News\u200f", URL: "https://news.example/"})
		if page, _ := tabs.Look(w); page.URL != "" != fits {
			t.Errorf("%q shows %q: %+v", shown, "News", page)
		}
	}
	tabs := NewTabs()
	w := Window{ID: 1, PID: 70, App: "chromium", Title: "News - Chromium"}
	tabs.Look(w)
	tells(tabs, 1, Tab{Window: 11, Title: "News", URL: "https://news.example/"})
	tabs.Look(w)
	w.Title = "News - today - Chromium"
	wants(t, tabs, "told before the title", w, Page{}, Wait)
	tells(tabs, 1, Tab{Window: 11, Title: "News - today", URL: "https://news.example/today"})
	wants(t, tabs, "told since", w, Page{URL: "https://news.example/today", Known: true}, Heard)

	// A page without a title, in Firefox.
	w.Title = "Docs — Mozilla Firefox"
	tabs.Look(w)
	tells(tabs, 1, Tab{Window: 11, Title: "Docs", URL: "https://docs.example/"})
	tabs.Look(w)
	tells(tabs, 1, Tab{Window: 11, Title: "docs.example/a b.txt", URL: "https://docs.example/a%20b.txt"})
	w.Title = "Mozilla Firefox"
	wants(t, tabs, "it may be any page without one", w, Page{}, Wait)
	tells(tabs, 1, Tab{Window: 11, Title: "Docs", URL: "https://docs.example/"})
	wants(t, tabs, "one with a title", w, Page{}, Wait)
	tells(tabs, 1, Tab{Window: 11, Title: "docs.example/a b.txt", URL: "https://docs.example/a%20b.txt"})
	wants(t, tabs, "told since", w, Page{URL: "https://docs.example/a%20b.txt", Known: true}, Heard)

	long := strings.Repeat("long title ", 60)
	w.Title = long[:512]
	tabs.Look(w)
	tells(tabs, 1, Tab{Window: 11, Title: long[:512], URL: "https://long.example/"})
	wants(t, tabs, "cut", w, Page{URL: "https://long.example/", Known: true}, Heard)

	// One that is cut may be the beginning of any page's, and any page's of one that is long.
	for said, shown := range map[string]string{
		long[:512]:                   "long title - Chromium",
		"Bank - Chromium " + long:    "Bank - Chromium",
		long[:512] + "a":             long[:512] + " - Chromium",
		"long":                       long[:512],
		"lo":                         long[:512],
		"Canary":                     "\u200b",
		strings.Repeat("Canary", 99): "\u200b",
	} {
		tabs := NewTabs()
		tabs.Look(Window{ID: 1, PID: 70, App: "chromium", Title: said + " - Chromium"})
		tells(tabs, 1, Tab{Window: 11, Title: said, URL: "https://other.example/"})
		tabs.Look(Window{ID: 1, PID: 70, App: "chromium", Title: said + " - Chromium"})
		if page, word := tabs.Look(Window{ID: 1, PID: 70, App: "chromium", Title: shown}); page.URL != "" {
			t.Errorf("%.20q, told before %.20q is shown: %+v, %v", said, shown, page, word)
		}
	}
}

// Several profiles of one browser share its process, each with its own extension.
func TestProfiles(t *testing.T) {
	tabs := NewTabs()
	hello(tabs, 1)
	hello(tabs, 2)
	tabs.Look(first)
	tells(tabs, 1, oneTab)
	tells(tabs, 2, Tab{Window: 21, Title: "One", URL: "https://other.example/"})
	wants(t, tabs, "both tell of such a page", first, Page{}, Wait)
	tells(tabs, 2, Tab{Window: -1})
	wants(t, tabs, "one does", first, oneHeard, Heard)
	tabs.Look(second)
	tells(tabs, 2, Tab{Window: 22, Private: true})
	tells(tabs, 1, twoTab)
	wants(t, tabs, "one tells of a private window", second, private, Heard)
	tells(tabs, 2, Tab{Window: -1})
	wants(t, tabs, "which it was not", second, Page{URL: twoTab.URL, Known: true}, Heard)
}

// The system may give a new window the name of one that is closed.
func TestWindowOfTheSameName(t *testing.T) {
	tabs := NewTabs()
	tabs.Look(first)
	tells(tabs, 1, oneTab)
	tabs.Look(first)
	tabs.Leave()
	again := first
	again.Title = "Canary - Chromium"
	tells(tabs, 1, Tab{Window: -1})
	wants(t, tabs, "of a private window", again, Page{}, Wait)
	tells(tabs, 1, Tab{Window: -1})
	tabs.Resign()
	wants(t, tabs, "it is not that one", again, private, Heard)
	tells(tabs, 1, oneTab)
	tabs.Look(first)
	tabs.Leave()
	again.Title = "Two - Chromium"
	wants(t, tabs, "of another", again, Page{}, Wait)
	tells(tabs, 1, twoTab)
	wants(t, tabs, "which is not that one", again, Page{}, Wait)
	tabs.Resign()
	wants(t, tabs, "it is the other", again, Page{URL: twoTab.URL, Known: true}, Heard)
	other := first
	other.PID = 71
	wants(t, tabs, "of another program", other, Page{}, Silence)
}

func TestHealthOfTabs(t *testing.T) {
	tabs := NewTabs()
	if h := tabs.Health("chromium"); h != (Health{}) {
		t.Errorf("of nobody: %+v", h)
	}
	tabs.Look(first)
	hello(tabs, 1)
	tabs.Look(first)
	if h := tabs.Health("chromium"); !h.Speaks || h.Version != "1.2.3" || h.Some || h.Words == "" {
		t.Errorf("before a page: %+v", h)
	}
	tells(tabs, 1, oneTab)
	tabs.Look(first)
	if h := tabs.Health("chromium"); !h.Most || h.At != time.Second {
		t.Errorf("a page: %+v", h)
	}
	for i := range 200 {
		w := first
		w.Title = fmt.Sprint(i)
		tabs.Look(w)
		tabs.Resign()
		tabs.Look(w)
	}
	if h := tabs.Health("chromium"); !h.Some || h.Most || !strings.HasPrefix(h.Words, "0 of 10") {
		t.Errorf("pages that it did not tell: %+v", h)
	}
	tabs.Take(Told{Host: 1, Gone: true}, 2*time.Second)
	if h := tabs.Health("chromium"); h.Speaks || h.At != time.Second {
		t.Errorf("gone: %+v", h)
	}
}

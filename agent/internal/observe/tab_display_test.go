//go:build linux || windows

package observe

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/dayline-project/dayline/agent/internal/browser"
	"github.com/dayline-project/dayline/agent/internal/privacy"
	"github.com/dayline-project/dayline/shared/episode"
)

// desk is a desktop with windows of this process, which counts as a browser.
type desk struct {
	open  func(title string) (window int)
	front func(window int)
	title func(window int, title string)
}

// extension is one that tells of this process's windows, and answers when it is asked.
type extension struct {
	ear  *scripted
	done <-chan struct{}

	mu   sync.Mutex
	host uint64
	tab  *browser.Tab
}

func (e *extension) say(told browser.Told) {
	told.Host, told.Browser, told.Version = e.host, os.Getpid(), "1.2.3"
	select {
	case e.ear.told <- told:
	case <-e.done:
	}
}

func (e *extension) tells(tab *browser.Tab) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if tab != nil {
		copied := *tab
		e.tab = &copied
	}
	e.say(browser.Told{Tab: e.tab})
}

// restart kills its host and begins another.
func (e *extension) restart() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.say(browser.Told{Gone: true})
	e.host++
}

func (e *extension) answer() {
	for {
		select {
		case <-e.ear.again:
			e.tells(nil)
		case <-e.done:
			return
		}
	}
}

// testTabs watches a desktop while an extension tells of its windows: whatever comes first, each address is told with its own
// page's title, and of a window that the extension does not see nothing.
func testTabs(t *testing.T, config Config, d desk) {
	ear := newScripted()
	config.Ear = ear
	first, second, hidden := d.open("One - Chromium"), d.open("Two - Chromium"), d.open("Canary - Chromium")
	d.front(first)
	w := watchDisplay(t, config, privacy.Rules{TitleOfUnknown: true})
	ext := &extension{ear: ear, host: 1, done: t.Context().Done()}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ext.answer()
	}()
	t.Cleanup(func() { <-ended })
	tells := ext.tells
	shows := func(title, url string) Observation {
		t.Helper()
		return w.next(title+" "+url, func(o Observation) bool {
			return o.Event == episode.EventFocus && o.Title == title && o.URL == url
		})
	}
	one := browser.Tab{Window: 11, Title: "One", URL: "https://one.example/"}
	two := browser.Tab{Window: 12, Title: "Two", URL: "https://two.example/"}

	tells(nil)
	tells(&one)
	shows("One - Chromium", one.URL)
	w.next("the extension's level", func(o Observation) bool {
		return len(o.Levels) == 4 && o.Levels[3].Extension == "1.2.3" && o.Levels[3].Level == levelFull
	})
	d.front(second)
	tells(&two)
	shows("Two - Chromium", two.URL)
	// Known windows need not be told again.
	for range 5 {
		d.front(first)
		tells(&one)
		shows("One - Chromium", one.URL)
		d.front(second)
		tells(&two)
		shows("Two - Chromium", two.URL)
	}
	for i := range 8 {
		two.Title, two.URL = fmt.Sprint("Page ", i), fmt.Sprintf("https://two.example/%d", i)
		if i%2 == 0 {
			d.title(second, two.Title+" - Chromium")
			tells(&two)
		} else {
			tells(&two)
			d.title(second, two.Title+" - Chromium")
		}
		shows(two.Title+" - Chromium", two.URL)
		two.URL += "#more"
		tells(&two)
		shows(two.Title+" - Chromium", two.URL)
	}
	d.front(hidden)
	tells(&browser.Tab{Window: -1})
	w.next("a window that the extension does not see", func(o Observation) bool { return o.Event == episode.EventFocus && o.Private })
	d.title(hidden, "Canary and more - Chromium")

	// Its host is killed, and another begins.
	ext.restart()
	d.front(second)
	tells(&two)
	shows(two.Title+" - Chromium", two.URL)
	for _, o := range w.seen {
		title, _, _ := strings.Cut(o.Title, " - Chromium")
		page := strings.TrimSuffix(o.URL, "#more")
		right := map[string]string{"One": "https://one.example/", "Two": "https://two.example/", "Page " + page[strings.LastIndex(page, "/")+1:]: page}
		if strings.Contains(o.Title, "anary") || o.URL != "" && right[title] != page {
			t.Errorf("told %+v", o)
		}
	}
}

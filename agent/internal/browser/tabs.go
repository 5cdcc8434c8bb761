package browser

import (
	"fmt"
	"time"
)

const (
	// Patience is how long what happened may wait for an extension's word.
	Patience = time.Second
	// maxWindows bounds the windows known of.
	maxWindows = 1024
)

// Tabs joins the tabs that browsers' extensions tell of with the window in front: the system says which window that is, an
// extension only what its browser's active tab is. Tabs asks nobody and goes by the order of its calls, so that no clock decides.
// It belongs to one goroutine.
//
// An address goes with a window whose title begins with its page's own, and with no other. A window that an extension should
// know of and does not is taken for private, for it sees all others.
type Tabs struct {
	speakers map[uint64]*speaker
	// expected are the processes of browsers whose extension is waited for although it does not speak, once: it may not have
	// begun yet, or its host was killed. met are those of which it was expected at first.
	expected, met map[int]bool
	windows       map[uint32]joined
	records       map[string]*record

	// front is the window looked at last: in front since the event came, with its title since titled, as events are counted.
	front                Window
	events, came, titled int
	// resigned: nobody waits for the word about it any more.
	resigned bool
}

// speaker is an extension that speaks.
type speaker struct {
	// browser is the process of its browser.
	browser int
	version string
	at      time.Duration
	// tab was told last, as of the event told. title is its own as the titles of windows have it.
	tab   *Tab
	title string
	told  int
	// endings are what the titles of windows had behind those of their tabs: " - Chromium".
	endings []string
}

// joined is which of an extension's windows one of the system's is. Of a private one it may be none, host 0: it counts as such
// since no extension accounts for it, and until one does.
type joined struct {
	browser int
	host    uint64
	window  int64
	private bool
}

// record is how well a program's windows were told of.
type record struct {
	browser int
	version string
	at      time.Duration
	pages   share
}

// Word is what there is of an extension's.
type Word int

const (
	// Silence: no extension speaks for this browser.
	Silence Word = iota
	// Wait for it, until Resign.
	Wait
	// Heard: the page is the window's, either Known or Private.
	Heard
)

// NewTabs gives tabs of which nothing was told.
func NewTabs() *Tabs {
	return &Tabs{speakers: make(map[uint64]*speaker), expected: make(map[int]bool), met: make(map[int]bool), windows: make(map[uint32]joined), records: make(map[string]*record)}
}

// Take takes what was told, at a moment.
func (t *Tabs) Take(told Told, at time.Duration) {
	t.events++
	if told.Gone {
		t.leave(told.Host)
		return
	}
	s := t.speakers[told.Host]
	if s == nil {
		s = &speaker{}
		t.speakers[told.Host] = s
		t.resigned = t.resigned && told.Browser != t.front.PID
	}
	s.browser, s.version, s.at = told.Browser, told.Version, at
	delete(t.expected, told.Browser)
	if told.Tab != nil {
		tab := *told.Tab
		s.tab, s.title, s.told = &tab, plain(tab.Title), t.events
	}
}

// leave forgets a host, save which windows were private: their titles are to be told by nobody else.
func (t *Tabs) leave(host uint64) {
	s := t.speakers[host]
	if s == nil {
		return
	}
	delete(t.speakers, host)
	t.expect(s.browser)
	for id, j := range t.windows {
		switch {
		case j.host != host:
		case j.private:
			t.windows[id] = joined{browser: j.browser, private: true}
		default:
			delete(t.windows, id)
		}
	}
	for _, r := range t.records {
		if r.browser == s.browser {
			r.version, r.at = s.version, s.at
		}
	}
}

// Expect takes note that a browser is in front whose extension may be about to speak, be it that it was started or that nobody
// heard it until now.
func (t *Tabs) Expect(browser int) {
	if t.met[browser] {
		return
	}
	if len(t.met) >= maxKept {
		clear(t.met)
	}
	t.met[browser] = true
	t.expect(browser)
}

func (t *Tabs) expect(browser int) {
	if len(t.expected) >= maxKept {
		clear(t.expected)
	}
	t.expected[browser] = true
	t.resigned = t.resigned && browser != t.front.PID
}

// Leave takes note that no window is in front.
func (t *Tabs) Leave() { t.front, t.resigned = Window{}, false }

// Resign ends the waiting for the word about the window looked at last.
func (t *Tabs) Resign() {
	t.resigned = true
	delete(t.expected, t.front.PID)
}

// Hosts are those that speak for a browser's process.
func (t *Tabs) Hosts(browser int) []uint64 {
	var all []uint64
	for host, s := range t.speakers {
		if s.browser == browser {
			all = append(all, host)
		}
	}
	return all
}

// Look gives the page in the window in front, as its browser's extension has it.
func (t *Tabs) Look(w Window) (Page, Word) {
	t.arrive(w)
	speaks := len(t.Hosts(w.PID)) > 0
	if speaks {
		t.record(w)
		if page, ok := t.page(w); ok {
			t.resigned = false
			return page, Heard
		}
	}
	switch j, known := t.known(w); {
	case known && j.private:
		return Page{Private: true}, Heard
	case w.Title == "" || !speaks && !t.expected[w.PID]:
		return Page{}, Silence
	case !t.resigned:
		return Page{}, Wait
	}
	page := t.Unheard(w)
	if !page.Private {
		t.records[w.App].count(false)
		return page, Heard
	}
	t.bound()
	t.windows[w.ID] = joined{browser: w.PID, private: true}
	// It may be another one of the extension's.
	page, _ = t.join(w)
	return page, Heard
}

// Unheard is the page in the window looked at last, for the word about which nobody waits: none, in one that is known not to be
// private, so that its title may be told. Any other is taken for private.
func (t *Tabs) Unheard(w Window) Page {
	if len(t.Hosts(w.PID)) == 0 {
		return Page{}
	}
	j, known := t.known(w)
	known = known && !j.private && !t.denied(j)
	return Page{Known: known, Private: !known}
}

// arrive takes note of a window in front.
func (t *Tabs) arrive(w Window) {
	if w == t.front {
		return
	}
	t.events++
	if w.ID != t.front.ID || w.PID != t.front.PID {
		t.came = t.events
	}
	t.titled = t.events
	t.front, t.resigned = w, false
}

// known gives what is known of a window. Another process may have a window by the name of one that is closed.
func (t *Tabs) known(w Window) (j joined, known bool) {
	j, known = t.windows[w.ID]
	return j, known && j.browser == w.PID
}

// page finds what a window shows.
func (t *Tabs) page(w Window) (Page, bool) {
	j, known := t.known(w)
	if !known || j.private {
		return t.join(w)
	}
	s := t.speakers[j.host]
	if s.tab == nil || s.tab.Window != j.window || s.tab.Private || !s.shownBy(w, t.titled) {
		return Page{}, false
	}
	return t.told(w, s), true
}

// told gives the page of an extension's tab, which a window shows.
func (t *Tabs) told(w Window, s *speaker) Page {
	t.records[w.App].count(true)
	return Page{URL: s.tab.URL, Known: true}
}

// join finds which of an extension's windows one is that is not known, or counts as private: one told of since it came to the
// front, that no other is, and that is private or has a tab whose title it shows. Several profiles of a browser, each with its own
// extension, may have told of such: a private one wins, and of others none. What is not found counts as private.
func (t *Tabs) join(w Window) (Page, bool) {
	var hosts []uint64
	private := false
	for _, host := range t.Hosts(w.PID) {
		s := t.speakers[host]
		if s.tab == nil || s.tab.Window < 0 || s.told < t.came || t.isJoined(host, s.tab.Window) {
			continue
		}
		if s.tab.Private || s.shownBy(w, t.titled) {
			hosts, private = append(hosts, host), private || s.tab.Private
		}
	}
	if len(hosts) != 1 {
		return Page{Private: true}, private
	}
	s := t.speakers[hosts[0]]
	t.bound()
	t.windows[w.ID] = joined{browser: w.PID, host: hosts[0], window: s.tab.Window, private: private}
	if private {
		return Page{Private: true}, true
	}
	return t.told(w, s), true
}

func (t *Tabs) isJoined(host uint64, window int64) bool {
	for _, j := range t.windows {
		if j.host == host && j.window == window {
			return true
		}
	}
	return false
}

func (t *Tabs) bound() {
	if len(t.windows) >= maxWindows {
		clear(t.windows)
	}
}

// denied tells whether the extension of a window told, since that is in front, that the focus is elsewhere: where it does not
// see, or in another window, which has the name of this one now that this is closed.
func (t *Tabs) denied(j joined) bool {
	s := t.speakers[j.host]
	return s.tab != nil && s.told >= t.came && (s.tab.Window != j.window || s.tab.Private)
}

// record notes for whom an extension speaks.
func (t *Tabs) record(w Window) {
	r := t.records[w.App]
	if r == nil {
		if len(t.records) >= maxKept {
			clear(t.records)
		}
		r = &record{}
		t.records[w.App] = r
	}
	r.browser = w.PID
}

// count counts a page that was told in time, or was not. What is long ago counts less and less.
func (r *record) count(told bool) {
	if r.pages.asked >= 40 {
		r.pages.asked, r.pages.answered = r.pages.asked/2, (r.pages.answered+1)/2
	}
	r.pages.asked++
	if told {
		r.pages.answered++
	}
}

// Health is how well an extension speaks for a program.
type Health struct {
	// Speaks: it does now; Version is its own, At when it was heard last.
	Speaks  bool
	Version string
	At      time.Duration
	// Some of the pages were told of, Most are. Words say how that is, or why not.
	Some, Most bool
	Words      string
}

// Health tells how well an extension speaks for a program, nothing where none ever did.
func (t *Tabs) Health(app string) Health {
	r := t.records[app]
	if r == nil {
		return Health{}
	}
	h := Health{Version: r.version, At: r.at, Some: r.pages.answered > 0}
	for _, host := range t.Hosts(r.browser) {
		s := t.speakers[host]
		h.Speaks, h.Version, h.At = true, s.version, max(h.At, s.at)
	}
	if !h.Some {
		h.Words = "the browser extension has not told of a page in front yet: every window may be a private one"
		return h
	}
	tenths := r.pages.answered * 10 / r.pages.asked
	h.Most = tenths >= 5
	h.Words = "page addresses come from the browser extension"
	if tenths < 10 {
		h.Words = fmt.Sprintf("%d of 10 page addresses come from the browser extension; the others it did not tell in time", tenths)
	}
	return h
}

package observe

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/dayline-project/dayline/agent/internal/browser"
	"github.com/dayline-project/dayline/agent/internal/privacy"
)

// Ear hears the extensions of the session's browsers.
type Ear interface {
	// Run hears until the context ends, and may be run again. Nothing is told of who was heard then: all are gone.
	Run(ctx context.Context) error
	Told() <-chan browser.Told
	// Again has a host tell its tab again. It never waits.
	Again(host uint64)
}

// deaf hears nobody.
type deaf struct{}

func (deaf) Run(context.Context) error { return nil }
func (deaf) Told() <-chan browser.Told { return nil }
func (deaf) Again(uint64)              {}

// addresses reads the addresses of pages. It outlives a watch, for a browser that hangs is not asked by another thread.
// Where this system has no way to read them, worker is nil.
type addresses struct {
	worker   *browser.Worker
	readings *browser.Readings
}

func newAddresses(open func() (browser.Tree, error)) *addresses {
	a := &addresses{readings: browser.NewReadings()}
	if open != nil {
		a.worker = browser.NewWorker(open)
	}
	return a
}

func (a *addresses) answers() <-chan browser.Answer {
	if a.worker == nil {
		return nil
	}
	return a.worker.Answers()
}

// awaited is what a focus on a browser waits for.
type awaited int

const (
	forNothing awaited = iota
	// forTab: the word of the browser's extension.
	forTab
	// forTree: the accessibility interface's answer.
	forTree
)

// lookAddress gives what is known of a window's page, or begins to wait for it, or goes on to.
func (w *watch) lookAddress(front Window, why cause) (page browser.Page, pending bool) {
	if w.o.config.Ear != nil && front.isBrowser() {
		w.tabs.Expect(front.PID)
	}
	page, word := w.tabs.Look(front.asked())
	if word == browser.Silence {
		return w.readAddress(front)
	}
	w.o.addresses.readings.Leave()
	switch {
	case word == browser.Heard:
		if why == byDesktop && page.Private {
			w.askTabs(front)
		}
		return page, false
	case w.awaits != forTab:
		w.awaitAddress(front, forTab, untoldFor)
		w.unasked, w.aside = true, why == byBrowser
	case why == byDesktop && !w.unasked:
		w.askTabs(front)
	}
	w.pending, w.aside = front, w.aside && why == byBrowser
	return browser.Page{}, true
}

// untoldFor is how long an extension's word is awaited before it is asked for: of nearly all that changes the extension tells by
// itself before, and each question would have it tell twice.
const untoldFor = 150 * time.Millisecond

// askTabs has a window's extension tell its tab again.
func (w *watch) askTabs(front Window) {
	for _, host := range w.tabs.Hosts(front.PID) {
		w.o.ear.Again(host)
	}
}

// awaitAddress begins to wait.
func (w *watch) awaitAddress(front Window, what awaited, patience time.Duration) {
	w.pending, w.awaits = front, what
	w.budget.Reset(patience)
}

// readAddress has the page of a browser whose extension does not speak read. Without a title nobody could tell whether it is
// that page's.
func (w *watch) readAddress(front Window) (page browser.Page, pending bool) {
	if w.o.addresses.worker == nil {
		return browser.Page{}, false
	}
	readings := w.o.addresses.readings
	if readings.Private(front.asked()) {
		readings.Leave()
		return browser.Page{Private: true}, false
	}
	if front.Title == "" || !privacy.MayReadAddress(front.judged(), w.rules) {
		readings.Leave()
		return browser.Page{}, false
	}
	if page, pending = readings.Look(front.asked(), w.o.Now()); pending {
		w.awaitAddress(front, forTree, browser.Budget)
		w.askAddress()
	}
	return page, pending
}

// judged is a window as the privacy rules take it.
func (w Window) judged() privacy.Window {
	return privacy.Window{App: w.App, Class: cmp.Or(w.Class, w.Bundle), Title: w.Title}
}

func (w Window) isBrowser() bool {
	return privacy.IsBrowser(w.App) || privacy.IsBrowser(w.judged().Class)
}

func (w Window) asked() browser.Window {
	return browser.Window{ID: w.ID, PID: w.PID, App: w.App, Title: w.Title}
}

// askAddress has the worker read what is to be read now.
func (w *watch) askAddress() {
	if next, is := w.o.addresses.readings.Next(w.o.Now()); is {
		w.o.addresses.worker.Ask(next)
	}
}

// settleAddress ends the waiting for an address, with what became known of the page.
func (w *watch) settleAddress(page browser.Page) {
	if w.awaits == forNothing {
		return
	}
	w.endWaiting(w.focusOn(w.pending, page))
}

// leaveAddress ends the waiting for an address without it.
func (w *watch) leaveAddress() {
	switch {
	case w.awaits == forTab && w.aside:
		// The desktop showed no other window or title: it was told of something else.
		w.endWaiting(w.told)
	case w.awaits == forTab:
		w.settleAddress(w.tabs.Unheard(w.pending.asked()))
	default:
		w.settleAddress(browser.Page{})
	}
}

// endWaiting tells what is known by now of the window that was waited for, unless the same was told last.
func (w *watch) endWaiting(told focus) {
	w.pending, w.awaits, w.aside = Window{}, forNothing, false
	w.budget.Stop()
	news := told != w.told
	w.told = told
	w.release(untilAddress, func(m *Observation) (keep bool) {
		told.observe(m)
		return news
	})
}

// answered takes what the worker read.
func (w *watch) answered(a browser.Answer) {
	page, counts := w.o.addresses.readings.Take(a, w.o.Now())
	switch {
	case counts && w.awaits == forTree && a.Window == w.pending.asked():
		w.settleAddress(page)
	case counts && page.Private && a.Window.ID == w.front.window.ID:
		// A sign of a private window that came late; what was told of it is told anew without it.
		w.tellAnew(byDesktop)
	}
	w.askAddress()
	w.tellReadings()
}

// tellAnew tells the window in front as of now if something else is known of its page; of one that is leaving when it is back.
func (w *watch) tellAnew(why cause) {
	if w.front.leaving {
		w.front.known = false
	} else {
		w.makeFocus(w.o.Now(), why)
	}
}

// readAgain has the page of the window in front read that could not be when it came there.
func (w *watch) readAgain() {
	if w.awaits == forNothing && !w.front.leaving && w.o.addresses.readings.Again(w.front.window.asked(), w.o.Now()) {
		w.makeFocus(w.o.Now(), byBrowser)
	}
}

// heard takes what a browser's extension told.
func (w *watch) heard(told browser.Told) {
	w.tabs.Take(told, w.o.stays.toTell(w.o.Now()))
	if !told.Gone && w.front.known && w.front.window.ID != 0 && told.Browser == w.front.window.PID {
		if w.titleDue && w.display != nil && !w.front.leaving {
			// Tabs may be changed faster than titles are read, and this one's belongs to it.
			w.readTitleNow(w.titleAt)
		}
		w.tellAnew(byBrowser)
	}
	w.tellReadings()
}

// unanswered ends the waiting for an address, since the time for it is over.
func (w *watch) unanswered() {
	switch w.awaits {
	case forNothing:
		return
	case forTab:
		if w.unasked {
			w.unasked = false
			w.askTabs(w.pending)
			w.budget.Reset(browser.Patience - untoldFor)
			return
		}
		w.tabs.Resign()
		if page, pending := w.lookAddress(w.pending, byBrowser); !pending {
			w.settleAddress(page)
		}
	case forTree:
		w.o.addresses.readings.Late(w.pending.asked(), w.o.Now())
		w.settleAddress(browser.Page{})
	}
	w.tellReadings()
}

// tellReadings tells of the capture if what was read or told changed it.
func (w *watch) tellReadings() {
	if !slices.Equal(withoutNumbers(w.levels), w.capture.levels()) {
		w.tellLevels()
	}
}

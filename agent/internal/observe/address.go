package observe

import (
	"cmp"
	"slices"

	"github.com/dayline-project/dayline/agent/internal/browser"
	"github.com/dayline-project/dayline/agent/internal/privacy"
)

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

// lookAddress gives what is known of a window's page, or begins to wait for it. Without a title nobody could tell whether
// it is that page's.
func (w *watch) lookAddress(front Window) (page browser.Page, pending bool) {
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
		w.pending = front
		w.budget.Reset(browser.Budget)
		w.askAddress()
	}
	return page, pending
}

// judged is a window as the privacy rules take it.
func (w Window) judged() privacy.Window {
	return privacy.Window{App: w.App, Class: cmp.Or(w.Class, w.Bundle), Title: w.Title}
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
	if w.pending == (Window{}) {
		return
	}
	told := w.focusOn(w.pending, page)
	w.pending = Window{}
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
	case counts && a.Window == w.pending.asked():
		w.settleAddress(page)
	case counts && page.Private && a.Window.ID == w.front.window.ID:
		// A sign of a private window that came late; what was told of it is told anew without it.
		if w.front.leaving {
			w.front.known = false
		} else {
			w.makeFocus(w.o.Now())
		}
	}
	w.askAddress()
	w.tellReadings()
}

// unanswered ends the waiting for an address, since the time for it is over.
func (w *watch) unanswered() {
	if w.pending != (Window{}) {
		w.o.addresses.readings.Late(w.pending.asked(), w.o.Now())
		w.settleAddress(browser.Page{})
		w.tellReadings()
	}
}

// tellReadings tells of the capture if readings changed it.
func (w *watch) tellReadings() {
	if !slices.Equal(w.levels, w.capture.levels()) {
		w.tellLevels()
	}
}

package browser

import (
	"errors"
	"fmt"
	"time"
)

const (
	// A browser that failed is asked again after firstRest, then after twice as long each time, up to maxRest.
	firstRest = time.Second
	maxRest   = 10 * time.Minute
	// pageFor is how long a page is believed of a window whose title is the same: a page may move on under its title.
	pageFor = 5 * time.Minute
	// maxKept bounds what is kept of each kind.
	maxKept = 64
)

// Readings decides when a window's address is read, and remembers what was found. It has no clock and asks nobody:
// the times are arguments, on a clock that never jumps. It belongs to one Worker and one goroutine.
type Readings struct {
	pages   map[Window]found
	private map[whom]bool
	rests   map[whom]rest
	shares  map[string]*share
	// running is what the worker reads, next what it is to read then, looked what was looked at last, seen what was asked for.
	running      *run
	next         Window
	looked, seen Window
}

type found struct {
	page Page
	at   time.Duration
}

// run is a reading under way.
type run struct {
	window Window
	since  time.Duration
	// late: its time is over. unwanted: what it brings is dropped.
	late, unwanted bool
}

// whom names who is not asked: a browser, one window of it that is private or has no address field, or, with neither,
// all.
type whom struct {
	app    string
	window uint32
}

type rest struct{ until, length time.Duration }

// share is how many of a browser's readings brought what they should.
type share struct {
	asked, answered int
	// why the last that failed did.
	why error
}

// NewReadings gives readings that remember nothing.
func NewReadings() *Readings {
	return &Readings{pages: make(map[Window]found), private: make(map[whom]bool), rests: make(map[whom]rest), shares: make(map[string]*share)}
}

// Forget forgets all pages and drops what is being read: addresses may not be read any more. Who failed still rests,
// and a private window stays one.
func (r *Readings) Forget() {
	clear(r.pages)
	r.Leave()
	if r.running != nil {
		r.running.unwanted = true
	}
}

// Leave takes note that a window is in front of which no address may be read.
func (r *Readings) Leave() { r.next, r.looked, r.seen = Window{}, Window{}, Window{} }

// Private tells whether a window showed a sign of being a private one.
func (r *Readings) Private(w Window) bool { return r.private[whom{w.App, w.ID}] }

// Look takes the window in front, of which an address may be read and that is not Private. It gives the page if that is known, or tells that
// it is pending: then Next asks, and Take or Late tells the end.
func (r *Readings) Look(w Window, now time.Duration) (page Page, pending bool) {
	r.overdue(now)
	r.next, r.looked = Window{}, w
	if known, is := r.pages[w]; is && now-known.at < pageFor {
		r.seen = w
		return known.page, false
	}
	switch {
	case r.running != nil && r.running.window == w && !r.running.late && !r.running.unwanted:
		return Page{}, true
	case w == r.seen, recipeOf(w.App) == nil, r.resting(w, now), r.running != nil && r.running.late:
		return Page{}, false
	}
	r.next, r.seen = w, w
	return Page{}, true
}

// Again tells whether the window that was looked at last is worth another look, since its page could not be read then: it was
// typed over, or not shown yet.
func (r *Readings) Again(w Window, now time.Duration) bool {
	known, is := r.pages[w]
	switch {
	case w != r.looked, recipeOf(w.App) == nil, r.running != nil, r.next != (Window{}), r.resting(w, now), is && now-known.at < pageFor:
		return false
	}
	r.seen = Window{}
	return true
}

// Next gives the window to be read now, if there is one and nothing else is being read.
func (r *Readings) Next(now time.Duration) (w Window, is bool) {
	if r.running != nil || r.next == (Window{}) {
		return Window{}, false
	}
	w, r.next = r.next, Window{}
	r.running = &run{window: w, since: now}
	return w, true
}

// Late tells that a window's time is over.
func (r *Readings) Late(w Window, now time.Duration) {
	if r.next == w {
		r.next = Window{}
	}
	if r.running != nil && r.running.window == w {
		r.tooLate(now)
	}
}

// overdue finds a reading that is late although nobody waits for it any more.
func (r *Readings) overdue(now time.Duration) {
	if r.running != nil && now-r.running.since >= Budget {
		r.tooLate(now)
	}
}

func (r *Readings) tooLate(now time.Duration) {
	if !r.running.late {
		r.running.late = true
		r.failed(r.running.window, ErrLate, now)
	}
}

// Take takes the worker's answer. The page counts if ok; one that is empty means that there is none to wait for. What
// comes late is dropped, save that the window is private.
func (r *Readings) Take(a Answer, now time.Duration) (page Page, ok bool) {
	r.overdue(now)
	if r.running == nil {
		return Page{}, false
	}
	run := r.running
	r.running = nil
	switch {
	case run.unwanted:
		return Page{}, false
	case a.Page.Private:
		r.bound()
		r.private[whom{a.Window.App, a.Window.ID}] = true
		return a.Page, true
	case run.late:
		return Page{}, false
	}
	switch {
	case a.Err == nil:
		r.bound()
		r.pages[a.Window] = found{page: a.Page, at: now}
		r.answered(a.Window)
	case errors.Is(a.Err, errMoved), errors.Is(a.Err, errBehind), errors.Is(a.Err, errEdited), errors.Is(a.Err, errNoAddress):
		r.answered(a.Window)
	default:
		r.failed(a.Window, a.Err, now)
	}
	return a.Page, true
}

// bound makes room for one more of each.
func (r *Readings) bound() {
	if len(r.pages) >= maxKept {
		clear(r.pages)
	}
	if len(r.private) >= maxKept {
		clear(r.private)
	}
	if len(r.rests) >= maxKept {
		clear(r.rests)
	}
}

func (r *Readings) resting(w Window, now time.Duration) bool {
	for _, who := range []whom{{}, {app: w.App}, {app: w.App, window: w.ID}} {
		if now < r.rests[who].until {
			return true
		}
	}
	return false
}

func (r *Readings) answered(w Window) {
	s := r.share(w.App)
	s.asked++
	s.answered++
	delete(r.rests, whom{app: w.App})
	delete(r.rests, whom{app: w.App, window: w.ID})
}

func (r *Readings) failed(w Window, err error, now time.Duration) {
	s := r.share(w.App)
	s.asked++
	s.why = err
	who, length := whom{app: w.App}, time.Duration(0)
	switch {
	case errors.Is(err, ErrAbsent), errors.Is(err, ErrOff):
		who, length = whom{}, maxRest
	case errors.Is(err, errNoField), errors.Is(err, errTwins):
		// Windows of a web application have none.
		who = whom{app: w.App, window: w.ID}
	}
	r.bound()
	length = min(max(length, 2*r.rests[who].length, firstRest), maxRest)
	r.rests[who] = rest{until: now + length, length: length}
}

// share gives a browser's, in which what is long ago counts less and less.
func (r *Readings) share(app string) *share {
	s := r.shares[app]
	if s == nil {
		if len(r.shares) >= maxKept {
			clear(r.shares)
		}
		s = &share{}
		r.shares[app] = s
	}
	if s.asked >= 40 {
		s.asked, s.answered = s.asked/2, s.answered/2
	}
	return s
}

// Health tells whether most of a browser's addresses are read, and how that is or why not.
func (r *Readings) Health(app string) (read bool, words string) {
	s := r.shares[app]
	switch {
	case recipeOf(app) == nil:
		return false, "page addresses are not read of this browser: its extension would tell them"
	case s == nil:
		return false, "no page address was read yet through the accessibility interface"
	case errors.Is(s.why, ErrAbsent) && s.answered == 0:
		return false, "page addresses cannot be read: the system has no accessibility interface"
	case errors.Is(s.why, ErrOff) && s.answered == 0:
		return false, "page addresses are not read: accessibility is off on this desktop, and is not switched on for it"
	}
	tenths := s.answered * 10 / s.asked
	if tenths == 10 {
		return true, "page addresses are read through the accessibility interface"
	}
	why := "the browser answered with an error"
	switch {
	case errors.Is(s.why, ErrLate):
		why = "the browser did not answer in time"
	case errors.Is(s.why, errNoField):
		why = "a window without an address field"
	case errors.Is(s.why, errTwins):
		why = "several of its windows have one title"
	case errors.Is(s.why, ErrNoPage):
		why = "the browser shows its pages to no accessibility interface"
	case errors.Is(s.why, ErrAbsent):
		why = "the system has no accessibility interface"
	case errors.Is(s.why, ErrOff):
		why = "accessibility is off on this desktop"
	}
	return tenths >= 5, fmt.Sprintf("%d of 10 page addresses are read through the accessibility interface; the last that was not: %s", tenths, why)
}

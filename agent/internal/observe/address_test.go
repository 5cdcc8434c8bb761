package observe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dayline-project/dayline/agent/internal/browser"
	"github.com/dayline-project/dayline/agent/internal/privacy"
	"github.com/dayline-project/dayline/shared/episode"
)

// shop is a browser.Tree: windows of Chrome whose address fields lie right below them.
type shop struct {
	mu      sync.Mutex
	windows map[uint32]*shopWindow
}

type shopWindow struct {
	title, shows, name string
	// takes is how long it takes to answer; gate, where not nil, has to be closed first.
	takes time.Duration
	gate  chan struct{}
}

func (s *shop) window(id uint32) shopWindow {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.windows[id]; w != nil {
		return *w
	}
	return shopWindow{}
}

func (s *shop) set(id uint32, w shopWindow) Window {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.windows[id] = &w
	return Window{ID: id, App: "chrome.exe", Title: w.title}
}

func (s *shop) Title(id uint32) string { return s.window(id).title }
func (s *shop) Close()                 {}

func (s *shop) Window(window browser.Window) (browser.Element, error) {
	id := window.ID
	w := s.window(id)
	if w.gate != nil {
		<-w.gate
	}
	time.Sleep(w.takes)
	return &shopElement{shop: s, id: id, node: browser.Node{Name: s.window(id).name}}, nil
}

type shopElement struct {
	shop *shop
	id   uint32
	node browser.Node
}

func (e *shopElement) Children(browser.Sketch) ([]browser.Element, error) {
	return []browser.Element{&shopElement{shop: e.shop, id: e.id, node: browser.Node{Class: "OmniboxViewViews"}}}, nil
}

func (e *shopElement) Look() browser.Node { return e.node }
func (e *shopElement) Release()           {}

func (e *shopElement) Read() error {
	if e.shop.window(e.id).shows == "" {
		return errors.New("shop: closed")
	}
	e.node.Value = e.shop.window(e.id).shows
	return nil
}

// reads is a watch of which a test is the loop, in a bubble of synctest.
type reads struct {
	*watch
	t    *testing.T
	shop *shop
}

var readable = privacy.Rules{TitleOfUnknown: true, ReadAddresses: true}

func watchShop(t *testing.T, test func(*reads)) {
	synctest.Test(t, func(t *testing.T) {
		s := &shop{windows: map[uint32]*shopWindow{}}
		o, err := New(Config{OpenTree: func() (browser.Tree, error) { return s, nil }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- o.addresses.worker.Run(ctx) }()
		tabs := browser.NewTabs()
		w := &watch{
			o: o, ctx: ctx, rules: readable, zone: &zone{location: time.UTC}, names: func(Window) string { return "" },
			capture: capture{rules: readable, addresses: o.addresses, tabs: tabs}, tabs: tabs, tried: true,
			settle: stopped(), again: stopped(), title: stopped(), budget: stopped(), told: nothingTold,
		}
		w.timeline.begin(w.read())
		w.inputs = inputs{known: true}
		test(&reads{watch: w, t: t, shop: s})
		cancel()
		<-ended
	})
}

// run is the loop for a time; the worker and the timers move on the bubble's clock.
func (r *reads) run(length time.Duration) {
	end := time.After(length)
	for {
		select {
		case a := <-r.o.addresses.answers():
			r.answered(a)
		case <-r.budget.C:
			r.unanswered()
		case <-r.settle.C:
			r.expire()
		case <-end:
			return
		}
	}
}

// told is what was sent since it was last called, as text.
func (r *reads) told() string {
	var all []string
	for {
		select {
		case o := <-r.o.out:
			switch {
			case o.Event == episode.EventFocus:
				all = append(all, strings.TrimSpace(fmt.Sprintf("%d:%s %s %v", o.At.Milliseconds(), o.Title, o.URL, o.Private)))
			case o.Event != "" && o.Event != episode.EventClock:
				// The wall clock is the bubble's, the others are not.
				all = append(all, fmt.Sprintf("%d:%s idle %d", o.At.Milliseconds(), o.Event, o.Idle.Milliseconds()))
			}
		default:
			return strings.Join(all, ", ")
		}
	}
}

func (r *reads) want(what, want string) {
	r.t.Helper()
	if got := r.told(); got != want {
		r.t.Errorf("%s: told %q, want %q", what, got, want)
	}
}

// happens puts an event into the stream.
func (r *reads) happens(e episode.Event, at time.Duration) {
	m := just(e)
	m.At = at
	r.emit(m)
}

func TestFocusWaitsForItsAddress(t *testing.T) {
	watchShop(t, func(r *reads) {
		one := r.shop.set(1, shopWindow{title: "One", shows: "one.example/a", takes: 50 * time.Millisecond})
		r.see(one, 1000*time.Millisecond)
		r.inputs.came(1020*time.Millisecond, 0)
		r.happens(episode.EventInput, 1020*time.Millisecond)
		r.inputs.came(1030*time.Millisecond, 0)
		r.happens(episode.EventTick, 1040*time.Millisecond)
		r.run(20 * time.Millisecond)
		r.want("while it is read", "")
		r.run(40 * time.Millisecond)
		r.want("read", "1000:One https://one.example/a false, 1020:input idle 0, 1040:tick idle 10")
		r.see(one, 1100*time.Millisecond)
		r.want("the same again", "")
		r.see(Window{ID: 9, App: "excel.exe", Title: "Sheet"}, 1200*time.Millisecond)
		r.want("no browser waits for nothing", "1200:Sheet  false")
		r.see(one, 1300*time.Millisecond)
		r.want("known", "1300:One https://one.example/a false")
		if len(r.levels) == 0 || r.levels[len(r.levels)-1].Level != levelFull {
			t.Errorf("that it is read is not told: %+v", r.levels)
		}
	})
}

func TestFocusWaitsNoLonger(t *testing.T) {
	watchShop(t, func(r *reads) {
		slow := r.shop.set(1, shopWindow{title: "Slow", shows: "slow.example", takes: time.Second})
		r.see(slow, 1000*time.Millisecond)
		r.happens(episode.EventTick, 1100*time.Millisecond)
		r.run(browser.Budget - time.Millisecond)
		r.want("before its time is over", "")
		r.run(2 * time.Millisecond)
		r.want("after", "1000:Slow  false, 1100:tick idle 1100")
		if l := r.capture.browser("chrome.exe"); l.Level != levelTitle || !strings.Contains(l.Reason, "did not answer in time") {
			t.Errorf("level %+v", l)
		}
		r.see(r.shop.set(2, shopWindow{title: "Two", shows: "two.example"}), 1200*time.Millisecond)
		r.want("nobody waits for one that hangs", "1200:Two  false")
		r.run(2 * time.Second)
		r.want("what comes late", "")
	})
}

func TestTitlesThatMove(t *testing.T) {
	watchShop(t, func(r *reads) {
		gate := make(chan struct{})
		before := r.shop.set(1, shopWindow{title: "Loading", shows: "one.example", gate: gate})
		r.see(before, 1000*time.Millisecond)
		synctest.Wait()
		after := r.shop.set(1, shopWindow{title: "One", shows: "one.example"})
		r.see(after, 1050*time.Millisecond)
		r.want("the first waits no more", "1000:Loading  false")
		close(gate)
		r.run(10 * time.Millisecond)
		r.want("the second was read", "1050:One https://one.example false")
	})
}

func TestWindowLeavesWhileItIsRead(t *testing.T) {
	watchShop(t, func(r *reads) {
		one := r.shop.set(1, shopWindow{title: "One", shows: "one.example", takes: 50 * time.Millisecond})
		r.see(one, 1000*time.Millisecond)
		r.see(Window{}, 1010*time.Millisecond)
		r.happens(episode.EventTick, 1020*time.Millisecond)
		r.run(60 * time.Millisecond)
		r.want("read, and nobody knows about the next", "1000:One https://one.example false")
		r.see(one, 1070*time.Millisecond)
		r.want("back", "1020:tick idle 1020")
		r.see(Window{}, 1100*time.Millisecond)
		r.happens(episode.EventTick, 1110*time.Millisecond)
		r.run(noFocusFor + time.Millisecond)
		r.want("gone", "1100:  false, 1110:tick idle 1110")
		two := r.shop.set(2, shopWindow{title: "Two", shows: "two.example", takes: 140 * time.Millisecond})
		r.see(two, 1300*time.Millisecond)
		r.see(Window{}, 1310*time.Millisecond)
		r.run(noFocusFor + time.Millisecond)
		r.want("gone before it was read", "1300:Two  false, 1310:  false")
		r.run(time.Second)
		r.want("what was read of it then", "")
	})
}

func TestSleepWaitsForNoAddress(t *testing.T) {
	watchShop(t, func(r *reads) {
		r.see(r.shop.set(1, shopWindow{title: "One", shows: "one.example", takes: time.Second}), 1000*time.Millisecond)
		r.sleep(true)
		if told := r.told(); !strings.HasPrefix(told, "1000:One  false, ") || !strings.Contains(told, "sleep") {
			t.Errorf("told %q", told)
		}
		r.run(2 * time.Second)
	})
}

func TestSwitchedOffMeanwhile(t *testing.T) {
	watchShop(t, func(r *reads) {
		one := r.shop.set(1, shopWindow{title: "One", shows: "one.example", takes: 50 * time.Millisecond})
		r.see(one, 1000*time.Millisecond)
		off := readable
		off.ReadAddresses = false
		r.newRules(off)
		r.run(time.Second)
		r.shop.set(1, shopWindow{title: "One", shows: "one.example/later"})
		r.newRules(readable)
		r.run(time.Second)
		if told := r.told(); !strings.Contains(told, "One https://one.example/later false") || strings.Contains(told, "example false") {
			t.Errorf("read before it was forbidden, and told after: %q", told)
		}
		r.newRules(off)
		two := r.shop.set(2, shopWindow{title: "Two", shows: "two.example"})
		r.see(two, 2000*time.Millisecond)
		r.run(time.Second)
		if told := r.told(); strings.Contains(told, "example") || !strings.Contains(told, "Two") {
			t.Errorf("told %q", told)
		}
		r.newRules(readable)
		r.run(time.Second)
		if told := r.told(); !strings.Contains(told, "Two https://two.example false") {
			t.Errorf("switched on again: told %q", told)
		}
		r.newRules(privacy.Rules{ReadAddresses: true})
		r.run(time.Second)
		if told := r.told(); strings.Contains(told, "Two") || !strings.Contains(told, "true") {
			t.Errorf("without titles of unknown windows: told %q", told)
		}
	})
}

// Of a window that shows a sign of being private nothing is told but its program, also when that comes late.
func TestSignsOfPrivateWindows(t *testing.T) {
	watchShop(t, func(r *reads) {
		private := shopWindow{title: "Canary", shows: "canary.example", name: "Canary - Google Chrome (Incognito)"}
		r.see(r.shop.set(1, private), 1000*time.Millisecond)
		r.run(10 * time.Millisecond)
		r.want("in time", "1000:  true")
		private.title = "Canary again"
		r.see(r.shop.set(1, private), 1100*time.Millisecond)
		r.want("known to be private", "")
		off := readable
		off.ReadAddresses = false
		r.newRules(off)
		r.newRules(readable)
		if told := r.told(); strings.Contains(told, "Canary") {
			t.Errorf("what was known to be private: told %q", told)
		}
		private.takes = time.Second
		r.see(r.shop.set(2, private), 2000*time.Millisecond)
		r.run(browser.Budget + time.Millisecond)
		if told := r.told(); !strings.Contains(told, "Canary again") {
			t.Errorf("before anybody knows: told %q", told)
		}
		r.run(2 * time.Second)
		if told := r.told(); !strings.HasSuffix(told, "true") || strings.Contains(told, "Canary") {
			t.Errorf("late: told %q", told)
		}
	})
}

func TestSignOfAPrivateWindowThatLeaves(t *testing.T) {
	watchShop(t, func(r *reads) {
		one := r.shop.set(1, shopWindow{title: "Canary", name: "Canary (Incognito)", takes: time.Second})
		r.see(one, 1000*time.Millisecond)
		r.run(browser.Budget + time.Millisecond)
		r.want("before anybody knows", "1000:Canary  false")
		r.see(Window{}, 1200*time.Millisecond)
		r.settle.Stop()
		r.run(2 * time.Second)
		r.see(one, 1300*time.Millisecond)
		r.want("back", "1300:  true")
	})
}

// What could not be read when the window came to the front is told once it can be, as of then.
func TestAddressReadAgain(t *testing.T) {
	watchShop(t, func(r *reads) {
		one := r.shop.set(1, shopWindow{title: "One", shows: "weather"})
		r.see(one, 1000*time.Millisecond)
		r.run(time.Millisecond)
		r.want("typed over", "1000:One  false")
		r.readAgain()
		r.run(time.Millisecond)
		r.want("still", "")
		r.shop.set(1, shopWindow{title: "One", shows: "one.example"})
		r.readAgain()
		r.run(time.Millisecond)
		if got := r.told(); !strings.HasSuffix(got, ":One https://one.example false") {
			t.Errorf("told %q", got)
		}
		r.readAgain()
		r.run(time.Millisecond)
		r.want("known", "")
	})
}

// Without a way to read addresses nothing waits.
func TestNoWayToReadAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, err := New(Config{OpenTree: func() (browser.Tree, error) { return nil, browser.ErrAbsent }})
		if err != nil {
			t.Fatal(err)
		}
		if o.addresses.worker == nil {
			t.Fatal("no worker")
		}
		o.addresses = newAddresses(nil)
		tabs := browser.NewTabs()
		w := &watch{
			o: o, ctx: t.Context(), rules: readable, zone: &zone{location: time.UTC}, names: func(Window) string { return "" },
			capture: capture{rules: readable, addresses: o.addresses, tabs: tabs}, tabs: tabs, settle: stopped(), budget: stopped(), told: nothingTold,
		}
		w.timeline.begin(w.read())
		r := &reads{watch: w, t: t}
		r.see(Window{ID: 1, App: "chrome.exe", Title: "One"}, 1000*time.Millisecond)
		r.want("at once", "1000:One  false")
		if l := r.capture.browser("chrome.exe"); l.Level != levelTitle || strings.Contains(l.Reason, "accessibility") {
			t.Errorf("level %+v", l)
		}
	})
}

// still is a display with one window in front.
type still struct {
	display
	window Window
}

func (s still) front() (Window, time.Duration, error) { return s.window, 0, nil }
func (s still) idle() (time.Duration, error)          { return 0, nil }

// An input that is taken together with the change of focus before it counts for the window that came to the front.
func TestInputAfterFocus(t *testing.T) {
	watchShop(t, func(r *reads) {
		r.display, r.await = still{window: Window{ID: 1, App: "excel.exe", Title: "Sheet"}}, true
		more := make(chan shown, 1)
		more <- shown{at: 1100 * time.Millisecond, kind: shownInput}
		r.shown(shown{at: 1000 * time.Millisecond, kind: shownFront}, more)
		r.want("both", "1000:Sheet  false, 1100:input idle 0")
	})
}

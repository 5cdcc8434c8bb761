package browser

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// What may happen in any order: a browser with profiles, windows and private ones, of which the system and each extension tell
// with delays of their own.
type world struct {
	*rand.Rand
	tabs     *Tabs
	profiles []*profile
	windows  []*window
	// front is the window in front, nil of another program's; seen what the display told of it last.
	front *window
	seen  Window
	hosts uint64
	done  []string
}

// profile is one with its extension.
type profile struct {
	host uint64
	// focused is its window with the focus, as far as it is told; private ones are where allowed.
	focused *window
	allowed bool
	queue   []Tab
}

type window struct {
	Window
	number  int64
	profile *profile
	private bool
	page    int
}

// Several pages share a title, and one begins as another does. A private window's are its own.
var pages = []string{"News", "Newsroom", "News", "Mail", "New Tab", "Mail", "Docs: a - b"}

func (w *world) open(private bool) {
	p := w.profiles[w.IntN(len(w.profiles))]
	n := len(w.windows) + 1
	w.windows = append(w.windows, &window{Window: Window{ID: uint32(n), PID: 70, App: "chromium"}, number: int64(100 + n), profile: p, private: private})
	w.show(w.windows[n-1], w.IntN(len(pages)))
}

// show has a window show a page.
func (w *world) show(x *window, page int) {
	x.page, x.Title = page, pages[page]+" - Chromium"
	if x.private {
		x.Title = fmt.Sprintf("Canary %d - Chromium", page)
	}
	if x.profile.focused == x {
		w.tell(x.profile)
	}
}

func addressOf(page int) string { return fmt.Sprintf("https://page%d.example/", page) }

// tell has an extension tell its tab.
func (w *world) tell(p *profile) {
	tab := Tab{Window: -1}
	switch x := p.focused; {
	case x == nil, x.private && !p.allowed:
	case x.private:
		tab = Tab{Window: x.number, Private: true}
	default:
		tab = Tab{Window: x.number, Title: pages[x.page], URL: addressOf(x.page)}
	}
	p.queue = append(p.queue, tab)
}

// focus brings a window to the front. Browsers tell their extensions for sure only of windows that come.
func (w *world) focus(x *window) {
	w.front = x
	for _, p := range w.profiles {
		switch {
		case x != nil && p == x.profile:
			p.focused = x
		case x == nil && w.IntN(2) == 0:
			continue
		default:
			p.focused = nil
		}
		w.tell(p)
	}
}

// hear has the session hear the next that an extension told.
func (w *world) hear(p *profile) {
	if len(p.queue) > 0 && p.host != 0 {
		w.tabs.Take(Told{Host: p.host, Browser: 70, Tab: &p.queue[0]}, 0)
		p.queue = p.queue[1:]
	}
}

// kill kills an extension's host.
func (w *world) kill(p *profile) {
	if p.host != 0 {
		w.tabs.Take(Told{Host: p.host, Browser: 70, Gone: true}, 0)
	}
	p.host = 0
}

// restart kills an extension's host and begins another.
func (w *world) restart(p *profile) {
	w.kill(p)
	w.hosts++
	p.host, p.queue = w.hosts, nil
	w.tabs.Take(Told{Host: p.host, Browser: 70}, 0)
	w.tell(p)
}

// see has the session see what is in front.
func (w *world) see() {
	w.seen = Window{ID: 1000, PID: 71, App: "xterm", Title: "News"}
	if w.front != nil {
		w.seen = w.front.Window
	}
}

// look checks what is told of what the session saw last.
func (w *world) look(t *testing.T) (Page, Word) {
	page, word := w.tabs.Look(w.seen)
	if word != Heard {
		if page != (Page{}) {
			t.Errorf("%v: %+v is told before it is heard", w.done, page)
		}
		return page, word
	}
	isPrivate := w.seen.ID < 1000 && w.windows[w.seen.ID-1].private
	if page.Private == page.Known || isPrivate && !page.Private {
		t.Errorf("%v: %+v of %+v, private %v", w.done, page, w.seen, isPrivate)
	}
	if page.URL != "" {
		var of int
		if _, err := fmt.Sscanf(page.URL, "https://page%d.", &of); err != nil || w.seen.Title != pages[of]+" - Chromium" {
			t.Errorf("%v: %s with the title %q", w.done, page.URL, w.seen.Title)
		}
	}
	return page, word
}

func (w *world) step(t *testing.T) {
	p := w.profiles[w.IntN(len(w.profiles))]
	x := w.windows[w.IntN(len(w.windows))]
	what := w.IntN(16)
	w.done = append(w.done, fmt.Sprint(what))
	switch what {
	case 0:
		w.open(w.IntN(3) == 0)
	case 1, 2:
		w.focus(x)
	case 3:
		w.focus(nil)
	case 4, 5:
		w.show(x, w.IntN(len(pages)))
	case 6:
		for _, host := range w.tabs.Hosts(70) {
			for _, p := range w.profiles {
				if p.host == host {
					w.tell(p)
				}
			}
		}
	case 7:
		switch w.IntN(8) {
		case 0:
			w.restart(p)
		case 1:
			w.kill(p)
		}
	case 8:
		w.tabs.Expect(70)
		fallthrough
	case 9:
		w.tabs.Resign()
	case 10, 11:
		w.see()
	default:
		w.hear(p)
	}
	w.look(t)
}

// settle lets all be told, and once more what was asked for.
func (w *world) settle(t *testing.T) {
	for range 2 {
		w.see()
		w.look(t)
		for _, p := range w.profiles {
			if p.host == 0 {
				w.restart(p)
			}
			w.tell(p)
			for len(p.queue) > 0 {
				w.hear(p)
				w.look(t)
			}
		}
		w.tabs.Resign()
	}
}

// Whatever comes in whatever order: an address never goes with another page's title, and of a private window nothing is told
// while an extension speaks. Once all was told, each page has its address.
func TestAnyOrder(t *testing.T) {
	right := 0
	for seed := range uint64(400) {
		w := &world{Rand: rand.New(rand.NewPCG(seed, 7)), tabs: NewTabs()}
		for range 1 + w.IntN(2) {
			w.profiles = append(w.profiles, &profile{allowed: w.IntN(2) == 0})
			w.restart(w.profiles[len(w.profiles)-1])
		}
		w.open(false)
		w.see()
		for range 200 {
			w.step(t)
		}
		// What was joined wrongly, of windows with one title, is put right when each comes to the front.
		for range 2 {
			for _, x := range w.windows {
				w.focus(x)
				w.settle(t)
			}
		}
		for _, x := range w.windows {
			w.focus(x)
			w.settle(t)
			page, word := w.look(t)
			switch {
			case word != Heard:
				t.Errorf("seed %d: %v in the end", seed, word)
			case x.private:
			case page.URL != addressOf(x.page):
				t.Errorf("seed %d: %+v in the end, page %d", seed, page, x.page)
			default:
				right++
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if right == 0 {
		t.Error("no page was told at all")
	}
}

package observe

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/browser"
	"github.com/dayline-project/dayline/agent/internal/privacy"
	"github.com/dayline-project/dayline/shared/episode"
)

// scripted is an ear to which a test tells.
type scripted struct {
	told chan browser.Told
	// again is how often hosts were asked.
	again chan uint64
}

func newScripted() *scripted {
	return &scripted{told: make(chan browser.Told), again: make(chan uint64, 1000)}
}

func (s *scripted) Run(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func (s *scripted) Told() <-chan browser.Told { return s.told }
func (s *scripted) Again(host uint64)         { s.again <- host }

// asked tells whether hosts were asked since.
func (s *scripted) asked() bool {
	some := false
	for len(s.again) > 0 {
		<-s.again
		some = true
	}
	return some
}

// browserPID is the process of the browser whose extension speaks in these tests.
const browserPID = 70

func (r *reads) tells(host uint64, tab browser.Tab) {
	r.heard(browser.Told{Host: host, Browser: browserPID, Version: "1.2.3", Tab: &tab})
}

func inChrome(id uint32, title string) Window {
	return Window{ID: id, PID: browserPID, App: "chrome.exe", Title: title + " - Google Chrome"}
}

func tabOf(title, url string) browser.Tab { return browser.Tab{Window: 11, Title: title, URL: url} }

var excel = Window{ID: 9, PID: 71, App: "excel.exe", Title: "Sheet"}

func watchTabs(t *testing.T, rules privacy.Rules, test func(*reads, *scripted)) {
	watchShop(t, func(r *reads) {
		ear := newScripted()
		r.o.ear = ear
		r.rules, r.capture.rules = rules, rules
		r.heard(browser.Told{Host: 1, Browser: browserPID, Version: "1.2.3"})
		test(r, ear)
	})
}

func TestFocusWaitsForItsTab(t *testing.T) {
	watchTabs(t, privacy.Rules{}, func(r *reads, ear *scripted) {
		r.see(inChrome(1, "One"), 1000*time.Millisecond)
		r.happens(episode.EventTick, 1100*time.Millisecond)
		r.want("before it is told", "")
		if ear.asked() {
			t.Error("the extension is asked before it could tell")
		}
		r.run(untoldFor + time.Millisecond)
		if !ear.asked() {
			t.Error("the extension is not asked")
		}
		r.want("asked for", "")
		if l := r.capture.browser("chrome.exe"); l.Level != levelApp || l.Extension != "1.2.3" || !strings.Contains(l.Reason, "not told of a page") {
			t.Errorf("before a page was told: %+v", l)
		}
		r.tells(1, tabOf("One", "https://one.example/"))
		r.want("told", "1000:One - Google Chrome https://one.example/ false, 1100:tick idle 1100")
		r.tells(1, tabOf("One", "https://one.example/"))
		r.want("told again", "")
		r.tells(1, tabOf("One", "https://one.example/#more"))
		r.want("another address under the same title", "1100:One - Google Chrome https://one.example/#more false")
		r.see(inChrome(1, "Loading"), 1200*time.Millisecond)
		r.run(100 * time.Millisecond)
		r.see(inChrome(1, "Two"), 1300*time.Millisecond)
		r.tells(1, tabOf("Two", "https://two.example/"))
		r.want("no title on the way is told", "1200:Two - Google Chrome https://two.example/ false")
		r.see(excel, 1400*time.Millisecond)
		ear.asked()
		r.see(inChrome(1, "Two"), 1500*time.Millisecond)
		r.want("to and fro", "1400:Sheet  false, 1500:Two - Google Chrome https://two.example/ false")
		if ear.asked() {
			t.Error("asked for what is known")
		}
		r.tells(1, tabOf("Three", "https://three.example/"))
		r.want("told before the title changes", "")
		r.see(inChrome(1, "Three"), 1600*time.Millisecond)
		r.want("it changed", "1500:Three - Google Chrome https://three.example/ false")
		r.run(2 * browser.Patience)
		r.want("nothing is waited for", "")
		last := r.levels[len(r.levels)-1]
		if last.Level != levelFull || last.Extension != "1.2.3" {
			t.Errorf("%+v", last)
		}
	})
}

// A browser may tell of something else before the desktop shows it.
func TestToldAside(t *testing.T) {
	watchTabs(t, privacy.Rules{}, func(r *reads, _ *scripted) {
		r.see(inChrome(1, "One"), 1000*time.Millisecond)
		r.tells(1, tabOf("One", "https://one.example/"))
		r.want("told", "1000:One - Google Chrome https://one.example/ false")
		r.tells(1, browser.Tab{Window: -1})
		r.see(excel, 1100*time.Millisecond)
		r.want("it was left", "1100:Sheet  false")
		r.see(inChrome(1, "One"), 1200*time.Millisecond)
		r.tells(1, tabOf("One", "https://one.example/"))
		r.want("back", "1200:One - Google Chrome https://one.example/ false")
		r.tells(1, browser.Tab{Window: -1})
		r.tells(1, tabOf("One", "https://one.example/"))
		r.want("an instant", "")
		r.tells(1, browser.Tab{Window: 12, Private: true})
		r.run(browser.Patience + time.Millisecond)
		r.want("for good", "1200:  true")
		r.tells(1, tabOf("One", "https://one.example/"))
		r.want("and back", "1200:One - Google Chrome https://one.example/ false")
		// While no window is in front, for an instant.
		r.see(Window{}, 1300*time.Millisecond)
		r.tells(1, tabOf("One", "https://one.example/two"))
		r.see(inChrome(1, "One"), 1310*time.Millisecond)
		r.want("told meanwhile", "1310:One - Google Chrome https://one.example/two false")
	})
}

func TestFocusWaitsNoLongerForItsTab(t *testing.T) {
	watchTabs(t, readable, func(r *reads, _ *scripted) {
		r.see(inChrome(1, "One"), 1000*time.Millisecond)
		r.tells(1, tabOf("One", "https://one.example/"))
		r.told()
		r.see(inChrome(1, "Two"), 1100*time.Millisecond)
		r.run(browser.Patience / 2)
		r.see(inChrome(1, "Three"), 1200*time.Millisecond)
		r.run(browser.Patience/2 - time.Millisecond)
		r.want("in time", "")
		r.run(2 * time.Millisecond)
		r.want("since the first", "1100:Three - Google Chrome  false")
		if l := r.capture.browser("chrome.exe"); l.Level != levelFull || !strings.HasPrefix(l.Reason, "5 of 10 page addresses") {
			t.Errorf("with a page that was not told: %+v", l)
		}
		r.tells(1, tabOf("Three", "https://three.example/"))
		r.want("late", "1100:Three - Google Chrome https://three.example/ false")
		r.see(inChrome(1, "Four"), 1300*time.Millisecond)
		r.see(excel, 1400*time.Millisecond)
		r.want("left meanwhile", "1300:Four - Google Chrome  false, 1400:Sheet  false")
		r.see(inChrome(1, "Four"), 1500*time.Millisecond)
		r.sleep(true)
		if told := r.told(); !strings.HasPrefix(told, "1500:Four - Google Chrome  false, ") || !strings.Contains(told, "sleep") {
			t.Errorf("told %q", told)
		}
	})
}

// What is shown in a pause, under other settings or behind a lock is not told of the time before it, and a shutdown does not wait.
func TestNothingLaterIsToldOfBefore(t *testing.T) {
	told := func(e episode.Event) func(*reads) {
		return func(r *reads) {
			r.waiting = append(r.waiting, episode.Observation{Event: e})
			r.tellWaiting()
		}
	}
	for event, happens := range map[episode.Event]func(*reads){
		episode.EventPause:    told(episode.EventPause),
		episode.EventSettings: told(episode.EventSettings),
		episode.EventLock:     func(r *reads) { r.signalled(signal{kind: signalHint, on: true, at: r.o.Now()}) },
		episode.EventShutdown: func(r *reads) { r.signalled(signal{kind: signalShutdown, on: true}) },
	} {
		watchTabs(t, privacy.Rules{}, func(r *reads, _ *scripted) {
			r.see(inChrome(1, "One"), 0)
			r.tells(1, tabOf("One", "https://one.example/"))
			r.told()
			r.see(inChrome(1, "Two"), r.o.Now())
			r.want("it waits", "")
			happens(r)
			if got := r.told(); !strings.Contains(got, "Two - Google Chrome  false, ") || !strings.Contains(got, ":"+string(event)) {
				t.Errorf("%s: told %q", event, got)
			}
			r.see(inChrome(1, "Canary"), r.o.Now())
			r.tells(1, tabOf("Canary", "https://canary.example/"))
			if got := r.told(); !strings.HasSuffix(got, ":Canary - Google Chrome https://canary.example/ false") {
				t.Errorf("%s: then told %q", event, got)
			}
		})
	}
}

// Of a window that the extension does not account for nothing is told, whatever the settings say of unknown ones.
func TestWindowsNotAccountedFor(t *testing.T) {
	watchTabs(t, readable, func(r *reads, ear *scripted) {
		r.see(inChrome(1, "One"), 1000*time.Millisecond)
		r.tells(1, tabOf("One", "https://one.example/"))
		r.told()
		canary := r.shop.set(2, shopWindow{title: "Canary - Google Chrome", shows: "canary.example"})
		canary.PID = browserPID
		r.see(canary, 1100*time.Millisecond)
		r.tells(1, browser.Tab{Window: -1})
		r.run(browser.Patience + time.Millisecond)
		r.want("in vain", "1100:  true")
		canary.Title = "Canary again - Google Chrome"
		r.see(canary, 1200*time.Millisecond)
		r.want("known", "")
		r.see(excel, 1300*time.Millisecond)
		ear.asked()
		r.see(canary, 1400*time.Millisecond)
		r.want("once more", "1300:Sheet  false, 1400:  true")
		if !ear.asked() {
			t.Error("it is not asked whether it is one by now")
		}
		r.heard(browser.Told{Host: 1, Browser: browserPID, Gone: true})
		canary.Title = "Canary without a host - Google Chrome"
		r.see(canary, 1500*time.Millisecond)
		r.run(2 * browser.Patience)
		r.want("its host is gone", "")
	})
}

// Without the extension everything is as it was before, after it was waited for once.
func TestExtensionFallsSilent(t *testing.T) {
	watchTabs(t, readable, func(r *reads, _ *scripted) {
		r.see(inChrome(1, "One"), 1000*time.Millisecond)
		r.tells(1, tabOf("One", "https://one.example/"))
		r.told()
		r.heard(browser.Told{Host: 1, Browser: browserPID, Gone: true})
		if last := r.levels[len(r.levels)-1]; last.Extension != "" {
			t.Errorf("%+v", last)
		}
		two := r.shop.set(1, shopWindow{title: "Two - Google Chrome", shows: "two.example"})
		two.PID = browserPID
		r.see(two, 1100*time.Millisecond)
		r.run(browser.Patience - time.Millisecond)
		r.want("it may be back soon", "")
		r.run(10 * time.Millisecond)
		r.want("it is not", "1100:Two - Google Chrome https://two.example false")
		three := r.shop.set(1, shopWindow{title: "Three - Google Chrome", shows: "three.example"})
		three.PID = browserPID
		r.see(three, 1200*time.Millisecond)
		r.run(time.Millisecond)
		r.want("from then on", "1200:Three - Google Chrome https://three.example false")
		r.tells(2, tabOf("Three", "https://three.example/whole"))
		r.want("it is back, and exact", "1200:Three - Google Chrome https://three.example/whole false")
	})
}

// When a session begins to be watched, or a browser is started, its extension is about to speak.
func TestExtensionIsAboutToSpeak(t *testing.T) {
	watchTabs(t, readable, func(r *reads, ear *scripted) {
		r.heard(browser.Told{Host: 1, Browser: browserPID, Gone: true})
		r.tabs = browser.NewTabs()
		r.o.config.Ear = ear
		r.see(inChrome(1, "One"), 1000*time.Millisecond)
		r.run(browser.Patience / 2)
		r.want("it may speak yet", "")
		r.tells(2, tabOf("One", "https://one.example/"))
		r.want("it does", "1000:One - Google Chrome https://one.example/ false")
		other := r.shop.set(5, shopWindow{title: "Two - Google Chrome", shows: "two.example"})
		other.PID = 72
		r.see(other, 1100*time.Millisecond)
		r.run(browser.Patience - time.Millisecond)
		r.want("of another", "")
		r.run(10 * time.Millisecond)
		r.want("it does not", "1100:Two - Google Chrome https://two.example false")
		other = r.shop.set(6, shopWindow{title: "Three - Google Chrome", shows: "three.example"})
		other.PID = 72
		r.see(other, 1200*time.Millisecond)
		r.run(time.Millisecond)
		r.want("from then on", "1200:Three - Google Chrome https://three.example false")
		r.see(excel, 1300*time.Millisecond)
		r.want("no browser", "1300:Sheet  false")
	})
}

func TestStays(t *testing.T) {
	var s stays
	focus := func(at time.Duration, app, url string, private bool) {
		s.observe(episode.Observation{At: at, Event: episode.EventFocus, App: app, URL: url, Private: private})
	}
	focus(0, "chromium", "", false)
	focus(10*second, "chromium", "https://one.example/", false)
	s.observe(episode.Observation{At: 20 * second, Event: episode.EventLock})
	s.observe(episode.Observation{At: 3000 * second, Event: episode.EventSleep})
	s.observe(episode.Observation{At: 4000 * second, Event: episode.EventWake})
	s.observe(episode.Observation{At: 5000 * second, Event: episode.EventUnlock})
	focus(5010*second, "chromium", "", true)
	s.observe(episode.Observation{At: 5020 * second, Event: episode.EventTick})
	focus(5030*second, "firefox", "https://one.example/", false)
	s.observe(episode.Observation{At: 5035 * second, Event: episode.EventPause})
	s.observe(episode.Observation{At: 5045 * second, Event: episode.EventResume})
	if got, want := s.of("chromium", 5050*second), (stay{front: 30 * second, address: 20 * second}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got, want := s.of("firefox", 5050*second), (stay{front: 10 * second, address: 10 * second}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	s.end(5060 * second)
	if got := s.of("firefox", 6000*second); got.front != 20*second {
		t.Errorf("after the watch: %+v", got)
	}
}

// In a pause or outside of the schedule nothing is counted, and it is not told that the extension was heard then, whether a session is
// watched already or not yet.
func TestNothingIsCountedOfWhatIsNotKept(t *testing.T) {
	watchTabs(t, privacy.Rules{}, func(r *reads, _ *scripted) {
		r.see(inChrome(1, "One"), 0)
		r.tells(1, tabOf("One", "https://one.example/"))
		r.told()
		r.o.Unkept(true)
		r.obey(r.o.takeWishes())
		before, heard := r.o.stays.of("chrome.exe", r.o.Now()), r.capture.health("chrome.exe").At
		since := r.o.stays.unkeptAt
		r.tells(1, tabOf("Canary", "https://canary.example/"))
		r.see(inChrome(1, "Canary"), r.o.Now())
		if got := r.o.stays.of("chrome.exe", r.o.Now()+time.Minute); got != before {
			t.Errorf("counted: %+v, before %+v", got, before)
		}
		if got := r.capture.health("chrome.exe").At; got != since || got < heard {
			t.Errorf("heard at %v, kept until %v", got, since)
		}
		r.o.stays.end(r.o.Now())
		if got := r.o.stays.toTell(time.Hour); got != since {
			t.Errorf("watched anew, it is told that it was heard at %v", got)
		}
		r.o.Unkept(false)
		r.obey(r.o.takeWishes())
		for r.o.Now() <= since {
			runtime.Gosched() // some systems' clocks go by steps
		}
		r.tells(1, tabOf("One", "https://one.example/"))
		if got := r.capture.health("chrome.exe").At; got <= since {
			t.Errorf("kept again, heard at %v", got)
		}
	})
	o, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	o.Unkept(true)
	ended, end := context.WithCancel(t.Context())
	end()
	if _ = o.Run(ended); !o.stays.unkept {
		t.Error("said before a session is watched, it is forgotten")
	}
}

// Numbers that change all the time are told seldom, levels at once.
func TestNumbersOfBrowsers(t *testing.T) {
	watchTabs(t, privacy.Rules{}, func(r *reads, _ *scripted) {
		r.see(inChrome(1, "One"), 0)
		r.tells(1, tabOf("One", "https://one.example/"))
		levels := func() (all [][]Level) {
			for {
				select {
				case o := <-r.o.out:
					if o.Levels != nil {
						all = append(all, o.Levels)
					}
				default:
					return all
				}
			}
		}
		told := levels()
		if last := told[len(told)-1]; last[3].Level != levelFull || last[3].ExtensionMS%60_000 != 0 || last[3].ExtensionMS == 0 {
			t.Errorf("%+v", last)
		}
		r.o.stays.observe(episode.Observation{At: r.o.Now() + time.Minute, Event: episode.EventTick})
		r.o.stays.count(r.o.Now() + time.Minute)
		r.tellNumbers()
		if told := levels(); told != nil {
			t.Errorf("told at once: %+v", told)
		}
		r.countedAt -= numbersEvery
		r.tellNumbers()
		told = levels()
		if len(told) != 1 || told[0][3].FrontSeconds != 60 || told[0][3].AddressSeconds != 60 {
			t.Errorf("told %+v", told)
		}
		if r.tellNumbers(); levels() != nil {
			t.Error("told twice")
		}
		if !slices.Equal(withoutNumbers(told[0]), r.capture.levels()) {
			t.Error("numbers count as a change")
		}
	})
}

package observe

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/privacy"
	"github.com/dayline-project/dayline/agent/internal/sys/mac"
	"github.com/dayline-project/dayline/agent/internal/sys/mac/mactest"
	"github.com/dayline-project/dayline/shared/episode"
)

// day is a person's day at a Mac, whose stream the time engine hears as in a helper.
type day struct {
	macWatched
	engine *episode.Engine
	due    *time.Timer
	await  bool
	closed []string
}

func newDay(w macWatched) *day {
	return &day{macWatched: w, engine: episode.New(episode.DefaultSettings()), due: stopped()}
}

// pass lets a time pass.
func (d *day) pass(length time.Duration) {
	d.t.Helper()
	for end := time.After(length); ; {
		select {
		case o := <-d.Observations():
			if o.Event != "" {
				d.heed(o)
			}
		case <-d.due.C:
			d.Observer.Tell(episode.Observation{Event: episode.EventTick})
		case <-end:
			return
		}
	}
}

// heed has the engine hear an observation, and asks for what it needs next.
func (d *day) heed(o Observation) {
	d.t.Helper()
	closed, err := d.engine.Observe(&o.Observation)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, e := range closed {
		d.closed = append(d.closed, strings.TrimSpace(fmt.Sprintf("%s %v %s by %s %s", e.Start.Format("15:04:05.0"), e.For, e.State, e.EndedBy, strings.TrimSpace(e.App+" "+e.Title+string(e.Reason)))))
	}
	if o.Event == episode.EventSleep {
		d.Release()
	}
	if at, ok := d.engine.Due(); ok {
		d.due.Reset(max(0, at-d.Now()))
	} else {
		d.due.Stop()
	}
	if await := d.engine.State() == episode.Passive || d.engine.State() == episode.Inactive; await != d.await {
		d.await = await
		d.AwaitInput(await)
	}
}

// work lets a time pass with an input each 20 seconds.
func (d *day) work(length time.Duration) {
	d.t.Helper()
	for ; length > 0; length -= 20 * time.Second {
		d.Input()
		d.pass(20 * time.Second)
	}
}

// A day as its person had it, and the episodes that came of it. The clock of a bubble begins at midnight; nothing of the
// script falls on a poll, nor on a second at which the idle time is asked for.
func TestMacDay(t *testing.T) {
	watchMac(t, nil, func(w macWatched) {
		d := newDay(w)
		mail, pages := w.Start("Mail", "com.apple.mail"), w.Start("Pages", "com.apple.iWork.Pages")
		mail.Open("Inbox")
		report := pages.Open("Report")
		const minute = time.Minute

		d.pass(3600 * time.Millisecond)
		mail.Activate()
		d.work(10 * minute)
		pages.Activate()
		d.work(5 * minute)
		report.SetTitle("Report 2")
		d.work(4 * minute)
		mail.Activate()
		d.pass(time.Second)
		pages.Activate()
		d.work(minute)
		// Active for 2 minutes more, passive for 5, then nothing.
		d.pass(10*minute + 300*time.Millisecond)
		d.work(5 * minute)
		w.Lock(true)
		d.pass(10*minute + 300*time.Millisecond)
		w.Lock(false)
		d.pass(time.Second)
		d.work(5 * minute)
		w.Darken(true)
		d.pass(5*minute + 300*time.Millisecond)
		w.Darken(false)
		d.pass(time.Second)
		d.work(5 * minute)
		slept := make(chan struct{})
		go func() {
			defer close(slept)
			w.Tell(mac.Notice{Kind: mac.WillSleep})
		}()
		d.pass(300 * time.Millisecond)
		<-slept
		w.Sleep(time.Hour)
		w.Tell(mac.Notice{Kind: mac.DidWake})
		d.pass(time.Second)
		d.work(5 * minute)
		w.Sleep(30 * minute)
		d.pass(11 * time.Second)
		d.work(5 * minute)
		w.Switch(true)
		d.pass(10*minute + 300*time.Millisecond)
		w.Switch(false)
		d.pass(time.Second)
		d.work(5 * minute)
		w.Permit(false)
		d.work(5 * minute)
		mail.Activate()
		d.work(5 * minute)
		d.Observer.Tell(episode.Observation{Event: episode.EventEnd})
		d.pass(time.Second)

		if got := strings.Join(d.closed, "\n"); got != strings.TrimSpace(dayAtAMac) {
			t.Errorf("the day was recorded as\n%s\nwant%s", got, dayAtAMac)
		}
	})
}

// While the computer sleeps, a bubble's wall clock stands still.
const dayAtAMac = `
00:00:00.1 3.6s active by focus
00:00:03.7 10m0s active by focus Mail Inbox
00:10:03.7 5m0s active by focus Pages Report
00:15:03.7 6m41s active by idle Pages Report 2
00:21:44.7 5m0s passive by limit Pages Report 2
00:30:05.0 5m0s active by lock Pages Report 2
00:35:05.0 10m0.3s locked by unlock lock
00:45:06.3 5m0s active by lock Pages Report 2
00:50:06.3 5m0.3s locked by unlock lock
00:55:07.6 5m0s active by sleep Pages Report 2
01:00:07.6 1h0m0.3s locked by wake sleep
01:00:08.9 4m51.1s active by sleep Pages Report 2
01:05:00.0 30m10s locked by wake sleep
01:05:19.9 5m0s active by lock Pages Report 2
01:10:19.9 10m0.3s locked by unlock lock
01:20:21.2 5m8.8s active by focus Pages Report 2
01:25:30.0 4m51.2s active by focus Pages
01:30:21.2 5m0s active by end Mail
`

// While nothing happens, nothing of ours wakes up but for the safety poll.
func TestMacWakesForPollsOnly(t *testing.T) {
	for name, before := range map[string]func(*mactest.Mac){
		"a window": func(m *mactest.Mac) {
			p := m.Start("Editor", "org.editor")
			p.Open("text")
			p.Activate()
		},
		"no window":        func(m *mactest.Mac) { m.Start("Finder", "com.apple.finder").Activate() },
		"nothing":          nil,
		"no permission":    func(m *mactest.Mac) { m.Permit(false); m.Start("Editor", "org.editor").Activate() },
		"locked":           func(m *mactest.Mac) { m.SetSession(func(s *mac.Session) { s.Locked = true }) },
		"no window server": func(m *mactest.Mac) { m.SetGraphical(false) },
		"a program that is late": func(m *mactest.Mac) {
			p := m.Start("Late", "")
			p.Open("text")
			p.SetTakes(mac.Patience)
			p.Activate()
		},
	} {
		t.Run(name, func(t *testing.T) {
			watchMac(t, before, func(w macWatched) {
				w.none(episode.EventInput, time.Minute+time.Second)
				moments, polls := w.Moments(), int(time.Hour/PollEvery)
				w.none(episode.EventInput, time.Hour)
				// Its answers are waited for, once a minute.
				late := 0
				if name == "a program that is late" {
					late = int(time.Hour / restMost)
				}
				if woke := w.Moments() - moments; woke > polls+late {
					t.Errorf("woke %d times in an hour of %d polls", woke, polls)
				}
			})
		})
	}
}

// The idle time is asked for once a second only while an input would count.
func TestMacWakesOfANight(t *testing.T) {
	watchMac(t, nil, func(w macWatched) {
		d := newDay(w)
		p := w.Start("Mail", "com.apple.mail")
		p.Open("Inbox")
		p.Activate()
		d.work(time.Minute)
		woke := func(length time.Duration) int {
			before := w.Moments()
			d.pass(length)
			return w.Moments() - before
		}
		const hour = int(time.Hour / PollEvery)
		// Active, passive, and an hour of nothing.
		if n := woke(time.Hour); n < int(time.Hour/askAgain)*9/10 || n > int(time.Hour/askAgain)+hour {
			t.Errorf("woke %d times in an hour in which an input would count", n)
		}
		w.Lock(true)
		d.pass(time.Second)
		if n := woke(8 * time.Hour); n > 8*hour {
			t.Errorf("woke %d times in a night of %d polls", n, 8*hour)
		}
	})
}

// What macOS does not have costs what it would tell, nothing else.
func TestMacThatDoesNotOpen(t *testing.T) {
	var log bytes.Buffer
	w := watchSystem(t, onMac(func() (mac.System, error) { return nil, errors.New("no such symbol") }, mactest.New().Clocks),
		Config{Log: slog.New(slog.NewTextHandler(&log, nil))}, privacy.Rules{})
	w.event(episode.EventStart)
	w.focus("", "")
	if !strings.Contains(log.String(), "no such symbol") {
		t.Errorf("logged %q", log.String())
	}
}

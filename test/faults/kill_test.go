package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/test/desktop"
	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/site"
)

// Session, service and collector are killed at random moments while windows come and go. Every closed episode arrives
// exactly once; of the open one at most 10 s are lost.
func TestKill(t *testing.T) {
	t.Parallel()
	here := site.New(t, rig.Options{Account: account})
	screen := here.Desktop(t)
	cards := must(screen.OpenCards(t.Context(), "one", "two", "three"))(t)
	t.Cleanup(cards.Close)
	here.Watch(t, screen)

	w := &worker{cards: cards, screen: screen, rand: rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))}
	w.work(t, time.Second)
	for i := range site.Times(t, 20) {
		w.work(t, time.Duration(200+w.rand.IntN(800))*time.Millisecond)
		from := time.Now()
		victim := []string{"session", "service", "collector"}[w.rand.IntN(3)]
		switch victim {
		case "session":
			served(t, here)
			w.show(t) // what it kept is handed over meanwhile
			w.killed = append(w.killed, gap{from: time.Now()})
			here.Agent.KillSession()
			w.work(t, time.Duration(w.rand.IntN(300))*time.Millisecond)
			mustDo(t, here.Agent.StartSession())
			w.seen(t, here)
		case "service":
			here.Agent.KillService()
			w.work(t, time.Duration(w.rand.IntN(300))*time.Millisecond)
			mustDo(t, here.Agent.StartService())
		case "collector":
			here.Collector.Kill()
			w.work(t, time.Duration(w.rand.IntN(300))*time.Millisecond)
			here.StartCollector(t)
		}
		t.Logf("round %d, %s: %s", i, victim, time.Since(from).Round(time.Millisecond))
	}
	w.crash(t, here)
	w.work(t, time.Second)
	w.arrived(t, here)
}

// served waits until the helper has the service again, of which the round before may have killed it: what it keeps till then is lost
// with it.
func served(t *testing.T, here *site.Site) {
	t.Helper()
	site.Eventually(t, time.Minute, "the helper has a service", func() error {
		log := string(site.Contents(t, here.Agent.Session().Log(), "*"))
		if strings.LastIndex(log, "service is there") < strings.LastIndex(log, "service is gone") {
			return errors.New("it is gone")
		}
		return nil
	})
}

// crash holds one window until it was checkpointed, ends everything of the agent at once, as a power cut does, and
// looks that no more than 10 s of it are lost.
func (w *worker) crash(t *testing.T, here *site.Site) {
	t.Helper()
	title := w.show(t)
	shown := time.Now()
	site.Pass(t, 12*time.Second)
	killed := time.Now()
	w.killed = append(w.killed, gap{from: killed})
	here.Agent.KillService()
	here.Agent.KillSession()
	mustDo(t, errors.Join(here.Agent.StartService(), here.Agent.StartSession()))
	w.seen(t, here)
	site.Eventually(t, time.Minute, "what the crash left open", func() error {
		rows, err := here.Collector.Closed(t.Context())
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.Title == title && row.EndedBy == "crash" {
				if lost := killed.Sub(row.End()); lost > 10*time.Second+500*time.Millisecond || lost < -500*time.Millisecond {
					t.Errorf("the episode shown for %s ends %s before the crash", killed.Sub(shown), lost)
				}
				return nil
			}
		}
		return fmt.Errorf("no episode %q ended by crash", title)
	})
}

// gap is a stretch in which the session's helper was not there.
type gap struct{ from, to time.Time }

// worker shows cards, each under a title of its own, and remembers when.
type worker struct {
	cards  *desktop.Cards
	screen *desktop.Desktop
	rand   *rand.Rand
	n      int
	shown  []showing
	killed []gap
}

type showing struct {
	title string
	at    time.Time
}

func (w *worker) show(t *testing.T) string {
	t.Helper()
	w.n++
	card, title := w.n%3, fmt.Sprintf("change %05d", w.n)
	mustDo(t, w.cards.Title(card, title))
	mustDo(t, w.cards.Show(t.Context(), card))
	w.shown = append(w.shown, showing{title, time.Now()})
	return title
}

// work shows cards for this long, with some input now and then.
func (w *worker) work(t *testing.T, length time.Duration) {
	t.Helper()
	for until := time.Now().Add(length); time.Now().Before(until); {
		w.show(t)
		if w.n%5 == 0 {
			mustDo(t, w.screen.Input("key", "shift"))
		}
	}
}

// seen shows one window after another until one of them is in the report: from that one on, the helper that was just
// started has seen everything.
func (w *worker) seen(t *testing.T, here *site.Site) {
	t.Helper()
	first := len(w.shown)
	site.Eventually(t, time.Minute, "the helper captures again", func() error {
		w.show(t)
		rows, err := here.Collector.Closed(t.Context())
		if err != nil {
			return err
		}
		for _, row := range rows {
			for _, s := range w.shown[first:] {
				if row.Title == s.title {
					w.killed[len(w.killed)-1].to = s.at
					return nil
				}
			}
		}
		return errors.New("not yet")
	})
}

// arrived waits until everything that had to arrive did, and looks that nothing did twice.
func (w *worker) arrived(t *testing.T, here *site.Site) {
	t.Helper()
	var missing []string
	var rows []rig.Row
	err := waitFor(t, time.Minute, func() (err error) {
		if rows, err = here.Collector.Closed(t.Context()); err != nil {
			return err
		}
		if missing = w.missing(rows); len(missing) > 0 {
			return fmt.Errorf("%d are missing", len(missing))
		}
		return nil
	})
	if err != nil {
		t.Errorf("%v: %s", err, strings.Join(missing, "; "))
	}
	for _, fault := range append(site.Doubled(rows), repeated(rows)...) {
		t.Error(fault)
	}
	t.Logf("%d windows shown, %d episodes, %d kills of the session", len(w.shown), len(rows), len(w.killed))
}

// missing lists the titles that were seen and are in no row. The last one is still open; one shown in the second before
// the helper was killed may not have left it.
func (w *worker) missing(rows []rig.Row) []string {
	have := map[string]bool{}
	for _, row := range rows {
		have[row.Title] = true
	}
	var missing []string
	for _, s := range w.shown[:len(w.shown)-1] {
		unseen := false
		for _, g := range w.killed {
			unseen = unseen || s.at.After(g.from.Add(-time.Second)) && s.at.Before(g.to)
		}
		if !have[s.title] && !unseen {
			missing = append(missing, fmt.Sprintf("%s at %s", s.title, s.at.Format("15:04:05.000")))
		}
	}
	return missing
}

// repeated lists titles that one run of the helper tells twice: each was shown once.
func repeated(rows []rig.Row) []string {
	var faults []string
	first := map[string]int{}
	for i, row := range rows {
		key := row.Session + " " + row.Title
		before, twice := first[key]
		first[key] = i
		if !twice || !strings.HasPrefix(row.Title, "change") || row.State != "active" {
			continue
		}
		fault := fmt.Sprintf("%q is there twice:", row.Title)
		for _, row := range rows[max(0, before-1):min(i+2, len(rows))] {
			fault += fmt.Sprintf("\n  %s %7.3f s %s %q ended by %s", row.Start.Format("15:04:05.000"), row.Seconds, row.App, row.Title, row.EndedBy)
		}
		faults = append(faults, fault)
	}
	return faults
}

package faults

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/site"
	"github.com/dayline-project/dayline/test/wire"
)

// away is a site whose agent reaches its collector over a relay that can be cut.
func away(t *testing.T) (*site.Site, *wire.Relay) {
	t.Helper()
	target := must(rig.FreeAddress())(t)
	relay := must(wire.NewRelay(target))(t)
	t.Cleanup(relay.Close)
	here := site.New(t, rig.Options{Account: account, Listen: target, Public: relay.Address()})
	here.Enroll(t, os.Environ())
	mustDo(t, here.Agent.StartService())
	return here, relay
}

// helper connects once the service listens and may collect.
func helper(t *testing.T, here *site.Site) *rig.Helper {
	t.Helper()
	var h *rig.Helper
	site.Eventually(t, time.Minute, "the service takes a helper", func() (err error) {
		h, err = here.Agent.Helper(t.Context())
		return err
	})
	t.Cleanup(h.Close)
	return h
}

// A week without the network, while the agent runs, is restarted and killed: all of it arrives once the collector can be
// reached again, in order, exactly once.
func TestWeekWithoutNetwork(t *testing.T) {
	t.Parallel()
	here, relay := away(t)
	h := helper(t, here)
	relay.Cut()

	const perDay = 70 // a login may bring 600 at once
	week := time.Now().AddDate(0, 0, -7)
	var titles []string
	for day := range 7 {
		var episodes []episode.Episode
		for i := range perDay {
			title := fmt.Sprintf("day %d change %d", day, i)
			titles = append(titles, title)
			episodes = append(episodes, active(week.AddDate(0, 0, day).Add(time.Duration(i)*time.Minute), time.Minute, title))
		}
		mustDo(t, h.Store(episodes...))
		if day%3 == 2 {
			here.Agent.KillService()
			mustDo(t, here.Agent.StartService())
			site.Eventually(t, time.Minute, "the service is back", func() error { return h.Connect(t.Context(), here.Agent) })
		}
	}
	if rows := must(here.Collector.Activity(t.Context()))(t); len(rows) > 0 {
		t.Fatalf("%d episodes passed a cut network", len(rows))
	}
	relay.Mend()
	expectTitles(t, here, titles)
}

// An answer lost after the collector has stored what it answers to: the batch is sent again and counts once.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	here, relay := away(t)
	h := helper(t, here)
	var titles []string
	start := time.Now().Add(-time.Hour)
	for i := range site.Times(t, 10) {
		title := fmt.Sprintf("change %d", i)
		titles = append(titles, title)
		mustDo(t, h.Store(active(start.Add(time.Duration(i)*time.Second), time.Second, title)))
		// The cut comes when the collector has just received something, whatever it was.
		up := relay.Up.Load()
		site.Eventually(t, 30*time.Second, "something is sent", func() error {
			if relay.Up.Load() == up {
				return errors.New("nothing")
			}
			return nil
		})
		relay.Cut()
		relay.Mend()
	}
	expectTitles(t, here, titles)
}

// expectTitles waits until exactly these closed episodes are there, in this order.
func expectTitles(t *testing.T, here *site.Site, titles []string) {
	t.Helper()
	var rows []rig.Row
	site.Eventually(t, time.Minute, "every episode", func() (err error) {
		if rows, err = here.Collector.Closed(t.Context()); err != nil {
			return err
		}
		if len(rows) < len(titles) {
			return fmt.Errorf("%d of %d", len(rows), len(titles))
		}
		return nil
	})
	var have []string
	for _, row := range rows {
		have = append(have, row.Title)
	}
	if got, want := strings.Join(have, "\n"), strings.Join(titles, "\n"); got != want {
		t.Errorf("stored are\n%s\nwhere there should be\n%s", got, want)
	}
}

// The buffer's folder is copied back after its episodes were acknowledged, as by a restored disk: what is sent again is not stored again,
// and what comes after is stored.
func TestRevertedBuffer(t *testing.T) {
	t.Parallel()
	here, relay := away(t)
	h := helper(t, here)
	start := time.Now().Add(-2 * time.Hour)
	var titles []string
	add := func(n int) {
		t.Helper()
		var episodes []episode.Episode
		for range n {
			title := fmt.Sprintf("change %d", len(titles))
			episodes = append(episodes, active(start.Add(time.Duration(len(titles))*time.Second), time.Second, title))
			titles = append(titles, title)
		}
		mustDo(t, h.Store(episodes...))
	}
	add(5)
	expectTitles(t, here, titles)
	relay.Cut()
	add(20)
	h.Close()
	mustDo(t, here.Agent.Stop())
	copied := filepath.Join(here.Dir, "copied")
	mustDo(t, os.CopyFS(copied, os.DirFS(here.Agent.State)))

	relay.Mend()
	mustDo(t, here.Agent.StartService())
	h = helper(t, here)
	for range 50 {
		add(1)
	}
	expectTitles(t, here, titles)
	h.Close()
	mustDo(t, here.Agent.Stop())

	mustDo(t, os.RemoveAll(here.Agent.State))
	mustDo(t, os.CopyFS(here.Agent.State, os.DirFS(copied)))
	mustDo(t, os.Chmod(here.Agent.State, 0o700))
	mustDo(t, here.Agent.StartService())
	h = helper(t, here)
	add(5)
	expectTitles(t, here, titles)
}

// The collector comes back from yesterday's backup: what it had is there once, what was stored in between is gone and is
// not held against the agent, and what comes after is stored.
func TestRestoredCollector(t *testing.T) {
	t.Parallel()
	here, _ := away(t)
	h := helper(t, here)
	start := time.Now().Add(-time.Hour)
	store := func(from, n int) (titles []string) {
		t.Helper()
		for i := from; i < from+n; i++ {
			titles = append(titles, fmt.Sprintf("change %d", i))
			mustDo(t, h.Store(active(start.Add(time.Duration(i)*time.Second), time.Second, titles[len(titles)-1])))
		}
		return titles
	}
	kept := store(0, 10)
	expectTitles(t, here, kept)
	backup := filepath.Join(here.Dir, "backup")
	must(here.Collector.Run(t.Context(), "backup", backup))(t)
	must(here.Collector.Run(t.Context(), "backup", "verify", backup))(t)
	expectTitles(t, here, append(append([]string{}, kept...), store(10, 10)...))

	mustDo(t, here.Collector.Stop())
	mustDo(t, os.Rename(here.Collector.Data, here.Collector.Data+".lost"))
	must(here.Collector.Run(t.Context(), "restore", backup))(t)
	here.StartCollector(t)
	expectTitles(t, here, append(append([]string{}, kept...), store(20, 10)...))
}

// The collector's disk falls below its floor, then is full to the last byte: syncs are refused, nothing is acknowledged
// that is not stored, the agent keeps it; with space again everything arrives once.
func TestDiskFullAtCollector(t *testing.T) {
	t.Parallel()
	disk := site.SmallDisk(t, 96<<20)
	here := site.New(t, rig.Options{Account: account, Data: filepath.Join(disk, "data"), Floor: "40MB"})
	here.Enroll(t, os.Environ())
	mustDo(t, here.Agent.StartService())
	h := helper(t, here)
	start := time.Now().Add(-time.Hour)
	titles := []string{"before"}
	mustDo(t, h.Store(active(start, time.Second, "before")))
	expectTitles(t, here, titles)
	store := func(what string) {
		t.Helper()
		for i := range 10 {
			titles = append(titles, fmt.Sprintf("%s %d", what, i))
			mustDo(t, h.Store(active(start.Add(time.Duration(len(titles))*time.Second), time.Second, titles[len(titles)-1])))
		}
	}
	// A collector without space asks for a minute's patience; a service that has just started has not heard it.
	again := func() {
		t.Helper()
		here.Agent.KillService()
		mustDo(t, here.Agent.StartService())
		site.Eventually(t, time.Minute, "the service is back", func() error { return h.Connect(t.Context(), here.Agent) })
	}
	refused := func(times int) {
		t.Helper()
		site.Eventually(t, time.Minute, "a refused sync", func() error {
			if n := strings.Count(here.Agent.Logs(), "no_space"); n < times {
				return fmt.Errorf("the agent was refused %d times", n)
			}
			return nil
		})
	}

	ballast := site.Fill(t, disk, 20<<20)
	// The disk is looked at now and then, not at every sync.
	site.Eventually(t, time.Minute, "the collector sees its disk", func() error {
		if here.Collector.Ready(t.Context()) == nil {
			return errors.New("it still takes data in")
		}
		return nil
	})
	store("below the floor")
	refused(1)
	if rows := must(here.Collector.Closed(t.Context()))(t); len(rows) != 1 {
		t.Errorf("%d episodes are stored below the floor", len(rows))
	}
	site.Fill(t, disk, 0)
	again()
	store("while full")
	refused(2)
	select {
	case <-here.Collector.Process().Done():
		t.Fatalf("the collector ended: %s", here.Collector.Process().Tail())
	default:
	}
	mustDo(t, os.Remove(ballast))
	site.Eventually(t, time.Minute, "the collector takes data in", func() error { return here.Collector.Ready(t.Context()) })
	again()
	expectTitles(t, here, titles)
}

// The agent's own disk is full: it goes on running, what cannot be stored is not said to be, and with space again it
// stores and sends.
func TestDiskFullAtAgent(t *testing.T) {
	t.Parallel()
	disk := site.SmallDisk(t, 16<<20)
	here := site.New(t, rig.Options{Account: account})
	here.Enroll(t, os.Environ())
	mustDo(t, os.Rename(here.Agent.State, here.Agent.State+".old"))
	mustDo(t, os.CopyFS(filepath.Join(disk, "state"), os.DirFS(here.Agent.State+".old")))
	here.Agent.State = filepath.Join(disk, "state")
	mustDo(t, os.Chmod(here.Agent.State, 0o700))
	mustDo(t, here.Agent.StartService())
	h := helper(t, here)
	start := time.Now().Add(-time.Hour)
	mustDo(t, h.Store(active(start, time.Second, "before")))
	expectTitles(t, here, []string{"before"})

	full := site.Fill(t, disk, 0)
	// A helper may be told to wait now; what counts is that the service lives and nothing is lost that it took.
	done := make(chan error, 1)
	go func() { done <- h.Store(active(start.Add(time.Second), time.Second, "while full")) }()
	site.Pass(t, 3*time.Second)
	select {
	case <-here.Agent.Service().Done():
		t.Fatalf("the service ended: %s", here.Agent.Service().Tail())
	default:
	}
	mustDo(t, os.Remove(full))
	if err := <-done; err != nil {
		// The service may have let the helper go instead: then it comes back, as a helper does.
		site.Eventually(t, time.Minute, "the service is back", func() error { return h.Connect(t.Context(), here.Agent) })
		mustDo(t, h.Again(active(start.Add(time.Second), time.Second, "while full")))
	}
	mustDo(t, h.Store(active(start.Add(2*time.Second), time.Second, "after")))
	expectTitles(t, here, []string{"before", "while full", "after"})
}

package windows

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/site"
	"github.com/dayline-project/dayline/test/wine"
)

// Numbers of winuser.h.
const (
	endSession   = 0x0016
	endsByLogoff = 0x80000000
)

// slack is how much later than the test something may be told of on a busy computer.
const slack = 5 * time.Second

// quick makes what happens quick to see.
const quick = "settle: 0s\nprivacy: {pause: true}\nagents: {sync_every: 1s}\n"

// What happens to a computer: an event is lost, the helper stands still, helper and service are killed, the power is
// cut. Every closed episode arrives exactly once, an open one up to its last checkpoint, and there is never more than one
// helper. People pause, settings change, and what may not be told is nowhere. In the end nothing is left of the agent.
func TestFaults(t *testing.T) {
	t.Parallel()
	d := newDesk(t, quick)
	const secret = "canary-5e1f in a private window"
	p := d.open(t, invoices, letters, chrome)
	must(p[2].Retitle(secret + " - Google Chrome"))(t)
	d.watches(t, p[0])

	d.losesAnEvent(t, p[1])
	for range site.Times(t, 1) {
		d.standsStill(t, p[0])
		d.losesItsHelper(t, p[1])
		p = d.losesServiceAndPower(t, p)
	}
	d.pauses(t, p[0])
	d.isTold(t, p)
	d.tellsNoSecret(t, secret, p[2])

	rows := must(d.Collector.Closed(t.Context()))(t)
	for _, fault := range site.Doubled(rows) {
		t.Error(fault)
	}
	d.logsOff(t, p[0])
	d.uninstalls(t)
}

// losesAnEvent changes what is in front without telling anybody: the safety poll finds it.
func (d *desk) losesAnEvent(t *testing.T, p *wine.Puppet) {
	t.Helper()
	p.Silent = true
	must(p.Retitle("unheard of"))(t)
	did := must(p.Front())(t)
	must(p.Input())(t)
	p.Silent = false
	row := d.row(t, "what only the poll can see", func(r rig.Row) bool { return r.Title == p.Title() })
	if late := row.Start.Sub(did.Seen); late < -time.Second || late > 2*pollEvery {
		t.Errorf("the poll saw it after %s", late)
	}
}

// standsStill stops the helper for longer than a sleep is told by.
func (d *desk) standsStill(t *testing.T, p *wine.Puppet) {
	t.Helper()
	must(p.Retitle("before the sleep"))(t)
	must(p.Front())(t)
	must(p.Input())(t)
	d.row(t, "what is in front before the sleep", func(r rig.Row) bool { return r.Title == p.Title() })
	helper := d.helper(t, 0)
	mustDo(t, syscall.Kill(helper, syscall.SIGSTOP))
	stopped := time.Now()
	site.Pass(t, 31*time.Second)
	mustDo(t, syscall.Kill(helper, syscall.SIGCONT))
	woken := time.Now()
	row := d.row(t, "the sleep", func(r rig.Row) bool {
		return r.State == "locked" && r.Start.After(stopped.Add(-2*pollEvery)) && !r.Open
	})
	if row.Reason != "sleep" || row.EndedBy != "wake" || row.Start.After(stopped.Add(slack)) || row.End().Sub(woken).Abs() > slack {
		t.Errorf("stopped from %s to %s: %+v", stopped.Format(time.TimeOnly), woken.Format(time.TimeOnly), row)
	}
	if d.helper(t, 0) != helper {
		t.Error("another helper runs")
	}
	must(p.Input())(t)
}

// losesItsHelper kills the helper while an episode is open.
func (d *desk) losesItsHelper(t *testing.T, p *wine.Puppet) {
	t.Helper()
	title := fmt.Sprintf("open at %d", time.Now().UnixMilli())
	must(p.Retitle(title))(t)
	must(p.Front())(t)
	must(p.Input())(t)
	checkpoint := d.row(t, "a checkpoint", func(r rig.Row) bool { return r.Title == title && r.Open && r.Seconds > 1 })
	killed := d.kill(t, p)
	d.watches(t, p)
	row := d.row(t, "what was open", func(r rig.Row) bool { return r.Title == title && !r.Open })
	if row.EndedBy != "crash" || row.End().Before(checkpoint.End()) || row.End().After(killed.Add(slack)) {
		t.Errorf("killed at %s with a checkpoint of %s: %+v", killed.Format(time.TimeOnly), checkpoint.End().Format(time.TimeOnly), row)
	}
}

// losesServiceAndPower kills the service and cuts the power while no collector can be reached, so that what happened is
// on the computer alone.
func (d *desk) losesServiceAndPower(t *testing.T, p []*wine.Puppet) []*wine.Puppet {
	t.Helper()
	d.Collector.Kill()
	first := d.buffers(t, p[0])
	helper := d.helper(t, 0)
	mustDo(t, syscall.Kill(d.service(t), syscall.SIGKILL))
	site.Eventually(t, time.Minute, "the helper ends with the service", func() error {
		if left := d.PIDs("dayline-agent.exe"); len(left) != 0 {
			return fmt.Errorf("%v run", left)
		}
		return nil
	})
	must(d.Run(t.Context(), "sc", "start", "dayline-agent"))(t) // which Windows does by itself, and Wine does not
	d.helper(t, helper)
	second := d.buffers(t, p[0])
	mustDo(t, d.Reboot(t.Context()))
	d.helper(t, 0)
	d.StartCollector(t)
	opened := d.open(t, invoices, letters, chrome)
	must(opened[2].Retitle(p[2].Title()))(t)
	d.watches(t, opened[0])
	for _, title := range append(first, second...) {
		d.row(t, title, func(r rig.Row) bool { return r.Title == title && !r.Open })
	}
	return opened
}

// buffers shows titles and waits until the service has stored the episodes of all but the last; it gives those titles.
func (d *desk) buffers(t *testing.T, p *wine.Puppet) (titles []string) {
	t.Helper()
	buffered := d.status(t).BufferedEpisodes
	site.Eventually(t, time.Minute, "the buffer holds what was shown", func() error {
		titles = append(titles, fmt.Sprintf("buffered %d", time.Now().UnixMilli()))
		must(p.Retitle(titles[len(titles)-1]))(t)
		must(p.Front())(t)
		must(p.Input())(t)
		if now := d.status(t).BufferedEpisodes; now < buffered+4 {
			return fmt.Errorf("%d episodes, %d before", now, buffered)
		}
		return nil
	})
	return titles[max(0, len(titles)-4) : len(titles)-1]
}

// pauses has the person pause and resume.
func (d *desk) pauses(t *testing.T, p *wine.Puppet) {
	t.Helper()
	must(p.Input())(t)
	d.agent(t, "pause")
	if s := d.status(t); len(s.Logins) != 1 || !s.Logins[0].Paused {
		t.Errorf("paused: %+v", s)
	}
	must(p.Retitle("while paused"))(t)
	must(p.Input())(t)
	d.row(t, "the end by the pause", func(r rig.Row) bool { return r.EndedBy == "pause" })
	must(p.Retitle("about to resume"))(t)
	d.agent(t, "resume")
	must(p.Retitle("after the pause"))(t)
	must(p.Input())(t)
	d.row(t, "what follows the pause", func(r rig.Row) bool { return r.Title == "after the pause" })
	for _, row := range must(d.Collector.Activity(t.Context()))(t) {
		if row.Title == "while paused" {
			t.Errorf("recorded in the pause: %+v", row)
		}
	}
}

// isTold changes the settings.
func (d *desk) isTold(t *testing.T, p []*wine.Puppet) {
	t.Helper()
	mustDo(t, d.Collector.Account(quick+"browsers: {unknown_private: title}\n"))
	site.Eventually(t, time.Minute, "titles of browsers", func() error {
		must(p[2].Retitle("open-77ab - Google Chrome"))(t)
		must(p[2].Front())(t)
		must(p[2].Input())(t)
		must(p[0].Front())(t)
		rows, err := d.Collector.Closed(t.Context())
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.Title == p[2].Title() && !row.Private {
				return nil
			}
		}
		return errors.New("not yet")
	})
}

// tellsNoSecret shows a private window, by which its title says that it is one, and looks for that and for the title of
// the window that might have been one wherever it could have gone; the same search finds what may be told.
func (d *desk) tellsNoSecret(t *testing.T, secret string, p *wine.Puppet) {
	t.Helper()
	must(p.Retitle("canary-c0de - [InPrivate]"))(t)
	shown := must(p.Front())(t)
	must(p.Input())(t)
	d.row(t, "the private window", func(r rig.Row) bool {
		return r.App == chrome.File && r.Private && r.Title == "" && r.Start.After(shown.Begun.Add(-time.Second))
	})
	// Without a collector the buffer holds what was seen, so that there is something to search.
	d.Collector.Kill()
	told, n := []byte("open-77ab again"), 0
	site.Eventually(t, time.Minute, "the buffer holds what may be told", func() error {
		// In turn: a title that was there too shortly is not seen on a busy computer.
		n++
		must(p.Retitle([]string{"canary-c0de - [InPrivate]", "open-77ab again - Google Chrome"}[n%2]))(t)
		must(p.Front())(t)
		must(p.Input())(t)
		if !bytes.Contains(site.Contents(t, d.Path(state), "*"), told) {
			return errors.New("it does not")
		}
		return nil
	})
	d.StartCollector(t)
	d.row(t, "what may be told", func(r rig.Row) bool { return strings.HasPrefix(r.Title, string(told)) && !r.Open })
	for place, text := range map[string][]byte{
		"what the agent keeps": site.Contents(t, d.Path(state), "*"), "what the collector keeps": site.Contents(t, d.Collector.Data, "*"),
		"the collector's log": must(os.ReadFile(d.Collector.Process().Log()))(t),
	} {
		for _, canary := range []string{secret, "canary-c0de"} {
			if bytes.Contains(text, []byte(canary)) {
				t.Errorf("%q is in %s", canary, place)
			}
		}
	}
	if !bytes.Contains(site.Contents(t, d.Collector.Data, "*"), told) {
		t.Error("the search finds nothing")
	}
}

// logsOff has Windows say that the session ends: what is open is stored, and the helper ends by itself.
func (d *desk) logsOff(t *testing.T, p *wine.Puppet) {
	t.Helper()
	must(p.Front())(t)
	must(p.Retitle("until the end"))(t)
	must(p.Input())(t)
	d.row(t, "what is open at the end", func(r rig.Row) bool { return r.Title == "until the end" })
	must(p.Send(noticeWindow, endSession, 1, endsByLogoff))(t)
	d.row(t, "its end by the logoff", func(r rig.Row) bool { return r.Title == "until the end" && r.EndedBy == "logoff" })
	site.Eventually(t, time.Minute, "the helper's end", func() error {
		if left := d.PIDs("session --pipe"); len(left) != 0 {
			return fmt.Errorf("%v run", left)
		}
		return nil
	})
}

// uninstalls looks that nothing is left: no process, no file, no word in the registry.
func (d *desk) uninstalls(t *testing.T) {
	t.Helper()
	d.agent(t, "uninstall")
	site.Eventually(t, time.Minute, "no process of the agent", func() error {
		if left := d.PIDs("dayline-agent.exe"); len(left) != 0 {
			return fmt.Errorf("%v run", left)
		}
		return nil
	})
	for name := range d.files(t) {
		if !d.bare[name] && strings.Contains(strings.ToLower(name), "dayline") {
			t.Errorf("left: %s", name)
		}
	}
	mustDo(t, d.PowerCut()) // which writes the registry
	for _, name := range []string{"system.reg", "user.reg"} {
		text := must(os.ReadFile(d.Path(`..\` + name)))(t)
		for line := range strings.Lines(string(text)) {
			if strings.Contains(strings.ToLower(line), "dayline") {
				t.Errorf("left in the registry: %s", line)
			}
		}
	}
}

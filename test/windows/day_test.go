package windows

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/test/script"
	"github.com/dayline-project/dayline/test/site"
	"github.com/dayline-project/dayline/test/wine"
)

// A day on Windows, at the shortest lengths that are allowed: an idle stretch through active, passive and inactive, focus
// changes three a second and titles that change, a lock. The report has to equal the script: order and identity exactly, times
// within slack.
func TestDay(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "passive: {start: 1m, stop: 1m}\nsettle: 0s\nagents: {sync_every: 5s}\n")
	programs := d.open(t, invoices, letters, plain, chrome)
	d.watches(t, programs[0])
	site.Pass(t, time.Second) // the script begins with what comes after, told apart by the time

	s := &day{}
	s.focused(must(programs[1].Front())(t), programs[1])
	mustDo(t, d.Seen(t.Context()))
	s.focused(must(programs[0].Front())(t), programs[0])
	s.idle(t, d, programs)
	s.changeFocus(t, d, programs)
	s.lock(t, programs[0])
	if err := s.Arrives(t.Context(), 2*time.Minute, d.Collector.Activity); err != nil {
		t.Error(err)
	}
}

type day struct{ script.Script }

// focused notes what a window's coming to the front, or its new title, has to lead to.
func (s *day) focused(did script.Did, p *wine.Puppet) {
	s.Began(activity(did, p), "focus")
}

// activity is the episode of a program's window. A browser's counts as private while nobody knows better.
func activity(did script.Did, p *wine.Puppet) script.Episode {
	e := script.Episode{State: "active", App: strings.ToLower(p.File), Title: p.Title(), Began: did}
	switch p.Program {
	case invoices:
		e.Product = "Invoices"
	case letters:
		e.Product = "Letters 7"
	case chrome:
		e.Title, e.Private = "", true
	}
	return e
}

// changeFocus goes from the first window, which is in front, to the others and back, three a second, sixty times, and lets
// titles change between. Each stays until the helper has seen it: a title is read when the event has come, and on a busy
// computer events come late.
func (s *day) changeFocus(t *testing.T, d *desk, programs []*wine.Puppet) {
	t.Helper()
	shown := func() {
		t.Helper()
		site.Pass(t, 300*time.Millisecond)
		mustDo(t, d.Seen(t.Context()))
	}
	for i := range 60 {
		shown()
		p := programs[(i+1)%len(programs)]
		s.focused(must(p.Front())(t), p)
		if p.Program == letters {
			shown()
			s.focused(must(p.Retitle(fmt.Sprintf("Letter %d", i)))(t), p)
		}
	}
}

// Numbers of winuser.h and wtsapi32.h.
const (
	sessionChange  = 0x02b1
	consoleLost    = 0x2
	consoleGained  = 0x1
	sessionLock    = 0x7
	sessionUnlock  = 0x8
	powerBroadcast = 0x0218
	powerSuspend   = 0x4
	powerResume    = 0x12
)

// lock locks the session and unlocks it, gives the console to somebody else and back, and has the computer say that it
// sleeps and wakes; none of that counts as input. Wine knows none of it: the messages are sent as Windows sends them.
func (s *day) lock(t *testing.T, p *wine.Puppet) {
	t.Helper()
	for _, away := range []struct {
		by, until  string
		message    uint32
		begin, end uintptr
	}{
		{"lock", "unlock", sessionChange, sessionLock, sessionUnlock},
		{"lock", "unlock", sessionChange, consoleLost, consoleGained},
		{"sleep", "wake", powerBroadcast, powerSuspend, powerResume},
	} {
		site.Pass(t, time.Second)
		did := must(p.Send(noticeWindow, away.message, away.begin, 1))(t)
		s.Began(script.Episode{State: "locked", EndedBy: away.until, Reason: away.by, Began: did}, away.by)
		site.Pass(t, time.Second)
		must(p.Send(noticeWindow, away.message, away.end, 1))(t)
		site.Pass(t, time.Second)
		s.Began(activity(must(p.Input())(t), p), "")
	}
}

// idle lets the session be until active has become passive and passive has become nothing, then looks elsewhere
// without input and comes back with some. Meanwhile the person asks what is collected.
func (s *day) idle(t *testing.T, d *desk, programs []*wine.Puppet) {
	t.Helper()
	did := must(programs[0].Input())(t)
	last := &s.Episodes[len(s.Episodes)-1]
	last.EndedBy = "idle"
	passive := *last
	passive.State, passive.EndedBy, passive.Began, passive.After = "passive", "limit", did, time.Minute
	s.Began(passive, "")
	over := time.After(2*time.Minute + time.Second)
	d.asks(t)
	<-over
	must(programs[1].Front())(t)
	must(programs[2].Front())(t)
	site.Pass(t, time.Second)
	s.Began(activity(must(programs[2].Input())(t), programs[2]), "")
	s.focused(must(programs[0].Front())(t), programs[0])
}

// asks puts a person's questions.
func (d *desk) asks(t *testing.T) {
	t.Helper()
	if s := d.status(t); !s.Running || !s.Enrolled || !s.Connected || len(s.Logins) != 1 || !s.Logins[0].Collect || s.Logins[0].Sessions != 1 || len(s.Logins[0].Capture) == 0 {
		t.Errorf("status: %+v", s)
	}
	// It ends with 1: of a browser it says that its windows count as private.
	text, err := d.Run(t.Context(), wine.Agent, "doctor", "--json")
	var checks []struct {
		Name, Found string
		OK          bool
	}
	if json.Unmarshal(text, &checks) != nil {
		t.Fatalf("doctor: %v: %s", err, text)
	}
	for _, c := range checks {
		if !c.OK && c.Name != "capture of "+chrome.File {
			t.Errorf("doctor: %s: %s", c.Name, c.Found)
		}
	}
	if len(checks) == 0 {
		t.Error("doctor checks nothing")
	}
}

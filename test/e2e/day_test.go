// Package e2e holds the tests that cross every room: real programs on a real X server, the real agent, the real
// collector, and the report a person reads.
package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/dayline-project/dayline/test/desktop"
	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/script"
	"github.com/dayline-project/dayline/test/site"
)

// settings with the shortest lengths that are allowed, and no waiting before a focus counts.
const shortest = `passive: {start: 1m, stop: 1m}
settle: 0s
browsers: {unknown_private: title}
agents: {sync_every: 5s}
`

// A day on a real desktop: focus and title changes, a lock, a sleep, an idle stretch through active, passive and inactive. The
// report has to equal the script: order and identity exactly, times within slack.
func TestDay(t *testing.T) {
	t.Parallel()
	here := site.New(t, rig.Options{Account: shortest})
	screen := here.Desktop(t)
	office := openOffice(t, screen)
	here.Watch(t, screen)

	var s script.Script
	office.changeFocus(t, &s)
	office.lock(t, &s)
	office.idle(t, &s)

	if err := s.Arrives(t.Context(), 2*time.Minute, here.Collector.Activity); err != nil {
		t.Error(err)
	}
}

// office is a desktop with three programs.
type office struct {
	*desktop.Desktop
	terminal, editor, browser *desktop.Program
	// titles as the programs have them now.
	titles map[*desktop.Program]string
}

// changeFocus goes from window to window by click and by task bar, and lets titles change.
func (o *office) changeFocus(t *testing.T, s *script.Script) {
	t.Helper()
	programs := []*desktop.Program{o.terminal, o.browser, o.editor}
	for i := range 42 {
		p := programs[i%len(programs)]
		front := p.Click
		if i%4 == 3 {
			front = p.Activate
		}
		did := must(front(t.Context()))(t)
		s.Focused(did, p.App, o.titles[p])
		if i%3 == 2 || p == o.editor {
			continue
		}
		text, title := fmt.Sprintf("Invoice %d\n", i), fmt.Sprintf("Invoice %d", i)
		if p == o.browser {
			text = string(rune('a' + i%26))
			title = "Orders " + text + " - Chromium"
		}
		did = must(p.Type(t.Context(), text, title))(t)
		o.titles[p] = title
		s.Focused(did, p.App, title)
	}
}

// lock locks the session and unlocks it, then has the machine say that it sleeps and wakes; neither counts as input.
func (o *office) lock(t *testing.T, s *script.Script) {
	t.Helper()
	for _, away := range []struct {
		by, until string
		begin     func() error
		end       func() error
	}{
		{"lock", "unlock", o.Lock, o.Unlock},
		{"sleep", "wake", func() error { return o.PrepareForSleep(true) }, func() error { return o.PrepareForSleep(false) }},
	} {
		front := s.Episodes[len(s.Episodes)-1]
		did := script.Did{Begun: time.Now()}
		mustDo(t, away.begin())
		did.Seen = must(o.Seen(t.Context()))(t)
		s.Began(script.Episode{State: "locked", Began: did, EndedBy: away.until, Reason: away.by}, away.by)
		site.Pass(t, time.Second)
		mustDo(t, away.end())
		site.Pass(t, time.Second)
		did = must(o.nudge())(t)
		s.Began(script.Episode{State: "active", App: front.App, Title: front.Title, Began: did}, "")
	}
}

// idle lets the session be until active has become passive and passive has become nothing, then looks elsewhere
// without input and comes back with some.
func (o *office) idle(t *testing.T, s *script.Script) {
	t.Helper()
	did := must(o.nudge())(t)
	last := &s.Episodes[len(s.Episodes)-1]
	last.EndedBy = "idle"
	site.Pass(t, time.Minute-time.Second)
	if other := must(o.LastInput())(t); other.Begun.After(did.Seen.Add(time.Second)) {
		t.Logf("the X server had an input at %s that is not ours", other.Begun.Format("15:04:05.000"))
		did = other
	}
	s.Began(script.Episode{State: "passive", App: last.App, Title: last.Title, EndedBy: "limit", Began: did, After: time.Minute}, "")
	site.Pass(t, time.Until(did.Seen.Add(2*time.Minute+time.Second)))
	must(o.editor.Activate(t.Context()))(t)
	must(o.terminal.Activate(t.Context()))(t)
	site.Pass(t, time.Second)
	did = must(o.nudge())(t)
	s.Began(script.Episode{State: "active", App: o.terminal.App, Title: o.titles[o.terminal], Began: did}, "")
	site.Pass(t, time.Second)
	did = must(o.editor.Click(t.Context()))(t)
	s.Focused(did, o.editor.App, o.titles[o.editor])
}

// nudge is input that changes nothing on the screen.
func (o *office) nudge() (script.Did, error) {
	did := script.Did{Begun: time.Now()}
	err := o.Input("key", "shift")
	did.Seen = time.Now()
	return did, err
}

func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// openOffice brings up the programs.
func openOffice(t *testing.T, d *desktop.Desktop) *office {
	t.Helper()
	ctx := t.Context()
	o := &office{Desktop: d, titles: map[*desktop.Program]string{}}
	o.terminal = must(d.OpenTerminal(ctx, "Shell"))(t)
	o.editor = must(d.OpenEditor(ctx, "notes.txt"))(t)
	o.browser = must(d.OpenBrowser(ctx, must(d.Page("Orders"))(t)))(t)
	for p, title := range map[*desktop.Program]string{o.terminal: "Shell", o.editor: "xedit", o.browser: "Orders - Chromium"} {
		site.Eventually(t, time.Minute, "title of "+p.App, func() error {
			if have := must(p.Title())(t); have != title {
				return fmt.Errorf("it is %q", have)
			}
			return nil
		})
		o.titles[p] = title
	}
	return o
}

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/site"
	"github.com/dayline-project/dayline/test/wire"
)

// What the settings do not let through exists nowhere: not in the agent's buffer, not on the wire, not in the
// collector's stores, in no log. A title that is let through is found in the same places by the same search, so that
// the search is known to find.
func TestCanary(t *testing.T) {
	t.Parallel()
	listen := must(rig.FreeAddress())(t)
	tap := must(wire.NewTap(listen, site.Folder(t)))(t)
	t.Cleanup(tap.Close)
	const secret, open, private = "canary-secret-5e1f", "canary-open-77ab", "canary-private-c0de"
	// The tap stands in front as a company's proxy would, and reads along.
	here := site.New(t, rig.Options{Listen: listen, Public: tap.Address(), TLSOff: true,
		Account: "privacy: {titles: false}\nsettle: 0s\nagents: {sync_every: 1s}\n"})
	screen := here.Desktop(t)
	terminal := must(screen.OpenTerminal(t.Context(), secret))(t)
	browser := must(screen.OpenBrowser(t.Context(), must(screen.Page(private))(t)))(t)
	here.Enroll(t, append(screen.Env(), "SSL_CERT_FILE="+tap.CertFile))
	mustDo(t, here.Agent.StartService())
	mustDo(t, here.Agent.StartSession())

	look := func(rounds int) {
		for range rounds {
			must(terminal.Click(t.Context()))(t)
			must(browser.Click(t.Context()))(t)
		}
	}
	site.Eventually(t, time.Minute, "episodes of both programs", func() error {
		look(1)
		rows, err := here.Collector.Closed(t.Context())
		if err != nil {
			return err
		}
		seen := map[string]bool{}
		for _, row := range rows {
			seen[row.App] = true
			if row.Title != "" {
				t.Errorf("the report has the title %q", row.Title)
			}
			if row.App == browser.App && !row.Private {
				t.Error("a browser window of unknown privacy is not treated as private")
			}
		}
		if !seen[terminal.App] || !seen[browser.App] {
			return fmt.Errorf("only of %v", seen)
		}
		return nil
	})
	places := func() map[string][]byte {
		return map[string][]byte{
			"the agent's state": site.Contents(t, here.Agent.State, "*"), "the wire": tap.Seen(), "the collector's data": site.Contents(t, here.Collector.Data, "*"),
			"the agent's log": []byte(here.Agent.Logs()), "the collector's log": site.Contents(t, here.Collector.Process().Log(), "*"),
		}
	}
	absent := func(canary string) {
		t.Helper()
		for place, text := range places() {
			if bytes.Contains(text, []byte(canary)) {
				t.Errorf("%q is in %s", canary, place)
			}
		}
	}
	// Without a collector the buffer holds what was seen, so that there is something to search.
	here.Collector.Kill()
	look(3)
	buffered := func(text string) {
		t.Helper()
		site.Eventually(t, time.Minute, "the buffer holds "+text, func() error {
			if !bytes.Contains(site.Contents(t, here.Agent.State, "*"), []byte(text)) {
				return errors.New("it does not")
			}
			return nil
		})
	}
	buffered(terminal.App)
	buffered(browser.App)
	absent(secret)
	absent(private)
	here.StartCollector(t)
	if bytes.Contains(tap.Seen(), []byte(wire.Unreadable)) {
		t.Error("the tap could not read everything")
	}

	// With titles on, the terminal's is everywhere it should be, and the browser's still nowhere.
	mustDo(t, here.Collector.Account("privacy: {titles: true}\nsettle: 0s\nagents: {sync_every: 1s}\n"))
	must(terminal.Click(t.Context()))(t)
	must(terminal.Type(t.Context(), open+"\n", open))(t)
	shown := func() error {
		look(1)
		rows, err := here.Collector.Closed(t.Context())
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.Title == open {
				return nil
			}
		}
		return fmt.Errorf("%d rows without it", len(rows))
	}
	site.Eventually(t, time.Minute, "the title that is let through", shown)
	here.Collector.Kill()
	look(3)
	buffered(open)
	here.StartCollector(t)
	site.Eventually(t, time.Minute, "the collector answers", shown)
	now := places()
	for _, place := range []string{"the wire", "the collector's data"} {
		if !bytes.Contains(now[place], []byte(open)) {
			t.Errorf("%q is not in %s: the search finds nothing", open, place)
		}
	}
	for _, place := range []string{"the agent's log", "the collector's log"} {
		if bytes.Contains(now[place], []byte(open)) {
			t.Errorf("%q is in %s", open, place)
		}
	}
	absent(secret)
	absent(private)
}

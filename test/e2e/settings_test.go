package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/site"
)

// An edit of account.yaml reaches the agent within a minute and holds for what comes after; what was recorded stays as it
// was. An edit with an error changes nothing and says why, in the log and in `config check`.
func TestSettingsTravel(t *testing.T) {
	t.Parallel()
	const plain = "settle: 0s\n"
	here := site.New(t, rig.Options{Account: plain + "agents: {sync_every: 5s}\n"})
	screen := here.Desktop(t)
	terminal := must(screen.OpenTerminal(t.Context(), "Shell"))(t)
	cards := must(screen.OpenCards(t.Context(), "one"))(t)
	t.Cleanup(cards.Close)
	here.Watch(t, screen)
	n := 0
	// show has a card in front and then the terminal: without titles, two cards would be the same.
	show := func() string {
		t.Helper()
		n++
		title := fmt.Sprintf("change %d", n)
		mustDo(t, cards.Title(0, title))
		mustDo(t, cards.Show(t.Context(), 0))
		must(terminal.Activate(t.Context()))(t)
		return title
	}
	before := show()

	mustDo(t, here.Collector.Account(plain+"privacy: {titles: maybe}\n"))
	output, err := here.Collector.Run(t.Context(), "config", "check")
	if err == nil {
		t.Errorf("config check takes a wrong value: %s", output)
	} else if said := err.Error(); !strings.Contains(said, "account.yaml") || !strings.Contains(said, "privacy.titles") || !strings.Contains(said, ":2") {
		t.Errorf("config check does not say file, line and key: %s", said)
	}
	site.Eventually(t, time.Minute, "the log's word on the wrong value", func() error {
		text := must(os.ReadFile(here.Collector.Process().Log()))(t)
		if !strings.Contains(string(text), "privacy.titles") {
			return fmt.Errorf("nothing in %d bytes", len(text))
		}
		return nil
	})
	still := show()
	row := rowOf(t, here, still)
	if row.Title != still {
		t.Errorf("after a wrong edit the title is %q", row.Title)
	}

	edited := time.Now()
	mustDo(t, here.Collector.Account(plain+"privacy: {titles: false}\nagents: {sync_every: 5s}\n"))
	site.Eventually(t, time.Minute, "an episode without a title", func() error {
		show()
		rows, err := here.Collector.Closed(t.Context())
		if err != nil {
			return err
		}
		if last := rows[len(rows)-1]; last.Title != "" {
			return fmt.Errorf("the newest title is %q", last.Title)
		}
		return nil
	})
	t.Logf("the edit was in force after %s", time.Since(edited).Round(100*time.Millisecond))
	if row := rowOf(t, here, before); row.Title != before {
		t.Errorf("what was recorded before the edit has the title %q", row.Title)
	}
}

// rowOf waits for the closed episode with this title.
func rowOf(t *testing.T, here *site.Site, title string) (found rig.Row) {
	t.Helper()
	site.Eventually(t, time.Minute, "the episode "+title, func() error {
		rows, err := here.Collector.Closed(t.Context())
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.Title == title {
				found = row
				return nil
			}
		}
		return fmt.Errorf("%d rows without it", len(rows))
	})
	return found
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

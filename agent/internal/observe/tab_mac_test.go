package observe

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dayline-project/dayline/agent/internal/browser"
	"github.com/dayline-project/dayline/agent/internal/privacy"
	"github.com/dayline-project/dayline/agent/internal/sys/mac/mactest"
)

// The whole way on a Mac: its browsers' processes, windows and titles, the extension's tabs, and what may be told of both.
func TestTabsOfAMacsExtension(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mactest.New()
		chrome, mail := m.Start("Google Chrome", "com.google.Chrome"), m.Start("Mail", "com.apple.mail")
		page, inbox := chrome.Open("One - Google Chrome - Ada"), mail.Open("Inbox")
		mail.Activate()
		ear := newScripted()
		w := watchThisMac(t, m, Config{Ear: ear}, privacy.Rules{})
		w.focus("Mail", "Inbox")
		tells := func(tab *browser.Tab) {
			ear.told <- browser.Told{Host: 1, Browser: int(chrome.PID), Version: "1.2.3", Tab: tab}
		}
		one := &browser.Tab{Window: 11, Title: "One", URL: "https://one.example/"}
		tells(nil)
		synctest.Wait()
		came := w.Now()
		chrome.Activate()
		synctest.Wait()
		time.Sleep(100 * time.Millisecond)
		tells(one)
		if o := w.focus("Google Chrome", "One - Google Chrome - Ada"); o.URL != one.URL || o.At != came || o.Private {
			t.Errorf("%+v, came at %v", o, came)
		}
		// The sound of a page changes its window's title.
		page.SetTitle("One - Audio playing - Google Chrome - Ada")
		synctest.Wait()
		tells(one)
		if o := w.focus("Google Chrome", "One - Audio playing - Google Chrome - Ada"); o.URL != one.URL {
			t.Errorf("%+v", o)
		}
		mail.Activate()
		w.focus("Mail", "Inbox")
		chrome.Activate()
		if o := w.focus("Google Chrome", "One - Audio playing - Google Chrome - Ada"); o.URL != one.URL {
			t.Errorf("%+v", o)
		}
		chrome.Open("Canary - Google Chrome (Incognito)")
		tells(&browser.Tab{Window: 12, Private: true})
		if o := w.focus("Google Chrome", ""); !o.Private || o.URL != "" {
			t.Errorf("%+v", o)
		}
		// What ends as a private window is one, whatever its extension says.
		page.SetTitle("Canary - Google Chrome (Incognito)")
		chrome.Focus(page)
		synctest.Wait()
		tells(&browser.Tab{Window: 11, Title: "Canary", URL: "https://canary.example/"})
		w.settled()
		inbox.SetTitle("Inbox (1)")
		mail.Activate()
		w.focus("Mail", "Inbox (1)")
		for _, o := range w.seen {
			if strings.Contains(o.Title+o.URL, "anary") {
				t.Errorf("told %+v", o)
			}
		}
	})
}

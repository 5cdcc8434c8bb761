package observe

import (
	"testing"

	"github.com/dayline-project/dayline/agent/internal/sys/win"
	"github.com/dayline-project/dayline/agent/internal/sys/win/wintest"
)

func TestTabsOnWindows(t *testing.T) {
	d := wintest.NewDesktop(t)
	testTabs(t, Config{PollEvery: never}, desk{
		open:  func(title string) int { return int(d.Open(title, "DaylineTest")) },
		front: func(w int) { d.Front(win.Window(w)) },
		title: func(w int, title string) { d.Title(win.Window(w), title) },
	})
}

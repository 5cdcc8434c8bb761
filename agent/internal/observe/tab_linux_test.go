package observe

import (
	"testing"

	"github.com/dayline-project/dayline/agent/internal/sys/x11"
	"github.com/dayline-project/dayline/agent/internal/sys/x11/x11test"
)

func TestTabsOnX11(t *testing.T) {
	quiet(t)
	d := x11test.NewDesktop(t, xvfb)
	d.Manage()
	testTabs(t, Config{Display: xvfb}, desk{
		open:  func(title string) int { return int(d.Open(title, "Chromium")) },
		front: func(w int) { d.Focus(x11.Window(w)) },
		title: func(w int, title string) { d.Title(x11.Window(w), title) },
	})
}

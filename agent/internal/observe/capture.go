package observe

import (
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/agent/internal/browser"
	"github.com/dayline-project/dayline/agent/internal/privacy"
)

// Level is how much of one subject is captured, and why not more.
type Level struct {
	// Subject: desktop, idle, lock, or a browser's executable.
	Subject string
	// Level: full, title_only, application_only, none.
	Level  string
	Reason string
	// Extension is the version of a browser's extension that speaks, empty where none does, and ExtensionMS when it last did, as
	// milliseconds since 1970, in whole minutes.
	Extension   string
	ExtensionMS int64
	// FrontSeconds are those that a browser's windows were in front since the helper was started, without private ones;
	// AddressSeconds are those of them with an address.
	FrontSeconds, AddressSeconds int64
}

const (
	levelFull  = "full"
	levelTitle = "title_only"
	levelApp   = "application_only"
	levelNone  = "none"
)

// maxBrowsers bounds the browsers a level is kept for, maxSubject the bytes of their names there.
const (
	maxBrowsers = 16
	maxSubject  = 64
)

// capture is what is known about how well this session can be observed.
type capture struct {
	// display: one answers; wayland: most windows are not its; idle: it tells the idle time.
	display, wayland, idle bool
	// missing is the permission that lacks for titles and addresses, in people's words.
	missing string
	// login and savers: those who tell of locks are there.
	login, savers bool
	rules         privacy.Rules
	browsers      []string
	addresses     *addresses
	tabs          *browser.Tabs
}

// see takes note of a program in front and tells whether it is a browser that was not known yet.
func (c *capture) see(w Window) bool {
	is := w.isBrowser() || c.health(w.App).Speaks
	if w.App == "" || !is || slices.Contains(c.browsers, w.App) || len(c.browsers) == maxBrowsers {
		return false
	}
	c.browsers = append(c.browsers, w.App)
	return true
}

// levels are those of the desktop, its idle time, its lock, and each browser seen.
func (c *capture) levels() []Level {
	all := []Level{c.desktop(), {Subject: "idle", Level: levelFull}, {Subject: "lock", Level: levelFull}}
	if !c.idle {
		all[1] = Level{Subject: "idle", Level: levelNone, Reason: noIdle}
	}
	switch {
	case !c.login && !c.savers:
		all[2] = Level{Subject: "lock", Level: levelNone, Reason: noLock}
	case !c.login:
		all[2] = Level{Subject: "lock", Level: levelApp, Reason: saversOnly}
	}
	for _, browser := range c.browsers {
		all = append(all, c.browser(browser))
	}
	return all
}

func (c *capture) desktop() Level {
	l := Level{Subject: "desktop", Level: levelFull}
	const xwayland = "only windows of XWayland are seen, neither native Wayland windows nor input into them"
	switch {
	case !c.display:
		l.Level, l.Reason = levelNone, noDisplay
	case c.rules.NamesOnly:
		l.Level, l.Reason = levelApp, lacking
	case c.missing != "":
		l.Level, l.Reason = levelApp, forbidden
	case c.wayland:
		l.Level, l.Reason = levelTitle, xwayland
	}
	return l
}

// lacks are the permissions that lack.
func (c *capture) lacks() []string {
	if c.missing == "" {
		return nil
	}
	return []string{c.missing}
}

const lacking = "the settings require what this agent lacks: application names only"

// forbidden: what to do about it is told beside the levels.
const forbidden = "accessibility is not permitted: neither window titles nor page addresses are read"

// health is how well an extension speaks for a program.
func (c *capture) health(app string) browser.Health {
	if c.tabs == nil {
		return browser.Health{}
	}
	return c.tabs.Health(app)
}

// counted puts into levels what is counted of the browsers.
func (w *watch) counted(levels []Level) []Level {
	for i, app := range w.capture.browsers {
		l := &levels[len(levels)-len(w.capture.browsers)+i]
		if heard := w.capture.health(app); heard != (browser.Health{}) {
			at := w.read()
			l.ExtensionMS = at.wall.Add(heard.At - at.boot).Truncate(time.Minute).UnixMilli()
		}
		stay := w.o.stays.of(app, w.o.Now())
		l.FrontSeconds, l.AddressSeconds = int64(stay.front/time.Second), int64(stay.address/time.Second)
	}
	return levels
}

// withoutNumbers are levels without what is counted.
func withoutNumbers(levels []Level) []Level {
	all := slices.Clone(levels)
	for i := range all {
		all[i].ExtensionMS, all[i].FrontSeconds, all[i].AddressSeconds = 0, 0, 0
	}
	return all
}

func (c *capture) browser(name string) Level {
	l := Level{Subject: strings.ToValidUTF8(name[:min(len(name), maxSubject)], ""), Level: levelApp}
	heard := c.health(name)
	switch {
	case c.rules.NamesOnly:
		l.Reason = lacking
	case c.missing != "":
		l.Reason = forbidden
	case heard.Speaks:
		l.Reason, l.Extension = heard.Words, heard.Version
		switch {
		case heard.Most:
			l.Level = levelFull
		case heard.Some:
			l.Level = levelTitle
		}
	case c.rules.TitleOfUnknown && c.rules.ReadAddresses && c.addresses != nil && c.addresses.worker != nil:
		l.Level = levelTitle
		var read bool
		if read, l.Reason = c.addresses.readings.Health(name); read {
			l.Level = levelFull
		}
	case c.rules.TitleOfUnknown:
		l.Level, l.Reason = levelTitle, "the browser extension would tell the page's address and which windows are private"
	default:
		l.Reason = "without the browser extension every window may be a private one: with it, title and page address are known"
	}
	return l
}

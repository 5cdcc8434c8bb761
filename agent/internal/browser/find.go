package browser

import (
	"slices"
	"strings"
	"unicode"

	"github.com/dayline-project/dayline/agent/internal/privacy"
)

// recipe says where a browser has its address field and its sign of a private window.
type recipe struct {
	sketch Sketch
	// through: it is on the way; its parts are looked at. Nothing else is entered.
	through func(Node) bool
	// field: it is the address field.
	field func(Node) bool
	// private: it is there in private windows alone. named: its name tells.
	private, named func(Node) bool
}

// recipeOf gives the recipe of a program, nil where there is none.
func recipeOf(app string) *recipe {
	switch strings.TrimSuffix(strings.ToLower(app), ".exe") {
	case "chrome", "msedge", "brave":
		return &chromium
	case "firefox":
		return &firefox
	}
	return nil
}

// chromium goes by the classes of its views, from the window's root to the toolbar, the only way on which no page lies:
// BrowserRootView, NonClientView, BrowserFrameViewWin, BrowserView, TopContainerView, ToolbarView, LocationBarView,
// OmniboxViewViews. Edge and Brave put their names before some of them. Chrome's own views answer since version 138.
//
// https://chromium.googlesource.com/chromium/src/+/main/chrome/browser/ui/views/
var chromium = recipe{
	sketch: ByClass,
	through: func(n Node) bool {
		return slices.ContainsFunc([]string{"RootView", "NonClientView", "FrameView", "FrameViewWin", "BrowserView", "TopContainerView", "ToolbarView", "LocationBarView"},
			func(class string) bool { return strings.HasSuffix(n.Class, class) })
	},
	field:   func(n Node) bool { return strings.HasSuffix(n.Class, "OmniboxViewViews") },
	private: func(Node) bool { return false },
	// The root, which has the window's name, and the button of the profile, named "Incognito" or "InPrivate" there.
	named: func(n Node) bool {
		return strings.HasSuffix(n.Class, "RootView") || strings.HasSuffix(n.Class, "AvatarToolbarButton")
	},
}

// firefox goes by the ids of its window's own document, past the one that holds the pages.
//
// https://searchfox.org/mozilla-central/source/browser/base/content/navigator-toolbox.inc.xhtml
var firefox = recipe{
	sketch:  ByID,
	through: func(n Node) bool { return n.Kind == Container && n.ID != "tabbrowser-tabpanels" },
	field:   func(n Node) bool { return n.ID == "urlbar-input" },
	private: func(n Node) bool { return strings.HasPrefix(n.ID, "private-browsing-indicator") },
	named:   func(Node) bool { return false },
}

// What a search may cost. Chrome's field is eight steps below its window.
const (
	maxEntered  = 40
	maxElements = 400
)

// find looks for a browser's address field, level by level, so that a sign of a private window, which lies higher, is
// seen first: then there is no field. The field has yet to be released.
func (r *recipe) find(w Window, window Element) (field Element, private bool, err error) {
	if signsPrivate(w, window.Look().Name) {
		return nil, true, nil
	}
	var seen []Element
	defer func() {
		for _, e := range seen {
			if e != field {
				e.Release()
			}
		}
	}()
	entered := 0
	for level := []Element{window}; len(level) > 0; {
		var below []Element
		for _, parent := range level {
			children, err := parent.Children(r.sketch)
			seen, below = append(seen, children...), append(below, children...)
			if err != nil {
				return nil, false, err
			}
			if entered++; entered == maxEntered || len(seen) > maxElements {
				return nil, false, errNoField
			}
		}
		for _, e := range below {
			if private, err := r.isSign(w, e); private || err != nil {
				return nil, private, err
			}
		}
		if i := slices.IndexFunc(below, func(e Element) bool { return r.field(e.Look()) }); i >= 0 {
			return below[i], false, nil
		}
		level = slices.DeleteFunc(below, func(e Element) bool { return !r.through(e.Look()) })
	}
	return nil, false, errNoField
}

// isSign tells whether an element is a private window's.
func (r *recipe) isSign(w Window, e Element) (bool, error) {
	node := e.Look()
	if r.private(node) {
		return true, nil
	}
	if !r.named(node) {
		return false, nil
	}
	if err := e.Read(); err != nil {
		return false, err
	}
	return signsPrivate(w, e.Look().Name), nil
}

// products are what Chromium's browsers call themselves at the end of their windows' titles, in every language. The
// windows of web applications end as these wish.
var products = []string{"Google Chrome", "Chrome Beta", "Chrome Dev", "Chrome Canary", "Chromium", "Edge", "Edge Beta", "Edge Dev", "Edge Canary", "Brave"}

// signsPrivate tells whether a name is a private window's: it ends as their titles do, or adds to the title what
// Chromium adds to it for those who cannot see, which in every language stands in brackets behind the browser's name:
// "News - Google Chrome (Incognito)". A person's profile comes behind a dash.
func signsPrivate(w Window, name string) bool {
	if privacy.Judge(privacy.Window{App: w.App, Title: name}) == privacy.Yes {
		return true
	}
	product := w.Title[strings.LastIndex(w.Title, " - ")+1:]
	at := strings.LastIndex(name, product)
	if at < 0 || !slices.ContainsFunc(products, func(known string) bool { return strings.HasSuffix(product, known) }) {
		return false
	}
	added := strings.TrimLeftFunc(name[at+len(product):], func(r rune) bool { return unicode.In(r, unicode.Z, unicode.Cf) })
	return strings.HasPrefix(added, "(") || strings.HasPrefix(added, "（")
}

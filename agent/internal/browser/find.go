package browser

import (
	"slices"
	"strings"

	"github.com/dayline-project/dayline/agent/internal/privacy"
)

// recipe says where a browser has its address field and its sign of a private window.
type recipe struct {
	sketch Sketch
	// fleeting: the field is one page's, which goes on to tell its address in the background, so that it is sought each time.
	fleeting bool
	// through: it is on the way; its parts are looked at. Nothing else is entered.
	through func(Node) bool
	// field: it is the address field.
	field func(Node) bool
	// private: it is there in private windows alone. named: its name tells.
	private, named func(Node) bool
	// itself: where no sign is found, the window is the field.
	itself bool
}

// recipeOf gives the recipe of a program, nil where there is none. Those of Windows end in ".exe", those of macOS in their
// channel. Where windows are Frames, they are all read alike.
func recipeOf(app string) *recipe {
	name := strings.ToLower(app)
	switch name {
	case "chrome.exe", "msedge.exe", "brave.exe":
		return &chromium
	case "firefox.exe", "firefox":
		return &firefox
	case "safari", "safari technology preview", "arc":
		return &webArea
	}
	if slices.Contains(onLinux, app) {
		return &frame
	}
	if slices.ContainsFunc([]string{"google chrome ", "microsoft edge ", "brave browser ", "chromium ", "vivaldi "},
		func(family string) bool { return strings.HasPrefix(name+" ", family) }) {
		return &document
	}
	return nil
}

// onLinux are names of programs on Linux, which have no capitals; "firefox" is a Mac's, too.
var onLinux = []string{"brave", "chrome", "chromium", "firefox-bin", "firefox-esr", "librewolf", "msedge", "opera", "vivaldi-bin", "waterfox"}

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

// firefox goes by the ids of its window's own document, past the one that holds the pages. So it does on a Mac, where the
// first page in its tree need not be the one in front: those of other tabs are in it too.
//
// https://searchfox.org/mozilla-central/source/browser/base/content/navigator-toolbox.inc.xhtml
// https://searchfox.org/mozilla-central/source/accessible/mac/mozAccessible.mm (moxDOMIdentifier, moxIgnoreWithParent)
var firefox = recipe{
	sketch:  ByID,
	through: func(n Node) bool { return n.Kind == Container && n.ID != "tabbrowser-tabpanels" },
	field:   func(n Node) bool { return n.ID == "urlbar-input" },
	private: func(n Node) bool { return strings.HasPrefix(n.ID, "private-browsing-indicator") },
	named:   func(Node) bool { return false },
}

// document takes the window itself: on a Mac Chromium's tell their page's address, AXDocument, and whether they are private
// in their title.
//
// https://github.com/nikitabobko/AeroSpace/tree/main/axDumps (chrome.json5, microsoft_edge.json5, brave.json5)
var document = recipe{
	through: func(Node) bool { return false },
	field:   func(n Node) bool { return n.Class == "AXWindow" },
	private: isIncognito,
	named:   func(Node) bool { return false },
}

// webArea goes past Safari's and Arc's bars to the first page, which tells its address, AXURL. It is not entered. Only the
// tab in front is in the window.
//
// https://github.com/ActivityWatch/aw-watcher-window/pull/134, https://github.com/thompsonate/Shifty/pull/35
var webArea = recipe{
	sketch:   ByClass,
	fleeting: true,
	through: func(n Node) bool {
		return slices.Contains([]string{"AXSplitGroup", "AXTabGroup", "AXGroup", "AXScrollArea"}, n.Class)
	},
	field:   func(n Node) bool { return n.Class == "AXWebArea" },
	private: isIncognito,
	named:   func(Node) bool { return false },
}

// isIncognito tells a private window of Arc's by its identifier: "bigIncognitoBrowserWindow-" and a number.
//
// https://github.com/renjfk/SimplyTrack/pull/74
func isIncognito(n Node) bool { return n.Class == "AXWindow" && strings.Contains(n.ID, "Incognito") }

// What a search may cost. Chrome's field is eight steps below its window.
const (
	maxEntered  = 40
	maxElements = 400
)

// find looks for a browser's address field, level by level, so that a sign of a private window, which lies higher, is
// seen first: then there is no field. The field has yet to be released; it may be the window.
func (r *recipe) find(w Window, window Element) (field Element, private bool, err error) {
	switch node := window.Look(); {
	case signsPrivate(w, node.Name), r.private(node):
		return nil, true, nil
	case r.field(node):
		return window, false, nil
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
	if r.itself {
		return window, false, nil
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

// signsPrivate tells whether a name is a private window's.
func signsPrivate(w Window, name string) bool {
	return privacy.Judge(privacy.Window{App: w.App, Title: name}) == privacy.Yes
}

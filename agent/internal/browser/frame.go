package browser

import "strings"

// frame takes a Frame itself, past the tabs' bar, where Firefox has the sign of its private windows. Those of Chromium's have it
// in their names. So it is on Linux.
//
// https://searchfox.org/mozilla-central/source/accessible/tests/browser/atk/a11y_setup.py (RELATION_EMBEDS)
// https://searchfox.org/mozilla-central/source/browser/base/content/navigator-toolbox.inc.xhtml
var frame = recipe{
	sketch:   ByID,
	fleeting: true,
	itself:   true,
	through:  func(n Node) bool { return n.ID == "TabsToolbar" },
	field:    func(Node) bool { return false },
	private: func(n Node) bool {
		const sign = "private-browsing-indicator"
		return strings.HasPrefix(n.ID, sign) || strings.Contains(n.Class, sign)
	},
	named: func(Node) bool { return false },
}

// Pick finds a window among all those of its program, by their names: its title, in which Chromium tells behind the page's
// title whether that plays, and in the end whether the window is private. Where several may be it none is taken, for it may be
// another's page that is told then. ErrNoPage: none may.
func Pick(w Window, names []string) (int, error) {
	page := w.Title
	if dash := strings.LastIndex(w.Title, " - "); dash >= 0 {
		page = w.Title[:dash]
	}
	var fitting, equal []int
	private := false
	for i, name := range names {
		after, fits := strings.CutPrefix(name, page)
		if !fits || !strings.Contains(after, w.Title[len(page):]) {
			continue
		}
		fitting = append(fitting, i)
		if name == w.Title {
			equal = append(equal, i)
		}
		private = private || signsPrivate(w, name)
	}
	switch {
	case w.Title == "" || len(fitting) == 0:
		return 0, ErrNoPage
	case len(fitting) == 1:
		return fitting[0], nil
	case len(equal) == 1 && !private:
		return equal[0], nil
	}
	return 0, errTwins
}

// isTitleOf tells whether a window's title is that of a page, whose name and address were read in one moment: programs show a
// new page and its title one after the other. A page without a name is titled by its address, less its scheme.
func isTitleOf(title string, page Node) bool {
	name := page.Name
	if name == "" {
		_, name, _ = strings.Cut(page.Value, "://")
	}
	after, begins := strings.CutPrefix(plain(title), plain(name))
	return name != "" && begins && (after == "" || after[0] == ' ')
}

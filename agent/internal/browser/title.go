package browser

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxEndings bounds the endings of a browser's titles.
	maxEndings = 8
	// longTitle is as long as titles get on either way, in characters: one of them may be cut (security.md 3).
	longTitle = 512
)

// shownBy tells whether a window, which has its title since an event, shows this tab: its title is the tab's with the browser's
// own ending. Since a page's title may be the beginning of the next one's, an ending that was not met before counts only if the
// tab was told since.
func (s *speaker) shownBy(w Window, titled int) bool {
	shown := plain(w.Title)
	if s.title == "" {
		return false
	}
	ending, ok := strings.CutPrefix(shown, s.title)
	switch {
	case ok && isLong(s.tab.Title), isLong(w.Title) && strings.HasPrefix(s.title, shown):
		return s.told >= titled
	case s.untitled(shown):
		return s.told >= titled
	case !ok || ending != "" && ending[0] != ' ':
		return false
	case slices.Contains(s.endings, ending):
		return true
	case s.told < titled:
		return false
	}
	if len(s.endings) == maxEndings {
		s.endings = s.endings[1:]
	}
	s.endings = append(s.endings, ending)
	return true
}

func isLong(title string) bool { return utf8.RuneCountInString(title) >= longTitle }

// untitled tells whether a window shows the tab's page without a title: Firefox then shows its own name alone, and calls the tab by
// its address.
func (s *speaker) untitled(shown string) bool {
	if !slices.ContainsFunc(s.endings, func(ending string) bool { return strings.TrimLeft(ending, " -–—") == shown }) {
		return false
	}
	address, err := url.PathUnescape(strings.TrimSuffix(s.tab.URL, "/"))
	name, wrong := url.PathUnescape(strings.TrimSuffix(s.title, "/"))
	return err == nil && wrong == nil && strings.HasSuffix(address, name)
}

// plain is a title as it can be compared: without what is not seen, and with single spaces.
func plain(title string) string {
	seen := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, title)
	return strings.Join(strings.Fields(seen), " ")
}

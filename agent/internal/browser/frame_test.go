package browser

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// frameOf is a window that embeds a page, with bars of which a page of its own class is no part.
func frameOf(name, page, address string, parts ...*thing) *thing {
	parts = append([]*thing{{Node: Node{ID: "tabbrowser-tabpanels"}, page: true, parts: []*thing{{Node: Node{Class: "private-browsing-indicator-label"}, page: true}}}}, parts...)
	return &thing{Node: Node{Name: name, Kind: Frame}, parts: parts, embeds: &thing{Node: Node{Name: page, Value: address}}}
}

func TestFrames(t *testing.T) {
	const address = "http://example.com/a?b"
	tabs := func(inside ...*thing) *thing { return &thing{Node: Node{ID: "TabsToolbar"}, parts: inside} }
	label := &thing{Node: Node{Class: "private-browsing-indicator-label"}}
	empty := frameOf("Page - Chromium", "", "")
	empty.embeds = nil
	read := Page{URL: address}
	for name, test := range map[string]struct {
		app, title string
		window     *thing
		want       Page
		err        error
	}{
		"Chromium":                       {"chromium", "Page - Chromium", frameOf("Page - Chromium", "Page", address), read, nil},
		"Chromium, Incognito":            {"chromium", "Page - Chromium", frameOf("Page - Chromium (Inkognito)", "Page", address), Page{Private: true}, nil},
		"Firefox":                        {"firefox", "Page — Mozilla Firefox", frameOf("Page — Mozilla Firefox", "Page", address, tabs(&thing{})), read, nil},
		"Firefox, by its sign":           {"firefox-esr", "Page — Mozilla Firefox", frameOf("Page — Mozilla Firefox", "Page", address, tabs(label)), Page{Private: true}, nil},
		"Firefox, by its name":           {"firefox", "Page — Firefox", frameOf("Page — Firefox Privater Modus", "Page", address), Page{Private: true}, nil},
		"a page that is not yet there":   {"chromium", "Page - Chromium", frameOf("Page - Chromium", "Last page", address), Page{}, errBehind},
		"a page of a shorter name":       {"chromium", "Pages - Chromium", frameOf("Pages - Chromium", "Page", address), Page{}, errBehind},
		"a page without a name":          {"chromium", "example.com/a?b - Chromium", frameOf("example.com/a?b - Chromium", "", address), read, nil},
		"another page without a name":    {"chromium", "example.com/b - Chromium", frameOf("example.com/b - Chromium", "", address), Page{}, errBehind},
		"a name of things nobody sees":   {"chromium", "A page - Chromium", frameOf("A page - Chromium", "\u200bA \n page\x01 ", address), read, nil},
		"a page of the browser's own":    {"chromium", "Settings - Chromium", frameOf("Settings - Chromium", "Settings", "chrome://settings"), Page{}, errNoAddress},
		"a window that embeds no page":   {"chromium", "Page - Chromium", empty, Page{}, ErrNoPage},
		"a page that tells no address":   {"chromium", "Page - Chromium", frameOf("Page - Chromium", "Page", ""), Page{}, errNoAddress},
		"a page with nothing whatsoever": {"chromium", "Page - Chromium", frameOf("Page - Chromium", "", ""), Page{}, errBehind},
	} {
		synctest.Test(t, func(t *testing.T) {
			d, began := newDesk(), time.Now()
			d.put(1, test.title, test.window)
			got, err := readOne(d, Window{ID: 1, App: test.app, Title: test.title})
			if got != test.want || !errors.Is(err, test.err) {
				t.Errorf("%s: %+v, %v; want %+v, %v", name, got, err, test.want, test.err)
			}
			if d.held.Load() != 0 || time.Since(began) > readFor {
				t.Errorf("%s: %d elements are held, it took %v", name, d.held.Load(), time.Since(began))
			}
		})
	}
}

// A page comes after its title, or before it: neither is told with the other's.
func TestFrameThatMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		window := frameOf("Two - Chromium", "One", "https://one.example/")
		d.put(1, "Two - Chromium", window)
		d.onCall = func() {
			if d.calls.Load() == 10 {
				window.embeds.Name, window.embeds.Value = "Two", "https://two.example/"
			}
		}
		if got, err := readOne(d, Window{ID: 1, App: "chromium", Title: "Two - Chromium"}); got.URL != "https://two.example/" || err != nil {
			t.Errorf("a page behind its title: %+v, %v", got, err)
		}
		d.onCall = func() { d.retitle(1, "Three - Chromium") }
		if got, err := readOne(d, Window{ID: 1, App: "chromium", Title: "Two - Chromium"}); got != (Page{}) || !errors.Is(err, errMoved) {
			t.Errorf("another title meanwhile: %+v, %v", got, err)
		}
	})
}

func TestPick(t *testing.T) {
	for _, test := range []struct {
		title string
		names []string
		want  int
		err   error
	}{
		{"News - Chromium", []string{"", "Mail - Chromium", "News - Chromium"}, 2, nil},
		{"News - Chromium", []string{"Mail - Chromium", "News - Chromium (Incognito)"}, 1, nil},
		{"News - Chromium", []string{"News - Audio playing - Chromium"}, 0, nil},
		{"A - B — Mozilla Firefox", []string{"A - C — Mozilla Firefox", "A - B — Mozilla Firefox"}, 1, nil},
		{"News - Chromium", []string{"News - Today - Chromium", "News - Chromium"}, 1, nil},
		{"News - Chromium", []string{"News - Chromium", "News - Chromium"}, 0, errTwins},
		{"News - Chromium", []string{"News - Chromium", "News - Chromium (Incognito)"}, 0, errTwins},
		{"News - Chromium", []string{"News - Chromium", "News - Audio playing - Chromium (Incognito)"}, 0, errTwins},
		{"News - Chromium", []string{"Mail - Chromium", ""}, 0, ErrNoPage},
		{"News - Chromium", nil, 0, ErrNoPage},
		{"", []string{""}, 0, ErrNoPage},
	} {
		got, err := Pick(Window{App: "chromium", Title: test.title}, test.names)
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%q of %q: %d, %v; want %d, %v", test.title, test.names, got, err, test.want, test.err)
		}
	}
}

// Names and titles are pages' words.
func FuzzFrames(f *testing.F) {
	f.Add("Page - Chromium", "Page", "https://example.com/")
	f.Add(" - ", "\u200b", "://")
	f.Add("\xff - \xff", "\xff", "\xff")
	f.Fuzz(func(t *testing.T, title, name, address string) {
		if i, err := Pick(Window{App: "chromium", Title: title}, []string{"", title}); err == nil && i != 1 {
			t.Fatalf("%q: window %d, %v", title, i, err)
		}
		if isTitleOf(title, Node{Name: name, Value: address}) && plain(name) != "" && !strings.HasPrefix(plain(title), plain(name)) {
			t.Fatalf("%q is taken for the title of %q", title, name)
		}
	})
}

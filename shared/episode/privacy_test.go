package episode_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dayline-project/dayline/shared/episode"
)

func TestReduceAddress(t *testing.T) {
	long := strings.Repeat("x", 254)
	for _, c := range []struct{ raw, site, path, full string }{
		{"https://x.example/a?q=1#f", "x.example", "https://x.example/a", "https://x.example/a?q=1"},
		{"HTTPS://User:Pass@WWW.X.Example.:0444/A%20b?Q#f", "x.example", "https://www.x.example:0444/A%20b", "https://www.x.example:0444/A%20b?Q"},
		{"http://x.example", "x.example", "http://x.example", "http://x.example"},
		{"http://x.example?", "x.example", "http://x.example", "http://x.example"},
		{"http://x.example?q", "x.example", "http://x.example", "http://x.example?q"},
		{"http://x.example/?#?", "x.example", "http://x.example/", "http://x.example/"},
		{"http://x.example/a#b?c", "x.example", "http://x.example/a", "http://x.example/a"},
		{"http://x.example:/a", "x.example", "http://x.example/a", "http://x.example/a"},
		{"http://X.example:80/a", "x.example", "http://x.example:80/a", "http://x.example:80/a"},
		{"http://x.example:65535/", "x.example", "http://x.example:65535/", "http://x.example:65535/"},
		{"http://x.example/100%/é b", "x.example", "http://x.example/100%/é b", "http://x.example/100%/é b"},
		{"http://www.www.x.example/", "www.x.example", "http://www.www.x.example/", "http://www.www.x.example/"},
		{"http://www/", "www", "http://www/", "http://www/"},
		{"http://[2001:DB8::1]/", "2001:db8::1", "http://[2001:db8::1]/", "http://[2001:db8::1]/"},
		{"http://u@[::1]:8080/x", "::1", "http://[::1]:8080/x", "http://[::1]:8080/x"},
		{"http://MÜNCHEN.example/", "münchen.example", "http://münchen.example/", "http://münchen.example/"},
		{"http://x.example/\xff", "x.example", "http://x.example/\uFFFD", "http://x.example/\uFFFD"},
		{"http://x.example:65536/", "", "", ""},
		{"http://x.example:-1/", "", "", ""},
		{"http://x.example:1e3/", "", "", ""},
		{"http://x.example\\@evil.example/", "", "", ""},
		{"http://a b/", "", "", ""},
		{"http://[::1/", "", "", ""},
		{"http:///path", "", "", ""},
		{"http://./", "", "", ""},
		{"http://" + long + ".ab/", "", "", ""},
		{"http:x.example", "", "", ""},
		{"http:/x.example", "", "", ""},
		{"ftp://x.example/", "", "", ""},
		{"x.example/a", "", "", ""},
		{" http://x.example/", "", "", ""},
		{"http://x.example/\n", "", "", ""},
		{"http://x.example/\x7f", "", "", ""},
		{"about:blank", "", "", ""},
		{"http://", "", "", ""},
	} {
		for level, want := range map[episode.URLs]episode.Identity{
			episode.URLsNone: {App: "b"},
			episode.URLsHost: {App: "b", Site: c.site},
			episode.URLsPath: {App: "b", Site: c.site, URL: c.path},
			episode.URLsFull: {App: "b", Site: c.site, URL: c.full},
		} {
			s := episode.DefaultSettings()
			s.Privacy.URLs = level
			if got := s.Compile().Reduce(episode.Focus{App: "b", URL: c.raw}); got != want {
				t.Errorf("%s at %s:\n got %+v\nwant %+v", c.raw, level, got, want)
			}
		}
	}
}

func TestReduceRedacts(t *testing.T) {
	s := episode.DefaultSettings()
	s.Privacy.URLs = episode.URLsFull
	s.Privacy.Redact = []string{`[0-9]{3,}`, `\*+-`, `$^`}
	got := s.Compile().Reduce(episode.Focus{
		App: "App 123", Title: "Bill 1234 and 56-789-x", URL: "https://host777.example:8080/in/4444-b?id=555&x=6",
	})
	want := episode.Identity{
		App: "App 123", Title: "Bill *** and 56-***x", Site: "host777.example",
		URL: "https://host777.example:8080/in/***b?id=***&x=6",
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// Texts are cut before patterns see them, and an endless search empties the title on every computer alike.
func TestReduceIsBounded(t *testing.T) {
	rules := episode.DefaultSettings().Compile()
	got := rules.Reduce(episode.Focus{App: strings.Repeat("a", 9000), Title: strings.Repeat("é", 9000)})
	if utf8.RuneCountInString(got.App) != 512 || utf8.RuneCountInString(got.Title) != 512 {
		t.Errorf("app of %d, title of %d runes", utf8.RuneCountInString(got.App), utf8.RuneCountInString(got.Title))
	}
	s := episode.DefaultSettings()
	s.Privacy.URLs = episode.URLsFull
	got = s.Compile().Reduce(episode.Focus{URL: "https://x.example/" + strings.Repeat("é", 9000)})
	if len(got.URL) > 2048 || !utf8.ValidString(got.URL) {
		t.Errorf("address of %d bytes, valid: %v", len(got.URL), utf8.ValidString(got.URL))
	}
	s.Privacy.Redact = []string{`(.*z)|.`}
	hostile := strings.Repeat("a", 512)
	engine := episode.New(s)
	many := *s
	many.Privacy.Redact = slices.Repeat([]string{`(?:a?){200}b`}, 8) // each by itself is within the bound
	if got := many.Compile().Reduce(episode.Focus{Title: hostile}); got.Title != "" {
		t.Error("the bound does not hold over all patterns")
	}
	rules = s.Compile()
	if got := rules.Reduce(episode.Focus{App: "a", Title: hostile, URL: "https://x.example/" + hostile}); got != (episode.Identity{App: "a", Site: "x.example"}) {
		t.Errorf("let through %+v", got)
	}
	observe(t, engine, episode.Observation{Event: episode.EventStart, Wall: monday, User: "ana"})
	observe(t, engine, episode.Observation{Event: episode.EventFocus, App: "a", Title: hostile, URL: "https://x.example/" + hostile})
	if engine.EmptiedTitles() != 2 {
		t.Errorf("%d texts counted as emptied, want title and address", engine.EmptiedTitles())
	}
}

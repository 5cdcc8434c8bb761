package browser

import (
	"strings"
	"testing"
)

func TestAddress(t *testing.T) {
	for text, want := range map[string]string{
		"https://example.com/a?b=c":       "https://example.com/a?b=c",
		"HTTP://Example.com":              "HTTP://Example.com",
		"example.com":                     "https://example.com",
		"  example.com/path ":             "https://example.com/path",
		"example.com:8443/a?b#c":          "https://example.com:8443/a?b#c",
		"mail.example.co.uk/u/0/#inbox":   "https://mail.example.co.uk/u/0/#inbox",
		"example.com/?next=https://other": "https://example.com/?next=https://other",
		"münchen.example/straße":          "https://münchen.example/straße",
		"例え.テスト":                          "https://例え.テスト",
		"xn--r8jz45g.xn--zckzah":          "https://xn--r8jz45g.xn--zckzah",
		"localhost:3000":                  "https://localhost:3000",
		"192.0.2.1/admin":                 "https://192.0.2.1/admin",
		"[2001:db8::1]:8080/":             "https://[2001:db8::1]:8080/",
		"http://intranet/wiki":            "http://intranet/wiki",
		"example.com/users/a@b":           "https://example.com/users/a@b",

		// Hints, in whatever language.
		"": "", "Search Google or type a URL": "", "Mit Google suchen oder Adresse eingeben": "",
		"検索または URL を入力": "", "搜索或输入网址": "",
		// What is being searched for.
		"weather": "", "weather berlin": "", "what is 3.14": "", "3.14": "", "node .js": "", "intranet/wiki": "",
		"a..b": "", ".com": "", "example.": "", "example.c": "", "ada@example.com": "", "(example.com)": "",
		// The browser's own, and other schemes.
		"chrome://settings": "", "edge://newtab": "", "about:blank": "", "about:preferences#privacy": "",
		"view-source:https://example.com": "", "file:///C:/secret.txt": "", "C:/Users/ada/report.pdf": "",
		"blob:https://example.com/1": "", "data:text/html,a.bc": "", "javascript:alert(1)": "", "ftp://example.com": "",
		"moz-extension://0d1/page.html": "", "mailto:ada@example.com": "",
		// What is no address at all.
		"https://": "", "https:///path": "", "https://example.com:0/": "", "https://example.com:70000/": "", "example.com:": "",
		"https://exa mple.com": "", "example.com/a\x00b": "", "example.com/\xff": "", "https://[::1": "", "https://%zz.com": "",
		"example.com/" + strings.Repeat("a", maxAddress): "",
	} {
		got, ok := address(text)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q %v, want %q", text, got, ok, want)
		}
	}
}

func FuzzAddress(f *testing.F) {
	for _, text := range []string{"example.com", "https://a/b", "about:blank", "a@b.c", "[::1]:8"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := address(text)
		if ok != (got != "") || len(got) > maxAddress {
			t.Fatalf("%q: %q %v", text, got, ok)
		}
		lower := strings.ToLower(got)
		if ok && !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "http://") {
			t.Fatalf("%q: %q", text, got)
		}
		if again, still := address(got); ok && (!still || again != got) {
			t.Fatalf("%q: %q, and of that %q", text, got, again)
		}
	})
}

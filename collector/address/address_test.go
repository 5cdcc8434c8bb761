package address

import (
	"strings"
	"testing"
)

func TestHost(t *testing.T) {
	for text, want := range map[string]string{
		"example.com": "example.com", "EXAMPLE.com.": "example.com", "www.example.com": "example.com", "WWW.Example.COM": "example.com",
		"www.www.example.com": "www.example.com", "wwwexample.com": "wwwexample.com", "my_host": "my_host", "localhost": "localhost",
		"münchen.de": "xn--mnchen-3ya.de", "MÜNCHEN.de": "xn--mnchen-3ya.de", "xn--mnchen-3ya.de": "xn--mnchen-3ya.de",
		"www.straße.de": "xn--strae-oqa.de", "例え。テスト": "xn--r8jz45g.xn--zckzah", "10.0.0.1": "10.0.0.1",
		"[::1]": "::1", "::1": "::1", "2001:DB8:0::1": "2001:db8::1", "": "", "www.": "www",
	} {
		if got := Host(text); got != want {
			t.Errorf("Host(%q) = %q; want %q", text, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	for raw, want := range map[string]string{
		"https://example.com":                      "example.com ",
		"https://example.com/":                     "example.com /",
		"HTTP://www.Example.com:8080/A/b?c=d#e":    "example.com /A/b",
		"https://user:secret@example.com/a":        "example.com /a",
		"https://example.com?q=/a":                 "example.com ",
		"https://example.com/a%20b/%7Eme":          "example.com /a b/~me",
		"https://example.com/a%2fb%25c":            "example.com /a%2Fb%25c",
		"https://example.com/100%/%zz":             "example.com /100%25/%25zz",
		"https://example.com/stra%C3%9Fe":          "example.com /straße",
		"https://example.com/straße":               "example.com /straße",
		"https://[2001:DB8::1]:8443/a":             "2001:db8::1 /a",
		"https://münchen.de/a":                     "xn--mnchen-3ya.de /a",
		"ftp://example.com/a":                      "",
		"example.com/a":                            "",
		"https:///a":                               "",
		"chrome://settings":                        "",
		"https://example.com:":                     "example.com ",
		"https://example.com./a/":                  "example.com /a/",
		"https://a@b@example.com/x@y":              "example.com /x@y",
		"https://youtube.com/@ourcompany/videos":   "youtube.com /@ourcompany/videos",
		"https://example.com/a;b=c,d(e)!$&'*+=:@x": "example.com /a;b=c,d(e)!$&'*+=:@x",
	} {
		host, path, ok := Parse(raw)
		if got := strings.Join([]string{host, path}, " "); ok && got != want || !ok && want != "" {
			t.Errorf("Parse(%q) = %q, %v; want %q", raw, got, ok, want)
		}
	}
}

func TestRegistrable(t *testing.T) {
	for host, want := range map[string]string{
		"a.b.example.com": "example.com", "example.com": "example.com", "com": "com", "a.example.co.uk": "example.co.uk",
		"a.b.github.io": "b.github.io", "b.github.io": "b.github.io", "github.io": "github.io",
		"wiki.intranet.corp": "intranet.corp", "intranet": "intranet", "10.0.0.1": "10.0.0.1", "::1": "::1",
		"bucket.s3.amazonaws.com": "bucket.s3.amazonaws.com", "a..b": "a..b", "": "",
	} {
		if got := Registrable(host); got != want {
			t.Errorf("Registrable(%q) = %q; want %q", host, got, want)
		}
	}
}

func TestValid(t *testing.T) {
	for _, host := range []string{"example.com", "a", "my_host", "10.0.0.1", "::1", "xn--mnchen-3ya.de", "a-b.c"} {
		if !Valid(host) {
			t.Errorf("%q is refused", host)
		}
	}
	for _, host := range []string{"", ".", "a..b", "-a.de", "a-.de", "a b", "a/b", "a:1", "*.example.com", strings.Repeat("a", 64), strings.Repeat("a.", 130) + "a"} {
		if Valid(host) {
			t.Errorf("%q is let through", host)
		}
	}
}

// Whatever an address is, it reads without a panic, and what came of it stays as it is when it is read again.
func FuzzParse(f *testing.F) {
	for _, raw := range []string{"https://www.example.com:1/a%2Fb/%zz?x#y", "http://[::1%25eth0]/", "https://münchen.de/ß", "https://%/%", "https://xn--/", "http://www.www./"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		host, path, ok := Parse(raw)
		if !ok {
			return
		}
		if path != "" && path[0] != '/' {
			t.Errorf("the path of %q is %q", raw, path)
		}
		if strings.HasSuffix(Registrable(host), "..") && !strings.HasSuffix(host, "..") || !strings.HasSuffix(host, Registrable(host)) {
			t.Errorf("%q belongs to %q", host, Registrable(host))
		}
		if Valid(host) && !strings.HasPrefix(host, "www.") && Host(host) != host {
			t.Errorf("%q reads as %q, and that as %q", raw, host, Host(host))
		}
	})
}

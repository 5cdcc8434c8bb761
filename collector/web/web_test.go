package web

import (
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

var script = strings.Repeat("export const day = 'line'\n", 100)

var built = fstest.MapFS{
	".gitignore":           {Data: []byte("*\n")},
	"index.html":           {Data: []byte("<!doctype html><title>Dayline</title>")},
	"icon.svg":             {Data: []byte("<svg/>")},
	"assets/main-1a2b3.js": {Data: []byte(script)},
}

// answer gives what a request with these headers (name, value, …) gets.
func answer(h http.Handler, method, path string, pairs ...string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(pairs); i += 2 {
		r.Header.Set(pairs[i], pairs[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r io.Reader) string {
	t.Helper()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// whole is the room as it is served, with a contract and a provider that say which path reached them.
func whole(secure bool) http.Handler {
	say := func(what string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, what+" "+r.URL.Path) })
	}
	return Handler(Options{Secure: secure, Contract: say("contract"), SignIn: say("provider"), Extension: say("extension"), Links: say("links")})
}

func TestPages(t *testing.T) {
	h := pages(built)
	for _, c := range []struct {
		method, path string
		status       int
		contentType  string
		cache        string
	}{
		{"GET", "/", 200, "text/html; charset=utf-8", "no-cache"},
		{"HEAD", "/people", 200, "text/html; charset=utf-8", "no-cache"},
		{"GET", "/people/p-1/2026-03-02", 200, "text/html; charset=utf-8", "no-cache"},
		{"GET", "/sites/mail.example.com", 200, "text/html; charset=utf-8", "no-cache"},
		{"GET", "/index.html", 200, "text/html; charset=utf-8", "no-cache"},
		{"GET", "/icon.svg", 200, "image/svg+xml", "no-cache"},
		{"GET", "/assets/main-1a2b3.js", 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		{"GET", "/assets/main-old.js", 404, "", ""},
		{"GET", "/assets/", 404, "", ""},
		{"GET", "/favicon.ico", 404, "", ""},
		{"GET", "/.gitignore", 404, "", ""},
		{"POST", "/people", 405, "", ""},
	} {
		got := answer(h, c.method, c.path)
		if got.StatusCode != c.status {
			t.Errorf("%s %s: %d", c.method, c.path, got.StatusCode)
		}
		if c.status == 200 && (got.Header.Get("Content-Type") != c.contentType || got.Header.Get("Cache-Control") != c.cache) {
			t.Errorf("%s %s: %v", c.method, c.path, got.Header)
		}
	}
}

func TestPagesArePackedAndNotSentTwice(t *testing.T) {
	h := pages(built)
	packed := answer(h, "GET", "/assets/main-1a2b3.js", "Accept-Encoding", "deflate, gzip, br")
	if packed.Header.Get("Content-Encoding") != "gzip" || packed.Header.Get("Vary") != "Accept-Encoding" {
		t.Fatal(packed.Header)
	}
	r, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	if body(t, r) != script {
		t.Error("unpacked it is something else")
	}
	plain := answer(h, "GET", "/assets/main-1a2b3.js", "Accept-Encoding", "gzip;q=0")
	if plain.Header.Get("Content-Encoding") != "" || body(t, plain.Body) != script {
		t.Error("packed for a browser that cannot unpack")
	}
	// What does not shrink is sent as it is.
	if got := answer(h, "GET", "/icon.svg", "Accept-Encoding", "gzip"); got.Header.Get("Content-Encoding") != "" || body(t, got.Body) != "<svg/>" {
		t.Error("a file of six bytes was packed")
	}
	again := answer(h, "GET", "/", "If-None-Match", answer(h, "GET", "/live").Header.Get("ETag"))
	if again.StatusCode != http.StatusNotModified || body(t, again.Body) != "" {
		t.Errorf("asked again: %d", again.StatusCode)
	}
}

func TestPagesThatWereNotBuilt(t *testing.T) {
	got := answer(pages(fstest.MapFS{".gitignore": built[".gitignore"]}), "GET", "/people")
	if got.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body(t, got.Body), "make build") {
		t.Errorf("%d", got.StatusCode)
	}
}

func TestHeadersAreOnEveryAnswer(t *testing.T) {
	signIn := adminv1connect.AdminServiceSignInProcedure
	for _, path := range []string{"/", "/people", "/assets/none.js", "/files/people.csv", "/livez", signIn} {
		got := answer(whole(true), "GET", path)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
				"font-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Strict-Transport-Security": "max-age=31536000",
		} {
			if got.Header.Get(name) != want {
				t.Errorf("%s: %s: %q", path, name, got.Header.Get(name))
			}
		}
		for _, feature := range []string{"camera=()", "microphone=()", "geolocation=()", "display-capture=()"} {
			if !strings.Contains(got.Header.Get("Permissions-Policy"), feature) {
				t.Errorf("%s: Permissions-Policy without %s", path, feature)
			}
		}
		if strings.HasPrefix(path, "/files/") || path == signIn {
			if got.Header.Get("Cache-Control") != "no-store" || body(t, got.Body) != "contract "+path {
				t.Errorf("%s: %v", path, got.Header)
			}
		}
	}
	if got := answer(whole(false), "GET", "/sign-in/provider/callback"); body(t, got.Body) != "provider /sign-in/provider/callback" {
		t.Errorf("the way back from the provider: %d", got.StatusCode)
	}
	if got := answer(whole(false), "GET", "/install/secret/enroll"); body(t, got.Body) != "links /install/secret/enroll" {
		t.Error("a link does not reach those who open it")
	}
	if got := answer(whole(false), "GET", "/extension/updates.xml"); body(t, got.Body) != "extension /extension/updates.xml" {
		t.Errorf("the browser extension: %d", got.StatusCode)
	}
	// A browser that came without TLS would be locked out of the other ports of this computer.
	if got := answer(whole(false), "GET", "/"); got.Header.Get("Strict-Transport-Security") != "" {
		t.Error("held to https where there is none")
	}
}

func TestOtherSitesAreRefused(t *testing.T) {
	signIn := adminv1connect.AdminServiceSignInProcedure
	for _, c := range []struct {
		method, path string
		headers      []string
		refused      bool
	}{
		{"POST", signIn, []string{"Sec-Fetch-Site", "cross-site"}, true},
		{"POST", signIn, []string{"Sec-Fetch-Site", "same-site"}, true},
		{"POST", signIn, []string{"Origin", "https://evil.example"}, true},
		{"POST", signIn, []string{"Origin", "null"}, true},
		{"POST", signIn, []string{"Sec-Fetch-Site", "same-origin", "Origin", "http://example.com"}, false},
		{"POST", signIn, []string{"Origin", "http://example.com"}, false}, // httptest's own host
		{"POST", signIn, nil, false},                                      // no browser
		{"GET", "/files/people.csv", []string{"Sec-Fetch-Site", "cross-site"}, true},
		{"GET", "/files/people.csv", []string{"Sec-Fetch-Site", "same-site"}, true},
		{"GET", "/files/people.csv", []string{"Sec-Fetch-Site", "same-origin"}, false},
		{"GET", "/files/people.csv", []string{"Sec-Fetch-Site", "none"}, false},
		{"GET", "/livez", []string{"Sec-Fetch-Site", "cross-site"}, false},
	} {
		got := answer(whole(false), c.method, c.path, c.headers...)
		if reached := strings.HasPrefix(body(t, got.Body), "contract "); reached == c.refused || c.refused && got.StatusCode != http.StatusForbidden {
			t.Errorf("%+v: %d", c, got.StatusCode)
		}
	}
	// A page may be linked to from anywhere.
	if got := answer(guarded(false, pages(built)), "GET", "/people", "Sec-Fetch-Site", "cross-site"); got.StatusCode != http.StatusOK {
		t.Errorf("a link from elsewhere: %d", got.StatusCode)
	}
}

// The policy refuses scripts and styles in the page itself: nobody may rely on one. Where the pages were built, what was
// made of index.html is held to it too.
func TestNothingIsInline(t *testing.T) {
	inline := regexp.MustCompile(`(?i)<script[^>]*>\s*[^<\s]|<style|\s(style|on[a-z]+)\s*=|javascript:|(src|href)="(https?:)?//`)
	if !inline.MatchString(`<p style="x">`) || !inline.MatchString(`<script>x</script>`) || inline.MatchString(`<script src="/a.js"></script>`) {
		t.Fatal("it finds nothing")
	}
	source, err := os.ReadFile("app/index.html")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"app/index.html": string(source)}
	if made, err := fs.ReadFile(dist, "dist/index.html"); err == nil {
		texts["dist/index.html"] = string(made)
	}
	for name, text := range texts {
		if bad := inline.FindString(text); bad != "" {
			t.Errorf("%s: %q", name, bad)
		}
	}
}

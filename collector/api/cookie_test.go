package api

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

// browse asks with a browser's headers and gives the whole answer.
func (o *office) browse(url, procedure, body string, headers map[string]string) *http.Response {
	o.t.Helper()
	r, err := http.NewRequestWithContext(o.t.Context(), http.MethodPost, url+procedure, strings.NewReader(body))
	o.check(err)
	r.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	o.check(err)
	o.t.Cleanup(func() { answer.Body.Close() })
	return answer
}

// cookie signs a user in as a browser does, and gives the cookie as it is sent back.
func (o *office) cookie(email string) string {
	o.t.Helper()
	_, err := o.asBySocket("").SetPassword(o.t.Context(), connect.NewRequest(&adminv1.SetPasswordRequest{Email: email, Password: password}))
	o.check(err)
	answer := o.browse(o.web.URL, adminv1connect.AdminServiceSignInProcedure, fmt.Sprintf(`{"email":%q,"password":%q,"cookie":true}`, email, password), nil)
	if answer.StatusCode != http.StatusOK || len(answer.Cookies()) != 1 {
		o.t.Fatal(answer.Status, answer.Header)
	}
	return answer.Cookies()[0].Name + "=" + answer.Cookies()[0].Value
}

func TestSessionCookie(t *testing.T) {
	o := openOffice(t)
	_, err := o.asBySocket("").SetPassword(t.Context(), connect.NewRequest(&adminv1.SetPasswordRequest{Email: mia, Password: password}))
	o.check(err)
	fixed := "__Host-dayline=dayline_" + strings.Repeat("A", 43)
	answer := o.browse(o.web.URL, adminv1connect.AdminServiceSignInProcedure, fmt.Sprintf(`{"email":%q,"password":%q,"cookie":true}`, mia, password), map[string]string{
		"Cookie": fixed, "Origin": o.web.URL, "Sec-Fetch-Site": "same-origin",
	})
	body, err := io.ReadAll(answer.Body)
	o.check(err)
	cookies := answer.Cookies()
	if len(cookies) != 1 || strings.Contains(string(body), "dayline_") {
		t.Fatalf("%v %s", answer.Header, body)
	}
	// Nobody is let in under a name that somebody else gave the browser.
	c := cookies[0]
	if c.Name+"="+c.Value == fixed || c.Name != "__Host-dayline" || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.MaxAge > 12*3600 || c.MaxAge < 12*3600-60 {
		t.Errorf("%+v", c)
	}
	who := func(headers map[string]string) int {
		return o.browse(o.web.URL, adminv1connect.AdminServiceWhoAmIProcedure, `{}`, headers).StatusCode
	}
	mine := c.Name + "=" + c.Value
	if who(map[string]string{"Cookie": mine}) != http.StatusOK || who(map[string]string{"Cookie": fixed}) != http.StatusUnauthorized {
		t.Error("the cookie is not what counts")
	}
	// A token that is sent goes before a cookie that comes along.
	if got := who(map[string]string{"Cookie": mine, "Authorization": "Bearer x"}); got != http.StatusUnauthorized {
		t.Errorf("with a bad token beside: %d", got)
	}
	answer = o.browse(o.web.URL, adminv1connect.AdminServiceSignOutProcedure, `{}`, map[string]string{"Cookie": mine})
	if gone := answer.Cookies(); answer.StatusCode != http.StatusOK || len(gone) != 1 || gone[0].Value != "" || gone[0].MaxAge != -1 {
		t.Errorf("%s %+v", answer.Status, gone)
	}
	if who(map[string]string{"Cookie": mine}) != http.StatusUnauthorized {
		t.Error("signed out, and let in")
	}
	mine = o.cookie(mia)
	o.later(31 * time.Minute)
	if who(map[string]string{"Cookie": mine}) != http.StatusUnauthorized {
		t.Error("idle for half an hour, and let in")
	}
}

// What a page of another site makes a browser ask is refused, without the wrapper around all pages too.
func TestNoOtherSiteActs(t *testing.T) {
	o := openOffice(t)
	cookie := o.cookie(ada)
	list := func(headers map[string]string) int {
		headers["Cookie"] = cookie
		return o.browse(o.web.URL, adminv1connect.AdminServiceListUsersProcedure, `{}`, headers).StatusCode
	}
	for _, c := range []struct {
		headers map[string]string
		want    int
	}{
		{map[string]string{}, http.StatusOK},
		{map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": o.web.URL}, http.StatusOK},
		{map[string]string{"Sec-Fetch-Site": "none"}, http.StatusOK},
		{map[string]string{"Sec-Fetch-Site": "cross-site"}, http.StatusForbidden},
		{map[string]string{"Sec-Fetch-Site": "same-site"}, http.StatusForbidden},
		{map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"}, http.StatusForbidden},
		{map[string]string{"Origin": "https://evil.example"}, http.StatusForbidden},
		{map[string]string{"Origin": "null"}, http.StatusForbidden},
		{map[string]string{"Origin": strings.Replace(o.web.URL, "http:", "https:", 1)}, http.StatusForbidden},
		{map[string]string{"Origin": o.web.URL + "0"}, http.StatusForbidden},
		// A form can send no JSON; what it can send is no call.
		{map[string]string{"Content-Type": "text/plain"}, http.StatusUnsupportedMediaType},
		{map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, http.StatusUnsupportedMediaType},
		{map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, http.StatusUnsupportedMediaType},
	} {
		if got := list(c.headers); got != c.want {
			t.Errorf("%v: %d, want %d", c.headers, got, c.want)
		}
	}
	// Nor does it sign a browser in as somebody else.
	body := fmt.Sprintf(`{"email":%q,"password":%q,"cookie":true}`, ada, password)
	if answer := o.browse(o.web.URL, adminv1connect.AdminServiceSignInProcedure, body, map[string]string{"Sec-Fetch-Site": "cross-site"}); answer.StatusCode != http.StatusForbidden || len(answer.Cookies()) != 0 {
		t.Errorf("%s %v", answer.Status, answer.Cookies())
	}
	// A program with a token is of no site.
	if status, _ := o.post(o.web.URL, adminv1connect.AdminServiceWhoAmIProcedure, `{}`, map[string]string{
		"Authorization": "Bearer " + o.token(mia, false), "Origin": "https://tools.example",
	}); status != http.StatusOK {
		t.Errorf("a program: %d", status)
	}
}

// Where the page is: as the request says, as trusted proxies do, or as web_url has it.
func TestSite(t *testing.T) {
	o := openOffice(t)
	set := *o.set.Load()
	plain := *set.Collector
	set.Collector = &plain
	o.set.Store(&set)
	var err error
	o.agents.proxies, err = parseProxies([]string{"192.0.2.1"})
	o.check(err)
	for _, c := range []struct {
		from, host, webURL string
		headers            map[string]string
		want               string
	}{
		{"127.0.0.1:5", "LOCALHOST:8444", "", nil, "localhost http://localhost:8444"},
		{"127.0.0.1:5", "[::1]:8444", "", nil, "::1 http://[::1]:8444"},
		{"203.0.113.7:5", "a.example", "", map[string]string{"X-Forwarded-Host": "b.example", "X-Forwarded-Proto": "https"}, "a.example http://a.example"},
		{"192.0.2.1:5", "a.example", "", map[string]string{"X-Forwarded-Host": "evil.example, b.example", "X-Forwarded-Proto": "https"}, "b.example https://b.example"},
		{"192.0.2.1:5", "10.0.0.1:8444", "https://c.example", map[string]string{"Origin": "https://c.example"}, "c.example https://c.example"},
		{"192.0.2.1:5", "c.example", "https://c.example", nil, "c.example https://c.example"},
		{"192.0.2.1:5", "c.example", "https://c.example", map[string]string{"Origin": "https://evil.example"}, "c.example https://c.example"},
		{"192.0.2.1:5", "d.example", "https://c.example", nil, "d.example http://d.example"},
	} {
		plain.WebURL = c.webURL
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr, r.Host = c.from, c.host
		for name, value := range c.headers {
			r.Header.Set(name, value)
		}
		if got := o.admin.site(r); got.Host+" "+got.Origin != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestBrowser(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:148.0) Gecko/20100101 Firefox/148.0":                                                                     "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Safari/537.36":                            "Chrome on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Safari/537.36 Edg/145.0.0.0":              "Edge on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15":                      "Safari on macOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/145.0.0.0 Mobile/15E148 Safari/604.1": "Chrome on iPhone",
		"Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Mobile Safari/537.36":                      "Chrome on Android",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Safari/537.36":                             "Chrome on ChromeOS",
		"Mozilla/5.0 (something new)": "A browser", "Mozilla/5.0 Firefox/1": "Firefox", "curl/8.9.1": "", "": "", "<script>Mozilla/ Firefox Linux": "",
	} {
		if got := browser(agent); got != want {
			t.Errorf("%q is %q, want %q", agent, got, want)
		}
	}
}

// A role that changes ends what a cookie brought, at once.
func TestRoleChangeEndsCookies(t *testing.T) {
	o := openOffice(t)
	cookie := o.cookie(mia)
	who := func() int {
		return o.browse(o.web.URL, adminv1connect.AdminServiceWhoAmIProcedure, `{}`, map[string]string{"Cookie": cookie}).StatusCode
	}
	if got := who(); got != http.StatusOK {
		t.Errorf("before: %d", got)
	}
	_, err := o.asBySocket("").SetUser(t.Context(), connect.NewRequest(&adminv1.SetUserRequest{Email: mia, Role: "viewer"}))
	o.check(err)
	if got := who(); got != http.StatusUnauthorized {
		t.Errorf("after: %d", got)
	}
}

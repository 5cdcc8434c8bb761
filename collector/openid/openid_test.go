package openid

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/access"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/openid/openidtest"
	"github.com/dayline-project/dayline/collector/sqlite"
)

const sessionCookie = "__Host-session"

// office is a collector's sign-in at a real provider, over a real registry.
type office struct {
	t        *testing.T
	provider *openidtest.Provider
	registry *sqlite.Registry
	access   *access.Access
	server   *httptest.Server
	set      atomic.Pointer[config.Set]
	ahead    atomic.Int64
	secret   string
	log      bytes.Buffer
}

func open(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, provider: openidtest.Open(t), secret: filepath.Join(t.TempDir(), "oidc.secret")}
	o.provider.Email, o.provider.Now = "max@example.com", o.now
	o.check(os.WriteFile(o.secret, []byte(openidtest.ClientSecret+"\n"), 0o600))
	o.configure(fmt.Sprintf("sign_in: {oidc: {issuer: %q, client_id: %s, client_secret_file: %q}}\n", o.provider.Issuer(), openidtest.ClientID, o.secret))
	var err error
	o.registry, err = sqlite.Open(t.Context(), t.TempDir())
	o.check(err)
	t.Cleanup(func() { o.check(o.registry.Close()) })
	o.access = access.New(o.registry, o.set.Load, access.Cost{}, o.now)
	roots := x509.NewCertPool()
	roots.AddCert(o.provider.Certificate())
	o.server = httptest.NewUnstartedServer(nil)
	o.server.Config.Handler = New(Options{
		Config: func() *config.OIDC { return o.set.Load().Collector.SignIn.OIDC }, Address: func() string { return o.server.URL },
		Users: o.access, From: func(*http.Request) access.From {
			return access.From{Address: "203.0.113.7", Browser: "Firefox on Linux"}
		},
		SetSession: func(header http.Header, secret string, _, _ time.Time) {
			header.Add("Set-Cookie", (&http.Cookie{Name: sessionCookie, Value: secret, Path: "/", Secure: true}).String())
		},
		Client: newClient(roots), Now: o.now, Log: slog.New(slog.NewTextHandler(&o.log, nil)),
	}).Handler()
	o.server.StartTLS()
	t.Cleanup(o.server.Close)
	o.provider.Redirect = o.server.URL + callbackPath
	return o
}

func (o *office) now() time.Time { return time.Now().Add(time.Duration(o.ahead.Load())) }

func (o *office) later(d time.Duration) { o.ahead.Add(int64(d)) }

func (o *office) check(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) configure(text string) {
	o.t.Helper()
	dir := o.t.TempDir()
	for name, content := range map[string]string{
		config.CollectorFile: text, config.AccountFile: "{}\n", config.ClassificationFile: "{}\n",
		config.PeopleFile: "users: [{email: ada@example.com, role: admin}, {email: max@example.com, role: manager}]\n",
	} {
		o.check(os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	set, problems := config.Load(dir)
	if set == nil {
		o.t.Fatal(problems)
	}
	o.set.Store(set)
}

// browser keeps cookies, and follows nobody by itself.
type browser struct {
	*office
	*http.Client
}

func (o *office) browser() browser {
	jar, err := cookiejar.New(nil)
	o.check(err)
	pool := x509.NewCertPool()
	pool.AddCert(o.provider.Certificate())
	pool.AddCert(o.server.Certificate())
	transport := o.server.Client().Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.RootCAs = pool
	o.t.Cleanup(transport.CloseIdleConnections)
	return browser{o, &http.Client{Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// to goes to an address and says where it is sent on.
func (b browser) to(address string) (next string) {
	b.t.Helper()
	answer, err := b.Get(address)
	b.check(err)
	b.check(answer.Body.Close())
	if answer.StatusCode != http.StatusSeeOther && answer.StatusCode != http.StatusFound {
		b.t.Fatalf("%s: %d", address, answer.StatusCode)
	}
	return answer.Header.Get("Location")
}

// away goes to the provider and gives the way back.
func (b browser) away(back string) (callback string) {
	b.t.Helper()
	return b.to(b.to(b.server.URL + Path + "?back=" + url.QueryEscape(back)))
}

// who is signed in; empty: nobody.
func (b browser) who() string {
	b.t.Helper()
	here, _ := url.Parse(b.server.URL)
	for _, cookie := range b.Jar.Cookies(here) {
		if cookie.Name == sessionCookie {
			viewer, err := b.access.Authenticate(b.t.Context(), "Bearer "+cookie.Value)
			b.check(err)
			return viewer.User
		}
	}
	return ""
}

// newest entry of the audit log.
func (o *office) newest() collector.AuditEntry {
	o.t.Helper()
	entries, err := o.registry.AuditEntries(o.t.Context(), 0, 1000)
	o.check(err)
	if len(entries) == 0 {
		return collector.AuditEntry{}
	}
	return entries[len(entries)-1]
}

// out wants that nobody is signed in, and that the page and the audit log say why.
func (b browser) out(what, landed string, why reason) {
	b.t.Helper()
	at, err := url.Parse(landed)
	b.check(err)
	if at.Path != signInPage || at.Query().Get("failed") != string(why) || b.who() != "" {
		b.t.Errorf("%s: %s, signed in as %q; want %s\n%s", what, landed, b.who(), why, b.log.String())
	}
	if e := b.newest(); e.Action != "user.sign_in_failed" || why != unknownPerson && !strings.Contains(e.Detail, `"reason":"`+string(why)+`"`) ||
		!strings.Contains(e.Detail, "203.0.113.7") {
		b.t.Errorf("%s: written down: %+v", what, e)
	}
}

func TestSignIn(t *testing.T) {
	o := open(t)
	b := o.browser()
	if landed := b.to(b.away("/people?range=last_7_days")); landed != "/people?range=last_7_days" {
		t.Errorf("landed at %s", landed)
	}
	if who := b.who(); who != "max@example.com" {
		t.Errorf("signed in as %q", who)
	}
	if e := o.newest(); e.Action != "user.sign_in" || e.Actor != "max@example.com" || !strings.Contains(e.Detail, `"how":"provider"`) {
		t.Errorf("%+v", e)
	}
	// Two pages of one browser on their way at once.
	b = o.browser()
	one, other := b.away("/one"), b.away("/other")
	if b.to(one) != "/one" || b.to(other) != "/other" {
		t.Error("one of two pages did not come back")
	}
	// The address in other letters, and verified as Entra says it.
	o.provider.Email = "ADA@example.com"
	o.provider.Claims = func(c map[string]any) { delete(c, "email_verified"); c["xms_edov"] = "1" }
	b = o.browser()
	if b.to(b.away("/")); b.who() != "ada@example.com" {
		t.Errorf("signed in as %q", b.who())
	}
	// What the token leaves out the userinfo endpoint says.
	o.provider.Claims = func(c map[string]any) { delete(c, "email") }
	o.provider.Info = map[string]any{"sub": "1", "email": "max@example.com", "email_verified": true}
	b = o.browser()
	if b.to(b.away("/")); b.who() != "max@example.com" {
		t.Errorf("signed in as %q", b.who())
	}
	o.provider.Info["sub"] = "2"
	b = o.browser()
	b.out("userinfo of somebody else", b.to(b.away("/")), notVouched)
}

// Whatever is wrong with the provider's word, nobody is signed in.
func TestTokensThatVouchForNobody(t *testing.T) {
	o := open(t)
	strange, err := rsa.GenerateKey(rand.Reader, 2048)
	o.check(err)
	for what, c := range map[string]struct {
		claims func(map[string]any)
		sign   func([]byte) string
		why    reason
	}{
		"another nonce":    {claims: func(c map[string]any) { c["nonce"] = "x" }, why: notVouched},
		"no nonce":         {claims: func(c map[string]any) { delete(c, "nonce") }, why: notVouched},
		"another audience": {claims: func(c map[string]any) { c["aud"] = "mail" }, why: notVouched},
		"two audiences":    {claims: func(c map[string]any) { c["aud"] = []string{"dayline", "mail"} }, why: notVouched},
		"another party":    {claims: func(c map[string]any) { c["azp"] = "mail" }, why: notVouched},
		"another issuer":   {claims: func(c map[string]any) { c["iss"] = "https://evil.example" }, why: notVouched},
		"over":             {claims: func(c map[string]any) { c["exp"] = time.Now().Add(-time.Minute).Unix() }, why: notVouched},
		"unverified":       {claims: func(c map[string]any) { c["email_verified"] = false }, why: unverified},
		"verified unsaid":  {claims: func(c map[string]any) { delete(c, "email_verified") }, why: unverified},
		"a stranger":       {claims: func(c map[string]any) { c["email"] = "eve@example.com" }, why: unknownPerson},
		"unsigned": {sign: func(claims []byte) string {
			return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims) + "."
		}, why: notVouched},
		"signed with the client's secret": {sign: func(claims []byte) string {
			return openidtest.Signed(t, jose.HS256, []byte(strings.Repeat(openidtest.ClientSecret, 2)), claims)
		}, why: notVouched},
		"signed by another key": {sign: func(claims []byte) string { return openidtest.Signed(t, jose.RS256, strange, claims) }, why: notVouched},
		"no token":              {sign: func([]byte) string { return "" }, why: notVouched},
	} {
		o.provider.Claims, o.provider.Sign = c.claims, c.sign
		b := o.browser()
		b.out(what, b.to(b.away("/")), c.why)
	}
	if strings.Contains(o.log.String(), "eyJ") {
		t.Error("a token is in the log")
	}
}

// The way back is good once, soon, and for the browser that left.
func TestTheWayBackIsBound(t *testing.T) {
	o := open(t)
	b := o.browser()
	callback := b.away("/")
	if b.to(callback); b.who() == "" {
		t.Fatal("not signed in")
	}
	here, _ := url.Parse(o.server.URL)
	b.Jar.SetCookies(here, []*http.Cookie{{Name: sessionCookie, MaxAge: -1}})
	b.out("taken twice", b.to(callback), late)

	o.later(time.Hour)
	callback = b.away("/")
	o.later(visitFor)
	b.out("late", b.to(callback), late)

	// Somebody lures another browser to the end of a sign-in of the own.
	lured := o.browser()
	callback = o.browser().away("/")
	lured.out("another browser", lured.to(callback), otherBrowser)
	lured.away("/")
	lured.out("another browser, on its own way", lured.to(o.browser().away("/")), otherBrowser)

	// A stolen code is worth nothing with another visit's state: the provider knows which it was asked for.
	stolen, err := url.Parse(o.browser().away("/"))
	o.check(err)
	own, err := url.Parse(lured.away("/"))
	o.check(err)
	query := own.Query()
	query.Set("code", stolen.Query().Get("code"))
	own.RawQuery = query.Encode()
	lured.out("a stolen code", lured.to(own.String()), notVouched)

	own, err = url.Parse(lured.away("/"))
	o.check(err)
	query = own.Query()
	query.Set("iss", "https://evil.example")
	own.RawQuery = query.Encode()
	lured.out("another provider's answer", lured.to(own.String()), notVouched)

	lured.out("no state", lured.to(o.server.URL+callbackPath+"?code=x"), late)
	o.provider.Deny = true
	lured.out("the provider refuses", lured.to(lured.away("/")), refused)
}

// Nobody is sent elsewhere by an address that looks like the collector's.
func TestNobodyIsSentElsewhere(t *testing.T) {
	for _, back := range []string{
		"", "people", "//evil.example", "///evil.example", `/\evil.example`, `\\evil.example`, "https://evil.example", "https:evil.example",
		"javascript:alert(1)", "/\t/evil.example", "/%0a\n/evil.example", "/x\x00", "/" + strings.Repeat("x", maxBack), "/ü", "http:///evil.example",
	} {
		if got := pathHere(back); got != "/" {
			t.Errorf("%q: %q", back, got)
		}
	}
	for _, back := range []string{"/", "/people/p-1?from=2026-03-02&group=A%20B", "/%2f%2fevil.example"} {
		if got := pathHere(back); got != back {
			t.Errorf("%q: %q", back, got)
		}
	}
	o := open(t)
	b := o.browser()
	if landed := b.to(b.away("//evil.example/x")); landed != "/" {
		t.Errorf("landed at %s", landed)
	}
	// A failure keeps where to go for another try, and that is a path too.
	o.provider.Deny = true
	if landed := b.to(b.away("/people")); landed != "/sign-in?back=%2Fpeople&failed=refused" {
		t.Errorf("landed at %s", landed)
	}
}

// What is configured holds at once: another secret, and no provider.
func TestTheWayBeginsWhereItEnds(t *testing.T) {
	handler := New(Options{
		Config: func() *config.OIDC { return &config.OIDC{} }, Address: func() string { return "http://localhost:8444" }, Now: time.Now,
		Log: slog.New(slog.DiscardHandler),
	}).Handler()
	request := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8444"+Path+"?back=%2Fpeople", nil)
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	if at := answer.Header().Get("Location"); at != "http://localhost:8444"+Path+"?back=%2Fpeople" || len(answer.Result().Cookies()) > 0 {
		t.Errorf("sent to %q", at)
	}
}

func TestTheProviderOfNow(t *testing.T) {
	o := open(t)
	b := o.browser()
	o.check(os.WriteFile(o.secret, []byte("another"), 0o600))
	b.out("a wrong secret", b.to(b.away("/")), notVouched)
	o.check(os.Remove(o.secret))
	b.out("no secret", b.to(b.away("/")), failed)
	o.check(os.WriteFile(o.secret, []byte(openidtest.ClientSecret), 0o600))
	callback := b.away("/")
	o.configure("sign_in: {}\n")
	b.out("none any more", b.to(callback), late)
	if landed := b.to(o.server.URL + Path); landed != "/sign-in?failed=no_provider" {
		t.Errorf("landed at %s", landed)
	}
}

// A provider that does not answer is asked again later, and none leads the collector to another host, to plain HTTP or
// into endless answers.
func TestProvidersThatMisbehave(t *testing.T) {
	o := open(t)
	b := o.browser()
	begin := func(what string, want reason) {
		t.Helper()
		if landed := b.to(o.server.URL + Path); (landed == signInPage+"?failed="+string(want)) != (want != "") {
			t.Errorf("%s: landed at %s", what, landed)
		}
	}
	describe := func(key string, value any) {
		o.later(knownFor)
		o.provider.Describe = func(about map[string]any) { about[key] = value }
	}
	describe("issuer", "https://evil.example")
	begin("another issuer", unreachable)
	describe("authorization_endpoint", "http://evil.example/authorize")
	begin("a page without https", unreachable)
	describe("more", strings.Repeat("x", maxAnswerBytes))
	begin("an endless description", unreachable)
	o.provider.Describe = nil
	begin("at once again", unreachable)
	o.later(unreachedFor)
	begin("a moment later", "")

	describe("token_endpoint", "http://127.0.0.1:1/token")
	b.out("tokens without https", b.to(b.away("/")), notVouched)
	asked := false
	elsewhere := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer elsewhere.Close()
	o.provider.Describe = nil
	o.provider.Token = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	}
	b.out("sent elsewhere", b.to(b.away("/")), notVouched)
	if asked {
		t.Error("the code went to another host")
	}
	o.provider.Token = func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bytes.Repeat([]byte("x"), maxAnswerBytes+1))
	}
	b.out("endless tokens", b.to(b.away("/")), notVouched)
}

// One network that fails over and over does not fill the audit log, and keeps nobody out who does not.
func TestFailuresAreBounded(t *testing.T) {
	o := open(t)
	b := o.browser()
	for range 30 {
		b.to(o.server.URL + callbackPath)
	}
	entries, err := o.registry.AuditEntries(context.Background(), 0, 1000)
	o.check(err)
	if landed := b.to(o.server.URL + callbackPath); landed != "/sign-in?failed=busy" {
		t.Errorf("landed at %s", landed)
	}
	o.provider.Email = "nobody@example.com"
	if landed := b.to(b.away("/")); landed != "/sign-in?failed=busy" {
		t.Errorf("a stranger landed at %s", landed)
	}
	if after, err := o.registry.AuditEntries(context.Background(), 0, 1000); err != nil || len(after) != len(entries) || len(after) != 30 {
		t.Errorf("%d, then %d entries, %v", len(entries), len(after), err)
	}
	o.provider.Email = "max@example.com"
	if b.to(b.away("/")); b.who() == "" {
		t.Error("not let in beside them")
	}
	landed := ""
	for range 300 {
		landed = b.to(o.server.URL + Path)
	}
	if landed != "/sign-in?failed=busy" {
		t.Errorf("after hundreds in a minute landed at %s", landed)
	}
	o.later(time.Minute)
	if b.to(b.away("/")); b.who() == "" {
		t.Error("not let in a minute later")
	}
}

// Package openid lets people sign in at the company's own OpenID Connect provider: the browser goes there with a state
// that is good once and for this browser alone, and comes back with a code that this package trades for a signed word of
// who it is (OpenID Connect Core 1.0, 3.1: authorization code flow with PKCE, RFC 7636). Whom an e-mail address lets in is
// decided by collector/access.
package openid

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/sync/semaphore"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/access"
	"github.com/dayline-project/dayline/collector/config"
)

// Where browsers begin, where the provider sends them back to, and the page that says why nobody was let in.
const (
	Path         = "/sign-in/provider"
	callbackPath = Path + "/callback"
	signInPage   = "/sign-in"
)

const (
	// visitFor is how long somebody may take at the provider.
	visitFor = 10 * time.Minute
	// maxVisits at once; beyond it the oldest is forgotten.
	maxVisits = 10_000
	// maxReturns are traded for their tokens at once.
	maxReturns = 16
	// maxBack is the longest address to go back to, in bytes.
	maxBack = 2048
	// browserCookie holds what a visit is bound to. Lax, since it has to come with the way back from the provider.
	browserCookie = "__Host-dayline-provider"
)

// Users lets in whom the provider vouches for (collector/access).
type Users interface {
	SignInVerified(ctx context.Context, email string, from access.From) (secret string, session collector.AccessToken, err error)
	BeginAtProvider(from access.From) error
	ProviderFailed(ctx context.Context, from access.From, reason string) error
}

// Options connect the room.
type Options struct {
	// Config is the provider of now; nil where there is none.
	Config func() *config.OIDC
	// Address is where browsers find the pages: an origin.
	Address func() string
	Users   Users
	From    func(*http.Request) access.From
	// SetSession gives the browser its session.
	SetSession func(header http.Header, secret string, expires, now time.Time)
	// Client asks the provider; nil: one that trusts what the system trusts.
	Client *http.Client
	Now    func() time.Time
	Log    *slog.Logger
}

// SignIn serves Path and what is below it.
type SignIn struct {
	Options
	provider provider
	visits   *access.Once[visit]
	returns  *semaphore.Weighted
}

// visit is one browser's way to the provider and back.
type visit struct {
	browser  string
	nonce    string
	verifier string
	provider config.OIDC
	back     string
}

// New prepares it; the provider is asked when the first person comes.
func New(o Options) *SignIn {
	if o.Client == nil {
		o.Client = newClient(nil)
	}
	return &SignIn{
		Options: o, provider: provider{client: o.Client, now: o.Now, log: o.Log},
		visits: access.NewOnce[visit](visitFor, maxVisits, o.Now), returns: semaphore.NewWeighted(maxReturns),
	}
}

// Handler of Path and the way back.
func (s *SignIn) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, s.leave)
	mux.HandleFunc("GET "+callbackPath, s.comeBack)
	return mux
}

// leave sends a browser to the provider. back in the query is where it wants to be afterwards.
func (s *SignIn) leave(w http.ResponseWriter, r *http.Request) {
	back := pathHere(r.URL.Query().Get("back"))
	now := s.Config()
	if now == nil {
		s.refuse(w, r, back, noProvider)
		return
	}
	if here := s.Address(); elsewhere(r.Host, here) {
		http.Redirect(w, r, here+r.URL.RequestURI(), http.StatusSeeOther)
		return
	}
	if s.Users.BeginAtProvider(s.From(r)) != nil {
		s.refuse(w, r, back, busy)
		return
	}
	known, err := s.provider.find(r.Context(), now.Issuer)
	if err != nil {
		s.refuse(w, r, back, unreachable)
		return
	}
	v := visit{browser: s.browser(w, r), nonce: random(), verifier: oauth2.GenerateVerifier(), provider: *now, back: back}
	state := s.visits.Keep(v)
	client := known.client(*now, "", s.Address())
	http.Redirect(w, r, client.AuthCodeURL(state, oauth2.S256ChallengeOption(v.verifier), oauth2.SetAuthURLParam("nonce", v.nonce)), http.StatusSeeOther)
}

// elsewhere tells whether a browser calls this computer by another name than the one that it would come back to: what it
// is bound to would not come back with it.
func elsewhere(host, address string) bool {
	known, err := url.Parse(address)
	asked := url.URL{Host: host}
	return err == nil && known.Hostname() == "localhost" && asked.Hostname() == "127.0.0.1"
}

// comeBack lets in whom the provider sends back, or says on the page why not.
func (s *SignIn) comeBack(w http.ResponseWriter, r *http.Request) {
	from := s.From(r)
	if !s.returns.TryAcquire(1) {
		s.refuse(w, r, "", busy)
		return
	}
	defer s.returns.Release(1)
	v, reason := s.visit(r)
	if reason == "" {
		reason = s.letIn(w, r, v, from)
	}
	if reason == "" {
		http.Redirect(w, r, v.back, http.StatusSeeOther)
		return
	}
	if reason != unknownPerson && reason != busy { // these are dealt with where they are found
		err := s.Users.ProviderFailed(context.WithoutCancel(r.Context()), from, string(reason))
		switch {
		case collector.CodeOf(err) == collector.TooMany:
			reason = busy
		case err != nil:
			s.Log.Error("failed sign-in not written down", "error", err)
		}
	}
	s.refuse(w, r, v.back, reason)
}

// visit gives the visit that a browser comes back from.
func (s *SignIn) visit(r *http.Request) (v visit, reason reason) {
	query := r.URL.Query()
	v, known := s.visits.Take(query.Get("state"))
	cookie, err := r.Cookie(browserCookie)
	now := s.Config()
	switch {
	case !known:
		return v, late
	case err != nil || subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(v.browser)) != 1:
		return visit{}, otherBrowser
	case now == nil || *now != v.provider:
		return v, late
	case query.Get("iss") != "" && query.Get("iss") != v.provider.Issuer: // RFC 9207
		return v, notVouched
	case query.Get("error") != "" || query.Get("code") == "":
		return v, refused
	}
	return v, ""
}

// letIn trades the code for the provider's word, and that for a session.
func (s *SignIn) letIn(w http.ResponseWriter, r *http.Request, v visit, from access.From) reason {
	said, err := s.provider.vouch(r.Context(), v, r.URL.Query().Get("code"), s.Address())
	if err != nil {
		s.Log.Warn("sign-in at the provider failed", "error", brief(err))
		return reasonOf(err)
	}
	if !said.verified() {
		return unverified
	}
	secret, session, err := s.Users.SignInVerified(r.Context(), said.Email, from)
	switch {
	case collector.CodeOf(err) == collector.SignedOut:
		return unknownPerson
	case collector.CodeOf(err) == collector.TooMany:
		return busy
	case err != nil:
		s.Log.Error("sign-in at the provider failed", "error", err)
		return failed
	}
	s.SetSession(w.Header(), secret, session.ExpiresAt, s.Now())
	return ""
}

// browser gives what this browser's visits are bound to: what it has, so that two pages of one browser may be on their
// way at once, else something new.
func (s *SignIn) browser(w http.ResponseWriter, r *http.Request) string {
	value := random()
	if cookie, err := r.Cookie(browserCookie); err == nil && len(cookie.Value) == len(value) {
		value = cookie.Value
	}
	http.SetCookie(w, &http.Cookie{
		Name: browserCookie, Value: value, Path: "/", MaxAge: int(visitFor.Seconds()), Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	return value
}

// refuse shows the sign-in page with the reason; where back leads is kept for another try.
func (s *SignIn) refuse(w http.ResponseWriter, r *http.Request, back string, why reason) {
	query := url.Values{"failed": {string(why)}}
	if back != "" && back != "/" {
		query.Set("back", back)
	}
	http.Redirect(w, r, signInPage+"?"+query.Encode(), http.StatusSeeOther)
}

// pathHere is an address of the pages themselves, "/" for whatever else was asked for: nobody is sent elsewhere by a link
// that looks like ours. Browsers take "//" and "/\" for another host, and leave line ends out.
func pathHere(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.IsAbs() || u.Host != "" || len(address) > maxBack || !strings.HasPrefix(address, "/") ||
		strings.HasPrefix(address, "//") || strings.ContainsFunc(address, func(c rune) bool { return c == '\\' || c < ' ' || c > '~' }) {
		return "/"
	}
	return address
}

func random() string {
	bytes := make([]byte, 32)
	rand.Read(bytes)
	return base64.RawURLEncoding.EncodeToString(bytes)
}

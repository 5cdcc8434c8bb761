// Package openidtest is a small OpenID Connect provider for tests: a real HTTPS server with discovery, signed tokens and
// PKCE, that lets in whom a test says without asking, and lies as a test says.
package openidtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The one client that the provider knows.
const (
	ClientID     = "dayline"
	ClientSecret = "a secret of the test's own"
)

// Provider is a server; its fields may be changed between calls.
type Provider struct {
	// Email of whoever comes to sign in.
	Email string
	Now   func() time.Time
	// Redirect is the client's registered address to come back to.
	Redirect string
	// Describe changes what discovery says, Claims what a token says, and Sign how it is signed; nil: as it should be.
	Describe func(about map[string]any)
	Claims   func(claims map[string]any)
	Sign     func(claims []byte) string
	// Token, where set, answers in place of the token endpoint.
	Token http.HandlerFunc
	// Info is what the userinfo endpoint says.
	Info map[string]any
	// Deny sends people back without letting them in.
	Deny bool

	t      testing.TB
	server *httptest.Server
	key    *rsa.PrivateKey
	mu     sync.Mutex
	codes  map[string]url.Values
}

// Open starts a provider that ends with the test.
func Open(t testing.TB) *Provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{Now: time.Now, t: t, key: key, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.describe)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) { answer(w, p.Info) })
	p.server = httptest.NewTLSServer(mux)
	t.Cleanup(p.server.Close)
	return p
}

// Issuer is the provider's address.
func (p *Provider) Issuer() string { return p.server.URL }

// Certificate is what who asks the provider has to trust.
func (p *Provider) Certificate() *x509.Certificate { return p.server.Certificate() }

// Browser trusts the provider, and follows nobody by itself.
func (p *Provider) Browser() *http.Client {
	client := *p.server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// RS256 signs claims as the provider does.
func (p *Provider) RS256(claims []byte) string { return Signed(p.t, jose.RS256, p.key, claims) }

// Signed is a token by any key.
func Signed(t testing.TB, algorithm jose.SignatureAlgorithm, key any, claims []byte) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "1"))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func answer(w http.ResponseWriter, what any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(what)
}

func (p *Provider) describe(w http.ResponseWriter, _ *http.Request) {
	about := map[string]any{
		"issuer": p.Issuer(), "authorization_endpoint": p.Issuer() + "/authorize", "token_endpoint": p.Issuer() + "/token",
		"jwks_uri": p.Issuer() + "/keys", "userinfo_endpoint": p.Issuer() + "/userinfo", "response_types_supported": []string{"code"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256", "none"},
		"code_challenge_methods_supported": []string{"S256"},
	}
	if p.Describe != nil {
		p.Describe(about)
	}
	answer(w, about)
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "1", Algorithm: "RS256", Use: "sig"}}})
}

// authorize lets whoever comes in at once, and sends them back with a code.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query()
	if asked.Get("client_id") != ClientID || asked.Get("redirect_uri") != p.Redirect || asked.Get("response_type") != "code" ||
		!slices.Contains(strings.Fields(asked.Get("scope")), "openid") || asked.Get("code_challenge_method") != "S256" {
		http.Error(w, "invalid_request", http.StatusBadRequest)
		return
	}
	back := url.Values{"state": {asked.Get("state")}, "iss": {p.Issuer()}}
	if p.Deny {
		back.Set("error", "access_denied")
	} else {
		code := rand.Text()
		p.mu.Lock()
		p.codes[code] = asked
		p.mu.Unlock()
		back.Set("code", code)
	}
	http.Redirect(w, r, p.Redirect+"?"+back.Encode(), http.StatusFound)
}

// token trades a code, once, for whoever can show what it was asked for with.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if p.Token != nil {
		p.Token(w, r)
		return
	}
	id, secret, _ := r.BasicAuth()
	p.mu.Lock()
	asked, known := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	p.mu.Unlock()
	challenge := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !known || id != ClientID || secret != url.QueryEscape(ClientSecret) || r.FormValue("grant_type") != "authorization_code" ||
		r.FormValue("redirect_uri") != p.Redirect || base64.RawURLEncoding.EncodeToString(challenge[:]) != asked.Get("code_challenge") {
		w.WriteHeader(http.StatusBadRequest)
		answer(w, map[string]string{"error": "invalid_grant"})
		return
	}
	now := p.Now()
	claims := map[string]any{
		"iss": p.Issuer(), "sub": "1", "aud": ClientID, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
		"nonce": asked.Get("nonce"), "email": p.Email, "email_verified": true,
	}
	if p.Claims != nil {
		p.Claims(claims)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		p.t.Error(err)
	}
	sign := p.RS256
	if p.Sign != nil {
		sign = p.Sign
	}
	answer(w, map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 300, "id_token": sign(text)})
}

package openid

import (
	"context"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/dayline-project/dayline/collector/config"
)

const (
	// askWithin bounds one question to the provider, and maxAnswerBytes what it answers.
	askWithin      = 10 * time.Second
	maxAnswerBytes = 1 << 20
	// knownFor is how long what the provider says of itself holds, and unreachedFor how long nobody asks again where it did
	// not answer.
	knownFor     = time.Hour
	unreachedFor = 5 * time.Second
	// maxSecretBytes of client_secret_file.
	maxSecretBytes = 4 << 10
)

// provider is the one that people sign in at, as it described itself last.
type provider struct {
	client *http.Client
	now    func() time.Time
	log    *slog.Logger

	mu    sync.Mutex
	known *description
	// Of the last question: what it was asked for, when, and what went wrong.
	issuer  string
	askedAt time.Time
	failed  error
}

// description is where a provider's parts are, and how it signs.
type description struct {
	issuer string
	oidc   *oidc.Provider
	keys   oidc.KeySet
	// Ways for a client to show its secret.
	auth oauth2.AuthStyle
}

// find gives the provider's description, asking for it where it is not known or old. Who comes while it is asked for
// waits for the same answer.
func (p *provider) find(ctx context.Context, issuer string) (*description, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	age := p.now().Sub(p.askedAt)
	if p.issuer == issuer {
		if p.failed == nil && age < knownFor {
			return p.known, nil
		}
		if p.failed != nil && age < unreachedFor {
			return nil, p.failed
		}
	}
	if p.known, p.failed = p.discover(ctx, issuer); p.failed != nil {
		p.log.Error("provider of identities not reached", "error", brief(p.failed))
	}
	p.issuer, p.askedAt = issuer, p.now()
	return p.known, p.failed
}

// forget asks anew when the next person comes: what was known may be wrong by now.
func (p *provider) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.issuer = ""
}

// discover asks a provider to describe itself (OpenID Connect Discovery 1.0, 4). Whoever asked first may be gone before
// the answer, others wait for it.
func (p *provider) discover(ctx context.Context, issuer string) (*description, error) {
	ctx = oidc.ClientContext(context.WithoutCancel(ctx), p.client)
	found, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return nil, fmt.Errorf("openid: discover: %w", err)
	}
	var more struct {
		Keys string   `json:"jwks_uri"`
		Auth []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := found.Claims(&more); err != nil {
		return nil, fmt.Errorf("openid: discover: %w", err)
	}
	if !strings.HasPrefix(found.Endpoint().AuthURL, "https://") {
		return nil, errors.New("openid: discover: the provider's sign-in page has no https address")
	}
	d := &description{issuer: issuer, oidc: found, keys: oidc.NewRemoteKeySet(ctx, more.Keys), auth: oauth2.AuthStyleInHeader}
	if len(more.Auth) > 0 && !slices.Contains(more.Auth, "client_secret_basic") {
		d.auth = oauth2.AuthStyleInParams
	}
	return d, nil
}

// client is what this collector is to the provider.
func (d *description) client(c config.OIDC, secret, address string) *oauth2.Config {
	endpoint := d.oidc.Endpoint()
	endpoint.AuthStyle = d.auth
	return &oauth2.Config{
		ClientID: c.ClientID, ClientSecret: secret, Endpoint: endpoint, RedirectURL: address + callbackPath,
		Scopes: []string{oidc.ScopeOpenID, oidc.ScopeEmail},
	}
}

// said is what a provider says of somebody.
type said struct {
	Email    string `json:"email"`
	Verified any    `json:"email_verified"`
	// DomainVerified is how Microsoft Entra says that the address is one of the company's own.
	DomainVerified any    `json:"xms_edov"`
	Party          string `json:"azp"`
}

// verified tells whether the provider vouches for the address. Some say so in words.
func (s *said) verified() bool {
	return s.Email != "" && (isTrue(s.Verified) || isTrue(s.DomainVerified))
}

func isTrue(claim any) bool {
	return claim == true || claim == "true" || claim == "1" || claim == 1.0
}

// vouch trades a code for what the provider says of whoever signed in, and holds it to Core 3.1.3.7: signed by the
// provider, for this collector, in answer to this very visit, and not over.
func (p *provider) vouch(ctx context.Context, v visit, code, address string) (*said, error) {
	ctx = oidc.ClientContext(ctx, p.client)
	d, err := p.find(ctx, v.provider.Issuer)
	if err != nil {
		return nil, because(unreachable, err)
	}
	secret, err := readSecret(v.provider.ClientSecretFile)
	if err != nil {
		return nil, because(failed, err)
	}
	client := d.client(v.provider, secret, address)
	tokens, err := client.Exchange(ctx, code, oauth2.VerifierOption(v.verifier))
	if err != nil {
		p.forget()
		return nil, because(notVouched, fmt.Errorf("openid: exchange: %w", wordless(err)))
	}
	raw, _ := tokens.Extra("id_token").(string)
	verifier := oidc.NewVerifier(v.provider.Issuer, d.keys, &oidc.Config{ClientID: v.provider.ClientID, SupportedSigningAlgs: signedWith, Now: p.now})
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		return nil, because(notVouched, fmt.Errorf("openid: verify: %w", err))
	}
	var says said
	if err := token.Claims(&says); err != nil {
		return nil, because(notVouched, fmt.Errorf("openid: verify: %w", err))
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(v.nonce)) != 1:
		return nil, because(notVouched, errors.New("openid: verify: the token answers another visit"))
	case says.Party != "" && says.Party != v.provider.ClientID, len(token.Audience) > 1 && says.Party == "":
		return nil, because(notVouched, errors.New("openid: verify: the token is another party's"))
	case says.Email == "":
		return p.ask(ctx, d, client, tokens, token.Subject)
	}
	return &says, nil
}

// ask gets what the token leaves out from the userinfo endpoint, as Core 5.4 allows providers.
func (p *provider) ask(ctx context.Context, d *description, client *oauth2.Config, tokens *oauth2.Token, subject string) (*said, error) {
	info, err := d.oidc.UserInfo(ctx, client.TokenSource(ctx, tokens))
	if err != nil {
		return nil, because(notVouched, fmt.Errorf("openid: userinfo: %w", err))
	}
	var says said
	if err := info.Claims(&says); err != nil {
		return nil, because(notVouched, fmt.Errorf("openid: userinfo: %w", err))
	}
	if info.Subject != subject { // Core 5.3.2
		return nil, because(notVouched, errors.New("openid: userinfo: it is about somebody else"))
	}
	return &says, nil
}

// signedWith are the signatures taken, whatever the provider lists: of keys that only it has.
var signedWith = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA,
}

// maxErrorBytes of an error are logged: some hold a whole page that a server answered with.
const maxErrorBytes = 300

func brief(err error) string {
	text := err.Error()
	return text[:min(len(text), maxErrorBytes)]
}

// wordless keeps a token endpoint's words, which may hold the code, out of the log.
func wordless(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return fmt.Errorf("the token endpoint answered %s %q", refused.Response.Status, refused.ErrorCode)
	}
	return err
}

// readSecret reads it when it is used, so that a new one holds at once.
func readSecret(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("openid: client_secret_file: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxSecretBytes))
	if err == nil && strings.TrimSpace(string(text)) == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		return "", fmt.Errorf("openid: client_secret_file: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// newClient asks a provider and nobody else: by https alone, within bounds, and without following it to another host.
// roots are trusted; nil: what the system trusts.
func newClient(roots *x509.CertPool) *http.Client {
	return &http.Client{
		Timeout: askWithin,
		Transport: bounded{&http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: askWithin, IdleConnTimeout: time.Minute, MaxIdleConns: 4, MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true,
		}},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if r.URL.Host != via[0].URL.Host || len(via) > 3 {
				return errors.New("openid: the provider sends us elsewhere")
			}
			return nil
		},
	}
}

// bounded refuses what is not https, and cuts answers at their bound.
type bounded struct{ http.RoundTripper }

// RoundTrip of http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		return nil, errors.New("openid: the provider has an address without https")
	}
	answer, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Body = http.MaxBytesReader(nil, answer.Body, maxAnswerBytes)
	}
	return answer, err
}

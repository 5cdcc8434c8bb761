package access

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/dayline-project/dayline/collector"
)

// Passkeys (WebAuthn level 3): discoverable, with the user verified by the authenticator, so that one is two factors.
const (
	ceremonyFor    = 5 * time.Minute
	maxCeremonies  = 10000
	maxPasskeyJSON = 12 << 10
	// maxOrigin is "https://", the longest name of a host (RFC 1035, 2.3.4) and a port.
	maxOrigin   = 8 + 253 + 6
	handleBytes = 32
)

// Site is where the pages are, as the browser that calls sees it.
type Site struct {
	// Host without a port.
	Host string
	// Origin: "https://dayline.example.com:8444".
	Origin string
}

// Passkeys tells whether browsers make and use passkeys on a site: its host has a name, and nobody alters what comes
// from there. See "relying party identifier" and "secure context".
func (s Site) Passkeys() bool {
	_, err := netip.ParseAddr(strings.Trim(s.Host, "[]"))
	return s.Host != "" && len(s.Origin) <= maxOrigin && err != nil && (strings.HasPrefix(s.Origin, "https://") || s.Host == "localhost")
}

// ceremony is a registration or sign-in under way.
type ceremony struct {
	session webauthn.SessionData
	site    Site
	// viewer's token, of a registration; empty: it is a sign-in.
	token string
}

// passkeyUser is a user as the library asks about it.
type passkeyUser struct {
	email    string
	handle   []byte
	passkeys []webauthn.Credential
}

// WebAuthnID of webauthn.User.
func (u *passkeyUser) WebAuthnID() []byte { return u.handle }

// WebAuthnName of webauthn.User.
func (u *passkeyUser) WebAuthnName() string { return u.email }

// WebAuthnDisplayName of webauthn.User.
func (u *passkeyUser) WebAuthnDisplayName() string { return u.email }

// WebAuthnCredentials of webauthn.User.
func (u *passkeyUser) WebAuthnCredentials() []webauthn.Credential { return u.passkeys }

func (s Site) relyingParty() (*webauthn.WebAuthn, error) {
	if !s.Passkeys() {
		return nil, collector.Refuse(collector.BadRequest, "", "passkeys need https and an address with a host name")
	}
	return webauthn.New(&webauthn.Config{
		RPID: s.Host, RPDisplayName: "Dayline", RPOrigins: []string{s.Origin}, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
	})
}

// OwnPasskeys lists the viewer's, and tells whether it can make more on this site.
func (a *Access) OwnPasskeys(ctx context.Context, viewer collector.Viewer, site Site) (own []collector.Passkey, here bool, err error) {
	all, err := a.registry.Passkeys(ctx)
	if err != nil {
		return nil, false, err
	}
	for _, p := range all {
		if sameEmail(p.Email, viewer.User) {
			own = append(own, p)
		}
	}
	_, refused := a.own(viewer)
	return own, site.Passkeys() && refused == nil, nil
}

// passkeyUserOf gives the user that passkeys on a site are, with those it has there.
func passkeyUserOf(email string, own []collector.Passkey, site Site) (*passkeyUser, error) {
	user := &passkeyUser{email: email}
	for _, p := range own {
		user.handle = p.Handle
		if p.Host != site.Host {
			continue
		}
		var credential webauthn.Credential
		if err := json.Unmarshal(p.Credential, &credential); err != nil {
			return nil, fmt.Errorf("access: a stored passkey: %w", err)
		}
		user.passkeys = append(user.passkeys, credential)
	}
	return user, nil
}

// BeginPasskey gives a browser what it makes a passkey with, and the name of the ceremony for FinishPasskey.
func (a *Access) BeginPasskey(ctx context.Context, viewer collector.Viewer, site Site) (name string, options []byte, err error) {
	user, err := a.own(viewer)
	if err != nil {
		return "", nil, err
	}
	party, err := site.relyingParty()
	if err != nil {
		return "", nil, err
	}
	own, _, err := a.OwnPasskeys(ctx, viewer, site)
	if err != nil {
		return "", nil, err
	}
	who, err := passkeyUserOf(user.Email, own, site)
	if err != nil {
		return "", nil, err
	}
	if who.handle == nil { // says nothing of who it is; see "user handle"
		who.handle = make([]byte, handleBytes)
		rand.Read(who.handle)
	}
	creation, session, err := party.BeginRegistration(who, webauthn.WithExclusions(webauthn.Credentials(who.passkeys).CredentialDescriptors()))
	if err != nil {
		return "", nil, fmt.Errorf("access: begin a passkey: %w", err)
	}
	options, err = json.Marshal(creation.Response)
	return a.ceremonies.Keep(ceremony{session: *session, site: site, token: viewer.Token}), options, err
}

var errCeremony = collector.Refuse(collector.BadRequest, "ceremony", "begin anew: it was begun elsewhere, or too long ago")

// FinishPasskey keeps the passkey that a browser made.
func (a *Access) FinishPasskey(ctx context.Context, viewer collector.Viewer, site Site, ceremonyName string, credentialJSON []byte, name string) (collector.Passkey, error) {
	var made collector.Passkey
	user, err := a.own(viewer)
	if err != nil {
		return made, err
	}
	if utf8.RuneCountInString(name) > maxNameRunes {
		return made, collector.Refuse(collector.BadRequest, "name", "at most %d characters", maxNameRunes)
	}
	begun, found := a.ceremonies.Take(ceremonyName)
	if !found || begun.site != site || begun.token == "" || begun.token != viewer.Token {
		return made, errCeremony
	}
	party, err := site.relyingParty()
	if err != nil {
		return made, err
	}
	var parsed *protocol.ParsedCredentialCreationData
	if len(credentialJSON) <= maxPasskeyJSON {
		parsed, err = protocol.ParseCredentialCreationResponseBytes(credentialJSON)
	}
	if parsed == nil || err != nil {
		return made, errPasskeyText
	}
	credential, err := party.CreateCredential(&passkeyUser{email: user.Email, handle: begun.session.UserID}, begun.session, parsed)
	if err != nil {
		return made, collector.Refuse(collector.BadRequest, "credential_json", "the passkey was not accepted: %s", reasonOf(err))
	}
	credential.Attestation = webauthn.CredentialAttestation{} // who made the authenticator is not asked
	made = collector.Passkey{
		ID: credential.ID, Email: user.Email, Name: strings.TrimSpace(name), Host: site.Host, Handle: begun.session.UserID, CreatedAt: a.now(),
	}
	if made.Credential, err = json.Marshal(credential); err != nil {
		return made, err
	}
	return made, a.registry.AddPasskey(ctx, made)
}

var errPasskeyText = collector.Refuse(collector.BadRequest, "credential_json", "this is no passkey as browsers give it")

// reasonOf gives the library's short words for what is wrong.
func reasonOf(err error) string {
	var problem *protocol.Error
	if errors.As(err, &problem) {
		return problem.Details
	}
	return "it does not fit"
}

// RemovePasskey forgets one of the viewer's own.
func (a *Access) RemovePasskey(ctx context.Context, viewer collector.Viewer, id string) error {
	if _, err := a.own(viewer); err != nil {
		return err
	}
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		return collector.Refuse(collector.NotFound, "id", "there is no passkey %.100q", id)
	}
	return a.registry.RemovePasskey(ctx, viewer.User, raw)
}

// BeginPasskeySignIn gives a browser what it signs in with, with any passkey of this site.
func (a *Access) BeginPasskeySignIn(site Site, from From) (name string, options []byte, err error) {
	party, err := site.relyingParty()
	if err != nil {
		return "", nil, err
	}
	if err := a.throttle.beginUnknown(from); err != nil {
		return "", nil, err
	}
	assertion, session, err := party.BeginDiscoverableLogin()
	if err != nil {
		return "", nil, fmt.Errorf("access: begin a sign-in: %w", err)
	}
	options, err = json.Marshal(assertion.Response)
	return a.ceremonies.Keep(ceremony{session: *session, site: site}), options, err
}

// SignInPasskey gives a session for what a browser answered to BeginPasskeySignIn. Failures are in the audit log.
func (a *Access) SignInPasskey(ctx context.Context, ceremonyName string, credentialJSON []byte, from From) (secret string, session collector.AccessToken, err error) {
	begun, found := a.ceremonies.Take(ceremonyName)
	if !found {
		return "", session, a.failedStrange(ctx, "", collector.ByPasskey, from, errCeremony)
	}
	email, err := a.assert(ctx, begun, credentialJSON)
	switch code := collector.CodeOf(err); code {
	case "":
	case collector.Internal:
		return "", session, err
	default:
		return "", session, a.failedStrange(ctx, email, collector.ByPasskey, from, err)
	}
	user, known := a.User(email)
	if !known {
		return "", session, a.failedStrange(ctx, email, collector.ByPasskey, from, errPasskey)
	}
	return a.begin(ctx, a.viewer(user), collector.ByPasskey, from)
}

var errPasskey = collector.Refuse(collector.SignedOut, "", "this passkey lets nobody in here")

// assert gives whose passkey signed a ceremony's challenge, also where it is refused.
func (a *Access) assert(ctx context.Context, begun ceremony, credentialJSON []byte) (email string, err error) {
	party, err := begun.site.relyingParty()
	if err != nil {
		return "", err
	}
	if len(credentialJSON) > maxPasskeyJSON {
		return "", errPasskeyText
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(credentialJSON)
	if err != nil {
		return "", errPasskeyText
	}
	all, err := a.registry.Passkeys(ctx)
	if err != nil {
		return "", err
	}
	find := func(id, _ []byte) (webauthn.User, error) { // the library compares the handle
		for _, p := range all {
			if user, known := a.User(p.Email); bytes.Equal(p.ID, id) && known && a.localPassword(user) {
				email = p.Email
				return passkeyUserOf(p.Email, []collector.Passkey{p}, begun.site)
			}
		}
		return nil, errPasskey
	}
	_, credential, err := party.ValidatePasskeyLogin(find, begun.session, parsed)
	if err != nil {
		return email, errPasskey
	}
	if credential.Authenticator.CloneWarning {
		return email, collector.Refuse(collector.SignedOut, "", "this passkey was used elsewhere since, and may be a copy: sign in in another way and remove it")
	}
	kept, err := json.Marshal(credential)
	if err != nil {
		return email, err
	}
	return email, a.registry.PasskeyUsed(ctx, credential.ID, kept, a.now())
}

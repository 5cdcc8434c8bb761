package release

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/dayline-project/dayline/shared/token"
)

// Bounds of the trusted keys.
const (
	MaxTrustedKeys    = 4
	MaxTrustedBytes   = 4 << 10
	MaxTrustedVersion = 999
)

// trusted is a file of trusted keys in base64, set when a program is built (-X). A build without it trusts no release, and says so.
var trusted string

// What makes a file count for nothing.
var (
	// ErrNoKeys is told by a build that trusts no key.
	ErrNoKeys = errors.New("release: this build trusts no keys, so it cannot tell who made a release")
	// ErrNotSigned is told of bytes that no trusted key signed.
	ErrNotSigned = errors.New("no trusted key signed it")
)

var keyID = regexp.MustCompile(`^[0-9a-f]{16}$`)

// Trusted are the keys that sign releases: any one of them. They are kept off-line; these are their public halves.
type Trusted struct {
	// Version rises by one with every change, from 1. The zero Trusted trusts nobody.
	Version int `json:"version"`
	// Keys have 32 bytes each; base64 in the file.
	Keys []ed25519.PublicKey `json:"keys"`
}

// TrustedName is what the file of a version of the trusted keys is called: trusted.json, then trusted-2.json. Whoever trusts an
// older version needs each one up to the newest.
func TrustedName(version int) string {
	if version <= 1 {
		return "trusted.json"
	}
	return fmt.Sprintf("trusted-%d.json", version)
}

// Built gives the keys that this build trusts; ErrNoKeys where there are none.
func Built() (Trusted, error) {
	if trusted == "" {
		return Trusted{}, ErrNoKeys
	}
	text, err := base64.StdEncoding.DecodeString(trusted)
	if err != nil {
		return Trusted{}, fmt.Errorf("release: trusted keys of this build: %w", err)
	}
	t, err := ParseTrusted(text)
	if err != nil {
		return Trusted{}, fmt.Errorf("release: trusted keys of this build: %w", err)
	}
	return t, nil
}

// BuiltWords says for people whose releases this build trusts.
func BuiltWords() string {
	t, err := Built()
	switch {
	case errors.Is(err, ErrNoKeys):
		return "this build trusts no keys: it cannot tell who made a release, and self-update is off"
	case err != nil:
		return err.Error()
	}
	return fmt.Sprintf("trusted where signed by %s (trusted keys, version %d)", strings.Join(t.IDs(), " or "), t.Version)
}

// LinkFlag is what the linker is told (-ldflags) so that a program trusts the keys.
func (t Trusted) LinkFlag() (string, error) {
	text, err := t.Encode()
	if err != nil {
		return "", err
	}
	return "-X github.com/dayline-project/dayline/shared/release.trusted=" + base64.StdEncoding.EncodeToString(text), nil
}

// ParseTrusted reads a file of trusted keys and checks all of it, save who signed it.
func ParseTrusted(text []byte) (Trusted, error) {
	var t Trusted
	if err := decode(text, MaxTrustedBytes, &t); err != nil {
		return Trusted{}, fmt.Errorf("trusted keys: %w", err)
	}
	if t.Version < 1 || t.Version > MaxTrustedVersion {
		return Trusted{}, fmt.Errorf("trusted keys: version: %d is not within 1 and %d", t.Version, MaxTrustedVersion)
	}
	if len(t.Keys) == 0 || len(t.Keys) > MaxTrustedKeys {
		return Trusted{}, fmt.Errorf("trusted keys: keys: %d; there must be 1 to %d", len(t.Keys), MaxTrustedKeys)
	}
	for i, key := range t.Keys {
		if len(key) != ed25519.PublicKeySize {
			return Trusted{}, fmt.Errorf("trusted keys: keys[%d]: it has %d bytes, not %d", i, len(key), ed25519.PublicKeySize)
		}
		if slices.ContainsFunc(t.Keys[:i], func(other ed25519.PublicKey) bool { return other.Equal(key) }) {
			return Trusted{}, fmt.Errorf("trusted keys: keys[%d]: %s is there twice", i, KeyID(key))
		}
	}
	return t, nil
}

// Encode gives the file.
func (t Trusted) Encode() ([]byte, error) { return encode(t) }

// IDs name the keys.
func (t Trusted) IDs() []string {
	ids := make([]string, len(t.Keys))
	for i, key := range t.Keys {
		ids[i] = KeyID(key)
	}
	return ids
}

// Next gives the version of the trusted keys that follows, which counts if one of these signed it.
func (t Trusted) Next(text, signatures []byte) (Trusted, error) {
	if err := t.verify(text, signatures, MaxTrustedBytes, token.TrustedStatement); err != nil {
		return Trusted{}, fmt.Errorf("trusted keys: %w", err)
	}
	next, err := ParseTrusted(text)
	if err != nil {
		return Trusted{}, err
	}
	if next.Version != t.Version+1 {
		return Trusted{}, fmt.Errorf("trusted keys: version %d does not follow %d", next.Version, t.Version)
	}
	return next, nil
}

// VerifyManifest reads a release's manifest that a trusted key signed.
func (t Trusted) VerifyManifest(text, signatures []byte) (Manifest, error) {
	if err := t.verify(text, signatures, MaxManifestBytes, token.ReleaseStatement); err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", ManifestName, err)
	}
	return ParseManifest(text)
}

// VerifyChannel reads a channel that a trusted key signed, and whose version is one of those they may issue. Whether it is newer
// than another, Follows tells, and Expired whether it still counts.
func (t Trusted) VerifyChannel(text, signatures []byte) (Channel, error) {
	if err := t.verify(text, signatures, MaxChannelBytes, token.ChannelStatement); err != nil {
		return Channel{}, fmt.Errorf("%s: %w", ChannelName, err)
	}
	c, err := ParseChannel(text)
	if err == nil && c.Version >= t.Version*ChannelsOfKeys {
		return Channel{}, fmt.Errorf("%s: version: %d is not below %d, where those end that version %d of the trusted keys may issue",
			ChannelName, c.Version, t.Version*ChannelsOfKeys, t.Version)
	}
	return c, err
}

// FirstChannel is the version that no channel of the trusted keys before had.
func (t Trusted) FirstChannel() int { return max(1, (t.Version-1)*ChannelsOfKeys) }

// verify reads nothing of the text: before somebody is known to have signed it, it is anybody's.
func (t Trusted) verify(text, signatures []byte, most int, statement func([]byte) token.Statement) error {
	if len(t.Keys) == 0 {
		return ErrNoKeys
	}
	if len(text) > most {
		return fmt.Errorf("it has %d bytes; at most %d are allowed", len(text), most)
	}
	if len(signatures) == 0 {
		return fmt.Errorf("%w: there is no signature beside it", ErrNotSigned)
	}
	given, err := ParseSignatures(signatures)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotSigned, err)
	}
	said, trusted := statement(text), t.IDs()
	var words []string
	for _, one := range given {
		switch i := slices.Index(trusted, one.Key); {
		case i < 0:
			words = append(words, one.Key+" is none of them")
		case said.Verify(t.Keys[i], one.Signature):
			return nil
		default:
			words = append(words, "the signature of "+one.Key+" is not of these bytes")
		}
	}
	return fmt.Errorf("%w (trusted: %s): %s", ErrNotSigned, strings.Join(trusted, ", "), strings.Join(words, "; "))
}

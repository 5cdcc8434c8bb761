package shelftest

import (
	"crypto/ed25519"
	"maps"
	"testing"
	"time"

	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
)

// Signer gives a key that signs releases.
func Signer(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Trust gives a version of the trusted keys.
func Trust(version int, keys ...ed25519.PrivateKey) release.Trusted {
	trusted := release.Trusted{Version: version}
	for _, key := range keys {
		trusted.Keys = append(trusted.Keys, key.Public().(ed25519.PublicKey))
	}
	return trusted
}

// Signed gives files, and the signatures of those that are signed, by each key.
func Signed(t testing.TB, files map[string][]byte, keys ...ed25519.PrivateKey) map[string][]byte {
	t.Helper()
	all := maps.Clone(files)
	for name, text := range files {
		statement := token.TrustedStatement
		switch name {
		case release.ManifestName:
			statement = token.ReleaseStatement
		case release.ChannelName:
			statement = token.ChannelStatement
		default:
			if _, err := release.ParseTrusted(text); err != nil {
				continue // a package
			}
		}
		var signatures release.Signatures
		for _, key := range keys {
			signatures = signatures.With(statement(text), key)
		}
		var err error
		if all[name+release.SignatureEnding], err = signatures.Encode(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// Channel gives a channel's file for Linux and Windows, issued at an instant.
func Channel(t testing.TB, version int, issued time.Time, newest, floor string, withdrawn ...string) map[string][]byte {
	t.Helper()
	text, err := release.Channel{
		Product: release.Product, Version: version, IssuedAt: issued, ExpiresAt: issued.Add(release.ChannelLasts), Withdrawn: withdrawn,
		Systems: map[string]release.Aim{release.Linux: {Newest: newest, Floor: floor}, release.Windows: {Newest: newest}},
	}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{release.ChannelName: text}
}

// Keys gives the file of a version of the trusted keys.
func Keys(t testing.TB, trusted release.Trusted) map[string][]byte {
	t.Helper()
	text, err := trusted.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{release.TrustedName(trusted.Version): text}
}

package release

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dayline-project/dayline/shared/token"
)

// keyOf gives a key of its own for each name.
func keyOf(name string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(name + strings.Repeat(".", ed25519.SeedSize-len(name))))
}

func trusting(version int, names ...string) Trusted {
	t := Trusted{Version: version}
	for _, name := range names {
		t.Keys = append(t.Keys, keyOf(name).Public().(ed25519.PublicKey))
	}
	return t
}

func signedBy(t testing.TB, statement token.Statement, names ...string) []byte {
	t.Helper()
	var s Signatures
	for _, name := range names {
		s = s.With(statement, keyOf(name))
	}
	text, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func encoded(t testing.TB, file interface{ Encode() ([]byte, error) }) []byte {
	t.Helper()
	text, err := file.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestOneTrustedKeyIsEnough(t *testing.T) {
	text := encoded(t, manifest(t))
	said := token.ReleaseStatement(text)
	for names, want := range map[string]bool{"a": true, "b": true, "a b": true, "stranger b": true, "stranger": false, "stranger other": false} {
		read, err := trusting(1, "a", "b").VerifyManifest(text, signedBy(t, said, strings.Fields(names)...))
		if want && (err != nil || cmp.Diff(manifest(t), read) != "") || !want && !errors.Is(err, ErrNotSigned) {
			t.Errorf("signed by %s: %v", names, err)
		}
	}
	// A signature that was changed takes nothing from another's.
	both, err := ParseSignatures(signedBy(t, said, "a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	both[0].Signature[9]++
	if _, err := trusting(1, "a", "b").VerifyManifest(text, encoded(t, both)); err != nil {
		t.Error(err)
	}
	if again := both.With(said, keyOf("a")); len(again) != 2 {
		t.Errorf("signed twice by one: %d", len(again))
	}
}

func TestAnyChangeIsRefused(t *testing.T) {
	text := encoded(t, manifest(t))
	signatures := signedBy(t, token.ReleaseStatement(text), "a")
	trusted := trusting(1, "a")
	if _, err := trusted.VerifyManifest(text, signatures); err != nil {
		t.Fatal(err)
	}
	for i := range text {
		for _, changed := range [][]byte{flipped(text, i), text[:i], slices.Concat(text[:i], []byte(" "), text[i:]), slices.Delete(slices.Clone(text), i, i+1)} {
			if _, err := trusted.VerifyManifest(changed, signatures); !errors.Is(err, ErrNotSigned) {
				t.Fatalf("changed at %d: %v", i, err)
			}
		}
	}
	// Of the signatures only what says nothing may change: spaces, and what base64 leaves over.
	var one []map[string]string
	if err := json.Unmarshal(signatures, &one); err != nil {
		t.Fatal(err)
	}
	for field, value := range one[0] {
		from := bytes.Index(signatures, []byte(value))
		for i := range strings.TrimRight(value, "=") {
			changed := flipped(signatures, from+i)
			if _, err := trusted.VerifyManifest(text, changed); !errors.Is(err, ErrNotSigned) && i < len(value)-3 {
				t.Errorf("%s changed at %d: %v", field, i, err)
			}
		}
	}
	for words, given := range map[string][]byte{
		"there is no signature beside it": nil,
		"signatures: 0;":                  []byte("[]"),
		"signatures: 9;":                  []byte("[" + strings.Repeat("{},", MaxSignatures) + "{}]"),
		"bytes; at most":                  bytes.Repeat([]byte(" "), MaxSignatureBytes+1),
		"something follows":               append(slices.Clone(signatures), '{'),
		"names no key":                    []byte(`[{"key":"../../etc/passwd"}]`),
		"it has 3 bytes, not 64":          []byte(`[{"key":"0123456789abcdef","signature":"AAAA"}]`),
		"illegal base64":                  []byte(`[{"key":"0123456789abcdef","signature":"?"}]`),
	} {
		if _, err := trusted.VerifyManifest(text, given); !errors.Is(err, ErrNotSigned) || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", words, err)
		}
	}
}

func flipped(text []byte, i int) []byte {
	changed := slices.Clone(text)
	changed[i] ^= 4
	return changed
}

// What was signed as one thing is no other.
func TestASignatureCountsForOnePurpose(t *testing.T) {
	trusted := trusting(1, "a")
	texts := map[string][]byte{"release": encoded(t, manifest(t)), "channel": encoded(t, channel()), "trusted": encoded(t, trusting(2, "b"))}
	statements := map[string]func([]byte) token.Statement{"release": token.ReleaseStatement, "channel": token.ChannelStatement, "trusted": token.TrustedStatement}
	verify := map[string]func(text, signatures []byte) error{
		"release": func(text, signatures []byte) error { _, err := trusted.VerifyManifest(text, signatures); return err },
		"channel": func(text, signatures []byte) error { _, err := trusted.VerifyChannel(text, signatures); return err },
		"trusted": func(text, signatures []byte) error { _, err := trusted.Next(text, signatures); return err },
	}
	for is, text := range texts {
		for signedAs, statement := range statements {
			err := verify[is](text, signedBy(t, statement(text), "a"))
			if is == signedAs && err != nil || is != signedAs && !errors.Is(err, ErrNotSigned) {
				t.Errorf("a %s signed as a %s: %v", is, signedAs, err)
			}
		}
		// Signed, it still has to be one.
		if err := verify[is]([]byte("{}"), signedBy(t, statements[is]([]byte("{}")), "a")); err == nil || errors.Is(err, ErrNotSigned) {
			t.Errorf("nothing, signed as a %s: %v", is, err)
		}
		most := bytes.Repeat([]byte(" "), MaxManifestBytes+1)
		if err := verify[is](most, signedBy(t, statements[is](most), "a")); err == nil || !strings.Contains(err.Error(), "at most") {
			t.Errorf("a %s without end: %v", is, err)
		}
	}
}

func TestTrustedKeysFollowEachOther(t *testing.T) {
	second := encoded(t, trusting(2, "b", "c"))
	for names, want := range map[string]string{"a": "", "b": "is none of them", "c b": "is none of them", "b a": ""} {
		next, err := trusting(1, "a").Next(second, signedBy(t, token.TrustedStatement(second), strings.Fields(names)...))
		if want == "" && (err != nil || cmp.Diff(trusting(2, "b", "c"), next) != "") || want != "" && (!errors.Is(err, ErrNotSigned) || !strings.Contains(err.Error(), want)) {
			t.Errorf("signed by %s: %v", names, err)
		}
	}
	for _, version := range []int{1, 2, 3} {
		by := signedBy(t, token.TrustedStatement(second), "a")
		if _, err := trusting(version, "a").Next(second, by); (err == nil) != (version == 1) || err != nil && !strings.Contains(err.Error(), "does not follow") {
			t.Errorf("2 after %d: %v", version, err)
		}
	}
	if TrustedName(1) != "trusted.json" || TrustedName(2) != "trusted-2.json" {
		t.Error(TrustedName(1), TrustedName(2))
	}
}

func TestTrustedKeysThatAreNoneAreRefused(t *testing.T) {
	for want, keys := range map[string]Trusted{
		"version: 0":                    trusting(0, "a"),
		"keys: 0":                       trusting(1),
		"keys: 5":                       trusting(1, "a", "b", "c", "d", "e"),
		"keys[1]: it has 31 bytes":      {Version: 1, Keys: []ed25519.PublicKey{trusting(1, "a").Keys[0], make([]byte, 31)}},
		"keys[1]: " + idOf("a") + " is": trusting(1, "a", "a"),
	} {
		if _, err := ParseTrusted(encoded(t, keys)); err == nil || !strings.HasPrefix(err.Error(), "trusted keys: "+want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func idOf(name string) string { return KeyID(keyOf(name).Public().(ed25519.PublicKey)) }

func TestWhatABuildTrusts(t *testing.T) {
	built := func(text string) (Trusted, error) {
		trusted = text
		defer func() { trusted = "" }()
		return Built()
	}
	if _, err := built(""); err != ErrNoKeys || !strings.Contains(BuiltWords(), "self-update is off") {
		t.Errorf("%v; %s", err, BuiltWords())
	}
	for _, text := range []string{"?", base64.StdEncoding.EncodeToString([]byte("{}"))} {
		if _, err := built(text); err == nil || errors.Is(err, ErrNoKeys) || !strings.Contains(err.Error(), "trusted keys of this build") {
			t.Errorf("%q: %v", text, err)
		}
	}
	text := encoded(t, trusting(3, "a", "b"))
	if got, err := built(base64.StdEncoding.EncodeToString(text)); err != nil || cmp.Diff(trusting(3, "a", "b"), got) != "" {
		t.Error(err, got)
	}
	release := encoded(t, manifest(t))
	if _, err := (Trusted{}).VerifyManifest(release, signedBy(t, token.ReleaseStatement(release), "a")); !errors.Is(err, ErrNoKeys) {
		t.Errorf("by nobody's keys: %v", err)
	}
}

// FuzzVerify: nobody's bytes are a release, a channel or keys without the private key; and what is read can be written and read again.
func FuzzVerify(f *testing.F) {
	signed := encoded(f, channel())
	f.Add(signed, signedBy(f, token.ReleaseStatement(signed), "a"))
	f.Add(encoded(f, trusting(2, "b")), signedBy(f, token.TrustedStatement(nil), "a", "b"))
	f.Add([]byte(`{"systems":{"linux":{"newest":"1.2.3"}}}`), []byte(`[{"key":"","signature":null}]`))
	known := trusting(1, "a")
	f.Fuzz(func(t *testing.T, text, signatures []byte) {
		_, release := known.VerifyManifest(text, signatures)
		_, channel := known.VerifyChannel(text, signatures)
		_, next := known.Next(text, signatures)
		for _, err := range []error{release, channel, next} {
			if err == nil {
				t.Fatalf("%q is signed by %q", text, signatures)
			}
		}
		readBack(t, text, ParseChannel)
		readBack(t, text, ParseTrusted)
		readBack(t, text, ParseManifest)
		readBack(t, signatures, ParseSignatures)
	})
}

func readBack[File interface{ Encode() ([]byte, error) }](t *testing.T, text []byte, parse func([]byte) (File, error)) {
	t.Helper()
	file, err := parse(text)
	if err != nil {
		return
	}
	text, err = file.Encode()
	if timeless := new(json.MarshalerError); errors.As(err, &timeless) {
		return // a time that is past the year 9999 in UTC
	}
	again, err2 := parse(text)
	if err != nil || err2 != nil || !bytes.Equal(encoded(t, again), text) {
		t.Errorf("%s: %v, %v", text, err, err2)
	}
}

func channel() Channel {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return Channel{Product: Product, Version: 7, IssuedAt: at, ExpiresAt: at.Add(ChannelLasts), Withdrawn: []string{"1.2.1", "1.3.0"},
		Systems: map[string]Aim{Linux: {Newest: "1.3.1", Floor: "1.2.0"}, Windows: {Newest: "1.2.3"}}}
}

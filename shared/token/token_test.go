package token

import (
	"crypto/ed25519"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func anyToken(t *rapid.T) Token {
	token := Token{
		Trust:  rapid.SampledFrom([]string{TrustPin, TrustSystem}).Draw(t, "trust"),
		Secret: rapid.StringMatching(`[!-~]{16,128}`).Draw(t, "secret"),
	}
	if token.Trust == TrustPin {
		copy(token.Pin[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "pin"))
		token.Pin[0] |= 1
	}
	token.Addresses = rapid.SliceOfN(rapid.OneOf(
		rapid.StringMatching(`[a-z][a-z0-9-]{0,40}(\.[a-z0-9]{1,20}){0,3}:[1-9][0-9]{0,3}`),
		rapid.SampledFrom([]string{"127.0.0.1:8443", "[2001:db8::1]:8443", "dayline.example.com:443"}),
	), 1, MaxAddresses).Draw(t, "addresses")
	return token
}

func TestEveryTokenComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyToken(t)
		text := want.Encode()
		if strings.ToLower(text) != text || strings.ContainsFunc(text, func(r rune) bool { return r > '~' }) {
			t.Fatalf("not lower-case ASCII: %s", text)
		}
		cut := rapid.IntRange(0, len(text)).Draw(t, "cut")
		mailed := "\n " + strings.ToUpper(text[:cut]) + "\r\n  " + text[cut:] + "\t\n"
		got, err := Parse(mailed)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func example() Token {
	return Token{Addresses: []string{"dayline.example.com:8443", "10.0.0.5:8443"}, Trust: TrustPin, Pin: [32]byte{7, 8, 9},
		Secret: "4oCcT25lIHdyb25nIGNoYXJhY3RlciBpcyB0b2xkLuKA"}
}

// Every character of an enrolment string, replaced by every other one, is told, and where it was.
func TestOneWrongCharacterIsTold(t *testing.T) {
	text := example().Encode()
	located := 0
	for at := range text {
		for wrong := byte('!'); wrong <= '~'; wrong++ {
			if lower := strings.ToLower(string(wrong)); lower == text[at:at+1] {
				continue
			}
			// Locating tries every other character everywhere, so a sample has to do here.
			if (at+int(wrong))%37 != 0 {
				continue
			}
			broken := text[:at] + string(wrong) + text[at+1:]
			_, err := Parse(broken)
			if err == nil {
				t.Fatalf("position %d as %q was not noticed", at+1, wrong)
			}
			if strings.Contains(err.Error(), "position") {
				located++
			}
			if strings.Contains(err.Error(), example().Secret) || strings.Contains(err.Error(), text) {
				t.Fatalf("the error repeats the secret: %v", err)
			}
		}
	}
	if located < 200 {
		t.Errorf("only %d wrong characters were located", located)
	}
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	text := example().Encode()
	flip := func(at int) string {
		other := "a"
		if text[at] == 'a' {
			other = "b"
		}
		return text[:at] + other + text[at+1:]
	}
	at := 100
	for text[at] == text[at+1] {
		at++
	}
	for name, test := range map[string]struct{ text, want string }{
		"empty":            {"  \n", "empty"},
		"something else":   {"https://dayline.example.com", `must begin with "dl1"`},
		"newer":            {"dl2" + text[3:], "newer version"},
		"typed digit":      {text[:20] + "0" + text[21:], "position 21"},
		"changed letter":   {flip(40), "position 41"},
		"short":            {text[:20], "too short"},
		"cut":              {text[:len(text)-9], "copy it once more"},
		"doubled":          {text + text, "copy it once more"},
		"far too long":     {strings.Repeat(text, 50), "too long"},
		"swapped":          {text[:at] + text[at+1:at+2] + text[at:at+1] + text[at+2:], "copy it once more"},
		"inside malformed": {prefixed([]byte{1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(test.text)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func prefixed(covered []byte) string {
	sum := checksum(covered)
	return prefix + alphabet.EncodeToString(append(covered, byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum)))
}

func TestAddressesCarryNothingElse(t *testing.T) {
	for _, address := range []string{"", "host", ":443", "host:0", "host:65536", "host:+1", "host:01", "https://host:443", "host:443/path",
		"user@host:443", "a b:443", "host\n:443", "[fe80::1%x/../y]:443", "::1:443", "[host]:443", "-x:443", "a..b:443", strings.Repeat("a", 260) + ":443"} {
		if CheckAddress(address) == nil {
			t.Errorf("%q was accepted", address)
		}
	}
	for _, address := range []string{"localhost:8443", "192.0.2.1:1", "[::1]:65535", "my_host-1.Example.COM:443"} {
		if err := CheckAddress(address); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(example().Encode())
	f.Add("dl1aaaa")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := Parse(text)
		if err != nil {
			return
		}
		if again, err := Parse(token.Encode()); err != nil || !cmp.Equal(token, again) {
			t.Fatalf("accepted, but it does not come back: %v", err)
		}
	})
}

func TestStatements(t *testing.T) {
	public, private, _ := ed25519.GenerateKey(nil)
	nonce := []byte("nonce")
	statements := []Statement{
		EnrollStatement("c", nonce, "secret"), SignInStatement("c", nonce, "d-1"), RekeyStatement("c", nonce, "d-1", public),
		CredentialStatement("d-1", public, 1700000000000),
		// The same bytes, cut elsewhere.
		SignInStatement("cn", []byte("once"), "d-1"), SignInStatement("c", []byte("nonced"), "-1"),
		// Releases: the same bytes are no other of them.
		ReleaseStatement(nonce), ChannelStatement(nonce), TrustedStatement(nonce), ReleaseStatement(nil),
	}
	for i, statement := range statements {
		signature := statement.Sign(private)
		for j, other := range statements {
			if other.Verify(public, signature) != (i == j) {
				t.Errorf("signature of statement %d on statement %d", i, j)
			}
		}
		if statement.Verify(public[:31], signature) || statement.Verify(public, signature[:63]) || statement.Verify(nil, nil) {
			t.Error("a short key or signature was accepted")
		}
	}
	const want = "\x00\x00\x00\x12dayline sign-in v1\x00\x00\x00\x01c\x00\x00\x00\x05nonce\x00\x00\x00\x03d-1"
	if got := string(SignInStatement("c", nonce, "d-1")); got != want {
		t.Errorf("sign-in statement is %q", got)
	}
}

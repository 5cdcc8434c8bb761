// Package token is what an installer carries to a new device and what a device signs: the enrolment string and the
// signed statements of the contract. It is pure, save for NewSecret.
//
// The enrolment string v1 is "dl1" and then, in RFC 4648 base32 (lower case, no padding, unused bits zero):
//
//	trust      1 byte: 0 system, 1 pin
//	pin        32 bytes, only with trust pin: SHA-256 of the authority's SubjectPublicKeyInfo
//	addresses  1 byte: how many (1–3); for each its length in 1 byte and "host:port"
//	secret     1 byte: its length (16–128); printable ASCII
//	checksum   4 bytes, big-endian: CRC-32C of "dl1" and all of the above
//
// Base32 survives e-mail and file systems without case; the CRC finds every single wrong character before any network
// use.
package token

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
)

// How the collector's certificate is recognised.
const (
	// TrustPin: its chain ends in the authority whose public key is pinned.
	TrustPin = "pin"
	// TrustSystem: the operating system's trust store vouches for it.
	TrustSystem = "system"
)

// Bounds of an enrolment string.
const (
	MaxAddresses     = 3
	MaxAddressBytes  = 255
	MinSecretBytes   = 16
	MaxSecretBytes   = 128
	maxEncodedLength = 1600
)

const (
	prefix = "dl1"
	// minEncodedLength: the shortest payload is 1 + 1 + 1+3 + 1+16 + 4 bytes.
	minEncodedLength = len(prefix) + (27*8+4)/5
)

var (
	alphabet   = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// Token is what an enrolment string says.
type Token struct {
	// Addresses of the collector, 1–3, "host:port", tried in turn.
	Addresses []string
	// Trust is TrustPin or TrustSystem.
	Trust string
	// Pin is SHA-256 of the certificate authority's SubjectPublicKeyInfo; zero for TrustSystem.
	Pin [32]byte
	// Secret is traded for a device identity.
	Secret string
}

// NewSecret gives a fresh secret: 32 random bytes as text.
func NewSecret() string {
	var secret [32]byte
	rand.Read(secret[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(secret[:])
}

// Encode gives the enrolment string. The token must pass Check; what does not is a programmer's error and gives a
// string that Parse refuses.
func (t Token) Encode() string {
	payload := []byte{0}
	if t.Trust == TrustPin {
		payload[0] = 1
		payload = append(payload, t.Pin[:]...)
	}
	payload = append(payload, byte(len(t.Addresses)))
	for _, address := range t.Addresses {
		payload = append(payload, byte(len(address)))
		payload = append(payload, address...)
	}
	payload = append(payload, byte(len(t.Secret)))
	payload = append(payload, t.Secret...)
	payload = binary.BigEndian.AppendUint32(payload, checksum(payload))
	return prefix + alphabet.EncodeToString(payload)
}

// Check tells what keeps the token from being encoded: it names the part.
func (t Token) Check() error {
	switch {
	case t.Trust != TrustPin && t.Trust != TrustSystem:
		return fmt.Errorf("trust is %q; it must be pin or system", t.Trust)
	case t.Trust == TrustPin && t.Pin == [32]byte{}:
		return errors.New("the pin is missing")
	case len(t.Addresses) < 1 || len(t.Addresses) > MaxAddresses:
		return fmt.Errorf("%d addresses; there must be 1 to %d", len(t.Addresses), MaxAddresses)
	case len(t.Secret) < MinSecretBytes || len(t.Secret) > MaxSecretBytes:
		return fmt.Errorf("the secret has %d bytes; there must be %d to %d", len(t.Secret), MinSecretBytes, MaxSecretBytes)
	case strings.ContainsFunc(t.Secret, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("the secret holds something other than printable ASCII")
	}
	for _, address := range t.Addresses {
		if err := CheckAddress(address); err != nil {
			return err
		}
	}
	return nil
}

// CheckAddress tells whether this is "host:port" with a host name, an IPv4 or a bracketed IPv6 address: no scheme, no
// path, no user, so that nothing but where to connect can travel in it. Agents always speak TLS to it.
func CheckAddress(address string) error {
	if len(address) > MaxAddressBytes {
		return fmt.Errorf("an address has %d bytes; at most %d are allowed", len(address), MaxAddressBytes)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || net.JoinHostPort(host, port) != address {
		return fmt.Errorf("address %q is not host:port", address)
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || number == 0 || port[0] == '0' || port[0] == '+' {
		return fmt.Errorf("address %q has no port from 1 to 65535", address)
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Zone() == "" {
		return nil
	}
	if host == "" || strings.HasPrefix(host, ".") || strings.HasPrefix(host, "-") || strings.Contains(host, "..") {
		return fmt.Errorf("address %q has no valid host", address)
	}
	for _, r := range host {
		if r != '.' && r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return fmt.Errorf("address %q has a host with the character %q", address, r)
		}
	}
	return nil
}

// Parse reads an enrolment string. White space and line breaks anywhere and upper case are tolerated, nothing else.
// Errors are in people's words and never repeat the string.
func Parse(text string) (Token, error) {
	encoded, err := trim(text)
	if err != nil {
		return Token{}, err
	}
	body := encoded[len(prefix):]
	payload, err := alphabet.DecodeString(body)
	if err != nil || alphabet.EncodeToString(payload) != body {
		// The alphabet was checked: only a length that base32 cannot have, or unused bits that are not zero.
		return Token{}, errors.New("enrolment string: it was cut off or its last character is wrong; copy it once more")
	}
	covered, sum := payload[:len(payload)-4], binary.BigEndian.Uint32(payload[len(payload)-4:])
	if checksum(covered) != sum {
		if at := wrongCharacter(body); at >= 0 {
			return Token{}, fmt.Errorf("enrolment string: the character at position %d is wrong; copy it once more", len(prefix)+at+1)
		}
		return Token{}, errors.New("enrolment string: the checksum does not fit, so something in it is wrong or missing; copy it once more")
	}
	t, err := decode(covered)
	if err != nil {
		return Token{}, fmt.Errorf("enrolment string: %w", err)
	}
	return t, nil
}

// trim takes white space and case away and checks what can be told without decoding.
func trim(text string) (string, error) {
	if len(text) > 4*maxEncodedLength {
		return "", errors.New("enrolment string: this is far too long to be one")
	}
	encoded := strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text))
	switch {
	case encoded == "":
		return "", errors.New("enrolment string: it is empty")
	case !strings.HasPrefix(encoded, "dl") || len(encoded) < 3 || encoded[2] < '0' || encoded[2] > '9':
		return "", errors.New(`enrolment string: it must begin with "dl1"`)
	case encoded[:3] == "dl0":
		return "", errors.New("enrolment string: the character at position 3 is wrong; copy it once more")
	case encoded[:3] != prefix:
		return "", errors.New("enrolment string: it is of a newer version than this agent understands; install a newer agent")
	}
	for at, r := range encoded[len(prefix):] {
		if (r < 'a' || r > 'z') && (r < '2' || r > '7') {
			return "", fmt.Errorf("enrolment string: the character at position %d is wrong; copy it once more", len(prefix)+at+1)
		}
	}
	switch {
	case len(encoded) < minEncodedLength:
		return "", fmt.Errorf("enrolment string: it is too short (%d characters); the end is missing", len(encoded))
	case len(encoded) > maxEncodedLength:
		return "", fmt.Errorf("enrolment string: it is too long (%d characters); something was added", len(encoded))
	}
	return encoded, nil
}

// decode reads a payload whose checksum fits. It is as strict as Encode: each token has one string.
func decode(payload []byte) (Token, error) {
	malformed := errors.New("its inside is malformed, though its checksum fits; ask for a new one")
	take := func(n int) []byte {
		if n > len(payload) {
			return nil
		}
		head := payload[:n]
		payload = payload[n:]
		return head
	}
	takeText := func() (string, bool) {
		size := take(1)
		if size == nil {
			return "", false
		}
		text := take(int(size[0]))
		return string(text), text != nil
	}
	var t Token
	switch trust := take(1); {
	case trust == nil:
		return Token{}, malformed
	case trust[0] == 0:
		t.Trust = TrustSystem
	case trust[0] == 1:
		t.Trust = TrustPin
		if copy(t.Pin[:], take(32)) != 32 {
			return Token{}, malformed
		}
	default:
		return Token{}, malformed
	}
	count := take(1)
	if count == nil || count[0] > MaxAddresses {
		return Token{}, malformed
	}
	for range count[0] {
		address, ok := takeText()
		if !ok {
			return Token{}, malformed
		}
		t.Addresses = append(t.Addresses, address)
	}
	secret, ok := takeText()
	if t.Secret = secret; !ok || len(payload) != 0 {
		return Token{}, malformed
	}
	if err := t.Check(); err != nil {
		return Token{}, err
	}
	return t, nil
}

// wrongCharacter finds the one place (in the body, from 0) where another character makes the checksum fit; -1 where
// none does. It tells a person where to look; it never repairs, since the string then is not the one that was sent.
func wrongCharacter(body string) int {
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	candidate := []byte(body)
	payload := make([]byte, alphabet.DecodedLen(len(body)))
	for at, original := range candidate {
		for _, letter := range []byte(letters) {
			candidate[at] = letter
			if n, err := alphabet.Decode(payload, candidate); err == nil && n > 4 &&
				checksum(payload[:n-4]) == binary.BigEndian.Uint32(payload[n-4:n]) {
				return at
			}
		}
		candidate[at] = original
	}
	return -1
}

func checksum(payload []byte) uint32 {
	return crc32.Update(crc32.Checksum([]byte(prefix), castagnoli), castagnoli, payload)
}

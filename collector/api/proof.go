package api

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync"
	"time"

	"github.com/dayline-project/dayline/collector"
)

const (
	nonceFor   = time.Minute
	sessionFor = time.Hour
	macBytes   = 16
	nonceBytes = 8 + 8 + macBytes
	tokenBytes = 8 + 8 + 8 + macBytes
)

// proofs makes and checks nonces and session tokens. Both are proved by a key of this process, so that nothing is
// stored that can act as a device, and a restart signs everybody out.
type proofs struct {
	key [32]byte
	now func() time.Time
	mu  sync.Mutex
	// spent nonces of the present minute, which began at since, and of the one before: older ones are over.
	spent, spentBefore map[[macBytes]byte]bool
	since              time.Time
}

func newProofs(now func() time.Time) *proofs {
	p := &proofs{now: now}
	rand.Read(p.key[:]) // never fails: crypto/rand ends the program instead
	return p
}

func (p *proofs) mac(purpose string, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, p.key[:])
	mac.Write([]byte(purpose))
	for _, part := range parts {
		mac.Write(part)
	}
	return mac.Sum(nil)[:macBytes]
}

// nonce is its end (8 bytes, Unix milliseconds), 8 random bytes, and the proof of both.
func (p *proofs) nonce() []byte {
	nonce := binary.BigEndian.AppendUint64(make([]byte, 0, nonceBytes), uint64(p.now().Add(nonceFor).UnixMilli()))
	nonce = append(nonce, make([]byte, 8)...)
	rand.Read(nonce[8:16])
	return append(nonce, p.mac("nonce", nonce[:16])...)
}

func (p *proofs) checkNonce(nonce []byte) error {
	if len(nonce) != nonceBytes || !hmac.Equal(nonce[16:], p.mac("nonce", nonce[:16])) {
		return collector.Refuse(collector.SignedOut, "nonce", "it is not of this collector; ask for a new one")
	}
	if !p.now().Before(time.UnixMilli(int64(binary.BigEndian.Uint64(nonce)))) {
		return collector.Refuse(collector.SignedOut, "nonce", "it is older than a minute; ask for a new one")
	}
	return nil
}

// spend uses a nonce that was checked, once.
func (p *proofs) spend(nonce []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.now(); p.spent == nil || now.Sub(p.since).Abs() >= nonceFor {
		p.spent, p.spentBefore, p.since = map[[macBytes]byte]bool{}, p.spent, now
	}
	mark := [macBytes]byte(nonce[16:])
	if p.spent[mark] || p.spentBefore[mark] {
		return collector.Refuse(collector.SignedOut, "nonce", "it was used; ask for a new one")
	}
	p.spent[mark] = true
	return nil
}

// session is what a token says: the device, and the key it signed in with (its first 8 bytes of SHA-256), so that a
// replaced key's tokens end with it.
type session struct {
	device string
	key    [8]byte
}

func keyMark(publicKey []byte) (mark [8]byte) {
	sum := sha256.Sum256(publicKey)
	copy(mark[:], sum[:])
	return mark
}

// token is its end (8 bytes), the device (8), the key's mark (8) and the proof of all, in base64.
func (p *proofs) token(device string, publicKey []byte) (token string, expiresAt time.Time) {
	expiresAt = p.now().Add(sessionFor)
	raw := binary.BigEndian.AppendUint64(make([]byte, 0, tokenBytes), uint64(expiresAt.UnixMilli()))
	id, _ := hex.DecodeString(strings.TrimPrefix(device, "d-"))
	raw = append(raw, id...)
	mark := keyMark(publicKey)
	raw = append(raw, mark[:]...)
	raw = append(raw, p.mac("session", raw)...)
	return base64.RawURLEncoding.EncodeToString(raw), expiresAt
}

func (p *proofs) checkToken(token string) (session, error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != tokenBytes || !hmac.Equal(raw[24:], p.mac("session", raw[:24])) {
		return session{}, collector.Refuse(collector.SignedOut, "authorization", "sign in first")
	}
	if !p.now().Before(time.UnixMilli(int64(binary.BigEndian.Uint64(raw)))) {
		return session{}, collector.Refuse(collector.SignedOut, "authorization", "the session is over; sign in again")
	}
	s := session{device: "d-" + hex.EncodeToString(raw[8:16])}
	copy(s.key[:], raw[16:24])
	return s, nil
}

// deviceID tells whether this is the id of a device: "d-" and 16 hex digits.
func deviceID(id string) bool {
	if len(id) != 18 || !strings.HasPrefix(id, "d-") {
		return false
	}
	raw, err := hex.DecodeString(id[2:])
	return err == nil && "d-"+hex.EncodeToString(raw) == id
}

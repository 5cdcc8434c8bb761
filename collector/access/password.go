package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/dayline-project/dayline/collector"
)

// Bounds of passwords.
const (
	minPasswordRunes = 12
	maxPasswordBytes = 256
)

func checkPassword(email, password string) error {
	switch {
	case !utf8.ValidString(password) || utf8.RuneCountInString(password) < minPasswordRunes:
		return collector.Refuse(collector.BadRequest, "password", "a password has at least %d characters", minPasswordRunes)
	case len(password) > maxPasswordBytes:
		return collector.Refuse(collector.BadRequest, "password", "a password has at most %d bytes", maxPasswordBytes)
	case strings.EqualFold(password, email):
		return collector.Refuse(collector.BadRequest, "password", "the e-mail address is no password")
	}
	return nil
}

// Cost is what hashing one password with argon2id takes.
type Cost struct{ MemoryKiB, Passes uint32 }

// usualCost takes about 50 ms and 32 MiB, above what RFC 9106 and OWASP advise where memory is short.
var usualCost = Cost{MemoryKiB: 32 << 10, Passes: 3}

// Hashing is dear by intent, so that few of them go on at once (security.md 3).
const (
	maxHashing = 2
	maxWaiting = 32
	lanes      = 1
	saltBytes  = 16
	hashBytes  = 32
)

// hashing hashes passwords and bounds how many at once.
type hashing struct {
	cost    Cost
	waiting chan struct{}
	running chan struct{}
	// nobody is a hash that no password has, so that an unknown user costs what a known one does.
	nobody string
}

func newHashing(cost Cost) *hashing {
	if cost == (Cost{}) {
		cost = usualCost
	}
	return &hashing{
		cost: cost, running: make(chan struct{}, maxHashing), waiting: make(chan struct{}, maxHashing+maxWaiting),
		nobody: encode(cost, make([]byte, saltBytes), make([]byte, hashBytes)),
	}
}

// enter waits for its turn; leave is to be called after it.
func (h *hashing) enter(ctx context.Context) (leave func(), err error) {
	select {
	case h.waiting <- struct{}{}:
	default:
		return nil, collector.Refuse(collector.TooMany, "", "too many are signing in; try again in a moment")
	}
	select {
	case h.running <- struct{}{}:
		return func() { <-h.running; <-h.waiting }, nil
	case <-ctx.Done():
		<-h.waiting
		return nil, ctx.Err()
	}
}

// hash gives a password's hash with its parameters: "$argon2id$v=19$m=32768,t=3,p=1$salt$hash".
func (h *hashing) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	salt := make([]byte, saltBytes)
	rand.Read(salt)
	return encode(h.cost, salt, argon2.IDKey([]byte(password), salt, h.cost.Passes, h.cost.MemoryKiB, lanes, hashBytes)), nil
}

// verify tells whether a password has this hash; no password has an empty one, at the same cost.
func (h *hashing) verify(ctx context.Context, encoded, password string) (bool, error) {
	nobody := encoded == ""
	if nobody {
		encoded = h.nobody
	}
	cost, salt, want, err := decode(encoded)
	if err != nil {
		return false, fmt.Errorf("access: a stored password: %w", err)
	}
	leave, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	got := argon2.IDKey([]byte(password), salt, cost.Passes, cost.MemoryKiB, lanes, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1 && !nobody, nil
}

const hashFormat = "$argon2id$v=19$m=%d,t=%d,p=1$"

func encode(cost Cost, salt, hash []byte) string {
	return fmt.Sprintf(hashFormat, cost.MemoryKiB, cost.Passes) +
		base64.RawStdEncoding.EncodeToString(salt) + "$" + base64.RawStdEncoding.EncodeToString(hash)
}

func decode(text string) (cost Cost, salt, hash []byte, err error) {
	malformed := errors.New("it is not argon2id as written here")
	if _, err := fmt.Sscanf(text, hashFormat, &cost.MemoryKiB, &cost.Passes); err != nil {
		return cost, nil, nil, malformed
	}
	parts := strings.Split(text, "$")
	if len(parts) != 6 || cost.MemoryKiB > 1<<20 || cost.Passes == 0 || cost.Passes > 100 {
		return cost, nil, nil, malformed
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	hash, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(salt) < saltBytes || len(hash) != hashBytes {
		return cost, nil, nil, malformed
	}
	return cost, salt, hash, nil
}
